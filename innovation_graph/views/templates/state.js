// What the user has chosen, what follows from it, and how to go back: by the undo button and by the address.
const LEASTS = ["weight", "strength", "partners"];
const state = {
  lang: net.lang,
  dark: false,
  view: net.view,
  layer: 0, // -1: all together
  time: -1, // -1: all years
  position: null, // of the slider, 0 (backbone) to 100 (all); null: what suits the view
  size: net.sizeBy,
  colour: net.colourBy,
  centre: net.map?.centre ?? "atlantic",
  blocs: null,
  filters: noFilters(),
  selected: -1,
  tie: null, // [one end, other end]
  hovered: -1,
  hoveredTie: null,
  glowing: null, // a category of the legend under the pointer
};

function noFilters() {
  return { countries: new Set(), continents: new Set(), groups: new Set(), weight: 0, strength: 0, partners: 0 };
}

const MOST_IN_COLUMNS = 1000; // up to so many links between two groups can be followed
const inColumns = () =>
  // only links between two groups
  state.view === "columns" || net.blocs !== null;

// 0, 1: side of a place; -1: on none.
function sideOf(i) {
  if (net.side) return net.side[i];
  if (!state.blocs) return -1;
  return state.blocs.findIndex((name) => places.country[i] === name || places.continent[i] === name);
}

// What passes the filters in the view: places, and of each layer the links in the order they are drawn.
let shown = new Uint8Array(N);
let scopes = [];
let across = new Float64Array(N); // strength over the links of the scope
function refilter() {
  // A measure of one layer only is no measure of the others.
  const measures = metricsNow();
  if (!has(measures, state.size)) state.size = net.sizeBy;
  if (!byCategory() && !has(measures, state.colour)) state.colour = net.colourBy;
  const { countries, continents, groups, weight, strength, partners } = state.filters;
  const active = activeFrames();
  const columns = state.view === "columns";
  shown = Uint8Array.from({ length: N }, (_, i) =>
    (!countries.size || countries.has(places.country[i])) &&
    (!continents.size || continents.has(places.continent[i])) &&
    (!groups.size || groups.has(places.group[i])) &&
    (!strength || most(active.map(({ totals }) => totals[i])) >= strength) &&
    (!partners || most(active.map(({ ties }) => ties[i].length)) >= partners) &&
    (!columns || sideOf(i) >= 0) &&
    (state.view !== "map" || net.map.maps[state.centre].x[i] !== null)
      ? 1
      : 0,
  );
  across = new Float64Array(N);
  scopes = active.map((frame) => {
    const { a, b, w } = frame;
    const order = frame.order.filter(
      (e) => shown[a[e]] && shown[b[e]] && w[e] >= weight && (!columns || sideOf(a[e]) !== sideOf(b[e])),
    );
    let core = 0;
    for (const e of order) {
      if (frame.inCore.has(e)) core += 1;
      across[a[e]] += w[e];
      across[b[e]] += w[e];
    }
    // Between two sides no link is as heavy as the heaviest inside: widths tell those across apart.
    const heaviest = columns ? order.reduce((found, e) => Math.max(found, w[e]), 0) : frame.heaviest;
    const lightest = columns ? order.reduce((found, e) => Math.min(found, w[e]), Infinity) : frame.lightest;
    return { frame, order, core, heaviest, lightest };
  });
  const position =
    state.position ?? (inColumns() && most(scopes.map(({ order }) => order.length)) <= MOST_IN_COLUMNS ? 100 : 0);
  for (const scope of scopes) {
    scope.count = linksAt(scope, position);
    scope.drawn = scope.order.slice(0, scope.count);
  }
  measureCircles();
  arrange();
  mixColours();
  mixStrokes();
}

// How many links are drawn at a position of the slider: from the backbone to all, ever larger steps.
// Links of equal weight come together, so that "all of weight ≥ w" is true.
function linksAt({ frame: { w }, order, core }, position) {
  if (position <= 0) return core;
  const all = order.length;
  let k = Math.ceil(core + (all - core) * (position / 100) ** 2);
  k = Math.min(Math.max(k, core + 1), all);
  while (k < all && k > 0 && w[order[k]] === w[order[k - 1]]) k++;
  return k;
}

