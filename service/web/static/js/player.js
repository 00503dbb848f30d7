// The review player: frames by their original times, the loop of the act, stills, magnifier, and the layer that shows
// what the rule looked at. The layer is drawn over the picture and never into it.

import { Zoomer } from "./zoom.js";

const AROUND_ACT_S = 0.5;
const PAN_PART = 0.12;

export class Player {
  constructor(root) {
    const { frame, times, start, at, zone, act, words } = root.dataset;
    this.root = root;
    this.video = root.querySelector("video");
    this.still = root.querySelector("[data-layer=still]");
    this.name = root.querySelector("[data-still-name]");
    this.marks = root.querySelector("[data-layer=marks]");
    this.frame = Number(frame) || 0.04;
    this.times = times ? times.split(" ").map(Number) : [];
    this.start = Number(start) || 0;
    this.at = at ? Date.parse(at) : NaN;
    this.clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone || "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
    this.act = act ? act.split(" ").map(Number) : null;
    this.words = words ?? "{frame}/{count}";
    this.looping = false;
    this.layer = null;
    this.zoomer = new Zoomer(root.querySelector("[data-layer=zoom]"), () => this.source(), (pen, place) => this.#over(pen, place));
    this.seek = this.#part("seek");
    this.out = root.querySelector("output");
    root.addEventListener("click", (event) => {
      const name = event.target.closest("button[data-do]")?.dataset.do;
      if (name) this.do(name);
    });
    if (this.video) this.#film();
  }

  #film() {
    this.#part("speed").addEventListener("change", (event) => { this.video.playbackRate = Number(event.target.value); });
    this.seek.addEventListener("input", () => {
      this.hideStill();
      this.video.pause();
      this.video.currentTime = (Number(this.seek.value) / 1000) * (this.video.duration || 0);
    });
    for (const name of ["play", "pause", "ended"]) this.video.addEventListener(name, () => this.#buttons());
    for (const name of ["seeked", "timeupdate", "loadeddata"]) this.video.addEventListener(name, () => this.show());
    new ResizeObserver(() => this.show()).observe(this.video);
    const follow = () => {
      this.show();
      this.video.requestVideoFrameCallback?.(follow);
    };
    this.video.requestVideoFrameCallback?.(follow);
  }

  /** What is on the stage: a still that was called up, else the clip. */
  source() {
    if (this.still && !this.still.hidden) return this.still.complete ? this.still : null;
    return this.video;
  }

  get zoomed() {
    return !this.zoomer.canvas.hidden;
  }

  do(name) {
    switch (name) {
      case "play": this.#play(); break;
      case "back": this.step(-1); break;
      case "forward": this.step(1); break;
      case "loop": this.loop(); break;
      case "zoom": this.zoom(); break;
      case "marks": this.#toggleMarks(); break;
      case "in": this.zoom(true); this.zoomer.scaleBy(1.25); break;
      case "out": this.zoomer.scaleBy(0.8); break;
      case "left": this.zoomer.pan(-PAN_PART, 0); break;
      case "right": this.zoomer.pan(PAN_PART, 0); break;
      case "up": this.zoomer.pan(0, -PAN_PART); break;
      case "down": this.zoomer.pan(0, PAN_PART); break;
    }
  }

  #play() {
    if (!this.video) return;
    this.hideStill();
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  /** Number of the frame that is shown, from 0. */
  index() {
    const now = this.video.currentTime;
    if (!this.times.length) return Math.floor(now / this.frame + 1e-3);
    let low = 0;
    let high = this.times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= now + 1e-4) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Go to the middle of a neighbouring frame, so that rounding never shows the same one again. */
  step(by) {
    if (!this.video) return;
    this.hideStill();
    this.video.pause();
    const last = this.video.duration || 0;
    const wanted = Math.max(0, this.index() + by);
    if (this.times.length) {
      const place = Math.min(wanted, this.times.length - 1);
      const after = this.times[place + 1] ?? this.times[place] + this.frame;
      this.video.currentTime = Math.min((this.times[place] + after) / 2, Math.max(0, last - 1e-3));
    } else {
      this.video.currentTime = Math.min((wanted + 0.5) * this.frame, last);
    }
  }

  /** Play the act over and over, half a second around it. */
  loop(on = !this.looping) {
    if (!this.video || !this.act) return;
    this.looping = on;
    this.#part("loop")?.setAttribute("aria-pressed", String(on));
    if (!on) return;
    this.hideStill();
    this.video.currentTime = this.#from();
    this.video.play().catch(() => {});
  }

  #from() {
    return Math.max(0, Math.min(...this.act) - AROUND_ACT_S);
  }

