// Files of what is shown: pictures as PNG and SVG, tables as CSV.
function save(content, type, ending) {
  const name = plain(title()).replace(/[\\/:*?"<>|\s\p{C}]+/gu, "-") || "network";
  const link = make("a", { href: URL.createObjectURL(new Blob(content, { type })), download: `${name}.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function fold(pen, text, width) {
  const lines = [];
  // Chinese breaks anywhere, other scripts at blanks.
  for (const word of text.match(/[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|\s+/g) ?? []) {
    const last = lines.length - 1;
    if (last >= 0 && pen.measureText(lines[last] + word).width <= width) lines[last] += word;
    else lines.push(word);
  }
  return lines;
}

// The picture of the window, with title, legend, scales and note in place of the panel.
function paintPicture(pen, cam) {
  const { ground, ink: dark, quiet } = theme();
  const wide = at("panel").offsetWidth - 16;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, cam.width, cam.height);
  const area = openArea();
  paintAll(
    pen,
    cam,
    placeLabels(pen, cam, { left: 0, right: cam.width, taken: [{ x: 0, y: 0, w: wide + 24, h: 40 }] }),
  );
  pen.globalAlpha = 1;
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  let y = 36;
  const write = (text, style, colour, step, left = 20, width = wide) => {
    pen.font = `${style} ${FONT}`;
    pen.fillStyle = colour;
    for (const line of fold(pen, text, width)) {
      pen.fillText(line, left, y);
      y += step;
    }
  };
  write(title(), "650 18px", dark, 23);
  if (net.synthetic) write(say().synthetic, "700 12px", state.dark ? "#ffd987" : "#7a4b00", 18);
  write(at("counts").textContent, "450 12px", quiet, 18);
  y += 8;
  if (byCategory())
    for (const entry of legend.filter(({ grey }, k) => state.colour === "community" || (!grey && k < MOST_CLASSES))) {
      pen.fillStyle = css(entry.colour);
      pen.beginPath();
      pen.arc(25, y - 4, 5, 0, 2 * Math.PI);
      pen.fill();
      write(`${entry.name()} (${number(entry.size)})`, "450 13px", dark, 19, 37, wide - 17);
    }
  else
    y = paintGradient(pen, y, metricName(state.colour), (share) => along(RAMPS, share), spread(state.colour).at) + 14;
  y += 10;
  if (state.view === "matrix")
    for (const { frame } of scopes)
      y = paintGradient(pen, y, weightName(frame), hueOfCell, (share) => frame.heaviest * share ** 2) + 10;
  else y = paintSamples(pen, y, cam);
  pen.font = `450 11px ${FONT}`;
  const left = area.left + 12;
  const said = fold(pen, (net.synthetic ? `${say().syntheticNote} · ` : "") + note(), cam.width - left - 20);
  y = cam.height - 12 - 15 * (said.length - 1);
  said.forEach((line, k) => {
    pen.fillStyle = quiet;
    pen.fillText(line, left, y + 15 * k);
  });
}

function paintGradient(pen, top, name, hue, valueAt) {
  pen.font = `450 12px ${FONT}`;
  pen.fillStyle = theme().quiet;
  pen.fillText(name, 20, top);
  for (let k = 0; k < 40; k++) {
    pen.fillStyle = css(hue(k / 39));
    pen.fillRect(20 + k * 5, top + 8, 5.4, 10);
  }
  pen.fillStyle = theme().quiet;
  pen.fillText(number(valueAt(0)), 20, top + 32);
  pen.textAlign = "right";
  pen.fillText(number(Number(valueAt(1).toPrecision(2))), 220, top + 32);
  pen.textAlign = "left";
  return top + 46;
}

function paintSamples(pen, top, cam) {
  const { quiet } = theme();
  let y = top;
  const head = (text) => {
    pen.font = `450 12px ${FONT}`;
    pen.fillStyle = quiet;
    pen.fillText(text, 20, y);
    y += 12;
  };
  const positive = sizes().filter((v) => v > 0);
  head(sizedAcross() ? say().acrossStrength : metricName(state.size));
  for (const v of positive.length ? samples(largest, least(positive)) : []) {
    const r = Math.max(LEAST, MOST * Math.sqrt(v / largest)) * cam.grow;
    y += Math.max(8, r + 1);
    pen.beginPath();
    pen.arc(36, y, r, 0, 2 * Math.PI);
    pen.strokeStyle = quiet;
    pen.lineWidth = 1;
    pen.stroke();
    pen.fillText(number(v), 62, y + 4);
    y += Math.max(8, r + 1);
  }
  y += 18;
  for (const { frame, order, heaviest, lightest } of scopes) {
    head(weightName(frame));
    for (const v of order.length ? samples(heaviest, lightest) : []) {
      pen.beginPath();
      pen.moveTo(20, y + 4);
      pen.lineTo(52, y + 4);
      pen.strokeStyle = scopes.length > 1 ? css(lifted(LAYER_COLOURS[frame.layer % LAYER_COLOURS.length])) : quiet;
      pen.lineWidth = widthOfShare(Math.sqrt(v / heaviest)) * cam.grow;
      pen.stroke();
      pen.fillText(number(v), 62, y + 8);
      y += 16;
    }
    y += 14;
  }
  return y;
}

// Paints with the camera of the window if the user has moved it, else with one that uses the room of the controls, too.
function painted(pen) {
  const before = stretch;
  let cam = snapshot();
  if (!moved && N && state.view !== "table") {
    const narrow = at("panel").offsetWidth > cam.width / 2;
    const area = {
      left: narrow ? 0 : at("panel").offsetWidth + 12,
      right: cam.width - 8,
      top: narrow ? 60 : 8,
      bottom: cam.height - 40,
    };
    const { scale, position } = fitted(area);
    cam = cameraAt(scale, position, scale);
  }
  paintPicture(pen, cam);
  stretch = before;
  arrange();
  return cam;
}

function paintOn(canvas, scale) {
  canvas.width = stage.clientWidth * scale;
  canvas.height = stage.clientHeight * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  painted(pen);
  return canvas;
}

// Paper takes the picture as it is saved, or the whole table.
function toPaper() {
  if (state.view !== "table") paintOn(at("paper"), 3);
  else while (made < listed.length) addRows(columnsOfSheet());
}

function fromPaper() {
  at("paper").width = at("paper").height = 0;
}

function savePng(scale) {
  paintOn(document.createElement("canvas"), scale).toBlob(
    (blob) => blob && save([blob], "image/png", "png"),
    "image/png",
  );
}

function saveSvg() {
  const pen = new SvgPen();
  const cam = painted(pen);
  save([pen.document(cam.width, cam.height)], "image/svg+xml", "svg");
}

// A cell that a spreadsheet could take for a formula gets an apostrophe in front; line breaks become blanks.
function cellText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = value.replace(/\r\n|\r|\n/g, " ");
  const safe = /^['\s]*[=+\-@\t ]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function saveCsv(kind) {
  const heads = kind === "places" ? placeColumns() : tieColumns();
  const { rows: found } = rowsOfSheet(kind, heads);
  const id = (row) =>
    kind === "places" ? [places.id[row]] : [places.id[row.frame.a[row.e]], places.id[row.frame.b[row.e]]];
  const ids = kind === "places" ? ["place_id"] : ["source", "target"];
  const marked = net.synthetic;
  const lines = [
    [...ids, ...heads.map(({ name }) => name), ...(marked ? ["synthetic_data"] : [])],
    ...found.map((row) => [...id(row), ...heads.map((c) => c.value(row)), ...(marked ? ["yes"] : [])]),
  ];
  save(
    [`\ufeff${lines.map((cells) => cells.map(cellText).join(",")).join("\r\n")}\r\n`],
    "text/csv;charset=utf-8",
    "csv",
  );
}
