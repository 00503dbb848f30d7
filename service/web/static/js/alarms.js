// The live alarm list: server-sent events say that something changed, the server renders what is shown.

import { flash } from "./app.js";

const LONGEST_WAIT = 30_000;
const SLOW_LOOK = 15_000;
const live = document.querySelector("[data-live]");
const announce = document.getElementById("announce");
const sound = document.querySelector("[data-sound]");
let source = null;
let wait = 1000;
let timer = 0;
let known = alarms();
let audio = null;

function alarms() {
  return new Set([...document.querySelectorAll("[data-alarm].fresh")].map((one) => one.dataset.alarm));
}

function say(state, words) {
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  live.textContent = words;
}

function connect() {
  source = new EventSource(live.dataset.stream);
  source.addEventListener("open", () => {
    wait = 1000;
    say("on", live.dataset.wordsOn);
    refresh();
  });
  source.addEventListener("error", () => {
    say("lost", live.dataset.wordsLost);
    if (source.readyState !== EventSource.CLOSED) return;
    // The browser gave up: try again, later each time, with jitter so that a whole shift does not call at once.
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LONGEST_WAIT, wait * 2);
  });
  source.addEventListener("alert", soon);
  // The login has ended: the page asks for a new one.
  source.addEventListener("end", () => location.reload());
}

/** Several changes at once ask the server once. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 150);
}

async function refresh() {
  const place = document.getElementById("alarms");
  if (document.querySelector("#alarms select:focus")) return soon();
  try {
    await htmx.ajax("GET", place.dataset.url, { target: "#alarms", select: "#alarms", swap: "outerHTML" });
  } catch {
    flash(document.body.dataset.offline, "bad");
  }
}

document.addEventListener("htmx:after:swap", () => {
  const now = alarms();
  const fresh = [...now].filter((id) => !known.has(id));
  known = now;
  if (!fresh.length) return;
  const words = fresh.map((id) => {
    const row = document.querySelector(`[data-alarm="${CSS.escape(id)}"]`);
    return `${row.querySelector("h3").textContent.trim()}, ${row.querySelector(".where").textContent.trim()}`;
  });
  announce.textContent = `${announce.dataset.words} ${words.join("; ")}`;
  if (sound.getAttribute("aria-pressed") === "true") beep();
});

function beep() {
  audio ??= new AudioContext();
  for (const [after, pitch] of [[0, 880], [0.18, 660]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + after + 0.14);
  }
}

sound.addEventListener("click", () => {
  const on = sound.getAttribute("aria-pressed") !== "true";
  sound.setAttribute("aria-pressed", String(on));
  if (on) beep();
});

setInterval(() => { if (source.readyState !== EventSource.OPEN) refresh(); }, SLOW_LOOK);
window.addEventListener("pagehide", () => source.close());
window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();
