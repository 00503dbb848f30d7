// The scene editor: what is drawn, its undo, the live check, saving in versions.

import { Form, h } from "./scene_form.js";
import { GENERAL, add, addPlain, at, drawable, drop, listOf, nameOf, parts } from "./scene_parts.js";
import { Picture } from "./scene_picture.js";

const CHECK_AFTER_MS = 350;
const SAME_STEP_MS = 1200;
const LOOK_AGAIN_MS = 2000;
const LOOKS = 20;

class Desk {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.scene = data.scene;
    this.version = data.version;
    this.editable = data.editable;
    this.choices = data.choices;
    this.chosen = null;
    this.plane = null;
    this.faults = [];
    this.rules = [];
    this.wrong = new Set();
    this.past = [JSON.stringify(data.scene)];
    this.now = 0;
    this.saved = this.past[0];
    this.last = { tag: null, at: 0 };
    this.pressed = false;
    this.expired = "";
    this.asked = 0;
    this.say = this.say.bind(this);
    this.picture = new Picture(root, this);
    this.form = new Form(root.querySelector("[data-form]"), this);
    this.#wire();
    this.show();
    this.check();
    if (data.urls.still) this.still();
  }

  get size() {
    return this.picture?.size ?? this.data.size;
  }

  get dirty() {
    return JSON.stringify(this.scene) !== this.saved;
  }

  say(key, values = {}) {
    const { words, lang } = this.data;
    let text = words[key];
    if (text === undefined && "n" in values) text = words[`${key}.${new Intl.PluralRules(lang).select(values.n)}`] ?? words[`${key}.other`];
    return (text ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  }

  number(value, digits) {
    return new Intl.NumberFormat(this.data.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  }

  name(key) {
    return nameOf(this.scene, key, this.say);
  }

  pointName(shape, index) {
    return this.picture.pointName(shape, index);
  }

  misfit({ px, m }) {
    const key = px === null ? "misfit_m" : m === null ? "misfit_px" : "misfit_both";
    return this.say(key, { px: this.number(px ?? 0, 1), m: this.number(m ?? 0, 2) });
  }

  tell(key, values) {
    this.root.querySelector("[data-hint]").textContent = key ? this.say(key, values) : "";
  }

  // -- changes

  choose(key) {
    this.chosen = key;
    this.show();
  }

  /** The scene was changed; steps with the same tag shortly after one another are undone together. */
  change(tag = null) {
    const text = JSON.stringify(this.scene);
    if (text === this.past[this.now]) return this.show();
    const moment = Date.now();
    const same = tag !== null && tag === this.last.tag && moment - this.last.at < SAME_STEP_MS;
    this.past.splice(same ? this.now : this.now + 1, Infinity, text);
    this.now = this.past.length - 1;
    this.last = { tag, at: moment };
    return this.#after();
  }

  step(by) {
    const wanted = this.now + by;
    if (wanted < 0 || wanted >= this.past.length) return;
    this.now = wanted;
    this.last.tag = null;
    this.scene = JSON.parse(this.past[wanted]);
    if (this.chosen !== GENERAL && this.chosen !== null && at(this.scene, this.chosen) === undefined) this.chosen = null;
    this.tell(by < 0 ? "undone" : "redone");
    this.#after();
  }

  erase(key) {
    const what = this.name(key);
    drop(this.scene, key);
    this.chosen = null;
    this.change();
    this.tell("deleted", { what });
    this.picture.svg.focus();
  }

  addPlain(list) {
    this.chosen = addPlain(this.scene, list);
    this.change();
  }

  /** The picture has drawn a new part, or nothing. */
  drawn(draft) {
    this.drafting();
    if (draft === null) return this.tell(null);
    this.chosen = add(this.scene, draft);
    const what = this.name(this.chosen);
    this.change();
    this.picture.focusOn(this.chosen);
    return this.tell("drawn", { what });
  }

  drafting() {
    const draft = this.picture.draft;
    for (const name of ["kind", "start"]) this.#tool(name).disabled = draft !== null;
    this.#tool("finish").hidden = !this.picture.done || draft.high !== Infinity;
    this.#tool("abandon").hidden = draft === null;
  }

  #after() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.check(), CHECK_AFTER_MS);
    this.show();
  }

  // -- showing

  /** The picture at once; the panels beside it when the focus has arrived and the button is up, which they replace. */
  show() {
    this.picture.draw();
    clearTimeout(this.panels);
    this.panels = setTimeout(() => { if (!this.pressed) this.#showPanels(); }, 0);
  }

  #showPanels() {
    this.form.draw();
    this.#showParts();
    this.#showChecked();
    if (!this.editable) return;
    this.#tool("undo").disabled = this.now === 0;
    this.#tool("redo").disabled = this.now === this.past.length - 1;
  }

  #tool(name) {
    return this.root.querySelector(`.stage [data-do=${name}]`);
  }

  #showParts() {
    const place = this.root.querySelector("[data-parts]");
    const active = place.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    const item = (key) => h("button", { type: "button", "data-part": key, "aria-pressed": String(key === this.chosen), onclick: () => this.choose(key) },
      h("span", { class: `dot ${listOf(key)}`, "aria-hidden": "true" }), this.name(key), this.wrong.has(key) && h("span", { class: "badge bad" }, "!"));
    const found = parts(this.scene);
    place.replaceChildren(h("div", { class: "scene-list" }, item(GENERAL), found.map(item)),
      found.length ? "" : h("p", { class: "note" }, this.say("parts_none")));
    if (active) place.querySelector(`[data-part="${CSS.escape(active)}"]`)?.focus();
  }

  #showChecked() {
    const { root, faults, plane } = this;
    const count = root.querySelector("[data-count]");
    count.className = `badge ${faults.length ? "bad" : "good"}`;
    const said = faults.length ? this.say("problems", { n: faults.length }) : this.say("problems_none");
    if (count.textContent !== said) count.textContent = said;
    count.hidden = !this.editable;
    root.querySelector("[data-problems]").replaceChildren(...faults.map((one) => {
      const key = this.#keyOf(one);
      const words = `${key === null ? "" : `${this.name(key)}: `}${one.text}`;
      return h("p", { class: "scene-fault" }, key === null ? words : h("button", { type: "button", onclick: () => this.choose(key) }, words));
    }));
    let fit = plane && this.say("plane_fit", { px: this.number(plane.error_px, 1), m: this.number(plane.error_m, 2) });
    if (plane?.step_m) fit += ` ${this.say("plane_grid", { m: this.number(plane.step_m, plane.step_m < 1 ? 1 : 0) })}`;
    root.querySelector("[data-plane]").replaceChildren(h("p", {}, fit ?? this.say("plane_none")), this.expired ? h("p", { class: "scene-fault" }, this.expired) : "", h("ul", {}, (plane?.misfits ?? []).map((one) => {
      const key = `calibration/${one.part}`;
      return at(this.scene, key) === undefined ? null : h("li", { class: "sub" }, `${this.name(key)}: ${this.misfit(one)}`);
    })));
    const on = this.rules.filter((one) => !one.why);
    const off = this.rules.filter((one) => one.why);
    root.querySelector("[data-rules]").replaceChildren(
      h("p", { class: "row" }, [...new Set(on.map((one) => one.name))].map((name) => h("span", { class: "badge good" }, name))),
      ...off.map((one) => h("p", { class: "sub" }, h("strong", {}, one.name), `: ${one.why}`)),
      this.rules.length ? "" : h("p", { class: "note" }, this.say("rules_wait")));
  }

  /** The part a fault belongs to: the longest path that is one. */
  #keyOf({ part, field }) {
    const steps = `${part}/${field}`.split("/").filter(Boolean);
    const known = new Set(parts(this.scene));
    for (let n = steps.length; n > 0; n -= 1) if (known.has(steps.slice(0, n).join("/"))) return steps.slice(0, n).join("/");
    return part ? GENERAL : null;
  }

  faultsOf(key) {
    return this.faults.filter((one) => this.#keyOf(one) === key);
  }

  // -- the server

  async #ask(method, url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.data.csrf };
    const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
    const given = await answer.json().catch(() => ({}));
    return { status: answer.status, given };
  }

  /** Ask what is wrong, which rules would run and where the road plane lies; only the newest answer counts. */
  async check() {
    if (!this.editable) return;
    this.asked += 1;
    const mine = this.asked;
    const [width, height] = this.size;
    try {
      const { status, given } = await this.#ask("POST", this.data.urls.check, { scene: this.scene, width, height, lang: this.data.lang });
      if (mine !== this.asked) return;
      if (status !== 200) throw new Error(String(status));
      this.faults = given.problems;
      this.rules = given.rules;
      this.plane = given.plane;
      this.expired = given.expired;
      this.wrong = new Set(this.faults.map((one) => this.#keyOf(one)));
      this.show();
    } catch {
      if (mine === this.asked) this.tell("check_lost");
    }
  }

  async still() {
    const url = this.data.urls.still;
    const shown = await this.picture.show(`${url}?${Date.now()}`);
    if (shown) {
      const time = new Intl.DateTimeFormat(this.data.lang, { dateStyle: "medium", timeStyle: "medium" }).format(new Date());
      if (this.renewed) this.root.querySelector("[data-words]").textContent = this.say("still_of", { time });
      this.renewed = true;
    }
    this.show();
    this.check();
  }

  async save(base = this.version) {
    const note = this.root.querySelector("[data-saved]");
    const conflict = this.root.querySelector("[data-conflict]");
    if (this.faults.length) return void (note.textContent = this.say("save_faults"));
    if (!this.dirty && base === this.version) return void (note.textContent = this.say("nothing_new", { version: this.version }));
    note.textContent = this.say("saving");
    const comment = this.root.querySelector("#scene-comment");
    const drawn = JSON.stringify(this.scene);
    let answer;
    try {
      answer = await this.#ask("PUT", this.data.urls.scene, { scene: this.scene, base, comment: comment.value });
    } catch {
      return void (note.textContent = this.say("save_lost"));
    }
    const { status, given } = answer;
    note.textContent = "";
    if (status === 409) return this.#conflict(conflict);
    if (status === 401) return void (note.textContent = this.say("login_ended"));
    if (status !== 200) return void (note.textContent = given.detail ?? this.say("save_lost"));
    conflict.replaceChildren();
    comment.value = "";
    this.version = given.version;
    this.saved = drawn;
    note.textContent = this.say("saved", { version: given.version });
    return this.#follow();
  }

  /** Somebody was faster: say who and when, keep what is drawn here, and let the person decide. */
  async #conflict(place) {
    const answer = await fetch(`${this.data.urls.scene}/versions`);
    const [theirs] = answer.ok ? await answer.json() : [];
    if (!theirs) return;
    const time = new Intl.DateTimeFormat(this.data.lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(theirs.since));
    place.replaceChildren(
      h("p", { class: "flash warn" }, this.say("conflict")),
      h("p", {}, this.say("conflict_theirs", { version: theirs.version, by: theirs.by || "—", time, comment: theirs.comment ?? "" })),
      h("div", { class: "row" },
        h("a", { class: "button", href: this.root.dataset.url, target: "_blank", rel: "noopener" }, this.say("conflict_see")),
        h("button", { type: "button", class: "button bad", "data-do": "over", onclick: () => this.save(theirs.version) }, this.say("conflict_over"))));
    place.querySelector("a").focus();
  }

  /** Show the versions anew, and look for a while whether the worker has taken the newest over. */
  async #follow(looks = LOOKS) {
    const url = this.root.dataset.url;
    await htmx.ajax("GET", url, { target: "#scene-versions", select: "#scene-versions", swap: "outerHTML" });
    await htmx.ajax("GET", url, { target: "#scene-state", select: "#scene-state", swap: "outerHTML" });
    const waits = document.getElementById("scene-state")?.dataset.state === "waiting";
    if (waits && looks > 0) setTimeout(() => this.#follow(looks - 1), LOOK_AGAIN_MS);
  }

  // -- wiring

  #wire() {
    const { root, picture } = this;
    document.addEventListener("pointerdown", (event) => { this.pressed = Boolean(event.target.closest?.("button, a, label, svg")); }, true);
    for (const name of ["pointerup", "pointercancel"]) {
      document.addEventListener(name, () => {
        this.pressed = false;
        this.show();
      }, true);
    }
    if (this.editable) {
      this.#tool("kind").append(...drawable(this.choices, this.say).map(([label, options]) =>
        h("optgroup", { label }, options.map(([value, words]) => h("option", { value }, words)))));
      const keep = root.querySelector("[data-keep]");
      keep.hidden = false;
      keep.querySelector("form").addEventListener("submit", (event) => {
        event.preventDefault();
        this.save();
      });
      window.addEventListener("beforeunload", (event) => { if (this.dirty) event.preventDefault(); });
      document.addEventListener("keydown", (event) => this.#key(event));
    }
    const tools = {
      start: () => {
        const kind = this.#tool("kind");
        picture.start(kind.value);
        this.drafting();
        this.tell("drawing", { what: kind.selectedOptions[0].textContent });
      },
      finish: () => picture.end(true),
      abandon: () => picture.end(false),
      undo: () => this.step(-1),
      redo: () => this.step(1),
      closer: () => picture.zoomBy(1.5),
      wider: () => picture.zoomBy(1 / 1.5),
      whole: () => picture.zoomBy(0),
      still: () => this.still(),
      grid: () => {
        picture.grid = !picture.grid;
        this.#tool("grid").setAttribute("aria-pressed", String(picture.grid));
        picture.draw();
      },
    };
    root.querySelector(".stage").addEventListener("click", (event) => {
      const name = event.target.closest("button[data-do]")?.dataset.do;
      if (name) tools[name]?.();
    });
  }

  #key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (event.target.matches?.("input[type=text], input[type=number], textarea")) return;
    if (event.code === "KeyZ") this.step(event.shiftKey ? 1 : -1);
    else if (event.code === "KeyY") this.step(1);
    else return;
    event.preventDefault();
  }
}

const root = document.getElementById("scene");
const data = JSON.parse(document.getElementById("scene-data").textContent);
new Desk(root, data);
