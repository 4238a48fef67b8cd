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

// Whether another try brings nothing: the cloud has read the letter and said no. 403 is none of
// them: what somebody else must bring waits for them (a phone is lent).
const forGood = (status) => status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);

// What was refused for good stays apart, with the cloud's words, until its carrier has read them.
export const waiting = async () => (await all("letters")).filter((one) => !one.refused);
export const refused = async () => (await all("letters")).filter((one) => one.refused);

// Hands every letter in, the oldest first: {to, body}. One that goes wrong holds up none behind it;
// at the first silence, or where nobody is signed in or too much was asked, all the rest stays.
// Gives the answers by letter.
export async function handIn() {
  const token = document.querySelector("meta[name=csrf]")?.content;
  const answers = new Map();
  if (!token) return answers;
  for (const letter of await waiting()) {
    let answer;
    try { answer = await send(letter.to, letter.body, { "Content-Type": "application/json", "X-CSRF-Token": token }); } catch { break; }
    if (answer.status === 401 || answer.status === 429) break;
    if (answer.ok) {
      answers.set(letter.id, answer.told ?? {});
      await drop("letters", letter.id);
    } else if (forGood(answer.status)) {
      const words = answer.told?.refusals?.map((one) => one.words).join(" ");
      await keep("letters", { ...letter, refused: words || String(answer.status) });
    }
  }
  return answers;
}

// Tells in `place` what was refused, the same words once: `words` = {refused, forget}.
export async function tellRefused(place, words) {
  const ids = new Map();
  for (const one of await refused()) ids.set(one.refused, [...ids.get(one.refused) ?? [], one.id]);
  place.replaceChildren(...[...ids].map(([why, of]) => {
    const [row, note, button] = ["li", "p", "button"].map((name) => document.createElement(name));
    note.textContent = words.refused.replace("#", of.length) + why;
    Object.assign(button, { type: "button", className: "quiet", textContent: words.forget });
    button.addEventListener("click", async (event) => {
      event.stopPropagation();
      for (const id of of) await drop("letters", id);
      row.remove();
    });
    row.append(note, button);
    return row;
  }));
  return ids.size > 0;
}
