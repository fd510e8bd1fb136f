// Painting: links beneath, circles, labels above. The same functions fill the screen and the saved picture.
const THEMES = {
  light: { ground: "#ffffff", ink: "#1b2330", quiet: "#5d6775", grey: [112, 124, 140], lift: 0, strength: 1 },
  dark: { ground: "#12161c", ink: "#e9edf2", quiet: "#9aa6b4", grey: [150, 163, 180], lift: 0.22, strength: 1.2 },
};
const theme = () => (state.dark ? THEMES.dark : THEMES.light);

function rgb(hex) {
  const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return parts.map((part) => Math.round(part + (255 - part) * theme().lift));
}
const groupColour = (g) => `rgb(${rgb(net.groups[g].colour).join(",")})`;

// Width and colour of a link depend on its weight, its ends, and how many others are drawn.
const WIDEST = 4.2;
const share = Float64Array.from(net.links.w, (w) => Math.sqrt(w / (heaviest || 1)));
let strokes = [];
function mixStrokes() {
  const crowd = Math.min(1, Math.max(0.16, Math.sqrt(330 / Math.max(1, state.links))));
  const palette = net.groups.map((group) => rgb(group.colour).join(","));
  const grey = theme().grey.join(",");
  strokes = Array.from(share, (s, e) => {
    const g = places.group[net.links.a[e]];
    const inside = !columnsView && g === places.group[net.links.b[e]] && !net.groups[g].other;
    const alpha = Math.min(0.85, (0.16 + 0.6 * s) * (inside ? 1.15 : 0.8) * (0.35 + 0.65 * crowd)) * theme().strength;
    return { width: 0.45 + (WIDEST - 0.45) * s, colour: inside ? palette[g] : grey, alpha };
  });
}
mixStrokes();

function trace(ctx, e) {
  const a = net.links.a[e];
  const b = net.links.b[e];
  const [x1, y1, x2, y2] = [places.x[a], places.y[a], places.x[b], places.y[b]];
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  if (columnsView) {
    const third = (x2 - x1) * 0.42;
    ctx.bezierCurveTo(x1 + third, y1, x2 - third, y2, x2, y2);
  } else ctx.lineTo(x2, y2);
  ctx.stroke();
}

function drawLinks(ctx, camera) {
  ctx.lineCap = "butt";
  const chosen = state.selected >= 0 ? state.selected : state.hovered;
  // All links of a selected place, drawn or not: as many as the card counts partners.
  const own = chosen >= 0 ? ties[chosen].filter((e, k) => chosen === state.selected || e < state.links || k < TOP) : [];
  const most = own.length ? share[own[0]] : 1;
  const back = vivid ? 0.1 : chosen >= 0 ? 0.55 : 1;
  const unit = camera.grow / camera.scale;
  for (let e = state.links - 1; e >= 0; e--) {
    const stroke = strokes[e];
    const lit = vivid && state.selected < 0 && vivid[net.links.a[e]] && vivid[net.links.b[e]];
    ctx.strokeStyle = `rgba(${stroke.colour},${(stroke.alpha * (lit ? 1 : back)).toFixed(3)})`;
    ctx.lineWidth = stroke.width * unit;
    trace(ctx, e);
  }
  for (const e of own.reverse()) {
    const colour = rgb(net.groups[places.group[chosen]].colour).join(",");
    ctx.strokeStyle = `rgba(${colour},${(0.16 + 0.74 * (share[e] / (most || 1))).toFixed(3)})`;
    ctx.lineWidth = Math.max(0.9, strokes[e].width) * unit;
    trace(ctx, e);
  }
}

function drawCircle(ctx, i, camera) {
  const unit = camera.grow / camera.scale;
  const faded = vivid && !vivid[i] && i !== state.hovered;
  ctx.beginPath();
  ctx.arc(places.x[i], places.y[i], radius[i] * unit, 0, 2 * Math.PI);
  // The ground shows through a faded circle, not the links beneath it.
  ctx.fillStyle = theme().ground;
  ctx.fill();
  ctx.globalAlpha = faded ? 0.22 : 1;
  ctx.fillStyle = groupColour(places.group[i]);
  ctx.fill();
  ctx.globalAlpha = 1;
  const marked = i === state.selected || i === state.hovered;
  ctx.strokeStyle = marked ? theme().ink : theme().ground;
  ctx.lineWidth = (marked ? 2 : 1.1) / camera.scale;
  ctx.stroke();
}

// Draws in screen units; the context must not be scaled to the places' coordinates.
function drawLabels(ctx, labels) {
  ctx.lineJoin = "round";
  ctx.textBaseline = "middle";
  const { ground, ink } = theme();
  for (const label of labels) {
    ctx.font = label.font.css;
    ctx.textAlign = label.align;
    const x = label.x + { left: 0, right: label.w, center: label.w / 2 }[label.align];
    const step = label.h / label.lines.length;
    for (const pass of ["strokeText", "fillText"]) {
      ctx.strokeStyle = ground;
      ctx.lineWidth = 3.4;
      ctx.globalAlpha = pass === "strokeText" ? 0.9 : 1;
      ctx.fillStyle = ink;
      label.lines.forEach((line, k) => ctx[pass](line, x, label.y + step * (k + 0.5)));
    }
  }
}

function fold(ctx, text, width) {
  const lines = [];
  // Chinese breaks anywhere, other scripts at blanks.
  for (const word of text.match(/[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|\s+/g) ?? []) {
    const last = lines.length - 1;
    if (last >= 0 && ctx.measureText(lines[last] + word).width <= width) lines[last] += word;
    else lines.push(word);
  }
  return lines;
}

// The saved picture: the network as it stands, with title, communities and note in place of the panel.
function paintPicture(camera, width, height, panelWidth, times) {
  const canvas = document.createElement("canvas");
  canvas.width = width * times;
  canvas.height = height * times;
  const ctx = canvas.getContext("2d");
  ctx.scale(times, times);
  const { ground, ink, quiet } = theme();
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, width, height);
  ctx.save();
  ctx.translate(camera.x(0), camera.y(0));
  ctx.scale(camera.scale, camera.scale);
  drawLinks(ctx, camera);
  for (const i of [...bySize].reverse()) drawCircle(ctx, i, camera);
  ctx.restore();
  drawLabels(ctx, placeLabels(ctx, camera, { left: 0, right: width }, height));
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  let y = 36;
  const write = (text, css, colour, step, left = 20, wide = panelWidth) => {
    ctx.font = `${css} ${FONT}`;
    ctx.fillStyle = colour;
    for (const line of fold(ctx, text, wide)) {
      ctx.fillText(line, left, y);
      y += step;
    }
  };
  write(title(), "650 18px", ink, 23);
  if (net.synthetic) write(say().synthetic, "700 12px", "#b97800", 18);
  y += 4;
  net.groups.forEach((group, g) => {
    ctx.fillStyle = groupColour(g);
    ctx.beginPath();
    ctx.arc(25, y - 4, 5, 0, 2 * Math.PI);
    ctx.fill();
    write(`${groupName(g)} (${number(group.size)})`, "13px", ink, 19, 37, panelWidth - 17);
  });
  write(say().size + ": " + metricName(state.size), "12px", quiet, 18);
  ctx.font = `11px ${FONT}`;
  const said = fold(ctx, (net.synthetic ? say().syntheticNote + " · " : "") + note(), width - 40);
  y = height - 12 - 15 * (said.length - 1);
  write(said.join(""), "11px", quiet, 15, 20, width - 40);
  return canvas;
}
