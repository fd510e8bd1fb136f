"use strict";
// Sorts a table by the column whose heading is pressed: numbers by what they are, texts by the rules of the language.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const first = [...body.rows];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const value = (row, at) => {
    const cell = row.cells[at];
    return cell.dataset.sort === undefined ? cell.textContent.trim() : Number(cell.dataset.sort);
  };
  const compare = (a, b) => {
    const numbers = typeof a === "number" && typeof b === "number";
    if (numbers) return a - b;
    // What has no number stands at the end, whichever way is up.
    if (typeof a === "number" || typeof b === "number") return NaN;
    return collator.compare(a, b);
  };
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = head.querySelector("button");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const numeric = head.classList.contains("n");
      const begin = numeric ? "descending" : "ascending";
      const other = numeric ? "ascending" : "descending";
      const next = now === begin ? other : now === other ? "none" : begin;
      for (const cell of table.tHead.rows[0].cells) cell.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", next);
      const up = next === "ascending" ? 1 : -1;
      const rows = next === "none" ? first : [...first].sort((one, two) => {
        const a = value(one, at);
        const b = value(two, at);
        const order = compare(a, b);
        return Number.isNaN(order) ? (typeof a === "number" ? -1 : 1) : up * order;
      });
      for (const row of rows) body.appendChild(row);
    });
  });
}
document.documentElement.dataset.drawn = "true";
