// The phone beside a terminal that has no network: buttons that speak Bluetooth with it.
import { remind, taken, watching } from "./along.js";
import { carry, handOver } from "./beside.js";
import { Terminal } from "./ble.js";
import { all, drop, handIn, hurry, keep, send, tellRefused, waiting } from "./pocket.js";

const near = document.getElementById("near");
const words = JSON.parse(near?.dataset.words ?? "{}");
// Said beside the button that was pressed: where presence is to be proved, that one is in the form.
const say = (text) => { (document.getElementById("here-said") ?? near.querySelector("[role=status]")).textContent = text; };
const main = () => document.getElementById("main").dataset;
const show = (name, is) => { const one = near.querySelector(`[data-do=${name}]`); if (one) one.hidden = !is; };
const when = (name, is) => { const one = near.querySelector(`[data-when=${name}]`); if (one) one.hidden = !is; };
const USEFUL = ["on", "resume", "off", "stop", "wait-on"]; // steps at which a phone beside the terminal helps
const SPENT = ["used", "expired", "void", "ended"];
let underway = null; // the press that is being done, and whether it stops
let drawn = "";

// Which buttons there are follows the page, which renews itself while this part stays: its step,
// its terminal (another one after a repair), its job. Without a job there is nothing to carry.
async function look() {
  if (!near) return;
  const able = "bluetooth" in navigator;
  const { step, job, device, dark, along, unsure } = main();
  near.querySelector(".unable").hidden = able;
  const may = able && Boolean(job && device);
  const beside = document.getElementById("here");
  if (beside) beside.hidden = !may;
  show("on", may && (step === "on" || step === "resume"));
  const offed = Boolean(dark && device && unsure); // over, and only a phone can bring it and the word back
  show("off", able && (offed || (may && (step === "off" || step === "stop"))));
  when("unsure", able && offed);
  show("take", may && (step === "on" || step === "resume"));
  const watches = Boolean(job && device) && (step === "wait-on" || step === "stop");
  show("along", watches);
  when("along", watches);
  when("watched", may && step === "on" && Boolean(along));
  when("alone", may && step === "on" && !along);
  if (dark) near.querySelector("details")?.setAttribute("open", "");
  const held = { tickets: await live("tickets"), watches: await live("watches") };
  draw(held, able);
  const left = (await waiting()).length;
  near.querySelector(".waiting").textContent = left ? words.waiting.replace("#", left) : "";
  const refused = await tellRefused(near.querySelector(".refused"), words);
  near.hidden = !(near.dataset.always || (job && device && USEFUL.includes(step)) || offed || held.tickets.length || held.watches.length || left || refused);
}

async function live(store) {
  const rows = await all(store);
  for (const one of rows) if (one.exp <= Date.now()) await drop(store, one.job);
  return rows.filter((one) => one.exp > Date.now());
}

// Drawn anew only where something changed: somebody may be typing.
function draw(held, able) {
  const now = JSON.stringify([held, able]);
  if (now === drawn) return;
  drawn = now;
  near.querySelector(".taken").replaceChildren(...held.tickets.map((one) => taken(one, able, (ticket, secret) => once(() => useTaken(ticket, secret)), say, words)));
  near.querySelector(".watching").replaceChildren(...held.watches.map((one) => watching(one, able, (watch) => once(() => stop(watch), true), noted)));
}

async function noted(word) {
  say(words[word] ?? "");
  await look();
  await handIn();
  await look();
}

// One press at a time; but to stop and to switch off come next whatever waits for the cloud.
async function once(work, stops = false) {
  if (underway && (!stops || underway.stops)) { say(words.busy); return; }
  const press = { stops };
  const before = underway?.done;
  underway = press;
  if (before) hurry();
  press.done = done(work, before);
  await press.done;
  if (underway === press) underway = null;
  await look();
}

async function done(work, before) {
  await before;
  const pressable = [...near.querySelectorAll("button:enabled:not([data-do=stop], [data-do=off])")];
  pressable.forEach((one) => { one.disabled = true; });
  try { await work(); } catch (error) {
    say(error.name === "NotFoundError" ? words.none : words[error.message] ?? `${words.failed} (${error.message})`);
  }
  pressable.forEach((one) => { one.disabled = false; });
}

