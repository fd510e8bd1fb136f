// A pen that writes SVG: the part of the canvas context that the painter uses.
class SvgPen {
  constructor() {
    Object.assign(this, {
      fillStyle: "#000",
      strokeStyle: "#000",
      lineWidth: 1,
      globalAlpha: 1,
      lineCap: "butt",
      lineJoin: "miter",
    });
    Object.assign(this, { font: "", textAlign: "left", textBaseline: "alphabetic" });
    this.path = [];
    this.written = [];
    this.moves = "";
    this.kept = [];
  }
  beginPath() {
    this.path = [];
  }
  moveTo(x, y) {
    this.path.push(`M${dec(x)} ${dec(y)}`);
  }
  lineTo(x, y) {
    this.path.push(`L${dec(x)} ${dec(y)}`);
  }
  bezierCurveTo(...points) {
    this.path.push(`C${points.map(dec).join(" ")}`);
  }
  closePath() {
    this.path.push("Z");
  }
  arc(x, y, r) {
    this.path.push(
      `M${dec(x - r)} ${dec(y)}a${dec(r)} ${dec(r)} 0 1 0 ${dec(2 * r)} 0a${dec(r)} ${dec(r)} 0 1 0 ${dec(-2 * r)} 0Z`,
    );
  }
  save() {
    this.kept.push(this.moves);
  }
  restore() {
    this.moves = this.kept.pop();
  }
  translate(x, y) {
    this.moves += `translate(${dec(x)} ${dec(y)})`;
  }
  rotate(angle) {
    this.moves += `rotate(${dec((angle * 180) / Math.PI)})`;
  }
  put(tag, fields, text) {
    const alpha = this.globalAlpha < 1 ? { opacity: this.globalAlpha } : {};
    const moved = this.moves ? { transform: this.moves } : {};
    const told = Object.entries({ ...fields, ...alpha, ...moved })
      .map(([key, value]) => ` ${key}="${escaped(value)}"`)
      .join("");
    this.written.push(text === undefined ? `<${tag}${told}/>` : `<${tag}${told}>${escaped(text)}</${tag}>`);
  }
  line() {
    return {
      fill: "none",
      ...ink("stroke", this.strokeStyle),
      "stroke-width": dec(this.lineWidth),
      "stroke-linejoin": this.lineJoin,
    };
  }
  fill() {
    this.put("path", { d: this.path.join(""), ...ink("fill", this.fillStyle) });
  }
  stroke() {
    this.put("path", { d: this.path.join(""), ...this.line() });
  }
  fillRect(x, y, width, height) {
    this.put("rect", { x: dec(x), y: dec(y), width: dec(width), height: dec(height), ...ink("fill", this.fillStyle) });
  }
  strokeRect(x, y, width, height) {
    this.put("rect", { x: dec(x), y: dec(y), width: dec(width), height: dec(height), ...this.line() });
  }
  text(text, x, y, how) {
    const [, weight, size, family] = this.font.match(/^(\d+ )?([\d.]+)px (.*)$/) ?? [null, "", "12", "sans-serif"];
    const anchor = { left: "start", right: "end", center: "middle" }[this.textAlign];
    const down = this.textBaseline === "middle" ? Number(size) * 0.35 : 0; // many programs know no other baseline
    this.put(
      "text",
      {
        x: dec(x),
        y: dec(y + down),
        "text-anchor": anchor,
        "font-size": size,
        "font-weight": (weight ?? "").trim() || 400,
        "font-family": family,
        ...how,
      },
      text,
    );
  }
  fillText(text, x, y) {
    this.text(text, x, y, ink("fill", this.fillStyle));
  }
  strokeText(text, x, y) {
    this.text(text, x, y, this.line());
  }
  measureText(text) {
    return { width: widthOf(ruler, text, this.font) };
  }
  document(width, height) {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${this.written.join("\n")}</svg>\n`;
  }
}

const ruler = document.createElement("canvas").getContext("2d");
const dec = (value) => Number(value.toFixed(2));
// Characters that XML forbids are left out, those with a meaning in it are spelled out.
const escaped = (text) =>
  String(text)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
// Colours with transparency are not known everywhere: opacity stands apart.
function ink(what, colour) {
  const [, rgb, alpha] = colour.match(/^rgba\((.*),([\d.]+)\)$/) ?? [null, null, null];
  return rgb === null ? { [what]: colour } : { [what]: `rgb(${rgb})`, [`${what}-opacity`]: alpha };
}
