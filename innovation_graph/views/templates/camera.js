// The camera: what of a view is on the screen, and how much of the screen is free for it.
let baseScale = 1; // the zoom at which everything is in view
let moved = false; // whether the user has moved the camera
let moving = 0; // timer: the camera is moving

// A camera: from the units of the view to pixels.
function cameraAt(k, { x, y }, whole) {
  const [width, height] = [stage.clientWidth, stage.clientHeight];
  const [left, top] = [x - width / 2 / k, y - height / 2 / k];
  const zoom = k / whole;
  const room = Math.min(1.15, Math.max(0.75, Math.min(innerWidth, innerHeight) / 900));
  return {
    k,
    left,
    top,
    width,
    height,
    zoom,
    // Circles and lines grow with the square root of the zoom: what was crowded comes apart.
    grow: Math.min(2.6, Math.max(0.6, Math.sqrt(zoom))) * room,
    x: (value) => (value - left) * k,
    y: (value) => (value - top) * k,
  };
}

const snapshot = () => cameraAt(network.getScale(), network.getViewPosition(), baseScale);

// The part of the window that nothing covers.
function openArea() {
  const narrow = matchMedia("(max-width: 900px)").matches; // as in the style sheet: card and panel above and below
  const panel = at("panel").getBoundingClientRect();
  const right = ["card", "overview"].map(at).find((element) => !element.hidden);
  const beside = right && !narrow ? right.offsetWidth + 12 : 0;
  const bar = at("bar").getBoundingClientRect();
  const time = at("time").hidden ? 0 : at("time").offsetHeight + 8;
  return {
    left: narrow ? 0 : panel.right,
    right: innerWidth - beside,
    top: narrow ? panel.bottom : bar.bottom,
    bottom: narrow
      ? right
        ? right.getBoundingClientRect().top
        : bar.top - time
      : innerHeight - at("note").offsetHeight - 12 - time,
    taken: ["zoom", "note", "bar", "time", "overview-open"]
      .map(at)
      .filter((element) => !element.hidden)
      .map((element) => element.getBoundingClientRect())
      .map(({ x, y, width: w, height: h }) => ({ x, y, w, h })),
  };
}

// Room around the outermost places, in pixels. The names beside two columns stand outside of them.
function margins() {
  if (state.view === "matrix") {
    // Few rows are written larger.
    const style = `450 ${Math.max(rows.length, columns.length) > 60 ? 10 : 13}px ${FONT}`;
    const longest = (members) =>
      Math.min(170, 22 + Math.max(0, ...members.map((i) => widthOf(ruler, short(i), style))));
    return { left: longest(rows), right: 16, top: longest(columns), bottom: 10 };
  }
  if (state.view === "map") return { left: 40, right: 60, top: 20, bottom: 20 };
  if (state.view !== "columns") return { left: 70, right: 84, top: 20, bottom: 26 };
  const pad = { left: 0, right: 0, top: 22, bottom: 26 };
  for (const i of bySize) {
    const { css: style } = fontOf(i, 1, true); // the same whatever is selected
    const wide = Math.max(...linesOf(nameOf(i)).map((line) => widthOf(ruler, line, style)));
    const side = px[i] > 0 ? "right" : "left";
    pad[side] = Math.max(pad[side], wide + radius[i] * 1.15 + 16);
  }
  return pad;
}

function extent() {
  if (state.view === "matrix") return { x1: 0, x2: columns.length * CELL, y1: 0, y2: rows.length * CELL };
  const some = bySize.length ? bySize : places.id.map((_, i) => i);
  const [xs, ys] = [some.map((i) => px[i]), some.map((i) => py[i])];
  return { x1: least(xs), x2: most(xs), y1: least(ys), y2: most(ys) };
}

