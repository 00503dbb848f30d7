// The picture with what is drawn on it: SVG over a still, moved by mouse, finger or keys.

import { at, drawing, insertAfter, isDrawn, least, listOf, move, nameOf, parts, place, settle, shapes } from "./scene_parts.js";

const SVG = "http://www.w3.org/2000/svg";
const CLOSEST = 16;
const GRIP = 6;
const ROOM = 15;
const LETTER = 7; // width of a letter of a label, about; a line is twice as high
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function make(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export class Picture {
  /** @param desk holds the scene and takes changes: scene, chosen, wrong, plane, editable, say, choose, change, tell, drawn, erase. */
  constructor(root, desk) {
    this.desk = desk;
    this.view = root.querySelector("[data-view]");
    this.sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(this.sheet);
    this.image = root.querySelector("[data-still]");
    this.svg = root.querySelector("[data-drawing]");
    this.place = root.querySelector("[data-place]");
    this.zoom = 1;
    this.draft = null;
    this.cross = null;
    this.held = null;
    this.grid = true;
    this.size = desk.size;
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    this.svg.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) this.svg.addEventListener(name, () => this.#up());
    this.svg.addEventListener("dblclick", (event) => this.#split(event));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    this.svg.addEventListener("focusin", (event) => this.#focus(event));
    this.view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, event);
    }, { passive: false });
    new ResizeObserver(() => this.draw()).observe(this.view);
    this.fit();
  }

  /** Take another still; resolves when it is shown. */
  show(url) {
    return new Promise((done) => {
      this.image.addEventListener("load", () => {
        this.image.hidden = false;
        this.size = [this.image.naturalWidth, this.image.naturalHeight];
        this.fit();
        done(true);
      }, { once: true });
      this.image.addEventListener("error", () => done(false), { once: true });
      this.image.src = url;
    });
  }

  fit() {
    const [width, height] = this.size;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.sheet.replaceSync(`.scene-paper { aspect-ratio: ${width} / ${height}; width: ${100 * this.zoom}%; }`);
    this.draw();
  }

  zoomBy(factor, event = null) {
    const before = this.zoom;
    this.zoom = factor === 0 ? 1 : Math.min(CLOSEST, Math.max(1, this.zoom * factor));
    const box = this.view.getBoundingClientRect();
    const [x, y] = event ? [event.clientX - box.left, event.clientY - box.top] : [box.width / 2, box.height / 2];
    const [left, top] = [this.view.scrollLeft + x, this.view.scrollTop + y];
    this.fit();
    this.view.scrollLeft = (left * this.zoom) / before - x;
    this.view.scrollTop = (top * this.zoom) / before - y;
  }

  /** Begin to draw a new part. */
  start(code) {
    this.draft = drawing(code);
    this.cross = [0.5, 0.5];
    this.svg.classList.add("drawing");
    this.svg.focus();
    this.draw();
  }

  get done() {
    return this.draft !== null && this.draft.points.length >= this.draft.low;
  }

  /** End drawing: with the part where it is whole, without it otherwise. */
  end(keep) {
    const draft = this.draft;
    if (draft === null) return;
    const whole = keep && this.done;
    this.draft = this.cross = null;
    this.svg.classList.remove("drawing");
    this.desk.drawn(whole ? draft : null);
    this.draw();
  }

  focusOn(key) {
    this.svg.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }

  // -- showing

  draw() {
    const scale = this.svg.clientWidth / this.size[0] || 1;
    const active = this.svg.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const { desk } = this;
    const layers = [];
    if (this.grid) for (const line of desk.plane?.grid ?? []) layers.push(this.#line(line, "grid"));
    const shown = parts(desk.scene).filter(isDrawn);
    for (const key of [...shown.filter((one) => one !== desk.chosen), ...shown.filter((one) => one === desk.chosen)]) {
      layers.push(this.#part(key, scale));
    }
    const taken = [];
    for (const key of [...shown].sort((one) => (one === desk.chosen ? -1 : 0))) layers.push(this.#label(key, scale, taken));
    if (desk.chosen && isDrawn(desk.chosen) && desk.editable && !this.draft) layers.push(...this.#handles(desk.chosen, scale));
    if (this.draft) layers.push(...this.#draftLayers(scale));
    const tip = make("marker", { id: "tip", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse" },
      make("path", { d: "M0 0L8 4L0 8z", fill: "context-stroke" }));
    this.svg.replaceChildren(make("defs", {}, tip), ...layers);
    if (active) this.focusOn(active);
  }

  #pixels([x, y]) {
    return [x * this.size[0], y * this.size[1]];
  }

  #text(points, closed) {
    return points.map((one, k) => `${k ? "L" : "M"}${this.#pixels(one).map((value) => value.toFixed(2)).join(" ")}`).join("") + (closed ? "Z" : "");
  }

  #line(points, name) {
    return make("path", { class: name, d: this.#text(points, false) });
  }

  #outline(shape) {
    const points = shape.points.map((point) => place(this.desk.scene, point));
    if (!shape.box) return [points, this.#text(points, shape.closed)];
    const [[a, b], [c, d]] = points;
    const corners = [[a, b], [c, b], [c, d], [a, d]];
    return [corners, this.#text(corners, true)];
  }

  #part(key, scale) {
    const { desk } = this;
    const list = listOf(key);
    const chosen = key === desk.chosen;
    const named = nameOf(desk.scene, key, desk.say);
    const group = make("g", {
      class: `part ${list}${chosen ? " chosen" : ""}${desk.wrong.has(key) ? " wrong" : ""}`,
      tabindex: "0", role: "button", "aria-label": named, "aria-pressed": String(chosen), "data-key": key,
    });
    for (const shape of shapes(desk.scene, key)) {
      const [points, d] = this.#outline(shape);
      if (shape.single) {
        const [x, y] = this.#pixels(points[0]);
        const r = 9 / scale;
        const mark = `M${x - r} ${y}h${2 * r}M${x} ${y - r}v${2 * r}`;
        group.append(make("path", { class: "halo", d: mark }), make("path", { class: "shape", d: mark }), make("path", { class: "touch", d: mark }));
        group.append(...this.#misfit(key, points[0], r));
        continue;
      }
      if (shape.closed || shape.box) group.append(make("path", { class: "body", d }));
      group.append(make("path", { class: "halo", d }));
      group.append(make("path", { class: `shape${shape.arrow ? " arrow" : ""}`, d, "marker-end": shape.arrow ? "url(#tip)" : null }));
      group.append(make("path", { class: "touch", d }));
    }
    return group;
  }

  /** The id of a part over its uppermost point, inside the picture, where no other stands; none where there is no room. */
  #label(key, scale, taken) {
    const points = this.#outline(shapes(this.desk.scene, key)[0])[0].map((one) => this.#pixels(one));
    const [x, y] = points.reduce((best, one) => (one[1] < best[1] ? one : best));
    const words = (listOf(key) === "calibration" ? String(Number(key.split("/")[2]) + 1) : at(this.desk.scene, key).id) ?? "";
    const [wide, high] = [LETTER * words.length, LETTER * 2];
    const right = x * scale > this.svg.clientWidth - wide - 12;
    const left = x * scale + (right ? -7 - wide : 7);
    for (const by of [-7, -7 - high, high, 2 * high, -7 - 2 * high]) {
      const base = Math.max(y * scale + by, high);
      const box = [left, base - high, left + wide, base];
      if (taken.some(([a, b, c, d]) => a < box[2] && box[0] < c && b < box[3] && box[1] < d)) continue;
      taken.push(box);
      return make("text", { class: "tag", x: left / scale, y: base / scale, "font-size": 12 / scale, "aria-hidden": "true" }, words);
    }
    return "";
  }

  /** How far the plane puts a calibration point from where it was drawn: a circle of that radius. */
  #misfit(key, point, least_) {
    const misfit = this.desk.plane?.misfits.find((one) => `calibration/${one.part}` === key);
    if (!misfit?.px) return [];
    const [cx, cy] = this.#pixels(point);
    return [make("circle", { class: "shape", cx, cy, r: Math.max(misfit.px, least_ / 3) })];
  }

  #handles(key, scale) {
    const { desk } = this;
    return shapes(desk.scene, key).flatMap((shape) => shape.points.map((point, index) => {
      const value = place(desk.scene, point);
      const [cx, cy] = this.#pixels(value);
      const name = this.pointName(shape, index);
      const [x, y] = [cx, cy].map((one) => Math.round(one));
      return make("g", {
        class: "handle", tabindex: "0", role: "button", "data-key": `${point.path}:${point.offset}`,
        "aria-label": desk.say("value", { name, x, y }),
      }, make("circle", { class: "room", cx, cy, r: ROOM / scale }), make("circle", { class: "grip", cx, cy, r: GRIP / scale }));
    }));
  }

  pointName(shape, index) {
    const { say } = this.desk;
    if (shape.box) return say(index ? "corner_last" : "corner_first");
    if (shape.arrow) return say(index ? "arrow_to" : "arrow_from");
    return say("point_of", { n: index + 1, all: shape.points.length });
  }

  #draftLayers(scale) {
    const { draft, cross } = this;
    const points = cross ? [...draft.points, cross] : draft.points;
    const box = draft.what === "signal" && points.length === 2;
    const row = box ? [points[0], [points[1][0], points[0][1]], points[1], [points[0][0], points[1][1]]] : points;
    const d = this.#text(row, box);
    const layers = [make("path", { class: "halo", d }), make("path", { class: "cross", d })];
    for (const [cx, cy] of draft.points.map((one) => this.#pixels(one))) {
      layers.push(make("g", { class: "handle" }, make("circle", { class: "grip", cx, cy, r: GRIP / scale })));
    }
    if (cross) {
      const [x, y] = this.#pixels(cross);
      const r = 14 / scale;
      layers.push(make("path", { class: "cross", d: `M${x - r} ${y}h${2 * r}M${x} ${y - r}v${2 * r}` }));
    }
    return layers;
  }

  // -- hands

  #where(event) {
    const box = this.svg.getBoundingClientRect();
    const limit = (value) => Math.min(1, Math.max(0, value));
    return [limit((event.clientX - box.left) / box.width), limit((event.clientY - box.top) / box.height)];
  }

  #find(key) {
    for (const shape of shapes(this.desk.scene, this.desk.chosen)) {
      const index = shape.points.findIndex((one) => `${one.path}:${one.offset}` === key);
      if (index >= 0) return { shape, index, point: shape.points[index] };
    }
    return null;
  }

  #down(event) {
    if (event.button !== 0) return;
    if (this.draft) {
      event.preventDefault();
      this.#put(this.#where(event));
      return;
    }
    const target = event.target.closest("[data-key]");
    if (!target) return;
    if (!target.classList.contains("handle")) {
      this.desk.choose(target.dataset.key);
      this.focusOn(target.dataset.key);
      event.preventDefault();
      return;
    }
    const found = this.#find(target.dataset.key);
    if (!found) return;
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    const [x, y] = this.#where(event);
    const [px, py] = place(this.desk.scene, found.point);
    this.held = { ...found, key: target.dataset.key, by: [px - x, py - y], moved: false };
    this.focusOn(target.dataset.key);
  }

  #move(event) {
    const where = this.#where(event);
    const [x, y] = this.#pixels(where);
    this.place.textContent = `${Math.round(x)}, ${Math.round(y)}`;
    if (this.draft) {
      this.cross = where;
      this.draw();
    } else if (this.held) {
      move(this.desk.scene, this.held.point, [where[0] + this.held.by[0], where[1] + this.held.by[1]]);
      this.held.moved = true;
      this.draw();
    }
  }

  #up() {
    const { held } = this;
    this.held = null;
    if (!held?.moved) return;
    settle(this.desk.scene, this.desk.chosen);
    this.desk.change();
  }

  #split(event) {
    const key = event.target.closest(".part")?.dataset.key;
    const shape = key && this.desk.editable && shapes(this.desk.scene, key).find((one) => one.grows);
    if (!shape || this.draft) return;
    const where = this.#where(event);
    const row = shape.points.map((point) => this.#pixels(place(this.desk.scene, point)));
    const here = this.#pixels(where);
    let [best, index] = [Infinity, 0];
    for (let k = 0; k < row.length - (shape.closed ? 0 : 1); k += 1) {
      const far = away(here, row[k], row[(k + 1) % row.length]);
      if (far < best) [best, index] = [far, k];
    }
    insertAfter(this.desk.scene, shape, index, where);
    this.desk.change();
  }

  // -- keys

  #focus(event) {
    const target = event.target.closest?.("[data-key]");
    if (!target || this.draft) return;
    const place_ = target.getBoundingClientRect();
    const view = this.view.getBoundingClientRect();
    if (this.zoom > 1 && (place_.left < view.left || place_.right > view.right || place_.top < view.top || place_.bottom > view.bottom)) {
      target.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    }
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.draft) return this.#drawKey(event);
    const target = event.target.closest("[data-key]");
    if (!target) return;
    const { desk } = this;
    const key = target.dataset.key;
    if (target.classList.contains("handle")) return this.#pointKey(event, key);
    if (event.key === "Enter" || event.key === " ") {
      desk.choose(key);
      event.preventDefault();
      const first = desk.editable && shapes(desk.scene, key)[0]?.points[0];
      if (first) this.focusOn(`${first.path}:${first.offset}`);
    } else if (desk.editable && event.key === "Delete") {
      event.preventDefault();
      desk.erase(key);
    } else if (desk.editable && STEPS[event.key]) {
      event.preventDefault();
      const by = this.#step(event);
      for (const shape of shapes(desk.scene, key)) {
        for (const point of shape.points) this.#shift(point, by);
      }
      desk.change(`move ${key}`);
    }
  }

  #pointKey(event, key) {
    const { desk } = this;
    const found = this.#find(key);
    if (!found) return;
    const { shape, index, point } = found;
    if (STEPS[event.key]) {
      event.preventDefault();
      this.#shift(point, this.#step(event));
      desk.change(`move ${key}`);
      this.#tell(shape, index, point);
    } else if ((event.key === "Enter" || event.key === "Insert") && shape.grows) {
      event.preventDefault();
      const path = insertAfter(desk.scene, shape, index);
      desk.change();
      this.focusOn(`${path}:0`);
    } else if (event.key === "Delete") {
      event.preventDefault();
      if (shape.grows && shape.points.length > least(desk.chosen)) {
        at(desk.scene, shape.path).splice(index, 1);
        desk.change();
        this.focusOn(`${shape.path}/${Math.max(0, index - 1)}:0`);
      } else {
        desk.erase(desk.chosen);
      }
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.focusOn(desk.chosen);
    }
  }

  #drawKey(event) {
    if (STEPS[event.key]) {
      const [dx, dy] = this.#step(event);
      const [x, y] = this.cross;
      this.cross = [Math.min(1, Math.max(0, x + dx)), Math.min(1, Math.max(0, y + dy))];
      const [px, py] = this.#pixels(this.cross).map((value) => Math.round(value));
      this.place.textContent = `${px}, ${py}`;
      this.draw();
    } else if (event.key === "Enter" || event.key === " " || event.key === "Insert") {
      this.#put(this.cross);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      this.draft.points.pop();
      this.draw();
    } else if (event.key === "Escape") {
      this.end(true);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** One point of the part that is being drawn; the first one again closes a zone. */
  #put(where) {
    const { draft } = this;
    const [x, y] = this.#pixels(where);
    const scale = this.svg.clientWidth / this.size[0] || 1;
    const near = (one) => {
      const [px, py] = this.#pixels(one);
      return Math.hypot(px - x, py - y) * scale < GRIP + 3;
    };
    if (this.done && near(draft.points[0])) return this.end(true);
    if (draft.points.length && near(draft.points.at(-1))) return undefined;
    draft.points.push([...where]);
    this.desk.tell("placed", { n: draft.points.length, x: Math.round(x), y: Math.round(y) });
    this.desk.drafting();
    if (draft.points.length === draft.high) return this.end(true);
    return this.draw();
  }

  #step(event) {
    const [dx, dy] = STEPS[event.key];
    const far = event.shiftKey ? 10 : 1;
    return [(dx * far) / this.size[0], (dy * far) / this.size[1]];
  }

  #shift(point, [dx, dy]) {
    const [x, y] = place(this.desk.scene, point);
    move(this.desk.scene, point, [x + dx, y + dy]);
  }

  #tell(shape, index, point) {
    const [x, y] = this.#pixels(place(this.desk.scene, point)).map((value) => Math.round(value));
    this.desk.tell("moved", { name: this.pointName(shape, index), x, y });
  }
}

function away([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const share = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(ax + share * dx - x, ay + share * dy - y);
}
