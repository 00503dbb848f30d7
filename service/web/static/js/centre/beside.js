// Beside the clip: the camera's live view and the place on the map, each where there is one.

/** Begin for an alarm; gives what stops it. */
export function beside(article) {
  const stops = [];
  let over = false;

  async function live(box) {
    const { live: begin } = await import("../live.js");
    if (over) return;
    const running = begin(box.querySelector("video"), box.dataset.camera);
    stops.push(() => running.stop());
  }

  const box = article.querySelector("[data-live-view]");
  if (box) live(box).catch(() => { box.hidden = true; });
  return {
    stop() {
      over = true;
      for (const one of stops) one();
    },
  };
}
