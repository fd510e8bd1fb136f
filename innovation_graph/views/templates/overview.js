// What stands where the card is while nothing is selected: answers to the first questions.
function sayOverview() {
  const open =
    (overviewOpen ?? innerWidth >= (state.view === "map" ? 1600 : 1280)) && at("card").hidden && state.view !== "table";
  at("overview").hidden = !open;
  at("overview-open").hidden = open || !at("card").hidden || state.view === "table";
  if (!open) return;
  const text = say();
  const facing = state.view === "columns";
  const heavy = scopes.flatMap(({ frame, order }) => {
    const top = [...order].sort((e, f) => frame.w[f] - frame.w[e] || e - f).slice(0, LEADERS);
    return [
      ...(scopes.length > 1 ? [make("li", { className: "quiet" }, layerName(frame.layer))] : []),
      ...top.map((e) => {
        const ends = [frame.a[e], frame.b[e]];
        if (facing && sideOf(ends[0]) > sideOf(ends[1])) ends.reverse();
        return leader(ends, frame.w[e], () => selectTie(...ends, { go: true }));
      }),
    ];
  });
  const section = (name, items, hint = "") =>
    items.length ? [make("h3", { title: hint }, name), make("ol", {}, ...items)] : [];
  const blocks = section(facing && blocName(0) ? text.strongestAcross : text.strongest, heavy);
  const top = (key, among, values) =>
    among
      .filter((i) => shown[i] && values[i] > 0)
      .sort((i, j) => values[j] - values[i] || i - j)
      .slice(0, LEADERS)
      .map((i) => leader([i], measured(key, values[i]), () => select(i, { go: true })));
  const everyone = Array.from({ length: N }, (_, i) => i);
  if (facing)
    for (const side of [0, 1])
      blocks.push(
        ...section(
          text.mostAcross(blocName(side)),
          top(
            "",
            everyone.filter((i) => sideOf(i) === side),
            across,
          ).slice(0, 3),
        ),
      );
  else
    blocks.push(
      ...section(metricName(state.size), top(state.size, everyone, metricOf(state.size).value), metricHint(state.size)),
    );
  if (facing && !net.blocs)
    blocks.push(...section(text.bridges(blocName(0), blocName(1)), bridging(), text.bridgesHint));
  else if (state.size !== "betweenness" && has(metricsNow(), "betweenness"))
    blocks.push(
      ...section(
        metricName("betweenness"),
        top("betweenness", everyone, metricOf("betweenness").value),
        metricHint("betweenness"),
      ),
    );
  at("overview-body").replaceChildren(...blocks);
}

function leader(ends, value, press) {
  const row = button("", press, { className: "row" });
  const names = between(
    ends.map((i) => make("bdi", {}, ends.length > 1 ? brief(i) : nameOf(i))),
    " – ",
  );
  row.title = ends.map(nameOf).join(" – ");
  row.append(
    ...ends.map((i) => dot(colourOf(i))),
    make("span", { className: "name" }, ...names),
    make("span", { className: "weight" }, typeof value === "number" ? number(value) : value),
  );
  return make("li", {}, row);
}

// Places of neither side, by the smaller of their strengths to the two.
function bridging() {
  const { frame } = scopes[0];
  const found = [];
  for (let i = 0; i < N; i++) {
    if (sideOf(i) >= 0) continue;
    const to = [0, 0];
    for (const e of frame.ties[i]) {
      const side = sideOf(frame.otherEnd(e, i));
      if (side >= 0) to[side] += frame.w[e];
    }
    if (Math.min(...to) > 0) found.push({ i, to });
  }
  return found
    .sort((p, q) => Math.min(...q.to) - Math.min(...p.to) || p.i - q.i)
    .slice(0, LEADERS)
    .map(({ i, to }) => leader([i], to.map(number).join(" | "), () => select(i, { go: true })));
}
