// Where places stand in each view, how large they are, and which way links go.
const STEP = 60;
const px = new Float64Array(N); // where places stand now, in the units of the view; y grows downwards
const py = new Float64Array(N);
let stretch = 1; // of x, so that a network fills its window

function availableViews() {
  return ["network", ...(net.map ? ["map"] : []), ...(usualSides() || net.blocs ? ["columns"] : []), "matrix", "table"];
}

// China and the United States where both are there; else the two strongest countries.
let usual;
function usualSides() {
  if (usual !== undefined) return usual;
  const names = groupsOf("country").map(({ name }) => name);
  usual = ["CN", "US"].every((code) => names.includes(code))
    ? ["CN", "US"]
    : names.length > 1
      ? names.slice(0, 2)
      : null;
  return usual;
}

// Pairs of sides that are worth a look: the usual one, each of its sides with other continents, and pairs of continents.
function pairsOfSides() {
  const first = usualSides();
  if (!first) return [];
  const continents = groupsOf("continent")
    .slice(0, 4)
    .map(({ name }) => name);
  const { a, b, w, order } = frameOf(0);
  const within = (i, name) => places.country[i] === name || places.continent[i] === name;
  const holds = (continent, country) => places.id.some((_, i) => within(i, continent) && within(i, country));
  const elsewhere = continents.filter((name) => !first.some((side) => holds(name, side))).slice(0, 2);
  const weight = ([p, q]) =>
    order.reduce(
      (sum, e) => sum + ((within(a[e], p) && within(b[e], q)) || (within(a[e], q) && within(b[e], p)) ? w[e] : 0),
      0,
    );
  const heaviest = (pairs, n) =>
    pairs
      .map((pair) => [weight(pair), pair])
      .filter(([sum]) => sum > 0)
      .sort(([p], [q]) => q - p)
      .slice(0, n)
      .map(([, pair]) => pair);
  return [
    first,
    ...heaviest(
      first.flatMap((side) => elsewhere.map((name) => [side, name])),
      2,
    ),
    ...heaviest(
      continents.flatMap((p, k) => continents.slice(k + 1).map((q) => [p, q])),
      3,
    ),
  ];
}

// Circles: area in proportion to the chosen measure, so the radius is its square root.
let MOST = 15;
let LEAST = 3;
let radius = new Float64Array(N);
let largest = 1;
let bySize = [];

// Between two sides the strength that counts is that of the ties across.
const sizedAcross = () => state.view === "columns" && !net.blocs && state.size === "strength";
const sizes = () => (sizedAcross() ? Array.from(across) : metricOf(state.size).value);

function inLongerColumn() {
  const counts = [0, 0];
  for (let i = 0; i < N; i++) if (shown[i] && sideOf(i) >= 0) counts[sideOf(i)] += 1;
  return Math.max(...counts, 1);
}

function measureCircles() {
  const there = shown.reduce((sum, v) => sum + v, 0);
  MOST = Math.min(15, Math.max(5.5, 165 / Math.sqrt(Math.max(there, 1)))) * (state.view === "map" ? 0.62 : 1);
  if (state.view === "columns") MOST = Math.min(MOST, Math.max(3, 480 / inLongerColumn()));
  LEAST = Math.min(3, MOST / 3);
  const values = sizes();
  const { totals } = mainFrame();
  largest = Math.max(0, most(values)) || 1;
  radius = Float64Array.from(values, (v) => Math.max(LEAST, MOST * Math.sqrt(Math.max(0, v ?? 0) / largest)));
  bySize = Array.from(values.keys())
    .filter((i) => shown[i])
    .sort((i, j) => radius[j] - radius[i] || totals[j] - totals[i] || i - j);
}

function arrange() {
  if (state.view === "columns") return arrangeColumns();
  if (state.view === "matrix") return arrangeMatrix();
  const from = state.view === "map" ? net.map.maps[state.centre] : places;
  const wide = state.view === "map" ? 1 : stretch;
  for (let i = 0; i < N; i++) {
    px[i] = (from.x[i] ?? 0) * wide;
    py[i] = from.y[i] ?? 0;
  }
}

