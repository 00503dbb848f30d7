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
let pressed = false;
let sent = false;

const sound = new Sound({ muted: null, changed: (state) => { off.hidden = state !== "off"; }, keep: async () => null });

function rung() {
  const waits = [...document.querySelectorAll("[data-waits=true]")];
  sound.wanted(waits.map((one) => `${one.dataset.alarm}:${[...one.classList].find((name) => ["high", "medium", "low"].includes(name))}::`));
  badge(waits.length);
}

/** What the dispatcher has written or chosen and not yet sent, and where he stands, in the alarms that are drawn anew. */
function carry(from, to) {
  for (const field of from.querySelectorAll("input[type=text], input[type=radio]")) {
    const same = field.type === "radio" ? `input[type=radio][value="${field.value}"]` : `#${CSS.escape(field.id)}`;
    const next = to.querySelector(`#${CSS.escape(field.closest("section").id)} ${same}`);
    if (!next) continue;
    if (field.type === "radio") next.checked = field.checked;
    else if (field.value !== field.defaultValue) next.value = field.value;
  }
  const at = from.contains(document.activeElement) ? document.activeElement : null;
  const named = at && [...to.querySelectorAll("a, button, input")].find((one) => called(one) === called(at));
  return () => named?.focus({ preventScroll: true });
}

/** What an element does, by which it is the same one in the page drawn anew. */
function called(one) {
  const alarm = one.closest("section").id;
  return [alarm, one.tagName, one.getAttribute("formaction") ?? one.getAttribute("href") ?? `${one.name} ${one.value}`].join(" ");
}

async function renew() {
  const own = document.getElementById("own");
  if (sent) return;
  if (busy()) return soon();
  try {
    const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (sent) return; // a page that is loaded anew would call back what is on its way
    if (answer.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("own");
    if (!fresh || sent) return;
    if (busy()) return soon(); // a press that began meanwhile would end on another element, and be lost
    const next = document.adoptNode(fresh);
    const stand = carry(own, next);
    own.replaceWith(next);
    stand();
    refresh();
    rung();
    if (live.dataset.state === "lost" && streaming) show("on");
  } catch {
    show("lost");
  }
}

/** Under a finger or in the middle of a number the page stays as it is. */
function busy() {
  return pressed || Boolean(document.activeElement?.matches("#own input[type=text]"));
}

/** Several changes at once ask the server once; what is under way is waited for. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(renew, SOON_MS * (busy() ? 10 : 1));
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
  end: () => sent || location.reload(),
});
addEventListener("pointerdown", () => { pressed = true; });
// The click follows the release: only after it may the button go.
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { pressed = false; }));
addEventListener("submit", () => { sent = true; });
setInterval(soon, LOOK_MS);
rung();
