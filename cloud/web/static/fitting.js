// The technician's phone beside a terminal that has no network: the function test, and service.
import { carry, handOver } from "./beside.js";
import { Terminal } from "./ble.js";
import { handIn, send, tellRefused, waiting } from "./pocket.js";

const near = document.getElementById("fitting");
const words = JSON.parse(near?.dataset.words ?? "{}");
const main = () => document.getElementById("main").dataset;
const button = (act) => near.querySelector(`[data-do=${act}]`);
const say = (text) => { near.querySelector("[role=status]").textContent = text; };
const told = (text, amps) => say(text.replace("#", amps));
const LOOK_MS = 300;
const again = () => { document.dispatchEvent(new Event("look-again")); return look(); };
let busy = false;
let off = false; // wanted by a press

async function look() {
  if (!near) return;
  const able = "bluetooth" in navigator;
  near.querySelector(".unable").hidden = able;
  for (const act of ["test", "service"]) if (button(act)) button(act).hidden = !able || busy;
  const left = (await waiting()).length;
  near.querySelector(".waiting").textContent = left ? words.waiting.replace("#", left) : "";
  const refused = await tellRefused(near.querySelector(".refused"), words);
  // A record asks for the test at one step; what was said last stays to be read.
  const asked = !near.dataset.step || near.dataset.step === main().step;
  near.querySelector("details").hidden = !asked && !left;
  near.hidden = !asked && !left && !refused && !near.querySelector("[role=status]").textContent;
}

async function ticket(met, form) {
  const { challenge } = await met.identity();
  const body = new URLSearchParams({ ...form, ch: challenge, device: main().device, csrf: document.querySelector("meta[name=csrf]").content });
  const { told: made } = await send(near.dataset.ticket, body);
  if (!made.ok) say(made.refusals.map((one) => `${one.words} ${one.todo}`).join(" "));
  return made.ok ? made.ticket : null;
}

// Gives a ticket for this act; whether the terminal did it. The cloud hears of it meanwhile.
async function act(met, form) {
  const text = await ticket(met, form);
  if (!text) return false;
  say(words.giving);
  const word = await handOver(met, text);
  if (word !== "ok") say(words[word === "unsupported" ? "atWork" : word] ?? words.failed);
  handIn().then(again);
  return word === "ok";
}

// Closed, a current read while it is closed, and opened: by a press here, at the terminal, or by
// the terminal itself when the minute is over.
async function test(met) {
  if (!await act(met, { act: "test" })) return;
  const ends = Boolean(near.dataset.step); // a test of a record can be ended from here
  button("off").hidden = !ends;
  let most = 0;
  try {
    for (let now = await met.identity(); now.relay && !off; now = await met.identity()) {
      most = Math.max(most, now.amps ?? 0);
      told(ends ? words.closed : words.closedAlone, now.amps ?? 0);
      await new Promise((go) => setTimeout(go, LOOK_MS));
    }
  } catch { throw new Error("away"); }
  button("off").hidden = true;
  const amps = String(Math.min(most, 9999)).padStart(4, "0");
  if (!ends || await act(met, { act: "off", amps })) told(words.opened, most);
}

async function service(met) {
  if (!await act(met, { act: "service" })) return;
  const { mode } = await met.identity();
  say(mode === "service" ? words.serviceOn : words.serviceOff);
}

async function once(work) {
  if (busy) { say(words.busy); return; }
  [busy, off] = [true, false];
  await look();
  let met;
  try {
    say(words.meeting);
    met = await Terminal.meet(main().device);
    await work(met);
    await carry(met, main().device);
  } catch (error) {
    say(error.name === "NotFoundError" ? words.none : words[error.message] ?? `${words.failed} (${error.message})`);
  }
  met?.part();
  button("off").hidden = true;
  busy = false;
  await look();
  await handIn().then(again);
}

near?.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "off") off = true;
  else if (what) once({ test, service }[what]);
});
document.addEventListener("fresh", look);
addEventListener("online", () => handIn().then(look));
handIn().then(look);
