// The bench page: draws what the simulated terminals show, and carries the hands' touches to them.
const place = document.getElementById("machines");
const pattern = document.getElementById("machine");
const drawn = new Map();

function draw(shown) {
  let card = drawn.get(shown.device);
  if (!card) {
    card = pattern.content.firstElementChild.cloneNode(true);
    card.addEventListener("click", (event) => touch(shown.device, event.target, card));
    drawn.set(shown.device, card);
    if (drawn.size === 1) place.replaceChildren();
    place.append(card);
  }
  card.shown = shown;
  const set = (name, text) => { card.querySelector(name).textContent = text; };
  set("h2", shown.device);
  const relay = card.querySelector(".relay");
  relay.className = "relay" + (shown.running ? (shown.relay ? " closed" : "") : " dead");
  set(".relay b", !shown.running ? "无电 no power" : shown.relay ? "● 已合闸 closed" : "○ 已断开 open");
  set(".amps", `${shown.amps.toFixed(1)} A${shown.arc ? " ⚡" : ""}`);
  set(".link", shown.outage ? "断网 outage" : shown.on_line ? "在线 on line" : "……");
  const watch = shown.watch.at(-1);
  set(".watch", watch ? `${watch.heap_kb} kB · ${watch.lag_ms} ms` : "……");
  const last = shown.said.at(-1);
  set(".said", last ? `“${last[1]}”` : "……");
}

async function touch(device, button, card) {
  const hand = button.dataset?.hand;
  if (!hand) return;
  const values = {
    strike: Number(button.dataset.value),
    button: Number(button.dataset.value) || null,
    mains: !card.shown.mains,
    lid: !card.shown.lid,
    bypass: !card.shown.bypass,
    gas: card.shown.gas ? 0 : Number(button.dataset.value),
    outage: card.shown.outage ? null : "reset",
  };
  const answer = await fetch(`/terminals/${device}/${hand}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ value: values[hand] ?? null }),
  });
  if (answer.ok) draw(await answer.json());
}

async function look() {
  try {
    const answer = await fetch("/terminals");
    (await answer.json()).forEach(draw);
  } catch {
    place.replaceChildren("试验台已停止。 The bench has ended.");
    drawn.clear();
  }
  setTimeout(look, 500);
}

look();
