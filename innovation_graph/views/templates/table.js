// The table of what is shown: places with all their measures, or ties; sorted by any column, searched by name.
const sheet = { kind: "places", key: null, down: true, query: "" };
const PAGE = 200; // rows made at once; more come on scrolling
let listed = [];
let made = 0;

// Columns: { key, name, hint, text (for sorting and files), cell, number: whether it is one }.
function placeColumns() {
  const { works } = mainFrame();
  const text = say();
  const plainColumn = (key, name, value) => ({ key, name, hint: "", number: false, value });
  const heads = [
    plainColumn("name", text.place, (i) => nameOf(i)),
    plainColumn("country", text.country, (i) => (places.country[i] === null ? "" : countryName(places.country[i]))),
    plainColumn("group", net.groups[0]?.side !== undefined && net.blocs ? text.blocs : text.community, (i) =>
      groupName(places.group[i]),
    ),
  ];
  const measure = (key) => {
    const { value } = metricOf(key);
    return {
      key: `:${key}`,
      name: metricName(key),
      hint: metricHint(key),
      number: true,
      value: (i) => value[i],
      written: (v) => measured(key, v),
    };
  };
  const counted = works.some((v) => v !== null)
    ? [{ key: "works", name: text.worksColumn, hint: "", number: true, value: (i) => works[i], written: number }]
    : [];
  return [...heads, ...Object.keys(metricsNow()).map(measure), ...counted];
}

function tieColumns() {
  const text = say();
  const end = (key, name, which) => ({
    key,
    name,
    hint: "",
    number: false,
    value: ({ frame, e }) => nameOf(frame[which][e]),
  });
  const lands = ({ frame, e }) =>
    [frame.a[e], frame.b[e]]
      .map((i) => places.country[i])
      .map((code) => (code === null ? "–" : countryName(code)))
      .join(" – ");
  return [
    end("a", text.placeA, "a"),
    end("b", text.placeB, "b"),
    { key: "lands", name: text.countriesTitle, hint: "", number: false, value: lands },
    ...(scopes.length > 1
      ? [{ key: "layer", name: text.layer, hint: "", number: false, value: ({ frame }) => layerName(frame.layer) }]
      : []),
    { key: "w", name: text.linkWeight, hint: "", number: true, value: ({ frame, e }) => frame.w[e], written: number },
    {
      key: "drawn",
      name: text.inBackbone,
      hint: "",
      number: false,
      value: ({ frame, e }) => (frame.inCore.has(e) ? text.yes : ""),
    },
  ];
}

const columnsOfSheet = () => (sheet.kind === "places" ? placeColumns() : tieColumns());

// All rows that pass filters and search, in order.
function rowsOfSheet(kind, heads) {
  const wanted = plain(sheet.query);
  const fits = (i) => !wanted || answer(i, wanted) !== null;
  const found =
    kind === "places"
      ? Array.from(places.id.keys()).filter((i) => shown[i] && fits(i))
      : scopes.flatMap(({ frame, order }) =>
          order.map((e) => ({ frame, e })).filter(({ e }) => fits(frame.a[e]) || fits(frame.b[e])),
        );
  const key = sheet.kind === kind ? sheet.key : null;
  const column = heads.find((c) => c.key === (key ?? (kind === "places" ? `:${state.size}` : "w"))) ?? heads[0];
  const sign = sheet.kind === kind && !sheet.down ? 1 : -1;
  const order = column.number
    ? (p, q) => p - q
    : new Intl.Collator(state.lang === "zh" ? "zh-Hans" : "en", { numeric: true }).compare;
  // Missing values stand last, whichever way the rest is sorted.
  const empty = (v) => v === null || v === "";
  const sorted = found
    .map((row) => [column.value(row), row])
    .sort(([p], [q]) => (empty(p) || empty(q) ? empty(p) - empty(q) : sign * order(p, q)));
  return { column, rows: sorted.map(([, row]) => row) };
}

function saySheet() {
  at("sheet").hidden = state.view !== "table";
  if (at("sheet").hidden) return;
  const text = say();
  keepingFocus(() =>
    choice(
      "sheet-kinds",
      [
        ["places", text.placesTab],
        ["ties", text.tiesTab],
      ],
      sheet.kind,
      (kind) => {
        Object.assign(sheet, { kind, key: null, down: true });
        saySheet();
      },
    ),
  );
  const heads = columnsOfSheet();
  const { column, rows: found } = rowsOfSheet(sheet.kind, heads);
  listed = found;
  at("sheet-title").textContent = text.rowsOf(number(found.length), sheet.kind === "places" ? noun() : text.tiesTab);
  at("rows").tHead.replaceChildren(
    make(
      "tr",
      {},
      make("th", { scope: "col", className: "nth" }, "#"),
      ...heads.map((c) => {
        const now = c.key === column.key;
        const head = make("th", {
          scope: "col",
          className: c.number ? "number" : "",
          "aria-sort": now ? (sheet.down ? "descending" : "ascending") : "none",
        });
        head.append(button(c.name, () => sortBy(c), { title: c.hint || c.name }));
        return head;
      }),
    ),
  );
  at("rows").tBodies[0].replaceChildren();
  made = 0;
  addRows(heads);
  at("sheet-scroll").scrollTop = 0;
}

function sortBy(column) {
  const again = (sheet.key ?? (sheet.kind === "places" ? `:${state.size}` : "w")) === column.key;
  sheet.down = again ? !sheet.down : column.number;
  sheet.key = column.key;
  const head = columnsOfSheet().findIndex(({ key }) => key === column.key);
  saySheet();
  at("rows").tHead.querySelectorAll("button")[head]?.focus({ preventScroll: true });
}

function addRows(heads) {
  const body = at("rows").tBodies[0];
  for (const row of listed.slice(made, made + PAGE)) {
    made += 1;
    const cells = heads.map((c, k) => {
      const value = c.value(row);
      const cell = make(k ? "td" : "th", { className: c.number ? "number" : "", ...(k ? {} : { scope: "row" }) });
      if (k > 1 || (k && sheet.kind === "places")) cell.append(make("bdi", {}, c.number ? c.written(value) : value));
      else {
        const i = sheet.kind === "places" ? row : row.frame[c.key][row.e];
        cell.append(
          button("", () => (sheet.kind === "places" ? select(i) : selectTie(row.frame.a[row.e], row.frame.b[row.e]))),
        );
        cell.firstChild.append(dot(colourOf(i)), make("bdi", {}, value));
      }
      return cell;
    });
    const chosen = sheet.kind === "places" ? row === state.selected : false;
    body.append(
      make("tr", { className: chosen ? "chosen" : "" }, make("td", { className: "nth" }, number(made)), ...cells),
    );
  }
}

function listenToSheet() {
  at("sheet-search").addEventListener("input", (event) => {
    sheet.query = event.target.value;
    saySheet();
  });
  at("sheet-scroll").addEventListener("scroll", ({ target }) => {
    if (target.scrollTop + target.clientHeight > target.scrollHeight - 400 && made < listed.length)
      addRows(columnsOfSheet());
  });
}