// The camera that shows everything inside an area.
function fitted(area) {
  const pad = margins();
  const wide = Math.max(80, area.right - area.left - pad.left - pad.right);
  const high = Math.max(80, area.bottom - area.top - pad.top - pad.bottom);
  // Columns stand as far apart as the window allows; a network gives way a little to its shape.
  const [narrowest, widest] = { columns: [0.4, 2.4], network: [0.72, 1.25] }[state.view] ?? [1, 1];
  stretch = 1;
  arrange();
  let { x1, x2, y1, y2 } = extent();
  if (x2 > x1 && y2 > y1) stretch = Math.min(widest, Math.max(narrowest, (wide * (y2 - y1)) / (high * (x2 - x1))));
  if (stretch !== 1) {
    arrange();
    ({ x1, x2, y1, y2 } = extent());
  }
  const span = state.view === "map" ? 500 : 1; // a few cities do not fill the window with one valley
  const closest = state.view === "matrix" ? 6 : 2.2;
  const scale = Math.min(wide / Math.max(x2 - x1, span), high / Math.max(y2 - y1, span), closest);
  const middle = { x: area.left + pad.left + wide / 2, y: area.top + pad.top + high / 2 };
  const position = {
    x: (x1 + x2) / 2 - (middle.x - stage.clientWidth / 2) / scale,
    y: (y1 + y2) / 2 - (middle.y - stage.clientHeight / 2) / scale,
  };
  return { scale, position };
}

function fit() {
  if (!N || state.view === "table") return;
  const found = fitted(openArea());
  baseScale = found.scale;
  network.moveTo(found);
  moved = false;
}

const bounded = (scale) => Math.min(baseScale * 14, Math.max(baseScale / 3, scale));

function zoomBy(factor) {
  network.moveTo({ scale: bounded(network.getScale() * factor) });
  moved = true;
}

// While the camera moves the kept picture is good enough; a moment later all is painted anew.
function startMoving() {
  moved = true;
  showTip(null);
  clearTimeout(moving);
  moving = setTimeout(() => {
    moving = 0;
    network.redraw();
  }, 120);
}

// The camera stays where it is if a place and its partners are in view; else it shows them all, no larger than before.
function bringIntoView(seen) {
  if (!seen.length || state.view === "table") return;
  const cam = snapshot();
  const area = openArea();
  const pad = state.view === "columns" ? margins() : { left: 30, right: 30, top: 20, bottom: 20 };
  const room = {
    x1: area.left + pad.left,
    x2: Math.max(area.left + pad.left + 80, area.right - pad.right),
    y1: area.top + pad.top,
    y2: Math.max(area.top + pad.top + 80, area.bottom - pad.bottom),
  };
  const [xs, ys] = [seen.map((k) => px[k]), seen.map((k) => py[k])];
  const now = { x1: least(xs), x2: most(xs), y1: least(ys), y2: most(ys) };
  const inside =
    cam.x(now.x1) >= room.x1 - 1 &&
    cam.x(now.x2) <= room.x2 + 1 &&
    cam.y(now.y1) >= room.y1 - 1 &&
    cam.y(now.y2) <= room.y2 + 1;
  if (inside) return;
  if (!moved) return fit(); // to the room that the card leaves
  const k = Math.min(
    cam.k,
    (room.x2 - room.x1) / Math.max(now.x2 - now.x1, 1),
    (room.y2 - room.y1) / Math.max(now.y2 - now.y1, 1),
  );
  const view = network.getViewPosition();
  // The shortest way that brings a stretch from a to b between low and high.
  const way = (a, b, low, high) => (a < low ? low - a : b > high ? high - b : 0);
  const [left, top] = [stage.clientWidth / 2 - k * view.x, stage.clientHeight / 2 - k * view.y];
  network.moveTo({
    scale: k,
    position: {
      x: view.x - way(k * now.x1 + left, k * now.x2 + left, room.x1, room.x2) / k,
      y: view.y - way(k * now.y1 + top, k * now.y2 + top, room.y1, room.y2) / k,
    },
  });
}
