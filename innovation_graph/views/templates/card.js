// The card of a place or a tie, and the tip under the pointer.
let land = null; // country to which the partners in the card are confined

function sayCard() {
  const i = state.selected;
  const tie = i < 0 ? state.tie : null;
  at("card").hidden = i < 0 && !tie;
  at("card-place").hidden = i < 0;
  at("card-tie").hidden = !tie;
  if (i >= 0) sayPlace(i);
  else if (tie) sayTie(...tie);
}

function sayPlace(i) {
  const text = say();
  const frame = mainFrame();
  at("card-title").replaceChildren(make("bdi", {}, nameOf(i)));
  const country = places.country[i];
  const continent = places.continent[i];
  const other = (state.lang === "zh" ? places.en[i] : places.zh[i]) ?? "";
  const where = [other, country && countryName(country), continent && continentName(continent)];
  at("card-where").replaceChildren(
    ...between(
      where.filter(Boolean).map((part) => make("bdi", {}, part)),
      " · ",
    ),
  );
  const works = frame.works[i];
  const shared = works ? 1 - (frame.solo[i] ?? NaN) / works : NaN;
  const facts = works === null ? [] : [text.works(number(works))];
  if (Number.isFinite(shared)) facts.push(text.shared(percent(shared)));
  at("card-works").textContent = facts.join(" · ");
  sayCourse(({ totals }) => totals[i]);
  at("card-metrics").tBodies[0].replaceChildren(
    ...Object.entries(metricsNow()).map(([key, { value, rank, low, high, rankLow, rankHigh }]) =>
      make(
        "tr",
        { className: key === state.size ? "sized" : "" },
        make("th", { scope: "row", title: metricHint(key) }, metricName(key)),
        make(
          "td",
          {},
          measured(key, value[i]),
          ...(low ? [make("small", {}, text.interval(measured(key, low[i]), measured(key, high[i])))] : []),
        ),
        make(
          "td",
          {},
          ranked(rank, i),
          ...(rankLow ? [make("small", {}, text.interval(number(rankLow[i]), number(rankHigh[i])))] : []),
        ),
      ),
    ),
  );
  const intervals = Object.values(metricsNow()).some(({ low }) => low);
  const counting = countingRule(layers[frame.layer].provenance);
  const units = Object.hasOwn(metricsNow(), "strength") ? [text.strengthUnit(counting)] : [];
  if (intervals) units.push(text.intervalUnit);
  at("card-unit").textContent = units.join(" · ");
  at("card-position").textContent = text.position + (layers.length > 1 ? ` (${layerName(frame.layer)})` : "");
  sayPartners(i);
}

// The strength of a place, or the weight of a tie, period by period.
function sayCourse(valueIn) {
  const bars = times.map((name, t) => ({ name, value: valueIn(frameOf(0, t)) }));
  at("card-course").replaceChildren(...(times.length && state.layer === 0 ? [course(bars, state.time)] : []));
}

function sayPartners(i) {
  const text = say();
  const all = tiesOf(i);
  const lands = new Map();
  for (const { partner } of all) {
    const code = places.country[partner];
    if (code !== null) lands.set(code, (lands.get(code) ?? 0) + 1);
  }
  if (land !== null && !lands.has(land)) land = null;
  const own = places.country[i];
  const chips =
    lands.size > 1
      ? [...lands]
          .sort((p, q) => (q[0] === own) - (p[0] === own) || q[1] - p[1])
          .slice(0, 5)
          .map(([code]) => code)
      : [];
  if (land !== null && !chips.includes(land)) chips.push(land);
  at("card-lands").replaceChildren(
    ...(chips.length ? [null, ...chips] : []).map((code) =>
      button(
        code === null ? text.everywhere : countryName(code),
        () => {
          land = code;
          sayPartners(i);
        },
        { className: "chip", "aria-pressed": String(code === land) },
      ),
    ),
  );
  const listed = land === null ? all : all.filter(({ partner }) => places.country[partner] === land);
  const top = listed.slice(0, TOP);
  const partners = (ties) => number(new Set(ties.map(({ partner }) => partner)).size); // ties of two layers may be of one
  at("card-partners-title").textContent = text.partners(partners(top), partners(listed));
  const full = new Map();
  for (const { frame, e } of top) full.set(frame, Math.max(full.get(frame) ?? 0, frame.w[e]));
  at("card-partners").replaceChildren(
    ...top.map(({ frame, e, partner }) => {
      const go = button("", () => select(partner, { go: true }), { className: "row" });
      const layer = scopes.length > 1 ? [make("small", {}, layerName(frame.layer))] : [];
      go.append(
        dot(colourOf(partner)),
        make("bdi", { className: "name" }, nameOf(partner)),
        ...layer,
        make("span", { className: "weight" }, number(frame.w[e])),
      );
      const more = button("⋯", () => selectTie(i, partner), {
        className: "more",
        title: text.tieHint,
        "aria-label": text.tieHint,
      });
      const bar = make("progress", { max: full.get(frame), value: frame.w[e], "aria-hidden": "true" });
      return make("li", {}, go, more, bar);
    }),
  );
}

