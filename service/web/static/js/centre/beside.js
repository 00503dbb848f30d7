// Beside the clip: the camera's live view, and the place on the map. One map serves all alarms: a drawing of its own for
// each would cost more than the operator has time.

import { live as begin } from "../live.js";
import { alarmMap } from "../map.js";

const DATA = "/api/v1/alerts/map";
let room = null;
let map = null;

/** Begin for an alarm; `pick` is told what was chosen on the map. Gives what stops it. */
export function beside(article, pick = null) {
  const box = article.querySelector("[data-live-view]");
  const running = box && live(box);
  place(article, pick);
  return { stop() { running?.stop(); } };
}

function live(box) {
  const line = box.querySelector("[data-live-state]");
  const words = { wait: line.dataset.wordsWait, still: line.dataset.wordsStill, on: "" };
  const onState = ({ state }) => { line.textContent = words[state] ?? line.dataset.wordsNone; };
  return begin(box.querySelector("video"), box.dataset.camera, { onState });
}

function place(article, pick) {
  const here = article.querySelector("[data-map]");
  if (!here) return;
  if (!room) {
    room = document.createElement("div");
    room.className = "pane-map-room";
    here.append(room);
    map = alarmMap(room, { dataUrl: DATA, onSelect: (id) => { if (id !== article.dataset.chosen) pick?.(id); } });
  } else here.append(room);
  map.select(article.dataset.chosen);
}

/** Alarms have changed: the map looks at them anew. */
export function lookAgain() {
  map?.refresh();
}