// Steps that can be taken back.
const past = [];
const kept = () => ({
  filters: Object.fromEntries(
    Object.entries(state.filters).map(([key, v]) => [key, v instanceof Set ? new Set(v) : v]),
  ),
  position: state.position,
  blocs: state.blocs,
});

function change(step) {
  past.push(kept());
  step();
  apply();
}

function undo() {
  if (!past.length) return;
  Object.assign(state, past.pop());
  apply();
}

const filtered = () =>
  ["countries", "continents", "groups"].filter((key) => state.filters[key].size).length +
  LEASTS.filter((key) => state.filters[key] > 0).length;

// The state in the address, so that a link or a bookmark shows what was seen.
function toHash() {
  const { filters } = state;
  const said = new URLSearchParams();
  const put = (key, value, usual) => value !== usual && value !== null && said.set(key, value);
  put("view", state.view, net.view);
  put("lang", state.lang, net.lang);
  put("theme", state.dark ? "dark" : "light", "light");
  put("layer", state.layer < 0 ? "all" : String(state.layer), "0");
  put("time", times[state.time] ?? "", "");
  put("links", state.position === null ? null : String(state.position));
  put("size", state.size, net.sizeBy);
  put("colour", state.colour, net.colourBy);
  put("centre", state.centre, net.map?.centre ?? "atlantic");
  if (state.blocs && !net.blocs) for (const name of state.blocs) said.append("side", name);
  for (const key of ["countries", "continents", "groups"]) for (const name of filters[key]) said.append(key, name);
  for (const key of LEASTS) put(key, String(filters[key]), "0");
  put("place", places.id[state.selected] ?? null);
  if (state.tie) for (const i of state.tie) said.append("tie", places.id[i]);
  return said.toString();
}

let told = "";
function writeHash() {
  told = toHash();
  try {
    history.replaceState(null, "", told ? `#${told}` : location.pathname + location.search);
  } catch {
    // Some readers of local files forbid it; the page works without.
  }
}

function readHash() {
  const text = location.hash.slice(1);
  if (text === told) return false;
  told = text;
  const said = new URLSearchParams(text);
  const one = (key, known, usual) => (known.includes(said.get(key)) ? said.get(key) : usual);
  state.lang = one("lang", ["en", "zh"], net.lang);
  state.dark = one("theme", ["dark", "light"], "light") === "dark";
  const layer = said.get("layer");
  state.layer =
    layer === "all" && layers.length > 1
      ? -1
      : Math.max(
          0,
          layers.findIndex((_, k) => String(k) === layer),
        );
  state.time = times.indexOf(said.get("time"));
  state.view = one("view", availableViews(), net.view);
  state.position = said.has("links") ? Math.min(100, Math.max(0, Number(said.get("links")) || 0)) : null;
  state.size = one("size", Object.keys(metricsNow()), net.sizeBy);
  state.colour = one("colour", [...CATEGORIES, ...Object.keys(metricsNow())], net.colourBy);
  state.centre = one("centre", ["atlantic", "pacific"], net.map?.centre ?? "atlantic");
  state.filters = noFilters();
  for (const [key, column] of [
    ["countries", "country"],
    ["continents", "continent"],
  ])
    for (const name of said.getAll(key)) if (places[column].includes(name)) state.filters[key].add(name);
  for (const g of said.getAll("groups")) if (/^\d+$/.test(g) && net.groups[g]) state.filters.groups.add(Number(g));
  for (const key of LEASTS) state.filters[key] = Math.max(0, Number(said.get(key)) || 0);
  const sides = said.getAll("side");
  const known = (name) => places.country.includes(name) || places.continent.includes(name);
  state.blocs = sides.length === 2 && sides.every(known) && sides[0] !== sides[1] ? sides : usualSides();
  state.selected = places.id.indexOf(said.get("place"));
  const ends = said.getAll("tie").map((id) => places.id.indexOf(id));
  state.tie = ends.length === 2 && ends.every((i) => i >= 0) && ends[0] !== ends[1] ? ends : null;
  return true;
}
