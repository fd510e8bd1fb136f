// Painting: land and links beneath, circles, labels above. A pen is the context of a canvas, or writes SVG; the same
// functions fill the screen and the saved pictures. All measures are pixels of the screen.
const WIDEST = 4.2;
let thick = 1; // less where many links cross one another
const widthOfShare = (share) => (0.45 + (WIDEST - 0.45) * share) * thick;

// Width and colour of a link depend on its weight, its ends, and how many others are drawn.
let version = 0; // of what is drawn; with the camera it tells whether the kept picture is still true
function mixStrokes() {
  version += 1;
  const crowd = Math.min(1, Math.max(0.16, Math.sqrt(330 / Math.max(1, total("drawn")))));
  thick = state.view === "columns" ? Math.min(1, Math.max(0.4, Math.sqrt(220 / Math.max(1, total("drawn"))))) : 1;
  const grey = theme().grey.join(",");
  scopes.forEach((scope) => {
    const { a, b, w } = scope.frame;
    scope.strokes = new Map();
    const layer = scopes.length > 1 ? lifted(LAYER_COLOURS[scope.frame.layer % LAYER_COLOURS.length]).join(",") : null;
    const dye = legend.map(({ colour }) => colour.join(","));
    for (const e of scope.drawn) {
      const share = Math.sqrt(w[e] / (scope.heaviest || 1));
      const k = classOf[a[e]];
      const inside = state.view !== "columns" && k >= 0 && k === classOf[b[e]] && !legend[k].grey;
      const alpha =
        Math.min(0.85, (0.16 + 0.6 * share) * (inside ? 1.15 : 0.8) * (0.35 + 0.65 * crowd)) * theme().strength;
      const colour = layer ?? (inside ? dye[k] : grey);
      scope.strokes.set(e, { width: widthOfShare(share), css: `rgba(${colour},${alpha.toFixed(3)})` });
    }
  });
}

function trace(pen, way) {
  pen.beginPath();
  pen.moveTo(way[0], way[1]);
  if (way.length === 4) pen.lineTo(way[2], way[3]);
  else pen.bezierCurveTo(...way.slice(2));
  pen.stroke();
}

const unpacked = new Map();
function outlines(centre) {
  if (!unpacked.has(centre)) {
    const whole = (steps) => {
      const points = new Int32Array(steps.length);
      for (let k = 0; k < steps.length; k++) points[k] = steps[k] + (k > 1 ? points[k - 2] : 0);
      return points;
    };
    const { land, lines } = net.map.maps[centre];
    unpacked.set(centre, { land: land.map(whole), lines: lines.map(whole) });
  }
  return unpacked.get(centre);
}

function drawLand(pen, cam) {
  const { land, lines } = outlines(state.centre);
  const follow = (points) => {
    pen.moveTo(cam.x(points[0]), cam.y(points[1]));
    for (let k = 2; k < points.length; k += 2) pen.lineTo(cam.x(points[k]), cam.y(points[k + 1]));
  };
  pen.beginPath();
  for (const ring of land) {
    follow(ring);
    pen.closePath();
  }
  pen.fillStyle = theme().land;
  pen.fill();
  // The same colour along the edges hides where two pieces of land meet.
  pen.strokeStyle = theme().land;
  pen.lineWidth = 0.8;
  pen.stroke();
  if (!lines.length) return;
  pen.beginPath();
  lines.forEach(follow);
  pen.strokeStyle = theme().border;
  pen.lineWidth = 0.7;
  pen.stroke();
}

function drawLinks(pen, cam) {
  if (state.view === "matrix") return drawCells(pen, cam);
  pen.lineCap = "butt";
  for (const { frame, drawn, strokes } of scopes)
    for (let k = drawn.length - 1; k >= 0; k--) {
      const stroke = strokes.get(drawn[k]);
      pen.strokeStyle = stroke.css;
      pen.lineWidth = stroke.width * cam.grow;
      trace(pen, wayOf(frame, drawn[k], cam));
    }
}

// What links fade to while something stands out.
const fading = () =>
  vivid
    ? state.glowing && state.selected < 0 && !state.tie
      ? 0.25
      : 0.1
    : state.hovered >= 0 || state.hoveredTie
      ? 0.4
      : 1;

