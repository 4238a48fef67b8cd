// What the phone keeps until there is a network: tickets taken along by welder and fire watch
// (tickets, watches), and what is to be handed in (letters).
// Tickets name a person only by a number that is made anew for each terminal.

const opened = new Promise((done, fail) => {
  const asked = indexedDB.open("hanma", 2);
  asked.onupgradeneeded = () => {
    const known = asked.result.objectStoreNames;
    for (const name of ["tickets", "watches"]) if (!known.contains(name)) asked.result.createObjectStore(name, { keyPath: "job" });
    if (!known.contains("letters")) asked.result.createObjectStore("letters", { keyPath: "id", autoIncrement: true });
  };
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
});

async function act(store, mode, what) {
  const box = (await opened).transaction(store, mode).objectStore(store);
  return new Promise((done, fail) => {
    const asked = what(box);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

export const keep = (store, row) => act(store, "readwrite", (box) => box.put(row));
export const all = (store) => act(store, "readonly", (box) => box.getAll());
export const drop = (store, key) => act(store, "readwrite", (box) => box.delete(key));

// Hands every letter in, the oldest first: {to, body}. What the cloud takes, or will never take,
// is dropped; what somebody else must bring waits for them (a phone is lent); at the first silence
// all the rest stays. Gives the answers by letter.
export async function handIn() {
  const token = document.querySelector("meta[name=csrf]")?.content;
  const answers = new Map();
  if (!token) return answers;
  for (const letter of await all("letters")) {
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token };
    let answer;
    try { answer = await fetch(letter.to, { method: "POST", body: letter.body, headers }); } catch { break; }
    if (answer.status === 403) continue;
    if (answer.ok) answers.set(letter.id, await answer.json());
    else if (answer.status !== 400 && answer.status !== 404) break;
    await drop("letters", letter.id);
  }
  return answers;
}