  #until() {
    return Math.min(this.video.duration || Infinity, Math.max(...this.act) + AROUND_ACT_S);
  }

  /** Put a still on the stage in the clip's place. */
  showStill(src, caption) {
    if (!this.still) return;
    this.video?.pause();
    this.still.addEventListener("load", () => this.show(), { once: true });
    if (this.still.getAttribute("src") !== src) this.still.src = src;
    this.still.hidden = false;
    this.name.textContent = caption;
    this.name.hidden = false;
    this.zoomer.reset();
    if (this.zoomed) this.zoomer.scale = 2;
    this.show();
  }

  /** Back to the clip; where there is none the still stays. */
  hideStill() {
    if (!this.video || !this.still || this.still.hidden) return;
    this.still.hidden = true;
    this.name.hidden = true;
    this.zoomer.reset();
    if (this.zoomed) this.zoomer.scale = 2;
    this.show();
    this.root.dispatchEvent(new Event("clip", { bubbles: true }));
  }

  show() {
    if (this.video) this.#time();
    if (this.zoomed) this.zoomer.draw();
    if (this.marks && !this.marks.hidden) this.#draw();
  }

  #time() {
    const { currentTime, duration } = this.video;
    if (this.looping && currentTime >= this.#until() - 1e-3) this.video.currentTime = this.#from();
    if (duration) this.seek.value = String(Math.round((currentTime / duration) * 1000));
    const place = this.index();
    const since = this.times[place] ?? currentTime;
    const told = this.words.replace("{frame}", place + 1).replace("{count}", this.times.length || "?").replace("{second}", (this.start + since).toFixed(2));
    this.out.textContent = Number.isNaN(this.at) ? told : `${told} · ${this.clock.format(this.at + since * 1000)}`;
  }

  #part(name) {
    return this.root.querySelector(`[data-do=${name}]`);
  }

  #buttons() {
    const button = this.#part("play");
    button.textContent = this.video.paused ? button.dataset.play : button.dataset.pause;
  }

  zoom(on = !this.zoomed) {
    this.zoomer.canvas.hidden = !on;
    this.#part("zoom")?.setAttribute("aria-pressed", String(on));
    if (on && this.zoomer.scale === 1) this.zoomer.scale = 2;
    if (!on) this.zoomer.reset();
    this.show();
  }

  async #toggleMarks() {
    if (!this.marks) return;
    const on = this.marks.hidden;
    if (on && !this.layer) {
      if (!this.root.dataset.marks) return;
      const answer = await fetch(this.root.dataset.marks);
      if (!answer.ok) return;
      this.layer = await answer.json();
    }
    this.marks.hidden = !on;
    this.#part("marks").setAttribute("aria-pressed", String(on));
    this.show();
  }

  /** The layer over the plain clip; over the magnified one it is drawn with the picture, at the same scale. */
  #draw() {
    const { marks, video } = this;
    marks.width = Math.round(marks.clientWidth * devicePixelRatio);
    marks.height = Math.round(marks.clientHeight * devicePixelRatio);
    if (this.zoomed || this.source() !== video) return;
    const [width, height] = this.layer.picture ?? [video.videoWidth, video.videoHeight];
    const fit = Math.min(marks.width / width, marks.height / height);
    this.#sketch(marks.getContext("2d"), [fit, (marks.width - width * fit) / 2, (marks.height - height * fit) / 2]);
  }

  #over(pen, [fit, left, top]) {
    if (!this.layer || this.marks.hidden || this.source() !== this.video) return;
    const [width] = this.layer.picture ?? [this.video.videoWidth];
    this.#sketch(pen, [fit * this.video.videoWidth / width, left, top]);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.setLineDash([]);
  }

  #sketch(pen, [fit, left, top]) {
    const { layer, video } = this;
    const [width, height] = layer.picture ?? [video.videoWidth, video.videoHeight];
    pen.setTransform(fit, 0, 0, fit, left, top);
    pen.lineWidth = 2.5 * devicePixelRatio / fit;
    for (const points of Object.values(layer.drawn ?? {})) {
      pen.strokeStyle = "#ffd34d";
      pen.beginPath();
      points.forEach(([x, y], place) => pen[place ? "lineTo" : "moveTo"](x * width, y * height));
      if (points.length > 2) pen.closePath();
      pen.stroke();
    }
    const now = this.start + video.currentTime;
    const frames = layer.frames ?? [];
    this.#trail(pen, frames.filter((one) => one.box && one.video_s <= now + 1e-3));
    const near = nearest(frames, now);
    if (near && near.box && Math.abs(near.video_s - now) <= 0.5) {
      const [x1, y1, x2, y2] = near.box;
      pen.strokeStyle = near.seen ? "#4de1ff" : "#9fb4c0";
      pen.setLineDash(near.seen ? [] : [8 / fit, 6 / fit]);
      pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
      pen.setLineDash([]);
    }
  }

  /** Where the vehicle came along: the middle of its lower edge. */
  #trail(pen, frames) {
    pen.strokeStyle = "#ff9de1";
    pen.beginPath();
    frames.forEach(({ box: [x1, , x2, y2] }, place) => pen[place ? "lineTo" : "moveTo"]((x1 + x2) / 2, y2));
    pen.stroke();
  }
}

function nearest(frames, second) {
  let best = null;
  for (const one of frames) {
    if (best === null || Math.abs(one.video_s - second) < Math.abs(best.video_s - second)) best = one;
  }
  return best;
}
