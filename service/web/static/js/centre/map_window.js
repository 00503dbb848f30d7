// The map in a window of its own: it follows the console's choice, and what is picked on it is chosen there.

import { alarmMap } from "../map.js";
import { together } from "./together.js";

const room = document.querySelector("[data-map-room]");
const line = document.querySelector("[data-map-chosen]");
const map = alarmMap(room, {
  dataUrl: "/api/v1/alerts/map",
  streamUrl: "/api/v1/alerts/stream",
  onSelect: (id) => say({ kind: "pick", id }),
});

const say = together((message) => {
  if (message.kind !== "chosen") return;
  line.textContent = message.title;
  map?.select?.(message.id);
});
say({ kind: "ask" });
