// Labels: larger places first; a label that finds no free spot beside its circle is left out until there is room.
const FONT = getComputedStyle(document.body).fontFamily;
const widths = new Map();

function fontOf(i, zoom, bold = i === state.selected) {
  const share = radius[i] / MOST;
  // Places crowd on a map: smaller names leave room for more.
  const [smallest, more] = state.view === "map" ? [10.5, 4] : [11, 6.5 * Math.min(1, MOST / 12)];
  const px = Math.round((smallest + more * share) * Math.min(1.5, Math.max(0.85, zoom ** 0.3)) * 2) / 2;
  return { px, css: `${share > 0.5 || bold ? 650 : 450} ${px}px ${FONT}` };
}

// A long name is broken once, at the blank nearest to its middle, but not before a dash.
function linesOf(name, longest = state.view === "columns" ? 24 : 19) {
  if (name.length <= longest) return [name];
  const off = (k) => Math.abs(k - name.length / 2) + (/[-–&]/.test(name[k + 1]) ? 6 : 0);
  let at = -1;
  for (let k = name.indexOf(" ", 1); k >= 0; k = name.indexOf(" ", k + 1)) if (at < 0 || off(k) < off(at)) at = k;
  const lines = at > 0 ? [name.slice(0, at), name.slice(at + 1)] : [name];
  return lines.map((line) => (line.length > 40 ? `${line.slice(0, 39)}…` : line));
}

function widthOf(ctx, line, css) {
  const key = css + line;
  let width = widths.get(key);
  if (width === undefined) {
    ctx.font = css;
    width = ctx.measureText(line).width;
    widths.set(key, width);
  }
  return width;
}

function cut(ctx, line, css, width) {
  let text = line;
  while (text && widthOf(ctx, `${text}…`, css) > width) text = text.slice(0, -1);
  return `${text.trimEnd()}…`;
}

// Boxes on the screen in a grid, so that each new one is compared with its neighbourhood only.
class Taken {
  constructor(cell) {
    this.cell = cell;
    this.grid = new Map();
  }
  *cells(box) {
    const { cell } = this;
    for (let x = Math.floor(box.x / cell); x <= Math.floor((box.x + box.w) / cell); x++)
      for (let y = Math.floor(box.y / cell); y <= Math.floor((box.y + box.h) / cell); y++) yield x * 65536 + y;
  }
  add(box) {
    for (const key of this.cells(box)) {
      if (this.grid.has(key)) this.grid.get(key).push(box);
      else this.grid.set(key, [box]);
    }
  }
  // Whether a box is taken, except by its owner and by circles smaller than `small`.
  hit(box, own, small) {
    for (const key of this.cells(box))
      for (const other of this.grid.get(key) ?? [])
        if (
          other.owner !== own &&
          (other.r === undefined || other.r >= small) &&
          box.x < other.x + other.w &&
          other.x < box.x + box.w &&
          box.y < other.y + other.h &&
          other.y < box.y + box.h
        )
          return true;
    return false;
  }
}

function spots(x, y, r, w, h, side) {
  const gap = r + 4;
  const right = { x: x + gap, y: y - h / 2, align: "left" };
  const left = { x: x - gap - w, y: y - h / 2, align: "right" };
  if (side) return [side > 0 ? right : left];
  const slant = r * 0.72 + 2;
  return [
    right,
    left,
    { x: x - w / 2, y: y - gap - h + 1, align: "center" },
    { x: x - w / 2, y: y + gap - 1, align: "center" },
    { x: x + slant, y: y - slant - h + 3, align: "left" },
    { x: x + slant, y: y + slant - 3, align: "left" },
    { x: x - slant - w, y: y - slant - h + 3, align: "right" },
    { x: x - slant - w, y: y + slant - 3, align: "right" },
  ];
}

// Returns the labels to draw, in screen units. A label that would be cut at the left or right of `area` looks for
// another spot. While the camera moves only places that have a label keep one (`only`): finding room for more takes time.
function placeLabels(ctx, cam, area, only = null) {
  if (state.view === "matrix") return [];
  const width = area.right;
  const taken = new Taken(48);
  for (const box of area.taken ?? []) taken.add({ ...box, owner: -1 });
  const visible = [];
  for (const i of bySize) {
    const x = cam.x(px[i]);
    const y = cam.y(py[i]);
    if (x < -60 || y < -30 || x > cam.width + 60 || y > cam.height + 30) continue;
    const r = radius[i] * cam.grow;
    // Circles are obstacles too, unless they are faded.
    if (!vivid || vivid[i]) taken.add({ x: x - r, y: y - r, w: 2 * r, h: 2 * r, r, owner: i });
    visible.push({ i, x, y, r });
  }
  const ends = state.tie && state.selected < 0 ? state.tie : [];
  const close = new Set(
    state.selected < 0
      ? []
      : tiesOf(state.selected)
          .slice(0, TOP)
          .map(({ partner }) => partner),
  );
  const first = (p) =>
    p.i === state.selected || ends.includes(p.i) ? 0 : p.i === state.hovered ? 1 : close.has(p.i) ? 2 : 3;
  visible.sort((p, q) => first(p) - first(q));
  const labels = [];
  for (const { i, x, y, r } of visible) {
    const must = first({ i }) < 2;
    if ((vivid && !vivid[i] && !must) || (only && !must && !only.has(i))) continue;
    const font = fontOf(i, cam.zoom);
    // Seen from afar, a map has no room for names of several cities: the first one stands for all.
    const name = state.view === "map" && cam.zoom < 1.8 ? brief(i) : nameOf(i);
    let lines = linesOf(name);
    const widest = () => Math.max(...lines.map((line) => widthOf(ctx, line, font.css)));
    let w = widest();
    const side = state.view === "columns" ? Math.sign(px[i]) : 0;
    let h, spot;
    const tryWith = (small, over = []) => {
      h = lines.length * font.px * 1.14;
      const free = [...spots(x, y, r, w, h, side), ...over].filter(
        (at) => side || x < area.left || x > width || (at.x >= area.left + 2 && at.x + w <= width - 2),
      );
      spot ??= free.find((at) => !taken.hit({ x: at.x - 1, y: at.y, w: w + 2, h }, i, small));
      if (must) spot ??= free[0];
    };
    tryWith(0);
    // A large place would rather cover smaller circles, or in the end its own, than go without its name.
    if (!spot && !side && radius[i] > 0.4 * MOST) {
      tryWith(0.6 * r);
      if (!spot) {
        lines = linesOf(name, 12);
        w = widest();
      }
      tryWith(0.6 * r);
      tryWith(0.9 * r, [
        { x: x - w / 2, y: y + 2, align: "center" },
        { x: x - w / 2, y: y - h - 2, align: "center" },
      ]);
      tryWith(r, [{ x: x - w / 2, y: y - h / 2, align: "center" }]);
    }
    if (!spot && side && lines.length > 1) {
      lines = [cut(ctx, lines.join(" "), font.css, w)];
      tryWith(0);
    }
    if (!spot) continue;
    const label = { i, lines, font, w, h, align: spot.align, x: spot.x, y: spot.y };
    taken.add({ x: spot.x - 1, y: spot.y, w: w + 2, h, owner: -1 });
    labels.push(label);
  }
  return labels;
}
