// The clip and the stills of one case: fetched and decoded before they are shown, watched while they are slow.

import { enlarge } from "./loupe.js";
import { Player } from "./player.js";

const SLOW_MS = 2500;
const GIVE_UP_MS = 10000; // who was told for so long that pictures are slow may decide without them, or return the case
const FIRST_FRAME = 2; // HTMLMediaElement.HAVE_CURRENT_DATA

export class Media {
  constructor(root) {
    this.root = root;
    this.key = root.dataset.media;
    this.video = root.querySelector("video");
    this.stills = [...root.querySelectorAll(".strip img, img[data-layer=still][src]")];
    this.player = null;
    this.broken = false;
    this.seen = false;
    this.shown = new Promise((done) => { this.done = done; });
  }

  /** Begin to fetch and decode; the element need not stand in the page. */
  fetchAll() {
    if (this.video && this.video.readyState < FIRST_FRAME) this.video.preload = "auto";
    this.ready ??= Promise.all([this.#film(), ...this.stills.map((one) => one.decode().catch(() => { this.broken = true; }))]);
    return this.ready;
  }

  /** The clip at the beginning of the act, its frame decoded. */
  #film() {
    const { video } = this;
    if (!video) return null;
    const act = Number(video.closest("[data-player]")?.dataset.act?.split(" ")[0]) || 0;
    return new Promise((done) => {
      const begin = () => {
        if (!act || video.currentTime) return done();
        video.addEventListener("seeked", done, { once: true });
        video.currentTime = act;
      };
      if (video.error) { // it failed before anybody listened
        this.broken = true;
        done();
      } else if (video.readyState >= FIRST_FRAME) begin();
      else video.addEventListener("loadeddata", begin, { once: true });
      video.addEventListener("error", () => {
        this.broken = true;
        done();
      }, { once: true });
    });
  }

  /** It stands in the page now. */
  mount() {
    const stage = this.root.querySelector("[data-player]");
    this.player = stage ? new Player(stage) : null;
    this.root.addEventListener("click", (event) => {
      const still = event.target.closest("[data-still]");
      if (still) this.still(Number(still.dataset.still));
    });
    this.root.addEventListener("clip", () => this.#mark(0));
    const slow = setTimeout(() => this.#say("slow", true), SLOW_MS);
    const patience = new Promise((done) => { setTimeout(() => done(true), GIVE_UP_MS); });
    Promise.race([this.fetchAll(), patience]).then((late) => {
      clearTimeout(slow);
      this.#say("slow", late === true);
      this.#say("broken", this.broken);
      // Two frames later it is on the screen, and only then may a verdict be given.
      requestAnimationFrame(() => requestAnimationFrame(() => {
        this.seen = true;
        this.done();
        this.root.dataset.seen = "true";
      }));
    });
  }

  stop() {
    this.video?.pause();
  }

  /** A still by its number on the stage, 0 is the clip. */
  still(number) {
    if (!this.player) return;
    const wanted = this.root.querySelector(`[data-still="${number}"]`);
    if (number === 0 || wanted?.getAttribute("aria-pressed") === "true") {
      this.player.hideStill();
      this.#mark(0);
    } else if (wanted) {
      this.player.showStill(wanted.dataset.src, wanted.dataset.caption);
      this.#mark(number);
    }
  }

  #mark(number) {
    for (const one of this.root.querySelectorAll("[data-still]")) {
      one.setAttribute("aria-pressed", String(Number(one.dataset.still) === number));
    }
  }

  #say(what, on) {
    const line = this.root.querySelector(`[data-${what}]`);
    if (line) line.hidden = !on;
  }
}

document.addEventListener("click", (event) => {
  const crop = event.target.closest("[data-loupe]");
  if (crop) enlarge(crop.dataset.loupe, crop.querySelector("img").alt);
});
