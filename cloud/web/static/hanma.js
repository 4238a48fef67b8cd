// Keeps a page fresh and answers a press without reloading it. Everything here is comfort: with
// the script off, forms post, the server answers 303, and waiting pages reload themselves.

const main = () => document.getElementById("main");
const banner = document.getElementById("lost");
const said = document.getElementById("said");
const JSON_TYPE = { Accept: "application/json" };
let skew = 0; // the server's clock minus this phone's, ms
let timer;
let busy = 0; // presses under way

const lost = (is) => { banner.hidden = !is; };

// A question is given up after a while: a network that swallows it must not hold the page for ever.
// What was pressed may be pressed again, its form number keeps it from counting twice.
const ANSWER_MS = 20_000, PICTURE_MS = 120_000;

// A foreign page in our place (log-in after the session ended): go there honestly.
async function ask(url, options = {}) {
  const patience = new AbortController();
  setTimeout(() => patience.abort(), options.body instanceof FormData ? PICTURE_MS : ANSWER_MS);
  const answer = await fetch(url, { cache: "no-store", credentials: "same-origin", signal: patience.signal, ...options });
  lost(false);
  if (answer.status === 401) location.reload();
  return answer;
}

// --- fresh without reload -------------------------------------------------------------------

function again() {
  clearTimeout(timer);
  const every = Number(main().dataset.every);
  if (every && !document.hidden) timer = setTimeout(poll, every);
}

async function poll() {
  const { state, part, etag } = main().dataset;
  try {
    if (part && !busy) await refreshPart();
    else if (state && !busy) {
      const answer = await ask(state, { headers: { ...JSON_TYPE, "If-None-Match": etag || "" } });
      if (answer.status === 200 && !busy) await refresh();
    }
  } catch { lost(true); }
  again();
}

// A page of which only `#live` changes brings that part with one question.
async function refreshPart() {
  const { part, etag } = main().dataset;
  const answer = await ask(part, { headers: { Accept: "text/html", "If-None-Match": etag || "" } });
  const told = { tag: answer.headers.get("Map-Tag"), asOf: answer.headers.get("Map-As-Of") };
  document.dispatchEvent(new CustomEvent("map", { detail: told }));
  if (answer.status !== 200) return;
  const old = document.getElementById("live");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = document.createElement("div");
  fresh.id = "live";
  fresh.append(...page.body.childNodes);
  const focus = document.activeElement?.id;
  for (const one of old.querySelectorAll("details[open]")) {
    const same = fresh.querySelector(`#${one.id}`);
    if (same) same.open = true;
  }
  for (const form of fresh.querySelectorAll("form[id]")) keep(old.querySelector(`#${form.id}`), form);
  old.replaceWith(fresh);
  main().dataset.etag = answer.headers.get("ETag");
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  document.dispatchEvent(new Event("fresh"));
}

async function refresh() {
  if (main().dataset.part) return refreshPart();
  const answer = await ask(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("main");
  if (fresh) swap(fresh);
}

// While somebody is filling in a form that is still the right one, only what lies round it moves.
function swap(fresh) {
  const old = main();
  const same = old.dataset.step === fresh.dataset.step;
  const focus = document.activeElement?.id;
  if (same) {
    const was = [...old.querySelectorAll("details")];
    fresh.querySelectorAll("details").forEach((d, i) => {
      d.open = Boolean((d.id ? was.find((one) => one.id === d.id) : was[i])?.open);
    });
    for (const form of fresh.querySelectorAll("form[id]")) keep(old.querySelector(`#${form.id}`), form);
  }
  old.replaceWith(fresh);
  begin();
  if (same) document.getElementById(focus)?.focus({ preventScroll: true });
  else { fresh.querySelector("h1")?.focus({ preventScroll: true }); scrollTo(0, 0); }
  if (said.textContent !== fresh.dataset.say) said.textContent = fresh.dataset.say || "";
}

// What was judged wrong is typed anew; everything else stays.
function forget(form, refusals) {
  const wrong = [...form.querySelectorAll("[data-judged]")].filter(({ dataset }) =>
    refusals.some(({ code }) => code.startsWith(dataset.judged)));
  for (const field of wrong) field.value = "";
  wrong[0]?.focus({ preventScroll: true });
}

// What is typed and ticked stays; the pieces marked `live` (form number, spoken code) are renewed.
function keep(mine, form) {
  if (!mine) return;
  for (const piece of form.querySelectorAll("[data-live]")) {
    const was = mine.querySelector(`#${piece.id}`);
    if (!(was?.querySelector("input") && piece.querySelector("input"))) was?.replaceWith(piece);
  }
  form.replaceWith(mine);
}

// --- a press ----------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  const button = event.submitter;
  const stops = button?.classList.contains("off"); // waits for nothing that a bad network holds up
  if (busy && !stops) { event.preventDefault(); return; }
  const buttons = form.querySelectorAll("button");
  const off = (is) => buttons.forEach((b) => { b.disabled = is; });
  if (!form.id) { setTimeout(() => off(true)); return; } // log-in, language: a plain post
  event.preventDefault();
  untell();
  busy += 1;
  off(true);
  try {
    const fields = new FormData(form, button);
    const file = form.querySelector("input[type=file]");
    if (file?.files[0]) fields.set(file.name, await shrunk(file.files[0]), "picture.jpg");
    const body = file ? fields : new URLSearchParams(fields);
    const answer = await ask(button?.hasAttribute("formaction") ? button.formAction : form.action,
      { method: "POST", body, headers: JSON_TYPE });
    const told = await answer.json().catch(() => null); // what stands before us may answer in its own way
    if (!told) tell(form, { words: said.dataset.dropped, todo: "" });
    else if (told.next) { location.assign(told.next); return; } // what was typed here is done with
    else {
      if (!told.ok) forget(form, told.refusals);
      if (file && answer.ok) form.reset();
      if (answer.ok || answer.status === 409) await refresh();
      // A refused step stands on the page by itself; what was done already is said beside it.
      if (!told.ok && (answer.status !== 409 || told.state === null)) tell(at(form), told.refusals[0]);
    }
  } catch { lost(true); }
  busy -= 1;
  off(false);
  again();
});

