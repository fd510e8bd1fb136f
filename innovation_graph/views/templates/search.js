// Search in English, Chinese and pinyin: letter case, accents and width do not matter.
const PLAIN = { ß: "ss", ø: "o", ł: "l", đ: "d", ð: "d", æ: "ae", œ: "oe", ı: "i", þ: "th" };
function plain(text) {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[ßøłđðæœıþ]/g, (letter) => PLAIN[letter])
    .replace(/[\s\-–'’.]+/g, " ")
    .trim();
}

// "bei jing" is also found as "beijing" and as "bj".
function pinyinForms(syllables) {
  if (syllables === null) return [];
  const parts = syllables.split(" ");
  return [syllables, parts.join(""), parts.map((part) => part[0]).join("")];
}
// Made when somebody searches: the first picture need not wait for it.
let words = null;
function searchWords() {
  words ??= {
    places: places.id.map((id, i) =>
      [places.en[i], places.zh[i] ?? "", id, ...pinyinForms(places.pinyin[i])].map(plain),
    ),
    countries: new Map(
      groupsOf("country").map(({ name: code }) => [
        code,
        [code, ...Object.values(STRINGS).map(({ regions }) => countryName(code, regions))].map(plain),
      ]),
    ),
  };
  return words;
}

// How well a place answers: 0 is its name, 3 part of a word, 4 its country; null for none.
function answer(i, wanted) {
  let best = 9;
  for (const name of searchWords().places[i]) {
    const at = name.indexOf(wanted);
    if (at === 0) best = Math.min(best, name === wanted ? 0 : 1);
    else if (at > 0) best = Math.min(best, name[at - 1] === " " ? 2 : 3);
  }
  if (
    best === 9 &&
    searchWords()
      .countries.get(places.country[i])
      ?.some((name) => name.startsWith(wanted))
  )
    best = 4;
  return best < 9 ? best : null;
}

function find(query) {
  const wanted = plain(query);
  if (!wanted) return [];
  const { totals } = frameOf(0);
  const found = [];
  for (let i = 0; i < N; i++) {
    const how = answer(i, wanted);
    if (how !== null) found.push([how, -totals[i], i]);
  }
  return found.sort((p, q) => p[0] - q[0] || p[1] - q[1] || p[2] - q[2]).map((hit) => hit[2]);
}

// The field: a combobox with its list of hits.
let hits = [];
let hit = -1;
function sayHits() {
  const box = at("hits");
  const query = at("search").value.trim();
  box.hidden = !query || document.activeElement !== at("search");
  at("search").setAttribute("aria-expanded", String(!box.hidden));
  if (box.hidden) return at("search").removeAttribute("aria-activedescendant");
  const rows = hits.slice(0, 12).map((i, k) => {
    const second = state.lang === "zh" ? places.en[i] : places.zh[i];
    const row = make("li", { role: "option", id: `hit-${k}`, "aria-selected": String(k === hit) }, dot(colourOf(i)));
    row.append(make("bdi", {}, nameOf(i)), make("small", {}, make("bdi", {}, second ?? places.country[i] ?? "")));
    row.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(k);
    });
    return row;
  });
  box.replaceChildren(...(rows.length ? rows : [make("li", { className: "none" }, say().nothing)]));
  if (hit >= 0) at("search").setAttribute("aria-activedescendant", `hit-${hit}`);
  box.children[hit]?.scrollIntoView({ block: "nearest" });
}

function choose(k) {
  const i = hits[k];
  if (i === undefined) return;
  at("search").value = "";
  hits = [];
  sayHits();
  if (!shown[i]) reveal(i);
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
    const rows = Math.min(hits.length, 12);
    if (event.key === "Enter") choose(Math.max(hit, 0));
    else if (event.key === "ArrowDown" && rows) hit = (hit + 1) % rows;
    else if (event.key === "ArrowUp" && rows) hit = (hit + rows - 1) % rows;
    else return;
    event.preventDefault();
    sayHits();
  });
  for (const name of ["blur", "focus"]) field.addEventListener(name, sayHits);
}
