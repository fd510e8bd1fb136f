// A frame is one layer at one time: its weights, the order in which links are drawn, and the ties of each place.
const frames = new Map();

function frameOf(layer, time = -1) {
  const when = time < layers[layer].periods.length ? time : -1;
  const key = `${layer}/${when}`;
  if (!frames.has(key)) frames.set(key, makeFrame(layer, when));
  return frames.get(key);
}

function makeFrame(layer, time) {
  const {
    links: { a, b, w: whole },
    backbone,
    periods,
    metrics,
    works,
    solo,
  } = layers[layer];
  const period = time < 0 ? null : periods[time];
  const w = period ? period.w : whole;
  const heavier = (e, f) => w[f] - w[e] || e - f;
  const live = [];
  for (let e = 0; e < w.length; e++) if (w[e] > 0) live.push(e);
  let order = live; // the whole network comes sorted: the backbone, then by falling weight
  let core = backbone;
  if (period) {
    const inCore = new Set(period.core);
    order = [...period.core].sort(heavier).concat(live.filter((e) => !inCore.has(e)).sort(heavier));
    core = period.core.length;
  }
  const ties = Array.from({ length: N }, () => []);
  const totals = new Float64Array(N);
  for (const e of live) {
    ties[a[e]].push(e);
    ties[b[e]].push(e);
    totals[a[e]] += w[e];
    totals[b[e]] += w[e];
  }
  for (const list of ties) list.sort(heavier);
  const weights = live.map((e) => w[e]);
  return {
    layer,
    time,
    a,
    b,
    w,
    order,
    core,
    ties,
    totals,
    heaviest: Math.max(0, most(weights)),
    lightest: least(weights),
    inCore: new Set(order.slice(0, core)),
    metrics: period ? { ...metrics, ...period.metrics } : metrics,
    works: period?.works ?? works,
    solo: period?.solo ?? solo,
    otherEnd: (e, i) => (a[e] === i ? b[e] : a[e]),
    between: (i, j) => ties[i].find((e) => a[e] === j || b[e] === j),
  };
}

// The layers that are on the screen, and the one whose measures are shown.
const timeNow = () => (state.layer === 0 ? state.time : -1); // only the first layer has periods
const activeFrames = () => (state.layer >= 0 ? [frameOf(state.layer, timeNow())] : layers.map((_, k) => frameOf(k)));
const mainFrame = () => frameOf(Math.max(0, state.layer), timeNow());

const metricsNow = () => ({ ...layers[0].metrics, ...mainFrame().metrics });
const metricOf = (key) => named(mainFrame().metrics, key) ?? layers[0].metrics[key];

// Ties of a place over all layers on the screen, by falling share of the heaviest link of their layer.
function tiesOf(i) {
  const all = activeFrames().flatMap((frame) =>
    frame.ties[i].map((e) => ({ frame, e, partner: frame.otherEnd(e, i) })),
  );
  const part = ({ frame, e }) => frame.w[e] / (frame.heaviest || 1);
  return state.layer >= 0 ? all : all.sort((p, q) => part(q) - part(p));
}
