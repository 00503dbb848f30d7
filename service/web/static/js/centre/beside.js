// Beside the clip: the camera's live view and the place on the map, each where there is one.

import { live as begin } from "../live.js";

/** Begin for an alarm; gives what stops it. */
export function beside(article) {
  const stops = [];

  function show(box) {
    const line = box.querySelector("[data-live-state]");
    const words = { wait: line.dataset.wordsWait, still: line.dataset.wordsStill, on: "" };
    const onState = ({ state }) => { line.textContent = words[state] ?? line.dataset.wordsNone; };
    const running = begin(box.querySelector("video"), box.dataset.camera, { onState });
    stops.push(() => running.stop());
  }

  const box = article.querySelector("[data-live-view]");
  if (box) show(box);
  return {
    stop() {
      for (const one of stops) one();
    },
  };
}
