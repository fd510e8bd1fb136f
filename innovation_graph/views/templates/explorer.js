// The page at work. vis-network carries the camera and its gestures; circles, links and labels are painted by us,
// because 7,140 of its own edges took about half a second to make and a third of a second to fade, ours a tenth of that.
const stage = at("map");
let labels = [];
let overviewOpen = null; // null: where there is room for it
let playing = 0;
let redrawn = 0; // milliseconds of the last redraw

const network = new vis.Network(stage, { nodes: new vis.DataSet(), edges: new vis.DataSet() }, net.options);

network.on("afterDrawing", (ctx) => {
  if (state.view === "table") return;
  const start = performance.now();
  const cam = snapshot();
  const pixels = ctx.canvas.width / stage.clientWidth;
  ctx.save();
  ctx.setTransform(pixels, 0, 0, pixels, 0, 0);
  paintScreen(ctx, cam, pixels, moving !== 0);
  labels = placeLabels(ctx, cam, openArea(), moving ? new Set(labels.map(({ i }) => i)) : null);
  drawLabels(ctx, labels);
  if (state.view === "matrix") drawMatrixNames(ctx, cam);
  ctx.restore();
  redrawn = performance.now() - start;
});
network.once("afterDrawing", () => {
  performance.mark("first-draw");
  document.documentElement.dataset.drawn = "true";
});

function repaint() {
  refocus();
  network.redraw();
}

// After any choice of what to show.
function apply({ refit = false } = {}) {
  refilter();
  keepingFocus(sayBar);
  sayMeasures();
  sayFilters();
  sayNow();
  if (refit || !moved) fit();
  writeHash();
  repaint();
}

function setState(fields, options) {
  Object.assign(state, fields);
  apply(options);
}

function show(view) {
  Object.assign(state, { view, hovered: -1, hoveredTie: null });
  moved = false;
  sayAllAnew();
}

function sayAllAnew() {
  refilter();
  sayAll();
  if (!moved) fit();
  writeHash();
  repaint();
}

function setBlocs(pair) {
  change(() => {
    state.blocs = [...pair];
  });
  sayAll();
}

function toggleFilter(key, name) {
  change(() => {
    if (!state.filters[key].delete(name)) state.filters[key].add(name);
  });
}

function reset() {
  change(() => Object.assign(state, { filters: noFilters(), position: null }));
}

// A place that the filters hide is shown again with all others.
function reveal(i) {
  change(() => {
    state.filters = noFilters();
  });
  if (!shown[i]) show("network");
}

function select(i, { go = false, focus = false } = {}) {
  if (i !== state.selected) land = null;
  Object.assign(state, { selected: i, tie: null, hovered: -1, hoveredTie: null });
  settle(
    i < 0
      ? null
      : [
          i,
          ...tiesOf(i)
            .filter(({ partner }) => shown[partner])
            .map(({ partner }) => partner),
        ],
    { go, focus },
  );
}

function selectTie(i, j, { go = false } = {}) {
  Object.assign(state, { selected: -1, tie: [i, j], hovered: -1, hoveredTie: null });
  settle([i, j], { go });
}

function settle(seen, { go = false, focus = false }) {
  showTip(null);
  sayCard();
  sayOverview();
  saySheet();
  at("card").scrollTop = 0;
  if (seen && state.view !== "matrix" && (go || !moved)) bringIntoView(seen.filter((k) => shown[k]));
  else if (!moved) fit();
  if (focus) at("card-title").focus({ preventScroll: true });
  writeHash();
  repaint();
}

// What lies under a point of the window: a place, else a drawn link.
function under(x, y) {
  const cam = snapshot();
  if (state.view === "matrix") return matrixAt(x, y, cam);
  let best = -1;
  let nearest = 4; // a small circle is hard to hit: a little beside it counts
  for (const i of bySize) {
    const off = Math.hypot(cam.x(px[i]) - x, cam.y(py[i]) - y) - radius[i] * cam.grow;
    if (off < nearest) [best, nearest] = [i, off];
  }
  if (best >= 0) return { place: best };
  let tie;
  nearest = 3.5;
  for (const { frame, drawn } of scopes)
    for (const e of drawn) {
      if (vivid && !(vivid[frame.a[e]] && vivid[frame.b[e]])) continue;
      const off = distanceTo(wayOf(frame, e, cam), x, y);
      if (off < nearest) [tie, nearest] = [[frame.a[e], frame.b[e]], off];
    }
  return tie ? { tie } : {};
}

function hover({ place = -1, tie = null }, x = 0, y = 0) {
  showTip(place >= 0 ? place : tie, x, y);
  const same = place === state.hovered && String(tie) === String(state.hoveredTie);
  if (same) return;
  Object.assign(state, { hovered: place, hoveredTie: tie });
  stage.style.cursor = place >= 0 || tie ? "pointer" : "";
  repaint();
}

function play() {
  if (playing) clearInterval(playing);
  else {
    setTime(state.time + 1 < times.length ? state.time + 1 : 0);
    playing = setInterval(() => (state.time + 1 < times.length ? setTime(state.time + 1) : play()), 1100);
    sayAll();
    return;
  }
  playing = 0;
  sayAll();
}

