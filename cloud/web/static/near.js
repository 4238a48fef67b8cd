// The phone beside a terminal that has no network: buttons that speak Bluetooth with it.
import { Terminal } from "./ble.js";
import { all, drop, handIn, keep } from "./pocket.js";

const near = document.getElementById("near");
const words = JSON.parse(near?.dataset.words ?? "{}");
const say = (text) => { near.querySelector("[role=status]").textContent = text; };
const main = () => document.getElementById("main").dataset;
const show = (name, is) => { const one = near.querySelector(`[data-do=${name}]`); if (one) one.hidden = !is; };
let busy = false;

// Which buttons there are follows the page's step; without a job there is nothing to carry.
async function look() {
  if (!near) return;
  const able = "bluetooth" in navigator;
  const { step, job, dark } = main();
  near.querySelector(".unable").hidden = able;
  const may = able && Boolean(job);
  show("on", may && (step === "on" || step === "resume"));
  show("off", may && (step === "off" || step === "stop"));
  show("take", may && (step === "on" || step === "resume"));
  if (dark) near.querySelector("details")?.setAttribute("open", "");
  const list = near.querySelector(".taken");
  list.replaceChildren(...(await all("tickets")).filter((one) => one.exp > Date.now()).map(taken));
  const waiting = (await all("letters")).length;
  near.querySelector(".waiting").textContent = waiting ? words.waiting.replace("#", waiting) : "";
  near.hidden = !(near.dataset.always || job || list.children.length || waiting);
}

function taken(ticket) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `${words.use} ${ticket.machine}`;
  button.disabled = !("bluetooth" in navigator);
  button.addEventListener("click", () => once(() => useTaken(ticket)));
  item.append(button);
  return item;
}

async function once(work) {
  if (busy) return;
  busy = true;
  near.querySelectorAll("button").forEach((one) => { one.disabled = true; });
  try { await work(); } catch (error) {
    say(error.name === "NotFoundError" ? words.none : words[error.message] ?? `${words.failed} (${error.message})`);
  }
  near.querySelectorAll("button").forEach((one) => { one.disabled = false; });
  busy = false;
  await look();
}

async function ticket(act, challenge) {
  const { job } = main();
  const body = new URLSearchParams({ act, job, csrf: document.querySelector("meta[name=csrf]").content });
  if (challenge) body.set("ch", challenge);
  const pin = act === "on" && document.getElementById("pin")?.value;
  if (pin) body.set("pin", pin);
  const answer = await fetch(near.dataset.ticket, { method: "POST", body, headers: { Accept: "application/json" } });
  const told = await answer.json();
  if (!told.ok) { say(told.refusals.map((one) => `${one.words} ${one.todo}`).join(" ")); return null; }
  return told;
}

// The phone has a network, the terminal has none: the ticket answers the terminal's own challenge.
async function switchNow(act) {
  say(words.meeting);
  const met = await Terminal.meet(near.dataset.device);
  try {
    const { challenge } = await met.identity();
    const made = await ticket(act, challenge);
    if (made) await give(met, near.dataset.device, made.ticket);
  } finally { met.part(); }
}

async function take() {
  const made = await ticket("on", "");
  if (!made) return;
  const { job } = main();
  await keep("tickets", { job, device: near.dataset.device, machine: near.dataset.machine, text: made.ticket, exp: made.exp });
  say(words.taken);
}

async function useTaken(one) {
  say(words.meeting);
  const met = await Terminal.meet(one.device);
  try { await give(met, one.device, one.text); } finally { met.part(); }
}

async function give(met, device, text) {
  say(words.giving);
  const { word, receipt } = await met.give(text);
  if (JSON.parse(receipt).mac) await keep("letters", { to: "/carried/receipt", body: receipt });
  say(words[word] ?? words.failed);
  if (word === "ok") await carry(met, device);
  await handIn();
  document.dispatchEvent(new Event("look-again"));
}

// The journal, batch by batch; what the cloud has stored goes back while the terminal is there.
async function carry(met, device) {
  for (let from = 0, round = 0; round < 50; round += 1) {
    const { word, body } = await met.carry(from);
    const paras = word === "ok" ? JSON.parse(body).services?.[0]?.paras : null;
    if (!paras) return;
    from = paras.to;
    const id = await keep("letters", { to: `/carried/${device}/journal`, body });
    const { stored } = (await handIn()).get(id) ?? {};
    if (stored) await met.handIn(stored);
  }
}

near?.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "take") once(take);
  else if (what) once(() => switchNow(what));
});
document.addEventListener("fresh", look);
addEventListener("online", () => handIn().then(look));
handIn().then(look);
