// The chosen alarm: its clip plays before anybody clicks; what plays goes on while the words around it are renewed.

import { flash, refresh } from "../app.js";
import { Player } from "../player.js";
import { beside } from "./beside.js";

const CLIP_WAIT_MS = 1500;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Pane {
  constructor(room, { shown, pick } = {}) {
    this.room = room;
    this.pick = pick;
    this.shown = shown ?? (() => {});
    this.wanted = null;
    this.player = null;
    this.beside = null;
    if (this.article) this.#setUp();
  }

  get article() { return this.room.querySelector("#pane"); }
  get id() { return this.article?.dataset.chosen ?? null; }
  get version() { return Number(this.article?.dataset.version ?? -1); }
  get steps() { return (this.article?.dataset.steps ?? "").split(" "); }

  async open(id) {
    this.wanted = id;
    await this.#load(id);
  }

  /** Fetch the words anew; the clip and the live view are left alone. */
  async renew() {
    if (this.id) await this.#load(this.id);
  }

  async #load(id) {
    try {
      const answer = await fetch(`/alarms/${id}/pane`, { cache: "no-store" });
      if (answer.redirected || answer.status === 401) return location.reload();
      const text = await answer.text();
      if (answer.ok && (this.wanted === null || this.wanted === id)) this.take(text);
    } catch {
      // The banner says that the connection is lost; the pane keeps what it shows.
    }
  }

  /** Put an answer of the server into its place. */
  take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("pane");
    const said = page.querySelector("[data-said]");
    if (said) flash(said.textContent.trim(), "bad");
    if (!fresh) return;
    const now = this.article;
    if (now?.dataset.chosen === fresh.dataset.chosen) this.#update(now, fresh);
    else {
      this.room.replaceChildren(document.adoptNode(fresh));
      this.#setUp();
    }
    refresh();
    this.shown(this.article);
  }

  #update(now, fresh) {
    const media = now.dataset.media !== fresh.dataset.media;
    const focused = now.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    for (const name of Object.keys(now.dataset)) if (!(name in fresh.dataset)) delete now.dataset[name];
    Object.assign(now.dataset, fresh.dataset);
    for (const part of fresh.querySelectorAll("[data-part]")) {
      if (part.dataset.part === "media" && !media) continue;
      now.querySelector(`[data-part=${part.dataset.part}]`)?.replaceWith(document.adoptNode(part));
    }
    if (media) this.#film();
    if (focused) now.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
  }

  #setUp() {
    this.beside?.stop();
    this.beside = beside(this.article, this.pick);
    this.#film();
  }

  #film() {
    clearTimeout(this.timer);
    const root = this.room.querySelector("[data-player]");
    this.player = root ? new Player(root) : null;
    const video = this.player?.video;
    if (!video) {
      // The clip comes after the alarm: look for it until it is there.
      if (this.room.querySelector("[data-no-clip]")) this.timer = setTimeout(() => this.renew().then(() => this.#again()), CLIP_WAIT_MS);
      return;
    }
    video.muted = true;
    video.loop = true;
    if (!still.matches) video.play().catch(() => {});
  }

  #again() {
    if (this.room.querySelector("[data-no-clip]")) this.#film();
  }
}
