// The camera wall: every view live over one connection; only what is seen is fetched.
// An alarm brings its camera up in a coloured frame until somebody answers; then the camera that stood there is back.

import { listen } from "./link.js";
import { together } from "./together.js";
import { View } from "./wall_view.js";

const TYPING = "input, textarea, select";
const FRESH = new Set(["raised", "notified", "reopened"]);
const SEVERITY = { Extreme: "high", Severe: "high", Moderate: "medium", Minor: "low" };
const SIZES = [1, 4, 9, 16];
const root = document.querySelector("[data-wall]");
const grid = root.querySelector("[data-grid]");
const live = root.querySelector(".live");
const follow = root.querySelector("[data-follow]");
const names = new Map();
const waiting = new Map(); // id of an unanswered alarm: the alarm
let views = [];

const say = together((message) => {
  if (message.kind === "chosen") picked(message.camera);
});

/** Draw so many views; cameras that were shown stay. */
function draw(cells) {
  for (const view of views) view.stop();
  grid.dataset.views = String(cells.length);
  views = cells.map((camera) => new View(root, camera));
  grid.replaceChildren(...views.map((view) => view.box));
  for (const button of root.querySelectorAll("[data-size]")) button.setAttribute("aria-pressed", String(Number(button.dataset.size) === cells.length));
  root.classList.remove("large");
  for (const option of views[0].box.querySelectorAll("option[value]")) names.set(option.value, option.textContent);
  frames();
}

function resize(size) {
  const cameras = views.map((view) => view.camera);
  draw(Array.from({ length: size }, (_, place) => cameras[place] ?? null));
}

/** Colour the views whose cameras have an unanswered alarm; bring up a camera that is not shown. */
function frames() {
  const urgent = [...waiting.values()].sort((one, other) => one.t_detect.localeCompare(other.t_detect));
  for (const view of views) if (view.alarm && !waiting.has(view.alarm.id)) view.calm();
  for (const alarm of urgent) {
    const shown = views.find((view) => view.camera === alarm.camera_id);
    if (shown) shown.alarmed(alarm, SEVERITY[alarm.severity] ?? "high");
    else if (follow.checked && names.has(alarm.camera_id)) {
      const free = views.findLast((view) => !view.alarm);
      free?.show(alarm.camera_id);
      free?.alarmed(alarm, SEVERITY[alarm.severity] ?? "high");
    }
  }
}

function picked(camera) {
  for (const view of views) view.box.classList.toggle("picked", view.camera === camera);
}

listen(root.dataset.stream, {
  hear(alarm) {
    if (FRESH.has(alarm.state)) waiting.set(alarm.id, alarm);
    else waiting.delete(alarm.id);
    frames();
  },
  state(state) {
    live.dataset.state = state;
    if (state !== "wait") live.textContent = live.dataset[state === "on" ? "wordsOn" : "wordsLost"];
  },
  end: () => location.reload(),
});

function large(view) {
  const on = !root.classList.contains("large");
  root.classList.toggle("large", on);
  for (const one of views) one.box.classList.toggle("large", on && one === view);
}

root.addEventListener("click", (event) => {
  const size = event.target.closest("[data-size]");
  if (size) resize(Number(size.dataset.size));
  const alarm = event.target.closest("[data-cell-alarm]");
  if (alarm) say({ kind: "pick", id: alarm.dataset.cellAlarm });
});
root.addEventListener("dblclick", (event) => {
  const view = views.find((one) => one.box.contains(event.target));
  if (view) large(view);
});
root.querySelector("[data-keep]").addEventListener("submit", (event) => {
  const form = event.target;
  for (const old of form.querySelectorAll("[name=cells]")) old.remove();
  for (const view of views) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "cells", value: view.own ?? "" });
    form.append(field);
  }
});

function move(key) {
  const columns = Math.round(Math.sqrt(views.length));
  const now = Math.max(0, views.findIndex((one) => one.box === document.activeElement));
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  views[Math.min(views.length - 1, Math.max(0, now + by))].box.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches?.(TYPING)) {
    if (event.key === "Escape") event.target.closest(".cell")?.focus();
    return;
  }
  const view = views.find((one) => one.box === document.activeElement) ?? views[0];
  const size = /^(?:Digit|Numpad)([1-4])$/.exec(event.code)?.[1];
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) document.getElementById("help").showModal();
  else if (size) resize(SIZES[Number(size) - 1]);
  else if (event.key.startsWith("Arrow")) move(event.key);
  else if (event.key === "Enter" && !event.target.closest?.("button, a")) large(view);
  else if (event.key === "Escape" && root.classList.contains("large")) large(view);
  else if (event.code === "KeyC") view.choice.focus();
  else if (event.code === "KeyO" && view.alarm) view.link.click();
  else return;
  event.preventDefault();
});
draw(JSON.parse(root.dataset.cells));
say({ kind: "ask" });
