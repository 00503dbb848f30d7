// Keys of the review: one key a verdict; digits choose a reason; the verdict's buttons follow the chosen article.

import { players } from "./player.js";

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

function follow() {
  const chosen = document.querySelector("#verdict input[name=offence]:checked");
  if (!chosen) return;
  const kind = chosen.dataset.kind === "non_payable" ? "non_payable" : "payable";
  for (const one of document.querySelectorAll("#verdict [data-for]")) {
    one.hidden = one.dataset.for !== kind;
    if ("disabled" in one) one.disabled = one.hidden;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("#verdict input[name=offence]")) follow();
});
document.addEventListener("htmx:after:swap", () => {
  follow();
  document.querySelector("#panel [data-key~=enter]")?.focus({ preventScroll: true });
});
follow();
