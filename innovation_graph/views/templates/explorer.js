// The page at work: vis-network carries the circles, the camera and the pointer; links and labels are painted by us,
// because 7,140 of its own edges took about half a second to make and a third of a second to fade, ours a tenth of that.
const stage = at("map");
let baseScale = 1; // the zoom at which everything is in view
let labels = [];
let moved = false;
const drawnX = [...places.x];

const camera = {
  get scale() { return network.getScale(); },
  get zoom() { return network.getScale() / baseScale; },
  // Circles and lines grow with the square root of the zoom: what was crowded comes apart.
  get grow() { return Math.min(2.6, Math.max(0.6, Math.sqrt(this.zoom))) * this.fit; },
  get fit() { return Math.min(1.15, Math.max(0.75, Math.min(innerWidth, innerHeight) / 900)); },
  x(value) { return (value - network.getViewPosition().x) * this.scale + stage.clientWidth / 2; },
  y(value) { return (value - network.getViewPosition().y) * this.scale + stage.clientHeight / 2; },
};

const circles = places.id.map((_, i) => ({
  id: i,
  x: places.x[i],
  y: places.y[i],
  shape: "custom",
  ctxRenderer: ({ ctx }) => {
    const r = (radius[i] * camera.grow) / camera.scale;
    return { drawNode: () => drawCircle(ctx, i, camera), nodeDimensions: { width: 2 * r, height: 2 * r } };
  },
}));

const nodes = new vis.DataSet(bySize.map((i) => circles[i]).reverse());
const network = new vis.Network(stage, { nodes, edges: new vis.DataSet() }, net.options);

network.on("beforeDrawing", (ctx) => drawLinks(ctx, camera));
network.on("afterDrawing", (ctx) => {
  const pixels = ctx.canvas.width / stage.clientWidth;
  ctx.save();
  ctx.setTransform(pixels, 0, 0, pixels, 0, 0);
  labels = placeLabels(ctx, camera, openArea(), stage.clientHeight);
  drawLabels(ctx, labels);
  ctx.restore();
});
network.once("afterDrawing", () => {
  performance.mark("first-draw");
  document.documentElement.dataset.drawn = "true";
});

function repaint() {
  refocus();
  network.redraw();
}

// The part of the window that nothing covers.
function openArea() {
  const panel = at("panel").getBoundingClientRect();
  const narrow = innerWidth <= 760;
  const card = at("card").hidden || narrow ? 0 : at("card").offsetWidth + 12;
  return {
    left: narrow ? 0 : panel.right,
    right: innerWidth - card,
    top: narrow ? panel.bottom : 0,
    bottom: innerHeight - at("note").offsetHeight - 12,
    taken: ["zoom", "note"].map((id) => at(id).getBoundingClientRect()).map(({ x, y, width: w, height: h }) => ({ x, y, w, h })),
  };
}

// Room around the outermost places, in screen units. The names beside two columns stand outside of them.
function margins() {
  if (!columnsView) return { left: 84, right: 96, top: 34, bottom: 30 };
  const ctx = document.createElement("canvas").getContext("2d");
  const pad = { left: 0, right: 0, top: 30, bottom: 26 };
  for (let i = 0; i < N; i++) {
    const { css } = fontOf(i, 1);
    const wide = Math.max(...linesOf(nameOf(i)).map((line) => widthOf(ctx, line, css)));
    const side = places.x[i] > 0 ? "right" : "left";
    pad[side] = Math.max(pad[side], wide + radius[i] * camera.fit + 16);
  }
  return pad;
}

function extent(list) {
  return [list.reduce((m, v) => Math.min(m, v), Infinity), list.reduce((m, v) => Math.max(m, v), -Infinity)];
}

