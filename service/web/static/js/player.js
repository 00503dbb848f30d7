// The review player: frame steps, speed, magnifier, and the layer that shows what the rule looked at.

import { Zoomer } from "./zoom.js";

class Player {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.frame = Number(root.dataset.frame) || 0.04;
    this.start = Number(root.dataset.start) || 0;
    this.marks = root.querySelector("[data-layer=marks]");
    this.layer = null;
    this.zoomer = new Zoomer(root.querySelector("[data-layer=zoom]"), () => this.video);
    this.seek = this.#part("seek");
    this.out = root.querySelector("output");
    root.addEventListener("click", (event) => {
      const name = event.target.closest("button[data-do]")?.dataset.do;
      if (name) this.do(name);
    });
    this.#part("speed").addEventListener("change", (event) => { this.video.playbackRate = Number(event.target.value); });
    this.seek.addEventListener("input", () => {
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

  do(name) {
    switch (name) {
      case "play": if (this.video.paused) this.video.play(); else this.video.pause(); break;
      case "back": this.step(-1); break;
      case "forward": this.step(1); break;
      case "zoom": this.#zoom(); break;
      case "marks": this.#toggleMarks(); break;
      case "in": this.#zoom(true); this.zoomer.scaleBy(1.25); break;
      case "out": this.zoomer.scaleBy(0.8); break;
    }
  }

  /** Go to the middle of a neighbouring frame, so that rounding never shows the same one again. */
  step(by) {
    this.video.pause();
    const now = Math.floor(this.video.currentTime / this.frame + 1e-3);
    const last = this.video.duration || 0;
    this.video.currentTime = Math.min(Math.max(0, (now + by + 0.5) * this.frame), last);
  }

  show() {
    const { currentTime, duration } = this.video;
    if (duration) this.seek.value = String(Math.round((currentTime / duration) * 1000));
    this.out.textContent = `${(this.start + currentTime).toFixed(2)} s`;
    if (!this.zoomer.canvas.hidden) this.zoomer.draw();
    if (!this.marks.hidden) this.#draw();
  }

  #part(name) {
    return this.root.querySelector(`[data-do=${name}]`);
  }

  #buttons() {
    const button = this.#part("play");
    button.textContent = this.video.paused ? button.dataset.play : button.dataset.pause;
  }

  #zoom(on = this.zoomer.canvas.hidden) {
    this.zoomer.canvas.hidden = !on;
    this.#part("zoom").setAttribute("aria-pressed", String(on));
    if (on && this.zoomer.scale === 1) this.zoomer.scale = 2;
    if (!on) this.zoomer.reset();
    this.show();
  }

  async #toggleMarks() {
    const on = this.marks.hidden;
    if (on && !this.layer) {
      const answer = await fetch(this.root.dataset.marks);
      if (!answer.ok) return;
      this.layer = await answer.json();
    }
    this.marks.hidden = !on;
    this.#part("marks").setAttribute("aria-pressed", String(on));
    this.show();
  }

  #draw() {
    const { marks, video, layer } = this;
    marks.width = Math.round(marks.clientWidth * devicePixelRatio);
    marks.height = Math.round(marks.clientHeight * devicePixelRatio);
    const [width, height] = layer.picture ?? [video.videoWidth, video.videoHeight];
    const fit = Math.min(marks.width / width, marks.height / height);
    const pen = marks.getContext("2d");
    pen.setTransform(fit, 0, 0, fit, (marks.width - width * fit) / 2, (marks.height - height * fit) / 2);
    pen.lineWidth = 2.5 * devicePixelRatio / fit;
    for (const points of Object.values(layer.drawn ?? {})) {
      pen.strokeStyle = "#ffd34d";
      pen.beginPath();
      points.forEach(([x, y], place) => pen[place ? "lineTo" : "moveTo"](x * width, y * height));
      if (points.length > 2) pen.closePath();
      pen.stroke();
    }
    const now = this.start + video.currentTime;
    const near = nearest(layer.frames ?? [], now);
    if (near && near.box && Math.abs(near.video_s - now) <= 0.5) {
      const [left, top, right, bottom] = near.box;
      pen.strokeStyle = near.seen ? "#4de1ff" : "#9fb4c0";
      pen.setLineDash(near.seen ? [] : [8 / fit, 6 / fit]);
      pen.strokeRect(left, top, right - left, bottom - top);
    }
  }
}

function nearest(frames, second) {
  let best = null;
  for (const one of frames) {
    if (best === null || Math.abs(one.video_s - second) < Math.abs(best.video_s - second)) best = one;
  }
  return best;
}

export const players = [...document.querySelectorAll("[data-player]")].map((root) => new Player(root));

const dialog = document.getElementById("enlarged");
if (dialog) {
  let picture = null;
  const zoomer = new Zoomer(dialog.querySelector("canvas"), () => picture);
  document.addEventListener("click", (event) => {
    const still = event.target.closest("[data-enlarge]");
    if (!still) return;
    picture = new Image();
    picture.addEventListener("load", () => zoomer.draw());
    picture.src = still.dataset.enlarge;
    dialog.querySelector("[data-caption]").textContent = still.dataset.caption;
    zoomer.reset();
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) zoomer.scaleBy(name === "in" ? 1.5 : 1 / 1.5);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") zoomer.scaleBy(1.5);
    if (event.key === "-") zoomer.scaleBy(1 / 1.5);
  });
}
