// The map of the supervision: Leaflet draws what the server gathered. A comfort beside the lists,
// which say the same in words.
const place = document.getElementById("map");
const L = globalThis.L;
const { url, words, settings } = place.dataset;
const say = JSON.parse(words);
const set = JSON.parse(settings);
const map = L.map(place, { preferCanvas: true, maxZoom: 18, minZoom: 3, zoomAnimation: false, fadeAnimation: false, attributionControl: Boolean(set.tiles) });
const layer = L.layerGroup().addTo(map);
let tag = "", latest = "";

if (set.tiles) L.tileLayer(set.tiles, { maxZoom: 18 }).addTo(map);
if (set.boundaries) {
  fetch("/map/boundaries.json").then((answer) => answer.json())
    .then((shape) => L.geoJSON(shape, { interactive: false, style: { color: "#697276", weight: 1, fill: false } }).addTo(map));
}

function address() {
  const here = new URL(url, location.href);
  if (map._loaded) {
    here.searchParams.set("box", map.getBounds().pad(0.1).toBBoxString());
    here.searchParams.set("zoom", map.getZoom());
  }
  return here;
}

async function look() {
  const answer = await fetch(address(), { headers: { Accept: "application/json", "If-None-Match": tag } });
  latest = answer.headers.get("Map-Tag") ?? latest;
  date(answer.headers.get("Map-As-Of"));
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag");
  const told = await answer.json();
  if (!map._loaded) {
    map.on("moveend", () => { tag = ""; look(); });
    if (told.bounds) {
      const [west, south, east, north] = told.bounds;
      map.fitBounds([[south, west], [north, east]], { maxZoom: 15, padding: [30, 30] });
    } else map.setView([35, 105], 4);
    return;
  }
  layer.clearLayers();
  for (const one of told.squares) draw(one, told.firms);
}

function draw(one, firms) {
  const at = [one.lat, one.lng];
  const name = one.count === 1 ? `${say.machine} ${one.codes[0]}, ${firms[one.codes[0]] ?? ""}, ${say[one.kind]}` : `${one.count} ${say.machines}, ${say[one.kind]}`;
  const size = one.count === 1 ? 24 : 34 + Math.min(20, Math.round(Math.log2(one.count) * 3));
  const icon = L.divIcon({ className: `pin ${one.kind}`, html: one.count === 1 ? "" : String(one.count), iconSize: [size, size] });
  const zIndexOffset = -1000 * size; // a small one is not hidden behind a large one
  const marker = L.marker(at, { icon, alt: name, title: name, keyboard: true, zIndexOffset }).addTo(layer);
  marker.getElement().setAttribute("aria-label", name);
  marker.on("click", () => {
    if (one.count === 1) location.assign(card(one.codes[0]));
    else if (one.codes) L.popup().setLatLng(at).setContent(cards(one, firms)).openOn(map);
    else map.setView(at, Math.min(18, map.getZoom() + 2));
  });
}

const card = (code) => `/m/${code}/card${new URL(url, location.href).search}`; // with the filters

// Machines that stand in one place cannot be told apart by coming nearer.
function cards(one, firms) {
  const list = document.createElement("ul");
  for (const code of one.codes) {
    const link = document.createElement("a");
    [link.href, link.textContent] = [card(code), code];
    list.appendChild(document.createElement("li")).append(link, ` ${firms[code] ?? ""}`);
  }
  if (one.count > one.codes.length) list.append("…");
  return list;
}

// A province's map takes long to gather, so it may be minutes old: then it says how old.
function date(asOf) {
  const line = document.getElementById("map-as-of");
  line.hidden = !asOf;
  if (asOf) line.textContent = `${line.dataset.words} ${asOf}`;
}

// Every poll of the page tells which map is the latest: it is fetched only when there is another.
document.addEventListener("map", ({ detail }) => {
  date(detail.asOf);
  if (detail.tag && detail.tag !== latest) look();
});
look();
