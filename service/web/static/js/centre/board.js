// The list: the server renders it, this puts what is new into its place and leaves alone what the operator looks at.

import { setServerTime } from "../app.js";

const TOP_PX = 4;
const PATIENCE_MS = 10_000; // a line that died in silence answers nothing, and must not be waited for

export class Board {
  /** `chosen` is told which alarm was picked and whether by a person; `renewed` that the list is fresh. */
  constructor(room, { chosen, renewed, failed }) {
    this.room = room;
    this.chosen = chosen;
    this.renewed = renewed;
    this.failed = failed;
    this.above = document.querySelector("[data-above]");
    this.id = null;
    this.busy = false;
    this.again = false;
    this.hovered = false;
    this.list.addEventListener("scroll", () => this.countAbove());
    this.list.addEventListener("pointerenter", () => { this.hovered = true; });
    this.list.addEventListener("pointerleave", () => { this.hovered = false; });
    room.addEventListener("click", (event) => this.#click(event));
    this.above.addEventListener("click", () => { this.list.scrollTop = 0; });
    setServerTime(this.board.dataset.now);
  }

  get board() { return document.getElementById("board"); }
  get list() { return document.getElementById("rows"); }
  get rows() { return [...this.list.children]; }

  /** Ask the server for the list; asked again meanwhile, it asks once more afterwards. */
  async renew() {
    if (this.busy) { this.again = true; return; }
    this.busy = true;
    try {
      do {
        this.again = false;
        const answer = await fetch(`/alarms/list?${this.board.dataset.query}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
        if (answer.redirected || answer.status === 401) return location.reload();
        if (!answer.ok) throw new Error(`The list answered ${answer.status}.`);
        this.#put(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("board"));
      } while (this.again);
      this.renewed();
    } catch (error) {
      this.failed(error);
    } finally {
      this.busy = false;
    }
  }

  #put(fresh) {
    const list = this.list;
    const anchor = this.#anchor();
    const focused = this.board.contains(document.activeElement) && !list.contains(document.activeElement)
      ? document.activeElement.getAttribute("href") ?? document.activeElement.dataset.key : null;
    Object.assign(this.board.dataset, fresh.dataset);
    setServerTime(fresh.dataset.now);
    const wanted = fresh.querySelector("#rows");
    morph(list, wanted);
    const parts = [...fresh.children];
    const place = parts.indexOf(wanted);
    for (const one of [...this.board.children]) if (one !== list) one.remove();
    list.before(...parts.slice(0, place));
    list.after(...parts.slice(place + 1));
    if (anchor?.row.isConnected) list.scrollTop += anchor.row.offsetTop - list.scrollTop - anchor.offset;
    this.mark();
    this.countAbove();
    if (focused) [...this.board.querySelectorAll("a, button")].find((one) => one.getAttribute("href") === focused || one.dataset.key === focused)?.focus();
  }

  /** The row to keep where it is: under the pointer nothing moves, nor where the list was scrolled. */
  #anchor() {
    const list = this.list;
    if (!this.hovered && list.scrollTop <= TOP_PX) return null;
    const row = this.rows.find((one) => one.offsetTop + one.offsetHeight > list.scrollTop);
    return row ? { row, offset: row.offsetTop - list.scrollTop } : null;
  }

  countAbove() {
    const hidden = this.rows.filter((one) => one.classList.contains("fresh") && one.offsetTop + one.offsetHeight / 2 <= this.list.scrollTop);
    this.above.hidden = hidden.length === 0;
    this.above.textContent = this.above.dataset.words.replace("{n}", hidden.length);
  }

  row(id) { return document.getElementById(`row-${id}`); }

  /** Show which row is chosen. */
  mark() {
    for (const row of this.rows) {
      const is = row.dataset.alarm === this.id;
      row.classList.toggle("chosen", is);
      const link = row.querySelector("a");
      if (is) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** The pane shows another alarm by itself. */
  follow(id) {
    this.id = id;
    this.mark();
  }

  choose(id, byHand = true) {
    this.id = id;
    this.mark();
    if (byHand) this.row(id)?.scrollIntoView({ block: "nearest" });
    this.chosen(id, byHand);
  }

  move(by) {
    const rows = this.rows;
    if (!rows.length) return;
    const now = rows.findIndex((one) => one.dataset.alarm === this.id);
    const next = now < 0 ? rows[0] : rows[Math.min(rows.length - 1, Math.max(0, now + by))];
    if (next.dataset.alarm !== this.id) this.choose(next.dataset.alarm);
  }

  /** The first alarm nobody has answered, but for one. */
  fresh(but = null) {
    return this.rows.find((one) => one.classList.contains("fresh") && one.dataset.alarm !== but)?.dataset.alarm ?? null;
  }

  get ended() {
    return this.rows.filter((one) => one.classList.contains("ended")).map((one) => one.dataset.alarm);
  }

  #click(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const tile = event.target.closest("a.tile");
    if (tile) {
      event.preventDefault();
      this.ask(new URL(tile.href).search.slice(1));
      return;
    }
    const row = event.target.closest("[data-alarm]");
    if (!row || narrow()) return;
    event.preventDefault();
    this.choose(row.dataset.alarm);
  }

  /** Other filters: kept in the address. */
  ask(query) {
    this.board.dataset.query = query;
    history.replaceState(null, "", query ? `/alarms?${query}` : "/alarms");
    const show = document.querySelector("[data-filters] [name=show]");
    if (show) show.value = new URLSearchParams(query).get("show") ?? "";
    this.list.scrollTop = 0;
    return this.renew();
  }
}

/** On a telephone an alarm has a page of its own. */
export function narrow() {
  return matchMedia("(max-width: 900px)").matches;
}

function morph(list, wanted) {
  const old = new Map([...list.children].map((row) => [row.dataset.alarm, row]));
  let place = list.firstElementChild;
  for (const row of [...wanted.children]) {
    const mine = old.get(row.dataset.alarm);
    old.delete(row.dataset.alarm);
    const node = mine ?? document.adoptNode(row);
    if (mine && (mine.dataset.mark !== row.dataset.mark || mine.classList.contains("fresh") !== row.classList.contains("fresh"))) {
      mine.className = row.className;
      mine.dataset.mark = row.dataset.mark;
      mine.replaceChildren(...row.childNodes);
    }
    if (node === place) place = place.nextElementSibling;
    else list.insertBefore(node, place);
  }
  for (const gone of old.values()) gone.remove();
}
