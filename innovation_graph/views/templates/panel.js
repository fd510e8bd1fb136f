// The panel, the card of a place, the tip and the note. Text reaches the page through textContent alone.
const at = (id) => document.getElementById(id);

function make(tag, fields = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(fields)) {
    if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function draw(tag, fields, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(fields)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const dot = (g) =>
  draw("svg", { class: "dot", viewBox: "-6 -6 12 12", "aria-hidden": "true" }, draw("circle", { r: 5.5, fill: groupColour(g) }));

function sayAll() {
  const text = say();
  document.documentElement.lang = state.lang === "zh" ? "zh-Hans" : "en";
  document.documentElement.dataset.theme = state.dark ? "dark" : "light";
  document.title = title();
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = text[element.dataset.say];
  at("title").textContent = title();
  at("synthetic").hidden = !net.synthetic;
  at("synthetic").textContent = text.synthetic;
  at("counts").textContent = text.counts(number(N), noun(), number(M), net.backbone < M ? number(net.backbone) : "");
  at("groups-title").textContent = columnsView ? text.blocs : text.communities;
  const hints = [
    ["lang", text.language, text.languageHint],
    ["theme", state.dark ? text.light : text.dark, state.dark ? text.light : text.dark],
    ["png", "PNG", text.png],
    ["close", "×", text.close],
    ["zoom-in", "+", text.zoomIn],
    ["zoom-out", "−", text.zoomOut],
    ["zoom-fit", "⤢", text.fit],
  ];
  for (const [id, label, hint] of hints) {
    at(id).textContent = label;
    at(id).title = hint;
    at(id).setAttribute("aria-label", hint);
  }
  at("map").setAttribute("aria-label", text.picture(title()));
  at("size").replaceChildren(
    ...Object.keys(net.metrics).map((key) =>
      make("option", { value: key, selected: key === state.size, title: metricHint(key) }, metricName(key))
    )
  );
  sayGroups();
  sayShown();
  sayScales();
  sayCard();
  sayHits();
}

function sayShown() {
  at("shown").textContent = shownLine();
  at("slider").setAttribute("aria-valuetext", shownLine());
  at("slider").disabled = net.backbone === M;
  const strong = net.synthetic ? [make("strong", {}, say().syntheticNote), " · "] : [];
  at("note").replaceChildren(...strong, note());
}

function sayGroups() {
  const list = at("groups");
  list.classList.toggle("chosen", state.groups.size > 0);
  list.replaceChildren(
    ...net.groups.map((group, g) => {
      const name = groupName(g);
      const button = make(
        "button",
        { type: "button", title: name, "aria-pressed": String(state.groups.has(g)) },
        dot(g), make("bdi", { className: "name" }, name), make("span", { className: "size" }, number(group.size))
      );
      button.addEventListener("click", () => toggleGroup(g));
      return make("li", {}, button);
    })
  );
}

// Sample circles and lines at the size they have on the screen when everything is in view.
function sayScales() {
  const steps = (most, least) => {
    const round = (v) => {
      const unit = 10 ** Math.floor(Math.log10(v));
      const lead = v / unit;
      return Number(((lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * unit).toPrecision(1));
    };
    const found = [...new Set([most, most / 4, most / 20].map(round))].filter((v) => v >= least);
    return found.length ? found : [most]; // where all are about equal, no round number lies among them
  };
  const scale = (caption, values, half, sample) => {
    let y = 2;
    const drawing = draw("svg", { width: 112, "aria-hidden": "true" });
    for (const v of values) {
      y += Math.max(8, half(v) + 1);
      drawing.append(sample(v, y), draw("text", { x: 40, y: y + 4 }, number(v)));
      y += Math.max(8, half(v) + 1);
    }
    drawing.setAttribute("height", y);
    const told = `${caption}: ${values.map(number).join(", ")}`;
    return make("figure", { role: "img", "aria-label": told }, make("figcaption", {}, caption), drawing);
  };
  const sizes = net.metrics[state.size].value.filter((v) => v > 0);
  const round = (v) => Math.max(LEAST, MOST * Math.sqrt(v / largest));
  const circle = (v, y) => draw("circle", { class: "ring", cx: 16, cy: y, r: round(v).toFixed(1) });
  const wide = (v) => 0.45 + (WIDEST - 0.45) * Math.sqrt(v / heaviest);
  const line = (v, y) => draw("line", { class: "stroke", x1: 0, x2: 32, y1: y, y2: y, "stroke-width": wide(v).toFixed(2) });
  at("scales").replaceChildren(
    scale(metricName(state.size), sizes.length ? steps(largest, Math.min(...sizes)) : [0], round, circle),
    scale(say().linkWeight, M ? steps(heaviest, lightest) : [], wide, line)
  );
}

function sayCard() {
  const i = state.selected;
  at("card").hidden = i < 0;
  if (i < 0) return;
  const text = say();
  at("card-title").replaceChildren(make("bdi", {}, nameOf(i)));
  const country = places.country[i];
  const continent = places.continent[i];
  const other = (state.lang === "zh" ? places.en[i] : places.zh[i]) ?? "";
  const where = [other, country && countryName(country), continent && (text.continents[continent] ?? continent)];
  at("card-where").replaceChildren(...between(where.filter(Boolean).map((part) => make("bdi", {}, part)), " · "));
  const works = places.works[i];
  const shared = works ? 1 - (places.solo[i] ?? NaN) / works : NaN;
  const facts = works === null ? [] : [text.works(number(works))];
  if (Number.isFinite(shared)) facts.push(text.shared(percent(shared)));
  at("card-works").textContent = facts.join(" · ");
  at("card-metrics").tBodies[0].replaceChildren(
    ...Object.entries(net.metrics).map(([key, { value, rank }]) =>
      make(
        "tr",
        { className: key === state.size ? "sized" : "" },
        make("th", { scope: "row", title: metricHint(key) }, metricName(key)),
        make("td", {}, key === "degree_normalised" ? percent(value[i]) : number(value[i])),
        make("td", {}, ranked(rank, i))
      )
    )
  );
  at("card-unit").textContent = Object.hasOwn(net.metrics, "strength") ? text.strengthUnit(countingRule()) : "";
  const top = ties[i].slice(0, TOP);
  at("card-partners-title").textContent = text.partners(number(top.length), number(ties[i].length));
  at("card-partners").replaceChildren(
    ...top.map((e) => {
      const partner = otherEnd(e, i);
      const button = make(
        "button", { type: "button" },
        dot(places.group[partner]),
        make("bdi", { className: "name" }, nameOf(partner)),
        make("span", { className: "weight" }, number(net.links.w[e]))
      );
      button.addEventListener("click", () => select(partner, { go: true }));
      const bar = make("progress", { max: net.links.w[top[0]], value: net.links.w[e], "aria-hidden": "true" });
      return make("li", {}, button, bar);
    })
  );
}

function ranked(rank, i) {
  if (rank[i] === null) return "–";
  const shared = rank.indexOf(rank[i]) !== rank.lastIndexOf(rank[i]);
  return say().rankOf(number(rank[i]), number(N), shared);
}

function between(elements, gap) {
  return elements.flatMap((element, k) => (k ? [gap, element] : [element]));
}

function showTip(i, x, y) {
  const tip = at("tip");
  tip.hidden = i < 0;
  if (i < 0) return;
  const { value, rank } = net.metrics[state.size];
  const line = `${metricName(state.size)}: ${number(value[i])} (${ranked(rank, i)})`;
  tip.replaceChildren(make("b", {}, make("bdi", {}, nameOf(i))), line);
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 16, innerHeight - tip.offsetHeight - 8))}px`;
}

// Search: a combobox with its list of hits.
let hits = [];
let hit = -1;
function sayHits() {
  const list = at("hits");
  const query = at("search").value.trim();
  list.hidden = !query || document.activeElement !== at("search");
  at("search").setAttribute("aria-expanded", String(!list.hidden));
  if (list.hidden) return at("search").removeAttribute("aria-activedescendant");
  const rows = hits.slice(0, 12).map((i, k) => {
    const second = state.lang === "zh" ? places.en[i] : places.zh[i];
    const row = make("li", { role: "option", id: `hit-${k}`, "aria-selected": String(k === hit) }, dot(places.group[i]));
    row.append(make("bdi", {}, nameOf(i)), make("small", {}, make("bdi", {}, second ?? places.country[i] ?? "")));
    row.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(k);
    });
    return row;
  });
  list.replaceChildren(...(rows.length ? rows : [make("li", { className: "none" }, say().nothing)]));
  if (hit >= 0) at("search").setAttribute("aria-activedescendant", `hit-${hit}`);
  list.children[hit]?.scrollIntoView({ block: "nearest" });
}

function choose(k) {
  const i = hits[k];
  if (i === undefined) return;
  at("search").value = "";
  hits = [];
  sayHits();
  select(i, { go: true, focus: true });
}

function listenToSearch() {
  const field = at("search");
  field.addEventListener("input", () => {
    hits = find(field.value);
    hit = hits.length ? 0 : -1;
    sayHits();
  });
  field.addEventListener("keydown", (event) => {
    const shown = Math.min(hits.length, 12);
    if (event.key === "Enter") choose(Math.max(hit, 0));
    else if (event.key === "ArrowDown" && shown) hit = (hit + 1) % shown;
    else if (event.key === "ArrowUp" && shown) hit = (hit + shown - 1) % shown;
    else return;
    event.preventDefault();
    sayHits();
  });
  for (const name of ["blur", "focus"]) field.addEventListener(name, sayHits);
}
