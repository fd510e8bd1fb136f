// The matrix: places in the order of the legend's classes, then by strength; one cell a link. Of two layers the first
// stands above the diagonal, the second below.
const CELL = 10;
const MOST_IN_MATRIX = 250;
let rows = [];
let columns = [];
let rowOf = new Int32Array(N);
let columnOf = new Int32Array(N);

function arrangeMatrix() {
  const { totals } = mainFrame();
  const strongest = [...bySize].sort((i, j) => totals[j] - totals[i] || i - j).slice(0, MOST_IN_MATRIX);
  mixColours();
  const sorted = strongest.sort((i, j) => classOf[i] - classOf[j] || totals[j] - totals[i] || i - j);
  rows = net.side ? sorted.filter((i) => net.side[i] === 0) : sorted;
  columns = net.side ? sorted.filter((i) => net.side[i] === 1) : sorted;
  rowOf = new Int32Array(N).fill(-1);
  columnOf = new Int32Array(N).fill(-1);
  rows.forEach((i, k) => {
    rowOf[i] = k;
  });
  columns.forEach((i, k) => {
    columnOf[i] = k;
  });
  for (let i = 0; i < N; i++) {
    px[i] = (columnOf[i] >= 0 ? columnOf[i] + 0.5 : 0) * CELL;
    py[i] = (rowOf[i] >= 0 ? rowOf[i] + 0.5 : 0) * CELL;
  }
}

// Cells of a link: both halves for one layer, one half for each of two, or one cell between two groups.
function cellsOf(frame, e) {
  const [a, b] = [frame.a[e], frame.b[e]];
  const cells = [
    [a, b],
    [b, a],
  ].filter(([i, j]) => rowOf[i] >= 0 && columnOf[j] >= 0);
  if (scopes.length < 2 || net.side) return cells;
  const upper = frame.layer === scopes[0].frame.layer;
  return cells.filter(([i, j]) => rowOf[i] < columnOf[j] === upper);
}

const shareInCell = (frame, w) => Math.sqrt(w / (frame.heaviest || 1));
const hueOfCell = (share) => along(CELLS, 0.08 + 0.92 * share);

function drawCells(pen, cam) {
  const size = CELL * cam.k;
  const gap = size > 5 ? 0.5 : 0;
  pen.fillStyle = css(along(CELLS, 0));
  pen.fillRect(cam.x(0), cam.y(0), columns.length * size, rows.length * size);
  for (const { frame, order } of scopes)
    for (const e of order) {
      pen.fillStyle = css(hueOfCell(shareInCell(frame, frame.w[e])));
      for (const [i, j] of cellsOf(frame, e))
        pen.fillRect(cam.x(columnOf[j] * CELL) + gap, cam.y(rowOf[i] * CELL) + gap, size - 2 * gap, size - 2 * gap);
    }
  // Each class has its stretch of the edges, and a square where it meets itself.
  const stretches = (members) => {
    const found = [];
    members.forEach((i, k) => {
      if (k && classOf[members[k - 1]] === classOf[i]) found.at(-1).to = k + 1;
      else found.push({ i, from: k, to: k + 1 });
    });
    return found;
  };
  for (const { i, from, to } of stretches(rows)) {
    pen.fillStyle = colourOf(i);
    if (classOf[i] >= 0) pen.fillRect(cam.x(0) - 6, cam.y(from * CELL) + 0.5, 4, (to - from) * size - 1);
    if (net.side || classOf[i] < 0) continue;
    pen.strokeStyle = colourOf(i);
    pen.lineWidth = 1.2;
    pen.strokeRect(cam.x(from * CELL), cam.y(from * CELL), (to - from) * size, (to - from) * size);
  }
  for (const { i, from, to } of stretches(columns)) {
    pen.fillStyle = colourOf(i);
    if (classOf[i] >= 0) pen.fillRect(cam.x(from * CELL) + 0.5, cam.y(0) - 6, (to - from) * size - 1, 4);
  }
}

// Bands of what is selected or under the pointer.
function drawMarks(pen, cam) {
  const size = CELL * cam.k;
  const band = (i) => {
    if (rowOf[i] >= 0) pen.strokeRect(cam.x(0), cam.y(rowOf[i] * CELL), columns.length * size, size);
    if (columnOf[i] >= 0) pen.strokeRect(cam.x(columnOf[i] * CELL), cam.y(0), size, rows.length * size);
  };
  pen.strokeStyle = theme().ink;
  pen.lineWidth = 1.2;
  for (const i of new Set([state.selected, state.hovered].filter((i) => i >= 0))) band(i);
  for (const tie of [state.tie, state.hoveredTie].filter(Boolean))
    for (const [i, j] of [tie, [...tie].reverse()])
      if (rowOf[i] >= 0 && columnOf[j] >= 0)
        pen.strokeRect(cam.x(columnOf[j] * CELL), cam.y(rowOf[i] * CELL), size, size);
}

// Names at the edges, the strongest first where not all find room.
function matrixNames(cam) {
  const size = CELL * cam.k;
  const letters = Math.round(Math.min(13, Math.max(8.5, size * 0.9)) * 2) / 2;
  const { totals } = mainFrame();
  const chosen = (members, where, low, high) => {
    const free = [];
    return [...members]
      .filter((i) => where(i) >= low && where(i) <= high)
      .sort((i, j) => (j === state.selected) - (i === state.selected) || totals[j] - totals[i])
      .filter((i) => {
        const y = where(i);
        if (free.some((other) => Math.abs(other - y) < letters * 1.08)) return false;
        free.push(y);
        return true;
      });
  };
  const left = Math.max(cam.x(0) - 9, 0);
  const top = Math.max(cam.y(0) - 9, 0);
  return {
    letters,
    left,
    top,
    rows: chosen(rows, (i) => cam.y(py[i]), 0, cam.height).map((i) => ({ i, y: cam.y((rowOf[i] + 0.5) * CELL) })),
    columns: chosen(columns, (i) => cam.x(px[i]), 0, cam.width).map((i) => ({
      i,
      x: cam.x((columnOf[i] + 0.5) * CELL),
    })),
  };
}

function short(i, longest = 22) {
  const name = nameOf(i);
  return name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
}

function drawMatrixNames(pen, cam) {
  const names = matrixNames(cam);
  pen.textBaseline = "middle";
  const style = (i) => {
    pen.font = `${i === state.selected || i === state.hovered ? 650 : 450} ${names.letters}px ${FONT}`;
    pen.fillStyle = theme().ink;
  };
  pen.textAlign = "right";
  for (const { i, y } of names.rows) {
    style(i);
    pen.fillText(short(i), names.left, y);
  }
  pen.textAlign = "left";
  for (const { i, x } of names.columns) {
    style(i);
    pen.save();
    pen.translate(x, names.top);
    pen.rotate(-Math.PI / 2);
    pen.fillText(short(i), 0, 0);
    pen.restore();
  }
}

// What lies under a point of the screen: { place } or { tie }.
function matrixAt(x, y, cam) {
  const row = Math.floor((y - cam.y(0)) / (CELL * cam.k));
  const column = Math.floor((x - cam.x(0)) / (CELL * cam.k));
  if (row >= 0 && row < rows.length && x < cam.x(0)) return { place: rows[row] };
  if (column >= 0 && column < columns.length && y < cam.y(0)) return { place: columns[column] };
  const [i, j] = [rows[row], columns[column]];
  if (i === undefined || j === undefined) return {};
  return i === j ? { place: i } : { tie: [i, j] };
}