// Two bowed columns, the strongest in the middle of each.
function arrangeColumns() {
  const sides = [0, 1].map((side) =>
    bySize.filter((i) => sideOf(i) === side).sort((i, j) => across[j] - across[i] || i - j),
  );
  const tallest = Math.max(12, ...sides.map((members) => members.length));
  const height = 0.62 * STEP * tallest;
  const high = Math.max(0, most(bySize.map((i) => across[i])));
  sides.forEach((members, side) => {
    // From the top: ..., 5th, 3rd, 1st, 2nd, 4th, ...; larger places get more of the height.
    const order = [...members.filter((_, k) => k % 2 === 0).reverse(), ...members.filter((_, k) => k % 2)];
    const room = order.map((i) => 1 + (high > 0 ? 1.2 * Math.sqrt(across[i] / high) : 0));
    const whole = room.reduce((sum, v) => sum + v, 0);
    let before = 0;
    order.forEach((i, k) => {
      const t = ((2 * before + room[k]) / whole - 1) * Math.sqrt(order.length / tallest);
      before += room[k];
      py[i] = (t * height) / 2;
      px[i] = (side ? 1 : -1) * height * (0.3 + 0.2 * Math.sqrt(1 - 0.9 * t ** 2)) * stretch;
    });
  });
}

// The way of a link on the screen: its ends and, unless it is straight, two points that pull it.
function wayOf(frame, e, cam) {
  const a = frame.a[e];
  const b = frame.b[e];
  const [x1, y1, x2, y2] = [cam.x(px[a]), cam.y(py[a]), cam.x(px[b]), cam.y(py[b])];
  const lane =
    scopes.length > 1 ? scopes.findIndex((scope) => scope.frame.layer === frame.layer) - (scopes.length - 1) / 2 : 0;
  if (state.view === "columns") {
    const third = (x2 - x1) * 0.42;
    return [x1, y1 + 2 * lane, x1 + third, y1 + 8 * lane, x2 - third, y2 + 8 * lane, x2, y2 + 2 * lane];
  }
  if (state.view === "map" || lane) {
    const [dx, dy] = [x2 - x1, y2 - y1];
    const far = Math.hypot(dx, dy) || 1;
    // On the map links bow towards the nearer pole, as the shortest ways on the globe do.
    const pole = state.view === "map" ? (py[a] + py[b] > 0 ? 1 : -1) * 0.17 : 0;
    const off = pole * far + lane * Math.max(9, 0.07 * far);
    const upright = dx < 0 ? -1 : 1; // one way for both directions
    const [nx, ny] = [(-dy / far) * upright, (dx / far) * upright];
    return [
      x1,
      y1,
      x1 + dx / 3 + nx * off,
      y1 + dy / 3 + ny * off,
      x1 + (2 * dx) / 3 + nx * off,
      y1 + (2 * dy) / 3 + ny * off,
      x2,
      y2,
    ];
  }
  return [x1, y1, x2, y2];
}

// The least distance of a point to a way, over short straight pieces.
function distanceTo(way, x, y) {
  const straight = way.length === 4;
  const pieces = straight ? 1 : 14;
  let [fromX, fromY] = way;
  let found = Infinity;
  for (let k = 1; k <= pieces; k++) {
    const t = k / pieces;
    const u = 1 - t;
    const bent = (o) => u ** 3 * way[o] + 3 * u * u * t * way[o + 2] + 3 * u * t * t * way[o + 4] + t ** 3 * way[o + 6];
    const [toX, toY] = straight ? way.slice(2) : [bent(0), bent(1)];
    const [dx, dy] = [toX - fromX, toY - fromY];
    const share = Math.min(1, Math.max(0, ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy || 1)));
    found = Math.min(found, Math.hypot(fromX + share * dx - x, fromY + share * dy - y));
    [fromX, fromY] = [toX, toY];
  }
  return found;
}

// What stands out: chosen places with their partners, the ends of a tie, or a class of the legend.
let vivid = null; // null: everything; else one flag a place
let near = null; // the place under the pointer and its partners, while nothing stands out
function refocus() {
  vivid = null;
  near = null;
  if (state.selected >= 0) {
    vivid = new Uint8Array(N);
    vivid[state.selected] = 1;
    for (const { partner } of tiesOf(state.selected)) vivid[partner] = 1;
  } else if (state.tie) {
    vivid = new Uint8Array(N);
    for (const i of state.tie) vivid[i] = 1;
  } else if (state.glowing) {
    vivid = Uint8Array.from({ length: N }, (_, i) => (state.glowing.has(i) ? 1 : 0));
  } else if (state.hovered >= 0) {
    near = new Set([state.hovered, ...tiesOf(state.hovered).map(({ partner }) => partner)]);
  }
}
