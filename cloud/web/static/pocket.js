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

// A question of this phone is given up after a while, or at once where a stop is pressed: a network
// that swallows it must hold up nobody beside a machine. Letters stay, forms may be pressed again.
const ANSWER_MS = 20_000;
const asking = new Set();
export let hurries = 0;
export function hurry() {
  hurries += 1;
  for (const one of asking) one.abort();
}

// {ok, status, told}: what the cloud says to a POST; told = null where it is no JSON.
export async function send(url, body, headers = {}) {
  const patience = new AbortController();
  const late = setTimeout(() => patience.abort(), ANSWER_MS);
  asking.add(patience);
  try {
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json", ...headers }, signal: patience.signal });
    const text = await answer.text();
    let told = null;
    try { told = JSON.parse(text); } catch { /* a page of words */ }
    return { ok: answer.ok, status: answer.status, told };
  } catch {
    document.dispatchEvent(new Event("lost"));
    throw new Error("unheard");
  } finally {
    clearTimeout(late);
    asking.delete(patience);
  }
}

// Hands every letter in, the oldest first: {to, body}. What the cloud takes, or will never take,
// is dropped; what somebody else must bring waits for them (a phone is lent); at the first silence
// all the rest stays. Gives the answers by letter.
export async function handIn() {
  const token = document.querySelector("meta[name=csrf]")?.content;
  const answers = new Map();
  if (!token) return answers;
  for (const letter of await all("letters")) {
    let answer;
    try { answer = await send(letter.to, letter.body, { "Content-Type": "application/json", "X-CSRF-Token": token }); } catch { break; }
    if (answer.status === 403) continue;
    if (answer.ok) answers.set(letter.id, answer.told ?? {});
    else if (answer.status !== 400 && answer.status !== 404) break;
    await drop("letters", letter.id);
  }
  return answers;
}