function fit() {
  if (!N) return;
  const area = openArea();
  const pad = margins();
  const wide = Math.max(80, area.right - area.left - pad.left - pad.right);
  const high = Math.max(80, area.bottom - area.top - pad.top - pad.bottom);
  const [y1, y2] = extent(places.y);
  const [left, right] = extent(drawnX);
  // Columns stand as far apart as the window allows; a network gives way a little to its shape.
  const [least, most] = columnsView ? [0.4, 2.4] : [0.8, 1.25];
  const wanted = (wide * (y2 - y1)) / (high * (right - left));
  const stretch = right > left && y2 > y1 ? Math.min(most, Math.max(least, wanted)) : 1;
  drawnX.forEach((x, i) => { places.x[i] = x * stretch; });
  nodes.update(drawnX.map((_, i) => ({ id: i, x: places.x[i] })));
  const [x1, x2] = [left * stretch, right * stretch];
  baseScale = Math.min(wide / Math.max(x2 - x1, 1), high / Math.max(y2 - y1, 1), 2.2);
  const middle = { x: area.left + pad.left + wide / 2, y: area.top + pad.top + high / 2 };
  network.moveTo({
    scale: baseScale,
    position: {
      x: (x1 + x2) / 2 - (middle.x - stage.clientWidth / 2) / baseScale,
      y: (y1 + y2) / 2 - (middle.y - stage.clientHeight / 2) / baseScale,
    },
  });
  moved = false;
}

function zoomBy(factor) {
  network.moveTo({ scale: Math.min(baseScale * 12, Math.max(baseScale / 3, camera.scale * factor)) });
  moved = true;
}

function select(i, { go = false, focus = false } = {}) {
  state.selected = i;
  state.hovered = -1;
  showTip(-1);
  sayCard();
  at("card").scrollTop = 0;
  if (i >= 0 && (go || !moved)) bringIntoView(i);
  else if (i < 0 && !moved) fit();
  if (focus) at("card-title").focus({ preventScroll: true });
  repaint();
}

// The camera stays where it is if a place and its partners are in view; else it shows them all, no larger than before.
function bringIntoView(i) {
  const area = openArea();
  const pad = columnsView ? margins() : { left: 30, right: 30, top: 20, bottom: 20 };
  const shown = [i, ...ties[i].map((e) => otherEnd(e, i))];
  const box = (zoom) => {
    const [x1, x2] = extent(shown.map((k) => zoom * places.x[k]));
    const [y1, y2] = extent(shown.map((k) => zoom * places.y[k]));
    return { x1, x2, y1, y2 };
  };
  const room = {
    x1: area.left + pad.left, x2: Math.max(area.left + pad.left + 80, area.right - pad.right),
    y1: area.top + pad.top, y2: Math.max(area.top + pad.top + 80, area.bottom - pad.bottom),
  };
  const now = box(1);
  const inside = camera.x(now.x1) >= room.x1 - 1 && camera.x(now.x2) <= room.x2 + 1 &&
    camera.y(now.y1) >= room.y1 - 1 && camera.y(now.y2) <= room.y2 + 1;
  if (inside) return;
  if (!moved) return fit(); // to the room that the card leaves
  const scale = Math.min(
    camera.scale, (room.x2 - room.x1) / Math.max(now.x2 - now.x1, 1), (room.y2 - room.y1) / Math.max(now.y2 - now.y1, 1)
  );
  const view = network.getViewPosition();
  // The shortest way that brings a stretch from a to b between low and high.
  const way = (a, b, low, high) => (a < low ? low - a : b > high ? high - b : 0);
  const want = box(scale);
  const [left, top] = [stage.clientWidth / 2 - scale * view.x, stage.clientHeight / 2 - scale * view.y];
  network.moveTo({
    scale,
    position: {
      x: view.x - way(want.x1 + left, want.x2 + left, room.x1, room.x2) / scale,
      y: view.y - way(want.y1 + top, want.y2 + top, room.y1, room.y2) / scale,
    },
  });
}

