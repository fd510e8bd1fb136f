// The network as the page holds it: places, and one or several layers of links between them.
const net = JSON.parse(document.getElementById("data").textContent);
const { places, layers } = net;
const N = places.id.length;
const TOP = 10;
const times = layers[0].periods.map(({ time }) => time);
const LEADERS = 6; // rows in the lists of the overview

const has = (table, key) => typeof key === "string" && Object.hasOwn(table, key);
const named = (table, key) => (has(table, key) ? table[key] : undefined);
const most = (list) => list.reduce((found, v) => Math.max(found, v ?? -Infinity), -Infinity);
const least = (list) => list.reduce((found, v) => Math.min(found, v ?? Infinity), Infinity);

// Groups of places that two columns can show: countries and continents, the strongest first.
const groupLists = new Map();
function groupsOf(column) {
  if (!groupLists.has(column)) groupLists.set(column, listGroups(column));
  return groupLists.get(column);
}

function listGroups(column) {
  const found = new Map();
  const { totals } = frameOf(0);
  places[column].forEach((name, i) => {
    if (name === null) return;
    const group = found.get(name) ?? { name, column, size: 0, strength: 0 };
    group.size += 1;
    group.strength += totals[i];
    found.set(name, group);
  });
  return [...found.values()].sort((p, q) => q.strength - p.strength || (p.name < q.name ? -1 : 1));
}
