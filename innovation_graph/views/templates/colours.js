// Themes, and the colours of places: by community, country, continent, or along a measure.
const THEMES = {
  light: {
    ground: "#ffffff",
    land: "#e9edf1",
    border: "#c2cad3",
    ink: "#1b2330",
    quiet: "#5d6775",
    grey: [112, 124, 140],
    lift: 0,
    strength: 1,
  },
  dark: {
    ground: "#12161c",
    land: "#222a33",
    border: "#3f4a57",
    ink: "#e9edf2",
    quiet: "#9aa6b4",
    grey: [150, 163, 180],
    lift: 0.22,
    strength: 1.2,
  },
};
const theme = () => (state.dark ? THEMES.dark : THEMES.light);
const CATEGORIES = ["community", "country", "continent"];
const byCategory = () => CATEGORIES.includes(state.colour);

// From low to high: darker on a light ground, lighter on a dark one, told apart by colour-blind eyes.
const RAMPS = {
  light: ["#d3dc6e", "#5ec962", "#21918c", "#3b528b", "#440154"],
  dark: ["#5a4c8c", "#3f7fa8", "#2fb58f", "#8fd744", "#fde725"],
};
const CELLS = {
  light: ["#eef3f9", "#b9d0ea", "#6f9fd3", "#2f66ab", "#0f2f66"],
  dark: ["#1d2733", "#24476f", "#3574ad", "#6fb0e4", "#d5ecff"],
};
const LAYER_COLOURS = ["#4477aa", "#cc6611", "#228833", "#aa3377"];

const parts = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
const lifted = (hex) => parts(hex).map((part) => Math.round(part + (255 - part) * theme().lift));
function along(ramp, share) {
  const stops = ramp[state.dark ? "dark" : "light"];
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(at));
  const [low, high] = [parts(stops[k]), parts(stops[k + 1])];
  return low.map((part, c) => Math.round(part + (high[c] - part) * (at - k)));
}
const css = (rgb) => `rgb(${rgb.join(",")})`;

// The classes of the legend: { key, colour, size, name(), has(i) }.
function categories() {
  if (state.colour === "community")
    return net.groups.map((group, g) => ({
      key: g,
      filter: "groups",
      colour: lifted(group.colour),
      size: group.size,
      grey: group.other,
      name: () => groupName(g),
      has: (i) => places.group[i] === g,
    }));
  const column = state.colour;
  return groupsOf(column).map(({ name, size }, k) => ({
    key: name,
    filter: column === "country" ? "countries" : "continents",
    size,
    colour: lifted(net.palette[k] ?? net.other),
    grey: k >= net.palette.length,
    name: () => (column === "country" ? countryName(name) : continentName(name)),
    has: (i) => places[column][i] === name,
  }));
}

// Measures that only grow from 0 are spread by their square root: few places have most of it.
function spread(key) {
  const { value, score } = metricOf(key);
  const [low, high] = [least(value), most(value)];
  const bent = low >= 0 && !score;
  const from = bent ? 0 : low;
  return {
    low: from,
    high,
    share: (v) => (high > from ? (bent ? Math.sqrt((v - from) / (high - from)) : (v - from) / (high - from)) : 1),
    at: (share) => from + (high - from) * (bent ? share ** 2 : share),
  };
}

let legend = [];
let hues = [];
let classOf = [];
function mixColours() {
  const rest = lifted(net.other);
  if (!byCategory()) {
    legend = [];
    const { value } = metricOf(state.colour);
    const { share } = spread(state.colour);
    hues = value.map((v) => (v === null ? rest : along(RAMPS, share(v))));
    classOf = new Array(N).fill(-1);
    return;
  }
  legend = categories();
  const at = new Map(legend.map(({ key }, k) => [key, k]));
  const column = state.colour === "community" ? places.group : places[state.colour];
  classOf = column.map((key) => at.get(key) ?? -1);
  hues = classOf.map((k) => (k < 0 ? rest : legend[k].colour));
}
const colourOf = (i) => css(hues[i]);