function toggleGroup(g) {
  if (!state.groups.delete(g)) state.groups.add(g);
  state.selected = -1;
  sayCard();
  for (const [k, button] of at("groups").querySelectorAll("button").entries())
    button.setAttribute("aria-pressed", String(state.groups.has(k)));
  at("groups").classList.toggle("chosen", state.groups.size > 0);
  if (!moved) fit();
  repaint();
}

function clearAll() {
  state.groups.clear();
  state.selected = -1;
  sayCard();
  sayGroups();
  if (!moved) fit();
  repaint();
}

function savePicture() {
  const { offsetWidth: width } = at("panel");
  paintPicture(camera, innerWidth, innerHeight, width - 16, 2).toBlob((blob) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: `${plain(title()).replace(/[\\/:*?"<>| ]+/g, "-")}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}

// vis-network takes a place for larger than it is drawn, so the nearest circle is looked for here.
function placeAt(x, y) {
  let best = -1;
  let least = 4; // a small circle is hard to hit: a little beside it counts
  for (let i = 0; i < N; i++) {
    const off = Math.hypot(camera.x(places.x[i]) - x, camera.y(places.y[i]) - y) - radius[i] * camera.grow;
    if (off < least) [best, least] = [i, off];
  }
  return best;
}

function hover(i, x = 0, y = 0) {
  showTip(i, x, y);
  if (i === state.hovered) return;
  state.hovered = i;
  stage.style.cursor = i < 0 ? "" : "pointer";
  network.redraw();
}

network.on("click", ({ pointer }) => {
  const i = placeAt(pointer.DOM.x, pointer.DOM.y);
  if (i < 0) clearAll();
  else select(i);
});
stage.addEventListener("mousemove", (event) => {
  if (!event.buttons) hover(placeAt(event.clientX, event.clientY), event.clientX, event.clientY);
});
stage.addEventListener("mouseleave", () => hover(-1));
network.on("dragStart", () => { moved = true; showTip(-1); });
network.on("zoom", () => {
  moved = true;
  const bounded = Math.min(baseScale * 12, Math.max(baseScale / 3, camera.scale));
  if (bounded !== camera.scale) network.moveTo({ scale: bounded });
});
addEventListener("resize", () => !moved && requestAnimationFrame(fit));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (document.activeElement === at("search")) at("search").value = "";
  sayHits();
  clearAll();
});
at("slider").addEventListener("input", (event) => {
  state.links = linksAt(Number(event.target.value));
  mixStrokes();
  sayShown();
  repaint();
});
at("size").addEventListener("change", (event) => {
  state.size = event.target.value;
  measureCircles();
  sayScales();
  sayCard();
  repaint();
});
at("lang").addEventListener("click", () => {
  state.lang = state.lang === "zh" ? "en" : "zh";
  sayAll();
  if (!moved) fit();
  repaint();
});
at("theme").addEventListener("click", () => {
  state.dark = !state.dark;
  mixStrokes();
  sayAll();
  repaint();
});
at("png").addEventListener("click", savePicture);
at("close").addEventListener("click", () => select(-1));
at("zoom-in").addEventListener("click", () => zoomBy(1.4));
at("zoom-out").addEventListener("click", () => zoomBy(1 / 1.4));
at("zoom-fit").addEventListener("click", fit);
listenToSearch();
at("slider").value = state.links === net.backbone ? 0 : 100;
sayAll();
fit();

// A small door for pages that embed this one, and for tests.
window.explorer = Object.freeze({
  select: (id) => select(places.id.indexOf(id), { go: true }),
  clear: clearAll,
  whereOnScreen: (id) => {
    const i = places.id.indexOf(id);
    return { x: camera.x(places.x[i]), y: camera.y(places.y[i]), r: radius[i] * camera.grow };
  },
  labels: () => labels.map(({ i, lines, x, y, w, h }) => ({ id: places.id[i], text: lines.join(" "), x, y, w, h })),
  state: () => ({ ...state, id: places.id[state.selected] ?? null, groups: [...state.groups] }),
});
