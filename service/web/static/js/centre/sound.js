// Sound that must be answered: it repeats until somebody acknowledges, or is muted for a short, logged time.
// A browser lets no page sound before a person has touched it: until then the page says so where nobody overlooks it.

import { PLANS, play } from "./tones.js";

const LOOK_MS = 200;
const BREAKS = new Set(["fire", "high"]); // a new alarm of these ends a mute
const ORDER = ["fire", "high", "medium", "low"];

export class Sound {
  /** `changed` is told the state ("off", "on", "muted") and until when; `keep` writes down what is done with it. */
  constructor({ muted, changed, keep }) {
    this.changed = changed;
    this.keep = keep;
    this.audio = null;
    this.until = muted;
    this.waiting = new Map(); // id of an unanswered alarm: its plan
    this.held = new Set(); // those that were muted
    this.last = new Map(); // plan: when it sounded last
    this.broken = false;
    this.probe();
    // At the release: the warning that goes moves the page, and a press must end on the button on which it began.
    for (const touch of ["pointerup", "keydown"]) document.addEventListener(touch, () => this.switchOn());
    setInterval(() => this.look(), LOOK_MS);
    this.tell();
  }

  /** Where the browser was told to allow sound from the start (a kiosk), it is switched on at once. */
  async probe() {
    try {
      await new Audio("/static/silence.wav").play();
      this.switchOn();
    } catch {
      this.tell();
    }
  }

  switchOn() {
    if (this.on) return;
    this.audio ??= new AudioContext();
    this.audio.onstatechange = () => this.tell();
    this.audio.resume().then(() => { this.tell(); this.look(); });
  }

  get on() {
    return this.audio?.state === "running";
  }

  get muted() {
    return this.until !== null && Date.now() < this.until;
  }

  tell() {
    this.changed(this.on ? (this.muted ? "muted" : "on") : "off", this.until);
  }

  /** The unanswered alarms as the server names them: `id:attention:fire:drill`. */
  wanted(names) {
    const now = new Map();
    for (const name of names) {
      const [id, attention, fire] = name.split(":");
      now.set(id, fire ? "fire" : attention);
    }
    const broke = this.muted && [...now].some(([id, plan]) => BREAKS.has(plan) && !this.held.has(id));
    this.waiting = now;
    if (broke) this.unmute();
    this.look();
  }

  lost(broken) {
    this.broken = broken;
    this.look();
  }

  look() {
    if (this.until !== null && !this.muted) {
      this.until = null;
      this.held.clear();
      this.tell();
    }
    if (this.broken) this.due("lost");
    if (this.muted || !this.waiting.size) return;
    const plans = new Set(this.waiting.values());
    this.due(ORDER.find((one) => plans.has(one)));
  }

  due(plan) {
    if (!this.on || !plan) return;
    const now = this.audio.currentTime;
    if (now - (this.last.get(plan) ?? -Infinity) < PLANS[plan].every) return;
    this.last.set(plan, now);
    play(this.audio, plan);
    document.dispatchEvent(new CustomEvent("sounded", { detail: plan }));
  }

  async mute(seconds) {
    const until = await this.keep("mute", seconds);
    if (until === null) return;
    this.until = Date.now() + seconds * 1000;
    this.held = new Set(this.waiting.keys());
    this.tell();
  }

  unmute() {
    this.until = null;
    this.held.clear();
    this.keep("unmute", 0);
    this.tell();
  }

  /** One tone on trial. */
  try(plan) {
    this.switchOn();
    if (this.on) play(this.audio, plan);
    else this.audio?.resume().then(() => play(this.audio, plan));
  }
}
