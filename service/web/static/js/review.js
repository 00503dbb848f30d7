// Keys of an alarm's page: the player, a still enlarged, one key for the main step.

import { enlarge, prepare } from "./loupe.js";
import { Player } from "./player.js";

const players = [...document.querySelectorAll("[data-player]")].map((root) => new Player(root));
prepare();
document.addEventListener("click", (event) => {
  const still = event.target.closest("[data-enlarge]");
  if (still) enlarge(still.dataset.enlarge, still.dataset.caption);
});

const TYPING = "input:not([type=radio]):not([type=range]):not([type=checkbox]), textarea, select";
const PLAYER = { ArrowLeft: "back", ArrowRight: "forward", " ": "play", z: "zoom", m: "marks", "+": "in", "=": "in", "-": "out" };
// Russian and Kazakh layouts give other letters for the same keys: the place on the keyboard counts.
const PLACES = { KeyC: "c", KeyR: "r", KeyN: "n", KeyS: "s", KeyH: "h", KeyZ: "z", KeyM: "m" };

function shown(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function press(key) {
  const wanted = [...document.querySelectorAll(`main [data-key~="${key}"]`)].find((one) => !one.disabled && shown(one));
  wanted?.click();
  return Boolean(wanted);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const key = PLACES[event.code] ?? event.key;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    if (event.target.matches?.("textarea")) return;
    const choice = dialog.querySelector(`[data-digit="${key}"]`);
    if (choice) {
      choice.checked = true;
      choice.focus();
      event.preventDefault();
    }
    return;
  }
  if (event.target.matches?.(TYPING)) {
    if (key !== "Enter" || !event.target.matches("#plate")) return;
  }
  if (key === "Enter") {
    if (event.target.closest?.("button, a, summary")) return;
    if (press("enter")) event.preventDefault();
    return;
  }
  if (key === "h") {
    document.getElementById("help")?.showModal();
    event.preventDefault();
    return;
  }
  if (PLAYER[key] && players.length) {
    if (key === " " && event.target.closest?.("button, a, summary")) return;
    if (key.startsWith("Arrow") && event.target.matches?.("input")) return;
    players[0].do(PLAYER[key]);
    event.preventDefault();
    return;
  }
  if (/^[crns]$/.test(key) && press(key)) event.preventDefault();
});

document.addEventListener("htmx:after:swap", () => {
  document.querySelector("#panel [data-key~=enter]")?.focus({ preventScroll: true });
});
