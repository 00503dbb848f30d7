// A dispatcher's page: renewed when something changes, sounding until the service has received its alarm.

import { refresh } from "../app.js";
import { badge } from "./badge.js";
import { listen } from "./link.js";
import { Sound } from "./sound.js";

const SOON_MS = 200;
const LOOK_MS = 15_000;
const PATIENCE_MS = 10_000;
const live = document.querySelector(".live[data-live]");
const off = document.querySelector("[data-sound-off]");
let timer = 0;
let streaming = false;

const sound = new Sound({ muted: null, changed: (state) => { off.hidden = state !== "off"; }, keep: async () => null });

function rung() {
  const waits = [...document.querySelectorAll("[data-waits=true]")];
  sound.wanted(waits.map((one) => `${one.dataset.alarm}:${[...one.classList].find((name) => ["high", "medium", "low"].includes(name))}::`));
  badge(waits.length);
}

async function renew() {
  const own = document.getElementById("own");
  if (own.contains(document.activeElement) && document.activeElement.matches("input[type=text]")) return soon();
  try {
    const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("own");
    if (!fresh) return;
    own.replaceWith(document.adoptNode(fresh));
    refresh();
    rung();
    if (live.dataset.state === "lost" && streaming) show("on");
  } catch {
    show("lost");
  }
}

/** Several changes at once ask the server once; while a number is written the page waits. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(renew, SOON_MS * (document.activeElement?.matches("input[type=text]") ? 10 : 1));
}

function show(state) {
  live.dataset.state = state;
  if (state !== "wait") live.textContent = live.dataset[state === "on" ? "wordsOn" : "wordsLost"];
  sound.lost(state === "lost");
}

listen(live.dataset.stream, {
  hear: soon,
  state(state) {
    streaming = state === "on";
    show(state);
    if (state === "on") soon();
  },
  end: () => location.reload(),
});
setInterval(soon, LOOK_MS);
rung();
