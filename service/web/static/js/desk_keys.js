// One key a verdict. Keys go by their place on the keyboard: Russian and Kazakh layouts give other letters for them.

const TYPING = "input:not([type=radio]):not([type=range]):not([type=checkbox]), textarea, select";
const PLACES = {
  KeyA: "a", KeyC: "c", KeyE: "e", KeyG: "g", KeyH: "h", KeyL: "l", KeyM: "m", KeyN: "n", KeyO: "o", KeyP: "p",
  KeyQ: "q", KeyR: "r", KeyS: "s", KeyT: "t", KeyU: "u", KeyV: "v", KeyZ: "z", Comma: ",", Period: ".",
};
const PLAYER = { ",": "back", ".": "forward", " ": "play", l: "loop", z: "zoom", m: "marks", "+": "in", "=": "in", "-": "out" };
const PANS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const STEPS = { ArrowLeft: "back", ArrowRight: "forward" };

function shown(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function press(key) {
  const wanted = [...document.querySelectorAll("main [data-key]")].find(
    (one) => one.dataset.key.split(" ").includes(key) && !one.disabled && shown(one),
  );
  wanted?.click();
  return Boolean(wanted);
}

function digit(event) {
  return /^(Digit|Numpad)([0-9])$/.exec(event.code)?.[2] ?? (/^[0-9]$/.test(event.key) ? event.key : null);
}

/** In a dialog a digit chooses its reason and decides; while something is typed it is only a digit. */
function inDialog(event, dialog, take) {
  if (event.target.matches?.(TYPING)) return;
  const wanted = digit(event);
  const choice = wanted && dialog.querySelector(`[data-digit="${wanted}"]`);
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  const decides = dialog.querySelector("button[data-verdict]");
  if (decides) take(choice.form, decides);
  else choice.focus();
}

function onArrow(event, player) {
  if (event.target.matches?.("input") || !player) return false;
  const name = player.zoomed ? PANS[event.key] : STEPS[event.key];
  if (name) player.do(name);
  return Boolean(name);
}

function focus(selector) {
  const wanted = document.querySelector(selector);
  wanted?.focus();
  wanted?.select?.();
  return Boolean(wanted);
}

const HERE = {
  e: () => focus("#plate"),
  a: () => focus("#verdict input[name=offence]:checked") || focus("#verdict input[name=offence]"),
  v: () => press("v"),
  "?": () => press("?"),
  "/": () => { location.assign("/cases/search"); return true; },
};

/** Listen; `media` gives the case in front, `take` takes a form's step. */
export function listen(media, take) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat && event.key === "Enter") return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog) return inDialog(event, dialog, take);
    const asks = event.key === "?" || (event.code === "Slash" && event.shiftKey);
    const key = asks ? "?" : event.code === "Slash" ? "/" : PLACES[event.code] ?? event.key;
    if (event.target.matches?.(TYPING)) {
      if (key === "Escape") event.target.blur();
      else if (key === "Enter" && event.target.matches("#plate") && press("enter")) event.preventDefault();
      return;
    }
    if (handled(event, key, media()?.player ?? null, media())) event.preventDefault();
  });
}

function handled(event, key, player, media) {
  const onControl = Boolean(event.target.closest?.("button, a, summary"));
  if (key === "Enter") return !onControl && press("enter");
  if (key === " " && onControl) return false;
  if (key.startsWith("Arrow")) return onArrow(event, player);
  if (key === "Escape" && player) {
    if (player.zoomed) player.zoom(false);
    else media.still(0);
    return true;
  }
  const number = key === "?" ? null : digit(event); // a Russian keyboard has the question mark on a digit
  if (number !== null) {
    media?.still(Number(number));
    return Boolean(media);
  }
  if (HERE[key]) return HERE[key]();
  if (PLAYER[key] && player) {
    player.do(PLAYER[key]);
    return true;
  }
  return /^[a-z]$/.test(key) && press(key);
}
