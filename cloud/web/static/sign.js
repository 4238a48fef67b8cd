// Signing with a finger: a canvas beside the typed name. What is drawn goes with the form as a PNG.
const INK = "#14181a", WIDTH = 5;

function ready(pad) {
  if (pad.dataset.ready) return;
  pad.dataset.ready = "1";
  pad.hidden = false;
  const canvas = pad.querySelector("canvas"), paint = canvas.getContext("2d");
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    pad.dataset.drawn = "1";
    pad.querySelector(".note").hidden = true;
    stroke(last);
  });
  canvas.addEventListener("pointermove", (event) => { if (last) stroke(at(event)); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
  pad.querySelector("[data-do=again]").addEventListener("click", () => {
    paint.clearRect(0, 0, canvas.width, canvas.height);
    delete pad.dataset.drawn;
  });

  function stroke(to) {
    Object.assign(paint, { lineWidth: WIDTH, lineCap: "round", lineJoin: "round", strokeStyle: INK });
    paint.beginPath();
    paint.moveTo(...last);
    paint.lineTo(...to);
    paint.stroke();
    last = to;
  }
}

// Before anything else hears of the press: no drawing, and nobody said that the name stands for it?
document.addEventListener("submit", (event) => {
  const pad = event.target.querySelector(".sign-pad");
  if (!pad) return;
  const typed = pad.querySelector("input[type=checkbox]").checked;
  const note = pad.querySelector(".note");
  note.hidden = Boolean(pad.dataset.drawn) || typed;
  if (!note.hidden) {
    event.preventDefault();
    event.stopImmediatePropagation();
    pad.scrollIntoView({ block: "center" });
    return;
  }
  event.target.elements.signature.value = pad.dataset.drawn && !typed ? pad.querySelector("canvas").toDataURL("image/png") : "";
}, true);

const all = () => document.querySelectorAll(".sign-pad").forEach(ready);
document.addEventListener("fresh", all);
all();
