// The legend: classes of colour that can be chosen, and samples of sizes, widths and colours.
const MOST_CLASSES = 14;

function sayLegend() {
  const text = say();
  const grouped = net.groups[0]?.side !== undefined && net.blocs;
  at("groups-title").textContent = byCategory()
    ? {
        community: grouped ? text.blocs : text.communities,
        country: text.countriesTitle,
        continent: text.continentsTitle,
      }[state.colour]
    : metricName(state.colour);
  at("groups").parentElement.hidden = !byCategory();
  const coloured = legend.filter(({ grey }) => !grey);
  const rest = legend.filter(({ grey }) => grey);
  const listed = state.colour === "community" ? legend : coloured.slice(0, MOST_CLASSES);
  const chosen = (entry) => state.filters[entry.filter].has(entry.key);
  at("groups").classList.toggle("chosen", legend.some(chosen));
  at("groups").replaceChildren(
    ...listed.map((entry) => {
      const name = entry.name();
      const press = button("", () => toggleFilter(entry.filter, entry.key), {
        title: name,
        "aria-pressed": String(chosen(entry)),
      });
      press.append(
        dot(css(entry.colour)),
        make("bdi", { className: "name" }, name),
        make("span", { className: "size" }, number(entry.size)),
      );
      press.addEventListener("pointerenter", () => glow(entry));
      press.addEventListener("pointerleave", () => glow(null));
      return make("li", {}, press);
    }),
    ...(state.colour !== "community" && rest.length
      ? [make("li", { className: "quiet rest" }, dot(css(lifted(net.other))), text.otherClasses(number(rest.length)))]
      : []),
  );
}

function glow(entry) {
  state.glowing = entry;
  repaint();
}

const roundDown = (v) => {
  const unit = 10 ** Math.floor(Math.log10(v));
  const lead = v / unit;
  return Number(((lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * unit).toPrecision(1));
};

// Round values between the largest and the smallest; where all are about equal, no round number lies among them.
function samples(high, low) {
  const found = [...new Set([high, high / 4, high / 20].map(roundDown))].filter((v) => v >= low);
  return found.length ? found : [high];
}

// Sample circles and lines at the size they have on the screen when everything is in view.
function sayScales() {
  const scale = (caption, values, half, sample) => {
    let y = 2;
    const drawing = draw("svg", { width: 112, "aria-hidden": "true" });
    for (const v of values) {
      y += Math.max(8, half(v) + 1);
      drawing.append(sample(v, y), draw("text", { x: 40, y: y + 4 }, number(v)));
      y += Math.max(8, half(v) + 1);
    }
    drawing.setAttribute("height", y);
    const said = `${caption}: ${values.map(number).join(", ")}`;
    return make("figure", { role: "img", "aria-label": said }, make("figcaption", {}, caption), drawing);
  };
  const figures = [];
  if (state.view !== "matrix") {
    const values = sizes().filter((v) => v > 0);
    const round = (v) => Math.max(LEAST, MOST * Math.sqrt(v / largest));
    const circle = (v, y) => draw("circle", { class: "ring", cx: 16, cy: y, r: round(v).toFixed(1) });
    const caption = sizedAcross() ? say().acrossStrength : metricName(state.size);
    figures.push(scale(caption, values.length ? samples(largest, least(values)) : [0], round, circle));
    for (const { frame, order, heaviest, lightest } of scopes) {
      const wide = (v) => widthOfShare(Math.sqrt(v / heaviest));
      const hue = scopes.length > 1 ? css(lifted(LAYER_COLOURS[frame.layer % LAYER_COLOURS.length])) : null;
      const line = (v, y) =>
        draw("line", {
          class: "stroke",
          x1: 0,
          x2: 32,
          y1: y,
          y2: y,
          "stroke-width": wide(v).toFixed(2),
          ...(hue ? { stroke: hue } : {}),
        });
      figures.push(scale(weightName(frame), order.length ? samples(heaviest, lightest) : [], wide, line));
    }
  } else {
    for (const { frame } of scopes)
      figures.push(gradient(weightName(frame), hueOfCell, (share) => frame.heaviest * share ** 2));
  }
  if (!byCategory()) {
    const { at: valueAt } = spread(state.colour);
    figures.push(gradient(metricName(state.colour), (share) => along(RAMPS, share), valueAt));
  }
  at("scales").replaceChildren(...figures);
}

function gradient(caption, hue, valueAt) {
  const drawing = draw("svg", { width: 220, height: 30, "aria-hidden": "true" });
  for (let k = 0; k < 44; k++)
    drawing.append(draw("rect", { x: k * 5, y: 2, width: 5.3, height: 10, fill: css(hue(k / 43)) }));
  for (const [share, anchor] of [
    [0, "start"],
    [0.5, "middle"],
    [1, "end"],
  ])
    drawing.append(
      draw("text", { x: share * 220, y: 25, "text-anchor": anchor }, number(Number(valueAt(share).toPrecision(2)))),
    );
  const said = `${caption}: ${number(valueAt(0))} – ${number(valueAt(1))}`;
  return make(
    "figure",
    { role: "img", "aria-label": said, className: "wide" },
    make("figcaption", {}, caption),
    drawing,
  );
}