// A picture goes as soon as it is taken: one press less with gloves on.
document.addEventListener("change", ({ target }) => {
  if (target.matches("form[id] input[type=file]") && target.files[0]) target.form.requestSubmit();
});

// A camera's picture is larger than anybody looks at, and the network on a site is slow. What the
// camera wrote beside it (where it was taken) stays with it; that it lies right way up is drawn.
const SIDE = 1600, SMALL = 400_000;
async function shrunk(file) {
  if (file.size <= SMALL) return file;
  try {
    const picture = await createImageBitmap(file);
    const part = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement("canvas"),
      { width: Math.round(picture.width * part), height: Math.round(picture.height * part) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.82); });
    const beside = exif(new Uint8Array(await file.slice(0, 131_072).arrayBuffer()));
    return new Blob([made.slice(0, 2), beside, made.slice(2)], { type: "image/jpeg" });
  } catch { return file; }
}

function exif(head) {
  for (let at = 2; head[at] === 0xff && head[at + 1] !== 0xda; ) {
    const next = at + 2 + head[at + 2] * 256 + head[at + 3];
    if (head[at + 1] === 0xe1 && head[at + 4] === 0x45 && next <= head.length) return upright(head.slice(at, next));
    at = next;
  }
  return new Uint8Array();
}

// The picture was drawn right way up: what tells how to turn it (tag 0x0112) says "as it is" now.
function upright(block) {
  const view = new DataView(block.buffer, block.byteOffset + 10), little = block[10] === 0x49;
  const first = view.getUint32(4, little);
  for (let row = first + 2; row < first + 2 + 12 * view.getUint16(first, little); row += 12) {
    if (view.getUint16(row, little) === 0x0112) view.setUint16(row + 8, 1, little);
  }
  return block;
}

// What the server could not even consider (a missing field, an old page, a step done already) is
// said beside the field or at the form's head, the article folded away (as told.html does).
function tell(place, { words, todo, source, field }) {
  untell();
  const note = Object.assign(document.createElement("div"), { id: "told", className: "note told" });
  note.setAttribute("role", "alert");
  const wrong = field && place.elements?.namedItem(field);
  if (wrong?.matches?.("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")) {
    wrong.setAttribute("aria-invalid", "true");
    wrong.setAttribute("aria-describedby", `told ${wrong.getAttribute("aria-describedby") ?? ""}`);
    wrong.after(note);
    wrong.focus();
  } else place.prepend(note);
  note.textContent = `${words} ${todo}`;
  note.scrollIntoView({ block: "nearest" });
  if (!source) return;
  const article = note.appendChild(document.createElement("details"));
  article.appendChild(document.createElement("summary")).textContent = said.dataset.article;
  article.append(source);
}

function untell() {
  document.getElementById("told")?.remove();
  const wrong = document.querySelector("[aria-invalid]");
  wrong?.removeAttribute("aria-invalid");
  wrong?.setAttribute("aria-describedby", wrong.getAttribute("aria-describedby").replace(/told ?/, ""));
}

// The form as it stands now; the page itself if the form is gone with its step.
const at = (form) => document.getElementById(form.id) ?? main();

// --- clocks -----------------------------------------------------------------------------------

function tick() {
  const now = Date.now() + skew;
  for (const clock of document.querySelectorAll("[data-until]")) {
    const s = Math.max(0, Math.ceil((clock.dataset.until - now) / 1000));
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    const two = (n) => String(n).padStart(2, "0");
    clock.textContent = h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  }
  for (const count of document.querySelectorAll("[data-from]")) {
    count.textContent = Math.max(0, Math.floor((now - count.dataset.from) / 1000));
  }
  for (const late of document.querySelectorAll("[data-show-at]")) late.hidden = now < Number(late.dataset.showAt);
}

// A shared phone keeps our files and a page that names nobody; where it may not, nothing is lost.
navigator.serviceWorker?.register("/sw.js").catch(() => {});
document.addEventListener("look-again", refresh);

// What stands behind the # of a link is seen by no server: it is filled in here, or typed.
for (const field of document.querySelectorAll("[data-behind-hash]")) field.value ||= location.hash.slice(1);

function begin() {
  skew = Number(main().dataset.now) - Date.now();
  tick();
  again();
  document.dispatchEvent(new Event("fresh"));
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
addEventListener("online", poll);
addEventListener("offline", () => lost(true));
document.addEventListener("lost", () => lost(true));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
setInterval(tick, 500);
begin();
