// Single keys. They go by their place on the keyboard (Russian and Kazakh layouts give other letters) and never fire
// while something is typed.

const TYPING = "input:not([type=radio]):not([type=range]):not([type=checkbox]), textarea, select";
const PLAYER = { " ": "play", ArrowLeft: "back", ArrowRight: "forward", l: "loop", z: "zoom", "+": "in", "=": "in", "-": "out" };
const SERVICE_WAIT_MS = 4000;
const MOVES = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function shown(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

export function press(key) {
  const wanted = [...document.querySelectorAll(`main [data-key~="${CSS.escape(key)}"]`)].find((one) => !one.disabled && shown(one));
  wanted?.click();
  return Boolean(wanted);
}

function digit(event) {
  return /^(Digit|Numpad)([0-9])$/.exec(event.code)?.[2] ?? null;
}

function keyOf(event) {
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return "?";
  if (event.code === "Slash") return "/";
  return /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase() ?? event.key;
}

/** In a window a digit chooses its reason and decides at once; N goes to the note. */
function inDialog(event, dialog) {
  if (event.target.matches?.(TYPING)) return;
  const wanted = digit(event);
  const choice = wanted && dialog.querySelector(`[data-digit="${wanted}"]`);
  if (choice) {
    event.preventDefault();
    choice.checked = true;
    choice.form.requestSubmit();
  } else if (keyOf(event) === "n" && dialog.querySelector("[data-note]")) {
    event.preventDefault();
    dialog.querySelector("[data-note]").focus();
  }
}

/** Listen; `move` goes through the list, `player` gives the clip, `held` says that keys that act have to wait. */
export function listen({ move = null, player, held = () => false, escape = () => {} }) {
  let sending = 0;

  function send(on) {
    sending = on ? Date.now() : 0;
    document.querySelector("form.send")?.classList.toggle("armed", on);
  }

  function act(event, key) {
    const onControl = Boolean(event.target.closest?.("button, a, summary"));
    if (move && key in MOVES) { move(MOVES[key]); return true; }
    if (key === "Escape") { send(false); escape(); return true; }
    if (key === "/") {
      press("/");
      document.querySelector("[data-filters] select")?.focus();
      return true;
    }
    const number = digit(event);
    if (number !== null && key !== "?") {
      if (!sending || Date.now() - sending > SERVICE_WAIT_MS || held()) return false;
      send(false);
      const service = document.querySelector(`[data-service="${number}"]`);
      service?.click();
      return Boolean(service);
    }
    send(false);
    if ((key === "Enter" || key === " ") && onControl) return false;
    if (key in PLAYER && player()) { player().do(PLAYER[key]); return true; }
    if (held()) return false;
    if (key === "d" && document.querySelector("form.send")) { send(true); return true; }
    return key === "Enter" ? press("enter") : /^[a-z?]$/.test(key) && press(key);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.repeat && !(keyOf(event) in MOVES) && !event.key.startsWith("Arrow")) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog) return inDialog(event, dialog);
    if (event.target.matches?.(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (act(event, keyOf(event))) event.preventDefault();
  });
}
