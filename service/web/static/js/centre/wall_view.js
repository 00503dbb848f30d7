// One view of the wall.

const STILL_MS = 1000;
const AT_MOST = 16;
// A browser gives a host without HTTP/2 six connections; pages, the stream of alarms and stills need some of them.
const OVER_HTTP1 = 3;
let running = 0;

/** How many live views this connection carries. */
export function capacity() {
  const [page] = performance.getEntriesByType("navigation");
  return /^h[23]/.test(page?.nextHopProtocol ?? "") ? AT_MOST : OVER_HTTP1;
}

export class View {
  constructor(root, camera) {
    this.root = root;
    this.box = document.getElementById("cell").content.cloneNode(true).querySelector(".cell");
    this.video = this.box.querySelector("video");
    this.image = this.box.querySelector("img");
    this.line = this.box.querySelector("[data-cell-state]");
    this.choice = this.box.querySelector("[data-camera-choice]");
    this.link = this.box.querySelector("[data-cell-alarm]");
    this.camera = camera;
    this.own = camera; // what stands here when no alarm brings another camera up
    this.alarm = null;
    this.seen = false;
    this.running = null;
    this.timer = 0;
    this.over = false;
    this.choice.addEventListener("change", () => { this.own = this.choice.value || null; this.show(this.own); });
    this.observer = new IntersectionObserver(([entry]) => { this.seen = entry.isIntersecting; this.begin(); });
    this.observer.observe(this.box);
    this.hidden = () => this.begin();
    document.addEventListener("visibilitychange", this.hidden);
    this.show(camera);
  }

  show(camera) {
    this.halt();
    this.camera = camera;
    this.choice.value = camera ?? "";
    this.box.setAttribute("aria-label", camera ? this.choice.selectedOptions[0]?.textContent ?? camera : this.root.dataset.wordsEmpty);
    this.line.textContent = camera ? "" : this.root.dataset.wordsEmpty;
    this.begin();
  }

  /** Put another camera here for an alarm. */
  bring(camera) { this.show(camera); }

  alarmed(alarm, severity) {
    this.alarm = alarm;
    this.box.classList.remove("high", "medium", "low");
    this.box.classList.add("alarmed", severity);
    this.link.hidden = false;
    this.link.href = `/alarms/${alarm.id}`;
    this.link.dataset.cellAlarm = alarm.id;
    this.link.textContent = this.root.dataset.wordsAlarm;
  }

  /** The alarm was answered: the frame goes, and so does a camera that it brought. */
  calm() {
    this.alarm = null;
    this.box.classList.remove("alarmed", "high", "medium", "low");
    this.link.hidden = true;
    if (this.camera !== this.own) this.show(this.own);
  }

  /** Fetch while it is seen, and nothing else. */
  begin() {
    const wanted = Boolean(this.camera) && this.seen && !document.hidden && !this.over;
    if (!wanted) return this.halt();
    if (this.running || this.timer) return;
    if (running < capacity()) this.#live(this.camera);
    else this.#stills(this.camera);
  }

  async #live(camera) {
    running += 1;
    const mine = { stop() {} };
    this.running = mine;
    try {
      const { live } = await import("../live.js");
      if (this.running !== mine) return;
      this.video.hidden = false;
      const found = live(this.video, camera);
      mine.stop = () => found.stop();
      this.line.textContent = this.root.dataset.wordsLive;
    } catch {
      this.halt();
      this.#stills(camera);
    }
  }

  #stills(camera) {
    this.line.textContent = this.root.dataset.wordsStill;
    const next = () => {
      const picture = new Image();
      picture.addEventListener("load", () => {
        if (this.camera !== camera || !this.timer) return;
        this.image.src = picture.src;
        this.image.hidden = false;
        this.timer = setTimeout(next, STILL_MS);
      });
      picture.addEventListener("error", () => {
        if (!this.timer) return;
        this.line.textContent = this.root.dataset.wordsNone;
        this.timer = setTimeout(next, 10 * STILL_MS);
      });
      picture.src = `/wall/stills/${encodeURIComponent(camera)}?at=${Date.now()}`;
    };
    this.timer = setTimeout(next, 0);
  }

  halt() {
    if (this.running) {
      this.running.stop();
      this.running = null;
      running -= 1;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    this.video.hidden = this.image.hidden = true;
  }

  stop() {
    this.over = true;
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.hidden);
    this.halt();
  }
}
