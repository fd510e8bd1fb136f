// The network as the page holds it, what the user has chosen, and how names and numbers are written.
const net = JSON.parse(document.getElementById("data").textContent);
const places = net.places;
const N = places.id.length;
const M = net.links.w.length;
const columnsView = net.view === "columns";

const state = {
  lang: net.lang,
  dark: false,
  links: net.drawn, // the first so many links are drawn: the backbone, then by falling weight
  size: net.sizeBy,
  selected: -1,
  hovered: -1,
  groups: new Set(), // communities that stand out
};

const say = () => STRINGS[state.lang];
const heaviest = net.links.w.reduce((most, w) => Math.max(most, w), 0);
const lightest = net.links.w.reduce((least, w) => Math.min(least, w), Infinity);

// Links of each place, by falling weight.
const ties = Array.from({ length: N }, () => []);
for (let e = 0; e < M; e++) {
  ties[net.links.a[e]].push(e);
  ties[net.links.b[e]].push(e);
}
for (const list of ties) list.sort((e, f) => net.links.w[f] - net.links.w[e] || e - f);
const otherEnd = (e, i) => (net.links.a[e] === i ? net.links.b[e] : net.links.a[e]);
const TOP = 10;

function nameOf(i) {
  return (state.lang === "zh" ? places.zh[i] : null) ?? places.en[i];
}

// Text of unknown direction set inside other text must not turn it round.
const apart = (text) => `\u2068${text}\u2069`;

