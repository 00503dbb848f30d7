// One view of the wall: its camera live (live.js shows a still a second where a browser cannot play it), only while it
// is seen.

import { live } from "../live.js";

export class View {
  constructor(root, camera) {
    this.root = root;
    this.box = document.getElementById("cell").content.cloneNode(true).querySelector(".cell");
    this.video = this.box.querySelector("video");
    this.line = this.box.querySelector("[data-cell-state]");
    this.choice = this.box.querySelector("[data-camera-choice]");
    this.link = this.box.querySelector("[data-cell-alarm]");
    this.own = camera; // what stands here when no alarm brings another camera up
    this.alarm = null;
    this.seen = false;
    this.running = null;
    this.choice.addEventListener("change", () => { this.own = this.choice.value || null; this.show(this.own); });
    this.observer = new IntersectionObserver(([entry]) => { this.seen = entry.isIntersecting; this.begin(); });
    this.observer.observe(this.box);
    this.show(camera);
  }

  /** Show a camera, or nothing. */
  show(camera) {
    this.halt();
    this.camera = camera;
    this.choice.value = camera ?? "";
    this.box.setAttribute("aria-label", camera ? this.choice.selectedOptions[0]?.textContent ?? camera : this.root.dataset.wordsEmpty);
    this.line.textContent = camera ? "" : this.root.dataset.wordsEmpty;
    this.begin();
  }

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

  begin() {
    if (!this.camera || !this.seen) return this.halt();
    if (this.running) return;
    this.video.hidden = false;
    this.running = live(this.video, this.camera, { onState: (said) => this.#say(said.state) });
  }

  #say(state) {
    const words = this.root.dataset;
    this.line.textContent = { on: words.wordsLive, still: words.wordsStill, wait: words.wordsWait }[state] ?? words.wordsNone;
    this.line.dataset.state = state;
  }

  halt() {
    this.running?.stop();
    this.running = null;
    this.video.hidden = true;
  }

  stop() {
    this.observer.disconnect();
    this.halt();
  }
}