function sayTie(i, j) {
  const text = say();
  at("card-title").replaceChildren(make("bdi", {}, nameOf(i)), " – ", make("bdi", {}, nameOf(j)));
  at("card-where").textContent = [i, j]
    .map((k) => places.country[k])
    .filter(Boolean)
    .map((code) => countryName(code))
    .join(" – ");
  at("card-works").textContent = "";
  const weightIn = (of) => of.w[of.between(i, j)] ?? 0;
  sayCourse(weightIn);
  const facts = activeFrames().flatMap((of) => {
    const e = of.between(i, j);
    const said = state.layer < 0 ? [[make("b", {}, layerName(of.layer)), ""]] : [];
    if (e === undefined) return [...said, [text.linkWeight, number(0)]];
    const above = of.order.filter((f) => of.w[f] > of.w[e]).length + 1;
    return [
      ...said,
      [text.linkWeight, number(of.w[e])],
      [text.rankOfTies, text.rankOf(number(above), number(of.order.length), false)],
      ...[i, j].map((k) => [text.shareOf(apart(nameOf(k))), percent(of.w[e] / of.totals[k])]),
    ];
  });
  const table = make(
    "table",
    {},
    make(
      "tbody",
      {},
      ...facts.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value))),
    ),
  );
  const ends = make(
    "div",
    { className: "ends" },
    ...[i, j].map((k) => button(nameOf(k), () => select(k, { go: true }), { className: "chip" })),
  );
  const works = named(net.works, i < j ? `${i}-${j}` : `${j}-${i}`);
  const listed = works
    ? [
        make("h3", {}, text.worksBehind(number(works.title.length))),
        make(
          "ol",
          { className: "works" },
          ...works.title.map((name, k) =>
            make(
              "li",
              {},
              make("bdi", {}, name ?? works.work_id?.[k] ?? "–"),
              make(
                "small",
                {},
                make(
                  "bdi",
                  {},
                  [works.year?.[k], works.actors?.[k], name && works.work_id?.[k]].filter(Boolean).join(" · "),
                ),
              ),
            ),
          ),
        ),
      ]
    : [];
  at("card-tie").replaceChildren(table, ends, ...listed);
}

function ranked(rank, i) {
  if (rank[i] === null) return "–";
  const shared = rank.indexOf(rank[i]) !== rank.lastIndexOf(rank[i]);
  return say().rankOf(number(rank[i]), number(rank.filter((r) => r !== null).length), shared);
}

function showTip(what, x, y) {
  const tip = at("tip");
  tip.hidden = what === null;
  if (what === null) return;
  if (Array.isArray(what)) {
    const lines = activeFrames().map((frame) => {
      const e = frame.between(...what);
      return make("span", {}, `${weightName(frame)}: ${number(e === undefined ? 0 : frame.w[e])}`);
    });
    tip.replaceChildren(
      make(
        "b",
        {},
        ...between(
          what.map((i) => make("bdi", {}, nameOf(i))),
          " – ",
        ),
      ),
      ...lines,
    );
  } else {
    const { value, rank } = metricOf(state.size);
    const line = sizedAcross()
      ? `${say().acrossStrength}: ${number(across[what])}`
      : `${metricName(state.size)}: ${measured(state.size, value[what])} (${ranked(rank, what)})`;
    tip.replaceChildren(make("b", {}, make("bdi", {}, nameOf(what))), line);
  }
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 16, innerHeight - tip.offsetHeight - 8))}px`;
}
