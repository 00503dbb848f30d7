// The side form: everything of a part as plain fields, so that no picture is needed to change it.

import { GENERAL, at, firstArrow, fraction, insertAfter, least, listOf, shapes } from "./scene_parts.js";

const LANGUAGES = ["kk", "ru", "en"];

/** An element with attributes, listeners (functions under `on...`) and children; false children are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") element[key] = value;
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((one) => one !== false && one !== null && one !== undefined));
  return element;
}

/** What a form is made of, without what stands in its fields. */
function shape(element) {
  return element.outerHTML.replace(/ value="[^"]*"/g, "");
}

/** Put new values into the same fields, so that the focus and what is selected stay as they are. */
function refresh(old, fresh, focused) {
  const given = fresh.querySelectorAll("input, select");
  for (const [k, field] of old.querySelectorAll("input, select").entries()) {
    if (field === focused) continue;
    field.value = given[k].value;
    field.defaultValue = given[k].value;
    field.checked = given[k].checked;
  }
}

export class Form {
  constructor(root, desk) {
    this.root = root;
    this.desk = desk;
    this.count = 0;
    root.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Show the chosen part; never while somebody types into a field, nor where it would show the same again. */
  draw() {
    const { desk, root } = this;
    const focused = root.contains(document.activeElement) ? document.activeElement : null;
    const active = focused?.id ?? null;
    const key = desk.chosen;
    const shown = JSON.stringify([key, desk.scene, key === null ? [] : desk.faultsOf(key), desk.plane?.misfits ?? [], desk.size]);
    const typing = focused?.defaultValue !== undefined && focused.type !== "checkbox" && focused.value !== focused.defaultValue;
    if (shown === this.shown || (typing && key === this.key)) return;
    [this.shown, this.key, this.count] = [shown, key, 0];
    if (key === null) {
      root.replaceChildren(h("p", { class: "note" }, desk.say("chosen_none")));
      return;
    }
    const inside = key === GENERAL ? this.#general() : this.#part(key);
    const fresh = h("fieldset", { disabled: !desk.editable }, h("legend", {}, desk.name(key)), this.#faults(key), inside);
    const old = root.firstElementChild;
    const part = key === GENERAL ? desk.scene : at(desk.scene, key);
    if (this.part === part && old && shape(old) === shape(fresh)) {
      refresh(old, fresh, focused);
      return;
    }
    this.part = part;
    root.replaceChildren(fresh);
    if (active === null) return;
    const again = document.getElementById(active);
    again?.focus();
    again?.select?.();
  }

  // -- parts

  #general() {
    const { desk } = this;
    const { scene } = desk;
    const fields = [
      this.#select(scene, "road", desk.choices.road.map((one) => [one, desk.say(`road.${one}`)])),
      this.#number(scene, "speed_limit_kmh", { min: 1, max: 200, step: 1 }),
      this.#text(scene, "time_zone"),
    ];
    const { calibration } = scene;
    if (calibration) {
      fields.push(h("h3", {}, desk.say("part.calibration")));
      fields.push(this.#typed(calibration, "valid_until", "date"));
      if (!calibration.points?.length) {
        fields.push(this.#number(calibration, "height_m", { min: 0.1, step: 0.01 }), this.#number(calibration, "focal", { min: 0.1, step: 0.001 }));
        fields.push(this.#check(calibration, "level"));
      }
      fields.push(this.#check(calibration, "lens", { k1: 0, k2: 0 }));
      if (calibration.lens) fields.push(this.#number(calibration.lens, "k1", { step: 0.0001 }), this.#number(calibration.lens, "k2", { step: 0.0001 }));
      fields.push(this.#number(calibration, "picture_sigma", { min: 0.00001, step: 0.00001 }), this.#number(calibration, "ground_sigma_m", { min: 0, step: 0.001 }));
    }
    const more = ["forbidden", "roadworks"].map((list) =>
      h("button", { type: "button", class: "button small", id: `scene-add-${list}`, onclick: () => desk.addPlain(list) }, `${desk.say("add")}: ${desk.say(`part.${list}`)}`));
    return [...fields, h("div", { class: "row field" }, more)];
  }

  #part(key) {
    const { desk } = this;
    const part = at(desk.scene, key);
    const list = listOf(key);
    const fields = [];
    if (list === "lines" || list === "zones") fields.push(...this.#drawnPart(key, part, list.slice(0, -1)));
    else if (list === "signals") fields.push(...this.#signal(key, part));
    else if (list === "forbidden") fields.push(...this.#forbidden(part));
    else if (list === "roadworks") fields.push(...this.#roadworks(part));
    else fields.push(...this.#fact(key, part));
    fields.push(h("div", { class: "ends field" },
      h("button", { type: "button", class: "button bad", id: "scene-delete", "data-do": "delete", onclick: () => desk.erase(key) }, desk.say("delete"))));
    return fields;
  }

  #drawnPart(key, part, what) {
    const { desk } = this;
    const [row, arrow] = shapes(desk.scene, key);
    const fields = [
      this.#text(part, "id"),
      this.#select(part, "kind", desk.choices[what].map((one) => [one, desk.say(`${what}.${one}`)])),
      this.#points(key, row),
      this.#check(part, "direction", () => firstArrow(key, part.points)),
    ];
    if (arrow) fields.push(this.#points(key, arrow));
    if (what === "zone") {
      fields.push(this.#picks(part, "turns", desk.choices.turn, "turn"), this.#hours(part));
      fields.push(this.#picks(part, "classes", desk.choices.class, "class"));
      fields.push(this.#number(part, "grace_s", { min: 0, step: 1 }), this.#text(part, "tariff"));
      if (part.kind === "public_space") fields.push(this.#number(part, "people", { min: 1, step: 1 }));
    }
    fields.push(this.#names(part));
    return fields;
  }

  #signal(key, part) {
    const { desk } = this;
    const stops = (desk.scene.lines ?? []).filter((line) => line.kind === "stop").map((line) => [line.id, line.id]);
    const boxes = shapes(desk.scene, key);
    const sections = (part.sections ?? []).map((section, k) => h("div", {},
      this.#select(section, "arrow", desk.choices.turn.map((one) => [one, desk.say(`turn.${one}`)])),
      this.#points(key, boxes[k + 1]),
      this.#button("remove", () => part.sections.splice(k, 1))));
    const add = () => {
      const [, y1, x2, y2] = part.box;
      part.sections = [...(part.sections ?? []), { arrow: "right", box: [x2, fraction(y1 + (y2 - y1) * 0.66), fraction(x2 + 0.015), y2] }];
    };
    return [
      this.#text(part, "id"),
      this.#select(part, "stop_line", [["", desk.say("field.no_line")], ...stops]),
      this.#points(key, boxes[0]),
      h("fieldset", {}, h("legend", {}, desk.say("field.sections")), sections, this.#button("add", add)),
    ];
  }

  #forbidden(part) {
    const { desk } = this;
    const zones = (desk.scene.zones ?? []).map((zone) => [zone.id, `${desk.say(`zone.${zone.kind}`)} ${zone.id}`]);
    return [
      this.#text(part, "id"),
      this.#select(part, "kind", desk.choices.manoeuvre.map((one) => [one, desk.say(`manoeuvre.${one}`)])),
      this.#select(part, "start", zones),
      this.#select(part, "end", zones),
      this.#picks(part, "classes", desk.choices.class, "class"),
      this.#hours(part),
    ];
  }

  #roadworks(part) {
    const { desk } = this;
    const moment = (name) => {
      const given = new Date(part[name]);
      const local = Number.isNaN(given.getTime()) ? "" : new Date(given.getTime() - given.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
      return this.#labelled(name, (id) => h("input", {
        type: "datetime-local", id, value: local,
        onchange: (event) => this.#put(part, name, event.target.value ? new Date(event.target.value).toISOString() : undefined),
      }));
    };
    const rules = this.#labelled("rules", (id) => h("input", {
      type: "text", id, value: (part.rules ?? []).join(", "), placeholder: desk.say("field.rules_all"),
      onchange: (event) => this.#put(part, "rules", event.target.value.split(",").map((one) => one.trim()).filter(Boolean)),
    }));
    return [moment("start"), moment("end"), rules];
  }

  #fact(key, part) {
    const { desk } = this;
    const second = key.split("/")[1];
    const fields = [this.#points(key, shapes(desk.scene, key)[0])];
    if (second === "points") {
      const row = ["east", "north"].map((name, k) => h("label", {}, desk.say(name), this.#input(`m-${name}`, part.ground_m[k], { step: 0.01 }, (value) => {
        if (value !== null) part.ground_m[k] = value;
      })));
      fields.push(h("div", { class: "scene-row" }, row));
    }
    if (second === "lengths") fields.push(this.#number(part, "metres", { min: 0.01, step: 0.01 }));
    const misfit = desk.plane?.misfits.find((one) => `calibration/${one.part}` === key);
    if (misfit) fields.push(h("p", { class: "note" }, desk.misfit(misfit)));
    return fields;
  }

  // -- fields

  /** The points of a shape as numbers, in pixels of the picture. */
  #points(key, shape) {
    const { desk } = this;
    const size = desk.size;
    const rows = shape.points.map((point, index) => {
      const name = shape.single ? desk.say("point", { n: 1 }) : desk.pointName(shape, index);
      const value = at(desk.scene, point.path);
      const numbers = ["x", "y"].map((axis, k) => {
        const shown = Math.round(value[point.offset + k] * size[k] * 10) / 10;
        return h("label", {}, h("span", { class: "unseen" }, name, " "), desk.say(axis), this.#input(`${point.path}-${point.offset}-${axis}`, shown, { min: 0, max: size[k], step: 0.1 }, (given) => {
          if (given !== null) value[point.offset + k] = fraction(given / size[k]);
        }));
      });
      const spare = shape.grows && shape.points.length > least(key);
      return h("div", { class: "scene-row" }, h("span", { class: "name", "aria-hidden": "true" }, name), numbers,
        spare && h("button", {
          type: "button", class: "button small", id: `scene-drop-${index}`, "aria-label": desk.say("point_delete", { n: index + 1 }),
          onclick: () => this.#do(() => at(desk.scene, shape.path).splice(index, 1)),
        }, "×"));
    });
    const title = shape.arrow ? "field.direction" : shape.box ? "field.box" : "field.points";
    return h("fieldset", {}, h("legend", {}, desk.say(title)), rows,
      shape.grows && this.#button("point_add", () => insertAfter(desk.scene, shape, shape.points.length - 1)));
  }

  #labelled(name, make) {
    this.count += 1;
    const id = `scene-field-${this.count}-${name}`;
    return h("div", { class: "field" }, h("label", { for: id }, this.desk.say(`field.${name}`)), make(id));
  }

  #text(part, name) {
    return this.#labelled(name, (id) => h("input", {
      type: "text", id, value: part[name] ?? "", spellcheck: "false", maxlength: "64",
      onchange: (event) => this.#rename(part, name, event.target.value.trim()),
    }));
  }

  #typed(part, name, type) {
    return this.#labelled(name, (id) => h("input", { type, id, value: part[name] ?? "", onchange: (event) => this.#put(part, name, event.target.value || undefined) }));
  }

  #number(part, name, limits) {
    return this.#labelled(name, (id) => {
      const input = this.#input(id, part[name], limits, (value) => {
        if (value === null) delete part[name];
        else part[name] = value;
      });
      input.id = id;
      return input;
    });
  }

  #input(id, value, limits, take) {
    return h("input", {
      type: "number", id: `scene-number-${id.replaceAll("/", "-")}`, value: value ?? "", min: limits.min, max: limits.max, step: limits.step ?? "any", inputmode: "decimal",
      onchange: (event) => {
        const given = event.target.value === "" ? null : Number(event.target.value);
        this.#do(() => take(given));
      },
    });
  }

  #select(part, name, options) {
    const held = part[name] ?? "";
    const all = options.some(([value]) => value === held) ? options : [[held, held], ...options];
    return this.#labelled(name, (id) => h("select", { id, onchange: (event) => this.#put(part, name, event.target.value || undefined) },
      all.map(([value, words]) => h("option", { value, selected: value === held }, words))));
  }

  /** A box to tick: true, or a value to begin with (or what makes it). */
  #check(part, name, begin = true) {
    return h("label", { class: "check field" }, h("input", {
      type: "checkbox", checked: Boolean(part[name]), id: `scene-check-${name}`,
      onchange: (event) => this.#put(part, name, event.target.checked ? (typeof begin === "function" ? begin() : structuredClone(begin)) : undefined),
    }), h("span", {}, this.desk.say(`field.${name}`)));
  }

  #picks(part, name, choices, group) {
    const held = part[name] ?? [];
    const boxes = choices.map((one) => h("label", { class: "check" }, h("input", {
      type: "checkbox", checked: held.includes(one), id: `scene-pick-${name}-${one}`,
      onchange: (event) => {
        const now = new Set(part[name] ?? []);
        now[event.target.checked ? "add" : "delete"](one);
        this.#put(part, name, choices.filter((choice) => now.has(choice)));
      },
    }), h("span", {}, this.desk.say(`${group}.${one}`))));
    return h("fieldset", {}, h("legend", {}, this.desk.say(`field.${name}`)), h("div", { class: "scene-picks" }, boxes));
  }

  #hours(part) {
    const { desk } = this;
    const windows = part.hours ?? [];
    const rows = windows.map((one, k) => {
      const days = desk.choices.day.map((day) => h("label", { class: "check" }, h("input", {
        type: "checkbox", id: `scene-day-${k}-${day}`, checked: (one.days ?? desk.choices.day).includes(day),
        onchange: (event) => {
          const now = new Set(one.days ?? desk.choices.day);
          now[event.target.checked ? "add" : "delete"](day);
          this.#put(one, "days", desk.choices.day.filter((choice) => now.has(choice)));
        },
      }), h("span", {}, desk.say(`day.${day}`))));
      const times = ["start", "end"].map((name) => h("label", {}, desk.say(`field.${name}`), h("input", {
        type: "time", id: `scene-time-${k}-${name}`, value: String(one[name]).slice(0, 5), onchange: (event) => this.#put(one, name, event.target.value || "00:00"),
      })));
      return h("div", { class: "scene-row" }, h("div", { class: "scene-picks name" }, days), times, this.#button("remove", () => windows.splice(k, 1)));
    });
    const add = () => { part.hours = [...windows, { days: [...desk.choices.day], start: "08:00", end: "20:00" }]; };
    return h("fieldset", {}, h("legend", {}, desk.say("field.hours")), rows.length ? rows : h("p", { class: "note" }, desk.say("field.always")), this.#button("add", add));
  }

  #names(part) {
    const inputs = LANGUAGES.map((lang) => h("label", { lang }, lang.toUpperCase(), h("input", {
      type: "text", id: `scene-name-${lang}`, value: part.name?.[lang] ?? "", maxlength: "128",
      onchange: (event) => {
        const now = { kk: "", ru: "", en: "", ...part.name, [lang]: event.target.value.trim() };
        this.#put(part, "name", LANGUAGES.some((one) => now[one]) ? now : undefined);
      },
    })));
    return h("fieldset", {}, h("legend", {}, this.desk.say("field.name")), h("div", { class: "scene-row" }, inputs));
  }

  #button(word, act) {
    this.count += 1;
    return h("button", { type: "button", class: "button small", id: `scene-do-${this.count}`, "data-do": word, onclick: () => this.#do(act) }, this.desk.say(word));
  }

  #faults(key) {
    return this.desk.faultsOf(key).map((one) => h("p", { class: "scene-fault" }, one.text));
  }

  // -- changes

  #put(part, name, value) {
    this.#do(() => {
      if (value === undefined || value === "") delete part[name];
      else part[name] = value;
    });
  }

  /** A new id goes on being named by what names the part. */
  #rename(part, name, value) {
    this.#do(() => {
      const { scene } = this.desk;
      if (name === "id" && value) {
        for (const signal of scene.signals ?? []) if (scene.lines?.includes(part) && signal.stop_line === part.id) signal.stop_line = value;
        for (const way of scene.forbidden ?? []) {
          for (const end of ["start", "end"]) if (scene.zones?.includes(part) && way[end] === part.id) way[end] = value;
        }
      }
      if (value) part[name] = value;
      else delete part[name];
    });
  }

  #do(act) {
    act();
    this.shown = null; // also where a field goes back to what the scene says
    if (document.activeElement?.defaultValue !== undefined) document.activeElement.defaultValue = document.activeElement.value;
    this.desk.change();
  }
}