function setTime(time) {
  const before = moved;
  moved = true; // places keep their positions
  setState({ time });
  moved = before;
}

function listen() {
  network.on("click", ({ pointer }) => {
    const { place, tie } = under(pointer.DOM.x, pointer.DOM.y);
    if (tie) selectTie(...tie);
    else select(place ?? -1);
  });
  stage.addEventListener("mousemove", (event) => {
    if (!event.buttons) hover(under(event.clientX, event.clientY), event.clientX, event.clientY);
  });
  stage.addEventListener("mouseleave", () => hover({}));
  for (const name of ["dragStart", "dragging"]) network.on(name, startMoving);
  network.on("zoom", () => {
    startMoving();
    const scale = bounded(network.getScale());
    if (scale !== network.getScale()) network.moveTo({ scale });
  });
  addEventListener("resize", () => {
    roomForNote();
    if (!moved) requestAnimationFrame(fit);
  });
  addEventListener("hashchange", () => {
    if (!readHash()) return;
    moved = false;
    sayAllAnew();
  });
  addEventListener("keydown", (event) => {
    const typing = document.activeElement?.matches("input:not([type=checkbox]):not([type=range]), select");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing) {
      event.preventDefault();
      undo();
    } else if (event.key === "/" && !typing) {
      event.preventDefault();
      at("search").focus();
    } else if (event.key === "Escape") {
      if (document.activeElement === at("search")) at("search").value = "";
      at("save").open = false;
      sayHits();
      select(-1);
    }
  });
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", fromPaper);
  const press = (id, action) => at(id).addEventListener("click", action);
  const pick = (id, action, name = "change") => at(id).addEventListener(name, (event) => action(event.target));
  pick(
    "slider",
    ({ value }) => {
      const before = moved;
      moved = true; // more links move nothing
      setState({ position: Number(value) });
      moved = before;
    },
    "input",
  );
  pick("size", ({ value }) => setState({ size: value }));
  pick("colour", ({ value }) => setState({ colour: value }));
  for (const key of LEASTS)
    pick(`least-${key}`, ({ value }) =>
      change(() => {
        state.filters[key] = Math.max(0, Number(value) || 0);
      }),
    );
  [0, 1].forEach((side) =>
    pick(`side-${side}`, ({ value }) => {
      const other = state.blocs[1 - side] === value ? state.blocs[side] : state.blocs[1 - side];
      setBlocs(side ? [other, value] : [value, other]);
    }),
  );
  pick("years", ({ value }) => setTime(Number(value)), "input");
  press("play", play);
  press("lang", () => {
    state.lang = state.lang === "zh" ? "en" : "zh";
    sayAllAnew();
  });
  press("theme", () => {
    state.dark = !state.dark;
    sayAllAnew();
  });
  press("undo", undo);
  press("reset", reset);
  for (const [id, scale] of [
    ["png-1", 1],
    ["png", 2],
    ["png-3", 3],
    ["png-4", 4],
  ])
    press(id, () => savePng(scale));
  press("svg", saveSvg);
  press("csv-places", () => saveCsv("places"));
  press("csv-links", () => saveCsv("ties"));
  press("print", () => window.print());
  press("close", () => select(-1));
  for (const [id, open] of [
    ["overview-close", false],
    ["overview-open", true],
  ])
    press(id, () => {
      overviewOpen = open;
      sayOverview();
      if (!moved) fit();
      repaint();
    });
  press("fold", () => {
    const open = document.documentElement.classList.toggle("unfolded");
    at("fold").setAttribute("aria-expanded", String(open));
    if (!moved) requestAnimationFrame(fit);
  });
  press("zoom-in", () => zoomBy(1.4));
  press("zoom-out", () => zoomBy(1 / 1.4));
  press("zoom-fit", () => fit());
  // A menu closes when something else is pressed.
  addEventListener("pointerdown", (event) => {
    if (!at("save").contains(event.target)) at("save").open = false;
  });
  listenToSearch();
  listenToSheet();
}

state.blocs = usualSides();
readHash();
refilter();
sayAll();
fit();
refocus();
listen();

// A small door for pages that embed this one, and for tests.
window.explorer = Object.freeze({
  select: (id) => select(places.id.indexOf(id), { go: true }),
  selectTie: (a, b) => selectTie(places.id.indexOf(a), places.id.indexOf(b), { go: true }),
  show: (view) => availableViews().includes(view) && show(view),
  redrawn: () => redrawn,
  clear: () => select(-1),
  whereOnScreen: (id) => {
    const i = places.id.indexOf(id);
    const cam = snapshot();
    return { x: cam.x(px[i]), y: cam.y(py[i]), r: radius[i] * cam.grow };
  },
  labels: () => labels.map(({ i, lines, x, y, w, h }) => ({ id: places.id[i], text: lines.join(" "), x, y, w, h })),
  state: () => ({
    ...state,
    id: places.id[state.selected] ?? null,
    tie: state.tie?.map((i) => places.id[i]) ?? null,
    groups: [...state.filters.groups],
    filters: toHash(),
    links: total("drawn"),
    all: total("order"),
    places: places.id.filter((_, i) => shown[i]),
  }),
});
