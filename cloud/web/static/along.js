// Tickets in the phone, as cards: the welder's to switch on, the fire watch's to stop, their secret
// and their check-ins. All of it works without a network.
import { drop, keep } from "./pocket.js";

const LETTERS = 16;
const copy = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

// As it is read or typed: small letters, gaps, and the four that the secret never has.
export const spelled = (text) => text.toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1").replace(/[^0-9A-Z]/g, "");

// The welder's: `use(ticket, secret)`; where a fire watch goes along the secret is asked for.
export function taken(ticket, able, use, say, words) {
  const card = copy("taken");
  const typed = card.querySelector("[name=secret]");
  const look = card.querySelector(".look");
  card.querySelector(".machine-code").textContent = ticket.machine;
  card.querySelector("form > button").disabled = !able;
  card.querySelector(".secret").hidden = !ticket.watched;
  look.hidden = !("BarcodeDetector" in globalThis);
  look.addEventListener("change", async (event) => {
    const [found] = await read(event.target.files[0]).catch(() => []);
    if (found) typed.value = found.rawValue;
    say(found ? "" : words.unread);
    event.target.value = "";
  });
  card.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const secret = spelled(typed.value);
    if (ticket.watched && secret.length !== LETTERS) { say(words.secret); typed.focus(); } else use(ticket, secret);
  });
  return card;
}

async function read(file) {
  return new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(file));
}

// The fire watch's: `stop(watch)` by Bluetooth; check-ins and forgetting need nobody else.
export function watching(watch, able, stop, changed) {
  const card = copy("watching");
  const due = dueAt(watch);
  const facts = { site: watch.site, work: watch.work, until: clock(watch.exp), due: clock(due), secret: watch.secret.replace(/(.{4})(?=.)/g, "$1 ") };
  for (const [name, text] of Object.entries(facts)) card.querySelector(`[data-of=${name}]`).textContent = text;
  card.querySelector(".machine-code").textContent = watch.machine;
  card.querySelectorAll(".due").forEach((one) => { one.hidden = !watch.every_s; });
  card.querySelector("[data-do=seen]").hidden = !watch.every_s;
  card.querySelector("[data-do=stop]").disabled = !able;
  if (watch.every_s) card.dataset.due = due;
  card.querySelector(".square").append(...new DOMParser().parseFromString(watch.square, "text/html").body.children);
  const acts = {
    seen: () => seen(watch).then(() => changed("seen")),
    stop: () => stop(watch),
    forget: () => drop("watches", watch.job).then(() => changed("")),
  };
  card.addEventListener("click", (event) => {
    const act = acts[event.target.closest("[data-do]")?.dataset.do];
    event.stopPropagation();
    if (act) act();
  });
  remind(card);
  return card;
}

const dueAt = (watch) => watch.seen + watch.every_s * 1000;

// A check-in counts from the press; what the phone noted goes to the cloud as a letter.
async function seen(watch) {
  const at = Date.now();
  await keep("watches", { ...watch, seen: at });
  await keep("letters", { to: "/carried/watch", body: JSON.stringify({ job: watch.job, at }) });
}

// Whether the next check-in is late; asked again and again while the page is open.
export function remind(card) {
  const late = Number(card.dataset.due ?? Infinity) <= Date.now();
  const note = card.querySelector(".late");
  if (late && note.hidden && navigator.userActivation?.hasBeenActive) navigator.vibrate?.([400, 200, 400]);
  note.hidden = !late;
}
