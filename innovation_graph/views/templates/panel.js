// The panel: what can be chosen, and the words around it.
function choice(id, options, chosen, pick, role = "aria-pressed") {
  at(id).replaceChildren(
    ...options.map(([key, name, hint]) => {
      const option = button(name, () => pick(key), { title: hint ?? name, [role]: String(key === chosen) });
      if (role === "aria-selected") option.setAttribute("role", "tab");
      option.dataset.key = key;
      return option;
    }),
  );
}

// Buttons keep the focus when their words change.
function keepingFocus(words) {
  const { activeElement } = document;
  const path =
    activeElement?.dataset?.key !== undefined ? [activeElement.parentElement.id, activeElement.dataset.key] : null;
  words();
  if (path) [...at(path[0]).children].find((child) => child.dataset.key === path[1])?.focus({ preventScroll: true });
}

function sayAll() {
  const text = say();
  document.documentElement.lang = state.lang === "zh" ? "zh-Hans" : "en";
  document.documentElement.dataset.theme = state.dark ? "dark" : "light";
  document.documentElement.dataset.view = state.view;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = text[element.dataset.say];
  at("synthetic").hidden = !net.synthetic;
  at("synthetic").textContent = text.synthetic;
  const hints = [
    ["lang", text.language, text.languageHint],
    ["theme", state.dark ? text.light : text.dark, state.dark ? text.light : text.dark],
    ["png-1", "PNG 1×", text.png("1")],
    ["png", "2×", text.png("2")],
    ["png-3", "3×", text.png("3")],
    ["png-4", "4×", text.png("4")],
    ["svg", "SVG", text.svg],
    ["csv-places", text.csvPlaces, text.csvPlaces],
    ["csv-links", text.csvLinks, text.csvLinks],
    ["print", text.print, text.print],
    ["close", "×", text.close],
    ["overview-close", "×", text.hide],
    ["overview-open", text.overview, text.overview],
    ["undo", text.undo, text.undoHint],
    ["reset", text.reset, text.resetHint],
    ["fold", "☰", text.fold],
    ["zoom-in", "+", text.zoomIn],
    ["zoom-out", "−", text.zoomOut],
    ["zoom-fit", "⤢", text.fit],
    ["play", playing ? "❚❚" : "▶", playing ? text.pause : text.play],
  ];
  for (const [id, label, hint] of hints) {
    at(id).textContent = label;
    at(id).title = hint;
    at(id).setAttribute("aria-label", hint);
  }
  at("save-title").textContent = text.save;
  at("map").setAttribute("aria-label", text.picture(title()));
  at("side-0").setAttribute("aria-label", text.side(1));
  at("side-1").setAttribute("aria-label", text.side(2));
  at("years").setAttribute("aria-label", text.years);
  at("sheet-search").placeholder = text.search;
  at("sheet-search").setAttribute("aria-label", text.search);
  keepingFocus(sayBar);
  sayMeasures();
  sayFilters();
  sayNow();
}

// All that depends on what is shown.
function sayNow() {
  sayCounts();
  sayShown();
  sayLegend();
  sayScales();
  sayCard();
  sayOverview();
  saySheet();
  sayHits();
}

function sayCounts() {
  document.title = title();
  at("title").textContent = title();
  const there = shown.reduce((sum, v) => sum + v, 0);
  const core = total("core");
  const all = total("order");
  const counted = there === N ? number(N) : say().someOf(number(there), number(N));
  at("counts").textContent = say().counts(counted, noun(), number(all), core && core < all ? number(core) : "");
}

function sayBar() {
  const text = say();
  choice(
    "views",
    availableViews().map((view) => [view, ...text.views[view]]),
    state.view,
    (view) => show(view),
    "aria-selected",
  );
  at("layers").hidden = layers.length < 2;
  const names = layers.map((_, k) => [k, layerName(k)]);
  if (layers.length > 1)
    choice("layers", [...names, [-1, text.together, text.togetherHint]], state.layer, (k) => setState({ layer: k }));
  at("centres").hidden = state.view !== "map";
  if (net.map)
    choice(
      "centres",
      ["atlantic", "pacific"].map((key) => [key, ...text.centres[key]]),
      state.centre,
      (centre) => setState({ centre }, { refit: true }),
    );
  const free = state.view === "columns" && !net.blocs && state.blocs !== null;
  at("sides").hidden = !free;
  if (free) {
    const groups = ["country", "continent"].map((column) => [text[column], groupsOf(column)]);
    [0, 1].forEach((side) => {
      at(`side-${side}`).replaceChildren(
        ...groups.map(([label, members]) =>
          make(
            "optgroup",
            { label },
            ...members.map(({ name }) =>
              make("option", { value: name, selected: name === state.blocs[side] }, sideName(name)),
            ),
          ),
        ),
      );
    });
    at("side-pairs").replaceChildren(
      ...pairsOfSides().map((pair) => {
        const now = pair.every((name) => state.blocs.includes(name));
        return button(pair.map(sideName).join(" – "), () => setBlocs(pair), {
          "aria-pressed": String(now),
          className: "chip",
        });
      }),
    );
  }
  at("time").hidden = !times.length || state.layer !== 0;
  at("years").max = times.length - 1;
  at("years").value = state.time;
  at("year").textContent = state.time < 0 ? text.allYears : times[state.time];
  at("years").setAttribute("aria-valuetext", at("year").textContent);
}

function sayMeasures() {
  const keys = Object.keys(metricsNow());
  const option = (chosen) => (key) =>
    make("option", { value: key, selected: key === chosen, title: metricHint(key) }, metricName(key));
  at("size").replaceChildren(...keys.map(option(state.size)));
  const kinds = CATEGORIES.filter((key) => key === "community" || places[key].some((name) => name !== null));
  at("colour").replaceChildren(
    ...kinds.map((key) =>
      make(
        "option",
        { value: key, selected: key === state.colour },
        key === "community" && net.blocs && net.groups[0]?.side !== undefined ? say().blocs : say()[key],
      ),
    ),
    make("optgroup", { label: say().measures }, ...keys.map(option(state.colour))),
  );
}

function sayShown() {
  at("shown").textContent = shownLine();
  at("slider").setAttribute("aria-valuetext", shownLine());
  at("slider").disabled = total("core") === total("order");
  at("slider").value = state.position ?? (total("drawn") === total("order") ? 100 : 0);
  const strong = net.synthetic ? [make("strong", {}, say().syntheticNote), " · "] : [];
  at("note").replaceChildren(...strong, note());
  roomForNote();
  const count = filtered();
  at("filter-count").textContent = count ? number(count) : "";
  at("undo").disabled = !past.length;
  at("reset").disabled = !count && state.position === null;
}

// What stands above the note moves up when it is long.
function roomForNote() {
  document.documentElement.style.setProperty("--note", `${at("note").offsetHeight}px`);
}

function sayFilters() {
  const { filters } = state;
  for (const key of LEASTS) at(`least-${key}`).value = filters[key] || "";
  const boxes = (id, column, key, nameIn) => {
    const groups = groupsOf(column);
    at(id).parentElement.hidden = groups.length < 2;
    at(id).replaceChildren(
      ...groups.map(({ name, size }) => {
        const box = make("input", { type: "checkbox", checked: filters[key].has(name) });
        box.addEventListener("change", () => toggleFilter(key, name));
        return make(
          "label",
          {},
          box,
          make("bdi", { className: "name" }, nameIn(name)),
          make("span", { className: "size" }, number(size)),
        );
      }),
    );
  };
  boxes("continents", "continent", "continents", continentName);
  boxes("countries", "country", "countries", countryName);
}
