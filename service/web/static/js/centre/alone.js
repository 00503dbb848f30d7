// An alarm on a page of its own: the same keys, clip, live view and map, without the list.

import { enlarge, prepare } from "../loupe.js";
import { listen as onKeys } from "./keys.js";
import { listen } from "./link.js";
import { Pane } from "./pane.js";
import { Steps } from "./steps.js";

const room = document.querySelector("[data-pane-room]");
const pane = new Pane(room);
new Steps(pane, room.dataset.csrf);
prepare();
onKeys({ player: () => pane.player });
listen("/api/v1/alerts/stream", {
  hear: (alert) => { if (alert.id === pane.id && alert.version !== pane.version) pane.renew(); },
  state: () => {},
  end: () => location.reload(),
});
document.addEventListener("click", (event) => {
  const still = event.target.closest("[data-enlarge]");
  if (still) enlarge(still.dataset.enlarge, still.dataset.caption);
});
