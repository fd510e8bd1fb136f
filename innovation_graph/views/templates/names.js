// How places, countries, numbers, measures and the note are written.
const say = () => STRINGS[state.lang];
const nameOf = (i) => (state.lang === "zh" ? places.zh[i] : null) ?? places.en[i];

// "Dallas - Fort Worth" in few letters.
function brief(i) {
  const name = nameOf(i);
  const own = named(places.brief, String(i))?.[state.lang === "zh" ? 1 : 0];
  return own ?? (name.includes(" - ") ? `${name.split(" - ")[0]}…` : name);
}

// Text of unknown direction set inside other text must not turn it round.
const apart = (text) => `\u2068${text}\u2069`;

const regionNames = new Map();
function countryName(code, regions = say().regions) {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  try {
    if (!regionNames.has(regions)) regionNames.set(regions, new Intl.DisplayNames([regions], { type: "region" }));
    return regionNames.get(regions).of(code) ?? code;
  } catch {
    return code;
  }
}
const continentName = (name) => named(say().continents, name) ?? name;
const sideName = (name) => (places.continent.includes(name) ? continentName(name) : countryName(String(name)));

const formats = new Map();
function written(value, options) {
  const key = state.lang + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(state.lang === "zh" ? "zh-CN" : "en-GB", options));
  return formats.get(key).format(value);
}
function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return written(value, { maximumFractionDigits: 0 });
  return written(value, { maximumSignificantDigits: Math.abs(value) >= 100 ? 4 : 3 });
}
const percent = (share) => written(share, { style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 });
const measured = (key, value) => (key === "degree_normalised" && value !== null ? percent(value) : number(value));

function noun() {
  const { nouns } = say();
  return named(nouns, net.provenance.places) || nouns.any;
}

function blocName(side) {
  if (net.blocs) return net.blocs[side].map((name) => countryName(String(name))).join(say().and);
  return state.blocs ? sideName(state.blocs[side]) : "";
}

function title() {
  if (net.title !== null) return net.title;
  const { titles } = say();
  if (inColumns() && (net.blocs || state.blocs)) return titles.blocs(blocName(0), blocName(1));
  const kinds = { paper: "paper", papers: "paper", patent: "patent", patents: "patent" };
  const kind = state.layer < 0 ? "any" : (named(kinds, mainProvenance().kind) ?? "any");
  return titles[kind](noun());
}

const mainProvenance = () => (state.layer < 0 ? sharedProvenance() : layers[state.layer].provenance);

// Of all layers together: their sources, and what is true of each of them.
function sharedProvenance() {
  const all = layers.map(({ provenance }) => provenance);
  const same = ([key, value]) => all.every((one) => JSON.stringify(one[key]) === JSON.stringify(value));
  const sources = all.map(({ source }) => source).filter((source) => source != null);
  return {
    ...Object.fromEntries(Object.entries(all[0]).filter(same)),
    source: sources.length ? [...new Set(sources.flat(3).map(String))] : null,
  };
}

const layerName = (k) =>
  named(say().kinds, layers[k].name) ?? (layers[k].name == null ? `${k + 1}` : list(layers[k].name));

// What the weights of a frame are called, where there may be others beside it.
const weightName = ({ layer }) => (scopes.length > 1 ? layerName(layer) : say().linkWeight);

function groupName(g) {
  const group = net.groups[g];
  if (group.side !== undefined && net.blocs) return blocName(group.side);
  if (group.other) return say().others;
  const names = group.top.map((i) => apart(nameOf(i))).join(say().and);
  return group.size > group.top.length ? names + say().more : names;
}

function metricName(key) {
  const own = named(net.labels, key);
  return (own && ((state.lang === "zh" ? own.zh : null) ?? own.en)) ?? named(say().metrics, key)?.[0] ?? key;
}

function metricHint(key) {
  if (net.blocs && key === "degree_normalised") return say().acrossShare;
  return named(say().metrics, key)?.[1] ?? "";
}

const list = (value) => [value].flat(3).map(String).map(apart).join(say().and);

function countingRule(from) {
  const { counting } = from;
  return counting == null ? "" : (named(say().counting, counting) ?? say().countingOther(list(counting)));
}

const total = (key) =>
  scopes.reduce(
    (sum, scope) => sum + (key === "drawn" ? scope.count : key === "core" ? scope.core : scope.order.length),
    0,
  );

function shownLine() {
  const all = total("order");
  const drawn = total("drawn");
  const text = say();
  if (drawn === all) return text.shownAll(number(all));
  if (drawn === total("core") && drawn) return text.shownBackbone(number(drawn), number(all));
  if (scopes.length > 1) return text.shownNote(number(drawn), number(all));
  const { frame, order, count } = scopes[0];
  if (!count) return text.shownNote(number(0), number(all));
  return text.shownMore(number(drawn), number(all), number(frame.w[order[count - 1]]));
}

function note() {
  const from = mainProvenance();
  const text = say();
  const parts = [];
  if (from.source != null) parts.push(text.source(list(from.source)));
  if (timeNow() >= 0) parts.push(apart(times[timeNow()]));
  else if (from.years != null) {
    const [low, high] = [from.years].flat();
    parts.push(high === undefined || high === low ? apart(low) : `${apart(low)}–${apart(high)}`);
  }
  if (state.layer < 0) parts.push(layers.map((_, k) => layerName(k)).join(text.and));
  else if (from.kind != null) parts.push(named(text.kinds, from.kind) ?? list(from.kind));
  if (from.counting != null) parts.push(countingRule(from));
  if (from.types != null) parts.push(text.types(list(from.types)));
  if (from.fields != null) parts.push(text.fields(list(from.fields)));
  if (from.min_actors != null) parts.push(text.minActors(number(Number(from.min_actors))));
  if (from.max_actors != null) parts.push(text.maxActors(number(Number(from.max_actors))));
  if (from.minimum != null) parts.push(text.minimum(number(Number(from.minimum))));
  if (state.filters.weight > 0) parts.push(text.minimum(number(state.filters.weight)));
  if (state.filters.strength > 0) parts.push(text.leastStrengthNote(number(state.filters.strength)));
  if (state.filters.partners > 0) parts.push(text.leastPartnersNote(number(state.filters.partners)));
  for (const [key, name] of [
    ["countries", countryName],
    ["continents", continentName],
    ["groups", groupName],
  ])
    if (state.filters[key].size) parts.push(text.subset(list([...state.filters[key]].map((one) => name(one)))));
  if (from.subset != null) parts.push(text.subset(list([from.subset].flat().map((name) => countryName(String(name))))));
  if (inColumns() && blocName(0)) parts.push(text.cross(apart(blocName(0)), apart(blocName(1))));
  const drawn = total("drawn");
  if (drawn < total("order") && !["table", "matrix"].includes(state.view)) parts.push(text.backboneRule);
  if (state.view === "network") parts.push(text.layoutRule);
  if (state.view === "map") parts.push(text.mapRule);
  if (state.view === "map" && net.map.maps[state.centre].lines.length) parts.push(text.linesGiven);
  if (state.view === "matrix") parts.push(state.dark ? text.matrixRuleDark : text.matrixRule);
  if (state.view === "matrix" && scopes.length === 2) parts.push(text.halves(layerName(0), layerName(1)));
  const lost = activeFrames().reduce((sum, { layer }) => sum + layers[layer].leftOut, 0);
  if (lost) parts.push(text.leftOut(number(lost)));
  if (!["matrix", "table"].includes(state.view)) parts.push(text.shownNote(number(drawn), number(total("order"))));
  if (net.date !== null) parts.push(apart(net.date));
  return parts.join(" · ");
}