// Links that stand out: all of a selected place, drawn or not; those drawn or strongest of one under the pointer.
function drawOwn(pen, cam) {
  if (state.view === "matrix") return drawMarks(pen, cam);
  const tie = state.tie && state.selected < 0 ? state.tie : state.hovered < 0 ? state.hoveredTie : null;
  if (tie)
    for (const { frame, heaviest } of scopes) {
      const e = frame.between(...tie);
      if (e === undefined) continue;
      pen.strokeStyle =
        scopes.length > 1 ? css(lifted(LAYER_COLOURS[frame.layer % LAYER_COLOURS.length])) : theme().ink;
      pen.lineWidth = Math.max(1.6, widthOfShare(Math.min(1, Math.sqrt(frame.w[e] / heaviest)))) * cam.grow;
      trace(pen, wayOf(frame, e, cam));
    }
  const chosen = state.selected >= 0 ? state.selected : state.hovered;
  if (chosen < 0 || !shown[chosen]) return;
  for (const scope of scopes) {
    const { frame, strokes } = scope;
    const own = frame.ties[chosen].filter(
      (e, k) =>
        shown[frame.a[e]] &&
        shown[frame.b[e]] &&
        (state.view !== "columns" || sideOf(frame.a[e]) !== sideOf(frame.b[e])) &&
        (chosen === state.selected || strokes.has(e) || k < TOP),
    );
    const strongest = own.length ? Math.sqrt(frame.w[own[0]]) : 1;
    const colour = scopes.length > 1 ? lifted(LAYER_COLOURS[frame.layer % LAYER_COLOURS.length]) : hues[chosen];
    for (const e of own.reverse()) {
      pen.strokeStyle = `rgba(${colour.join(",")},${(0.16 + 0.74 * (Math.sqrt(frame.w[e]) / strongest)).toFixed(3)})`;
      pen.lineWidth = Math.max(0.9, widthOfShare(Math.sqrt(frame.w[e] / scope.heaviest))) * cam.grow;
      trace(pen, wayOf(frame, e, cam));
    }
  }
}

function drawCircles(pen, cam) {
  if (state.view === "matrix") return;
  for (let k = bySize.length - 1; k >= 0; k--) {
    const i = bySize[k];
    const [x, y, r] = [cam.x(px[i]), cam.y(py[i]), radius[i] * cam.grow];
    if (x < -r || y < -r || x > cam.width + r || y > cam.height + r) continue;
    const marked = i === state.selected || i === state.hovered || (state.tie?.includes(i) && state.selected < 0);
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    if (((vivid && !vivid[i]) || (near && !near.has(i))) && !marked) {
      // The ground shows through a faded circle, not the links beneath it.
      pen.fillStyle = theme().ground;
      pen.fill();
      pen.globalAlpha = vivid ? 0.22 : 0.4;
    }
    pen.fillStyle = colourOf(i);
    pen.fill();
    pen.globalAlpha = 1;
    pen.strokeStyle = marked ? theme().ink : theme().ground;
    pen.lineWidth = marked ? 2 : 1.1;
    pen.stroke();
  }
}

function drawLabels(pen, labels) {
  pen.lineJoin = "round";
  pen.textBaseline = "middle";
  const { ground, ink } = theme();
  for (const label of labels) {
    pen.font = label.font.css;
    pen.textAlign = label.align;
    const x = label.x + { left: 0, right: label.w, center: label.w / 2 }[label.align];
    const step = label.h / label.lines.length;
    for (const pass of ["strokeText", "fillText"]) {
      pen.strokeStyle = ground;
      pen.lineWidth = 3.4;
      pen.globalAlpha = pass === "strokeText" ? 0.9 : 1;
      pen.fillStyle = ink;
      label.lines.forEach((line, k) => pen[pass](line, x, label.y + step * (k + 0.5)));
    }
  }
  pen.globalAlpha = 1;
}

// The screen: links and land are kept as a picture of their own, so that pointing and moving cost little.
const base = document.createElement("canvas");
let picture = { key: "", cam: null, cost: 0 };
function paintScreen(ctx, cam, pixels, moving) {
  const key = [version, stretch, cam.k, cam.left, cam.top, cam.width, cam.height, pixels].join(" ");
  const stale = key !== picture.key;
  if (stale && !(moving && picture.cam && picture.cost > 5)) {
    const start = performance.now();
    base.width = Math.round(cam.width * pixels);
    base.height = Math.round(cam.height * pixels);
    const pen = base.getContext("2d");
    pen.setTransform(pixels, 0, 0, pixels, 0, 0);
    if (state.view === "map") drawLand(pen, cam);
    drawLinks(pen, cam);
    picture = { key, cam, cost: performance.now() - start };
  }
  const by = cam.k / picture.cam.k;
  ctx.globalAlpha = state.view === "matrix" ? 1 : fading();
  ctx.drawImage(base, cam.x(picture.cam.left), cam.y(picture.cam.top), picture.cam.width * by, picture.cam.height * by);
  ctx.globalAlpha = 1;
  // Land does not fade with the links.
  if (state.view === "map" && fading() < 1) {
    ctx.globalCompositeOperation = "destination-over";
    drawLand(ctx, cam);
    ctx.globalCompositeOperation = "source-over";
  }
  drawOwn(ctx, cam);
  drawCircles(ctx, cam);
}

// A whole picture, for files.
function paintAll(pen, cam, labels) {
  if (state.view === "map") drawLand(pen, cam);
  pen.globalAlpha = state.view === "matrix" ? 1 : fading();
  drawLinks(pen, cam);
  pen.globalAlpha = 1;
  drawOwn(pen, cam);
  drawCircles(pen, cam);
  drawLabels(pen, labels);
  if (state.view === "matrix") drawMatrixNames(pen, cam);
}