function countryName(code, regions = say().regions) {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    return new Intl.DisplayNames([regions], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function number(value) {
  if (value === null || value === undefined) return "–";
  const digits =
    Number.isInteger(value) || Math.abs(value) >= 1000
      ? { maximumFractionDigits: 0 }
      : { maximumSignificantDigits: Math.abs(value) >= 100 ? 4 : 3 };
  return new Intl.NumberFormat(state.lang === "zh" ? "zh-CN" : "en-GB", digits).format(value);
}

const percent = (share) =>
  new Intl.NumberFormat(state.lang === "zh" ? "zh-CN" : "en-GB", { style: "percent" }).format(share);

function noun() {
  const { nouns } = say();
  const kind = net.provenance.places;
  return (typeof kind === "string" && Object.hasOwn(nouns, kind) && nouns[kind]) || nouns.any;
}

function blocName(side) {
  return net.blocs[side].map((name) => countryName(String(name))).join(say().and);
}

function title() {
  if (net.title !== null) return net.title;
  const { titles } = say();
  if (columnsView && net.blocs) return titles.blocs(blocName(0), blocName(1));
  const kind = { paper: "paper", papers: "paper", patent: "patent", patents: "patent" }[net.provenance.kind] ?? "any";
  return titles[kind](noun());
}

function groupName(g) {
  const group = net.groups[g];
  if (group.side !== undefined && net.blocs) return blocName(group.side);
  if (group.other) return say().others;
  const names = group.top.map((i) => apart(nameOf(i))).join(say().and);
  return group.size > group.top.length ? names + say().more : names;
}

// How many links are drawn at a position of the slider (0 to 100): from the backbone to all, ever larger steps.
// Links of equal weight come together, so that "all of weight ≥ w" is true.
function linksAt(position) {
  if (position <= 0) return net.backbone;
  let k = Math.ceil(net.backbone + (M - net.backbone) * (position / 100) ** 2);
  k = Math.min(Math.max(k, net.backbone + 1), M);
  while (k < M && k > 0 && net.links.w[k] === net.links.w[k - 1]) k++;
  return k;
}

function shownLine() {
  if (state.links === M) return say().shownAll(number(M));
  if (state.links === net.backbone) return say().shownBackbone(number(state.links), number(M));
  return say().shownMore(number(state.links), number(M), number(net.links.w[state.links - 1]));
}

function metricName(key) {
  return say().metrics[key]?.[0] ?? key;
}

function metricHint(key) {
  return columnsView && key === "degree_normalised" ? say().acrossShare : say().metrics[key]?.[1] ?? "";
}

const named = (table, key) => (typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined);
const list = (value) => [value].flat(3).map(String).map(apart).join(say().and);

function countingRule() {
  const { counting } = net.provenance;
  return counting == null ? "" : named(say().counting, counting) ?? say().countingOther(list(counting));
}

function note() {
  const from = net.provenance;
  const text = say();
  const parts = [];
  if (from.source != null) parts.push(text.source(list(from.source)));
  if (from.years != null) {
    const [low, high] = [from.years].flat();
    parts.push(high === undefined || high === low ? apart(low) : `${apart(low)}–${apart(high)}`);
  }
  if (from.kind != null) parts.push(named(text.kinds, from.kind) ?? list(from.kind));
  if (from.counting != null) parts.push(countingRule());
  if (from.types != null) parts.push(text.types(list(from.types)));
  if (from.fields != null) parts.push(text.fields(list(from.fields)));
  if (from.min_actors != null) parts.push(text.minActors(number(Number(from.min_actors))));
  if (from.max_actors != null) parts.push(text.maxActors(number(Number(from.max_actors))));
  if (from.minimum != null) parts.push(text.minimum(number(Number(from.minimum))));
  if (from.subset != null) parts.push(text.subset(list([from.subset].flat().map((name) => countryName(String(name))))));
  if (net.blocs) parts.push(text.cross(apart(blocName(0)), apart(blocName(1))));
  if (state.links < M) parts.push(text.backboneRule);
  if (!columnsView) parts.push(text.layoutRule);
  parts.push(text.shownNote(number(state.links), number(M)));
  return parts.join(" · ");
}

// Search: letter case, accents and width do not matter.
const PLAIN = { ß: "ss", ø: "o", ł: "l", đ: "d", ð: "d", æ: "ae", œ: "oe", ı: "i", þ: "th" };
function plain(text) {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[ßøłđðæœıþ]/g, (letter) => PLAIN[letter])
    .replace(/[\s\-–'’.]+/g, " ")
    .trim();
}
const searchable = places.id.map((id, i) => [places.en[i], places.zh[i] ?? "", id].map(plain));
const countries = new Map(
  [...new Set(places.country)].filter(Boolean).map((code) => [
    code, [code, ...Object.values(STRINGS).map(({ regions }) => countryName(code, regions))].map(plain),
  ])
);

function find(query) {
  const wanted = plain(query);
  if (!wanted) return [];
  const hits = [];
  for (let i = 0; i < N; i++) {
    let best = 9;
    for (const name of searchable[i]) {
      const at = name.indexOf(wanted);
      if (at === 0) best = Math.min(best, name === wanted ? 0 : 1);
      else if (at > 0) best = Math.min(best, name[at - 1] === " " ? 2 : 3);
    }
    // The start of a country's name finds its places, after the places of that name.
    if (best === 9 && countries.get(places.country[i])?.some((name) => name.startsWith(wanted))) best = 4;
    if (best < 9) hits.push([best, -strength(i), i]);
  }
  return hits.sort((p, q) => p[0] - q[0] || p[1] - q[1] || p[2] - q[2]).map((hit) => hit[2]);
}

const totals = ties.map((list) => list.reduce((sum, e) => sum + net.links.w[e], 0));
const strength = (i) => totals[i];

// Circles: area in proportion to the chosen measure, so the radius is its square root.
const MOST = Math.min(15, Math.max(5.5, 165 / Math.sqrt(Math.max(N, 1))));
const LEAST = Math.min(3, MOST / 3);
let radius = new Float64Array(N);
let largest = 1;
let bySize = [];
function measureCircles() {
  const values = net.metrics[state.size].value;
  largest = values.reduce((most, v) => Math.max(most, v ?? 0), 0) || 1;
  radius = Float64Array.from(values, (v) => Math.max(LEAST, MOST * Math.sqrt(Math.max(0, v ?? 0) / largest)));
  bySize = Array.from(values.keys()).sort((i, j) => radius[j] - radius[i] || strength(j) - strength(i) || i - j);
}
measureCircles();

// What stands out: a selected place with its links, else chosen communities, else everything.
let vivid = null; // null: everything; else one flag a place
function refocus() {
  vivid = null;
  if (state.selected >= 0) {
    vivid = new Uint8Array(N);
    vivid[state.selected] = 1;
    for (const e of ties[state.selected]) vivid[otherEnd(e, state.selected)] = 1;
  } else if (state.groups.size) {
    vivid = Uint8Array.from(places.group, (g) => (state.groups.has(g) ? 1 : 0));
  }
}
