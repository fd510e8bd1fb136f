// Making elements. Text reaches the page through textContent alone.
function at(id) {
  return document.getElementById(id);
}

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

function dot(colour) {
  const circle = draw("circle", { r: 5.5, fill: colour });
  return draw("svg", { class: "dot", viewBox: "-6 -6 12 12", "aria-hidden": "true" }, circle);
}

function button(text, press, fields = {}) {
  const element = make("button", { type: "button", ...fields }, text);
  element.addEventListener("click", press);
  return element;
}

function between(elements, gap) {
  return elements.flatMap((element, k) => (k ? [gap, element] : [element]));
}

// Small bars over time: [{ name, value }].
function course(values, chosen) {
  const high = Math.max(1e-12, most(values.map(({ value }) => value)));
  const wide = Math.min(26, 250 / values.length);
  const bars = values.flatMap(({ name, value }, k) => {
    const tall = Math.max(1, (value / high) * 34);
    const bar = draw(
      "rect",
      { x: k * wide + 1, y: 36 - tall, width: wide - 2, height: tall, class: k === chosen ? "now" : "bar" },
      draw("title", {}, `${name}: ${number(value)}`),
    );
    const last = k === 0 || k === values.length - 1 || wide >= 24;
    return last
      ? [
          bar,
          draw(
            "text",
            { x: (k + 0.5) * wide, y: 47, "text-anchor": "middle" },
            String(name).slice(0, wide >= 24 || values.length < 3 ? 9 : 4),
          ),
        ]
      : [bar];
  });
  const told = values.map(({ name, value }) => `${name}: ${number(value)}`).join(", ");
  return draw(
    "svg",
    { class: "course", width: wide * values.length, height: 50, role: "img", "aria-label": told },
    ...bars,
  );
}
