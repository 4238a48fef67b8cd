// The bench page: draws what the simulated terminals show, says what they say, and carries the
// hands' touches to them.
const place = document.getElementById("machines");
const pattern = document.getElementById("machine");
const drawn = new Map();
const CUT_MS = 500;
const DIAL_A = Number(pattern.content.querySelector(".current").max); // the needle ends with the slider
let touches = 0; // sent and answered

const WORDS = {
  title: ["试验台", "Bench"], about: ["真实固件，模拟的焊机。", "Real firmware, simulated machines."], wait: ["正在连接……", "Connecting…"],
  voice: ["朗读播报", "Read aloud"], weld: ["焊接", "Welding"], current: ["电流", "Current"], strike: ["起弧", "Strike"], lift: ["熄弧", "Lift"],
  touch: ["终端", "Terminal"], button: ["按钮", "Button"], hold: ["长按 5 秒", "Hold 5 s"], lid: ["开盖", "Open lid"], bypass: ["旁路", "Bypass"],
  cut: ["闪断 0.5 秒", "Blink 0.5 s"], mains: ["断电", "Power cut"], air: ["环境", "Surroundings"], signal: ["信号", "Signal"], outage: ["断 4G", "4G down"],
  ble: ["断蓝牙", "BLE off"], gas: ["燃气泄漏", "Gas leak"], closed: ["● 已合闸", "● closed"], open: ["○ 已断开", "○ open"], dead: ["终端没有电", "Terminal without power"],
  onLine: ["在线", "on line"], offLine: ["不在线", "off line"], silent: ["（没有播报）", "(nothing said)"], ended: ["试验台已停止。", "The bench has ended."],
};
let english = localStorage.getItem("lang") === "en";
const say = (name) => WORDS[name][english ? 1 : 0];
let aloud = false;

function translate(where) {
  for (const one of where.querySelectorAll("[data-word]")) one.textContent = say(one.dataset.word);
}

function setLanguage() {
  document.documentElement.lang = english ? "en" : "zh-Hans";
  const button = document.getElementById("language");
  button.textContent = english ? "中文" : "English";
  button.lang = english ? "zh-Hans" : "en";
  document.title = english ? "Bench · HanMa" : "试验台 · 焊码";
  translate(document);
}

document.getElementById("language").addEventListener("click", () => {
  english = !english;
  localStorage.setItem("lang", english ? "en" : "zh");
  setLanguage();
});
document.getElementById("voice").addEventListener("click", (event) => {
  aloud = !aloud;
  event.currentTarget.setAttribute("aria-pressed", aloud);
  if (!aloud) globalThis.speechSynthesis?.cancel();
});

function fresh(device) {
  const card = pattern.content.firstElementChild.cloneNode(true);
  const title = card.querySelector("h2");
  title.id = `t-${device}`;
  title.textContent = device;
  card.setAttribute("aria-labelledby", title.id);
  translate(card);
  card.addEventListener("click", (event) => press(device, event.target.closest("[data-hand]"), card));
  const slide = (name, unit, send) => {
    const input = card.querySelector(`.${name}`);
    input.addEventListener("input", () => { input.nextElementSibling.value = input.value + unit; });
    input.addEventListener("change", () => send(Number(input.value)));
  };
  slide("current", " A", (amps) => { if (card.shown.arc) touch(device, "strike", amps); }); // the dial, while it burns
  slide("signal", "", (level) => touch(device, "signal", level));
  drawn.set(device, card);
  if (drawn.size === 1) place.replaceChildren();
  place.append(card);
  return card;
}

function draw(shown) {
  const card = drawn.get(shown.device) ?? fresh(shown.device);
  card.shown = shown;
  const picture = card.querySelector(".drawing");
  const marks = {
    live: shown.mains, closed: shown.running && shown.contact, lit: shown.lamp, burning: shown.arc, leaking: shown.gas > 0,
    bypassed: shown.bypass, "lid-open": shown.lid, "off-line": !shown.on_line,
  };
  for (const [name, is] of Object.entries(marks)) picture.classList.toggle(name, Boolean(is));
  const state = !shown.running ? say("dead") : shown.contact ? say("closed") : say("open");
  text(card.querySelector(".state"), state);
  text(picture.querySelector("title"), `${shown.device}: ${state}, ${shown.amps.toFixed(0)} A`);
  text(picture.querySelector(".amps"), `${shown.amps.toFixed(0)} A`);
  picture.querySelector(".needle").style.transform = `rotate(${Math.min(1, shown.amps / DIAL_A) * 120 - 60}deg)`;
  text(picture.querySelector(".gas text"), `${shown.gas} %LEL`);
  [...picture.querySelectorAll(".bars rect")].forEach((bar, at) => bar.classList.toggle("has", shown.signal > at * 7));
  const news = shown.said.filter(([at]) => at > (card.heard ?? Infinity)); // since the last look
  const last = shown.said.at(-1);
  const words = card.querySelector(".said");
  words.classList.toggle("hush", !last);
  if (news.length) text(words, news.map((one) => `“${one[1]}”`).join(" "));
  else if (!last || !card.heard) text(words, last ? `“${last[1]}”` : say("silent"));
  for (const one of news) speak(one[1]);
  card.heard = last ? last[0] : 0;
  const watch = shown.watch.at(-1);
  text(card.querySelector(".link"), `${shown.on_line ? say("onLine") : say("offLine")}${watch ? ` · ${watch.heap_kb} kB · ${watch.lag_ms} ms` : ""}`);
  const signal = card.querySelector(".signal");
  if (document.activeElement !== signal) { signal.value = shown.signal; signal.nextElementSibling.value = shown.signal; }
  const pressed = { lid: shown.lid, bypass: shown.bypass, mains: !shown.mains, outage: shown.outage, ble: !shown.ble, gas: shown.gas };
  for (const [hand, is] of Object.entries(pressed)) card.querySelector(`[data-hand=${hand}]`).setAttribute("aria-pressed", Boolean(is));
}

// A page that is read aloud is told only what is new.
function text(where, words) { if (where.textContent !== words) where.textContent = words; }

function speak(words) {
  if (!aloud || !globalThis.speechSynthesis) return;
  const spoken = new SpeechSynthesisUtterance(words);
  spoken.lang = "zh-CN";
  speechSynthesis.speak(spoken);
}

async function press(device, button, card) {
  if (!button) return;
  const { hand, value } = button.dataset;
  const { shown } = card;
  if (hand === "cut") {
    await touch(device, "mains", false);
    setTimeout(() => touch(device, "mains", true), CUT_MS);
    return;
  }
  const values = {
    strike: Number(card.querySelector(".current").value), button: Number(value) || null, mains: !shown.mains, lid: !shown.lid,
    bypass: !shown.bypass, gas: shown.gas ? 0 : 30, outage: shown.outage ? null : "reset", ble: !shown.ble,
  };
  await touch(device, hand, values[hand] ?? null);
}

async function touch(device, hand, value) {
  touches += 1;
  const answer = await fetch(`/terminals/${device}/${hand}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ value }) });
  if (!answer.ok) return;
  const shown = await answer.json();
  touches += 1;
  draw(shown);
}

// What was asked for before a touch was answered is older than that answer: drawing it would take
// the touch back, and the next press of the same button would say the same again.
async function look() {
  const before = touches;
  try {
    const shown = await (await fetch("/terminals")).json();
    if (before === touches) shown.forEach(draw);
  } catch {
    place.replaceChildren(say("ended"));
    drawn.clear();
  }
  setTimeout(look, 500);
}

setLanguage();
look();