async function asked(url, form) {
  const body = new URLSearchParams({ job: main().job, ...form, csrf: document.querySelector("meta[name=csrf]").content });
  const { told } = await send(url, body);
  if (!told.ok) { say(told.refusals.map((one) => `${one.words} ${one.todo}`).join(" ")); return null; }
  return told;
}

async function ticket(act, challenge) {
  const form = challenge ? { act, ch: challenge } : { act };
  if (act === "off" && main().unsure) form.job = main().unsure; // perhaps of somebody who is gone
  const pin = act === "on" && document.getElementById("pin")?.value;
  return asked(near.dataset.ticket, pin ? { ...form, pin } : form);
}

// The phone has a network, the terminal has none: the ticket answers the terminal's own challenge.
async function switchNow(act) {
  say(words.meeting);
  const met = await Terminal.meet(main().device);
  try {
    const { challenge } = await met.identity();
    const made = await ticket(act, challenge);
    if (made) await give(met, main().device, made.ticket);
  } finally { met.part(); }
}

// Here at the machine: the terminal's own signed word, without a move of the relay.
const NEWER = ["malformed", "unsupported"]; // what a terminal says of a ticket of a later time
async function proveHere() {
  say(words.meeting);
  const met = await Terminal.meet(main().device);
  try {
    const { challenge } = await met.identity();
    const made = await asked(near.dataset.here, { ch: challenge });
    if (!made) return;
    say(words.giving);
    const { word, receipt } = await met.give(made.ticket);
    if (word !== "ok") { say(NEWER.includes(word) ? words.old : words[word] ?? words.failed); return; }
    say(words.here);
    const id = await keep("letters", { to: "/carried/receipt", body: receipt });
    say((await handIn()).has(id) ? "" : words.unsaid);
  } finally { met.part(); }
  document.dispatchEvent(new Event("look-again"));
}

async function take() {
  const made = await ticket("on", "");
  if (!made) return;
  const { job } = main();
  await keep("tickets", { job, device: main().device, machine: near.dataset.machine, text: made.ticket, exp: made.exp, watched: made.watched });
  say(words.taken);
}

// The fire watch's phone: the secret, and a ticket that stops.
async function comeAlong() {
  const { ok, refusals, ...told } = await asked(near.dataset.along, {}) ?? {};
  if (!ok) return;
  await keep("watches", { ...told, job: main().job, device: main().device, machine: near.dataset.machine, seen: Date.now() });
  near.querySelector("details").open = true;
  say(words.along);
}

async function useTaken(one, secret) {
  say(words.meeting);
  const met = await Terminal.meet(one.device);
  let word;
  try { word = await give(met, one.device, one.watched ? `${one.text}.${secret}` : one.text); } finally { met.part(); }
  if (SPENT.includes(word)) await drop("tickets", one.job);
}

async function stop(watch) {
  say(words.meeting);
  const met = await Terminal.meet(watch.device);
  let word;
  try { word = await give(met, watch.device, watch.ticket); } finally { met.part(); }
  if (word !== "ok" && word !== "ended") return;
  await drop("watches", watch.job);
  say(words.stopped);
}

async function give(met, device, text) {
  say(words.giving);
  const word = await handOver(met, text);
  say(words[word] ?? words.failed);
  if (underway) underway.stops = false; // done; what is left waits for the cloud, and may be cut short
  if (word === "ok") await carry(met, device);
  handIn().then(() => { document.dispatchEvent(new Event("look-again")); return look(); });
  return word;
}

near?.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "take") once(take);
  else if (what === "along") once(comeAlong);
  else if (what) once(() => switchNow(what), what === "off");
});
document.addEventListener("click", (event) => { if (near && event.target.closest("#here")) once(proveHere); });
document.addEventListener("fresh", look);
setInterval(() => near?.querySelectorAll(".watching > li").forEach(remind), 15_000);
addEventListener("online", () => handIn().then(look));
handIn().then(look);
