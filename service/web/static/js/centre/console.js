// The operator's working screen: list, chosen alarm, sound, keys, and what is said when the connection breaks.

import { flash } from "../app.js";
import { enlarge, prepare } from "../loupe.js";
import { badge } from "./badge.js";
import { lookAgain } from "./beside.js";
import { Board, narrow } from "./board.js";
import { listen as onKeys } from "./keys.js";
import { listen } from "./link.js";
import { Pane } from "./pane.js";
import { Sound } from "./sound.js";
import { Steps } from "./steps.js";
import { together } from "./together.js";

const SOON_MS = 150;
const LOOK_MS = 15_000; // the list is asked for even where nothing was told: a connection can die in silence
const HOLD_MS = 700; // a key meant for the alarm before does not fall on one that came up by itself
const LAST = new Set(["close", "cancel", "false"]);
const root = document.querySelector("[data-console]");
const live = document.querySelector(".live[data-live]");
const lostLine = document.querySelector("[data-lost]");
const announce = document.getElementById("announce");
let timer = 0;
let holding = 0;
let told = new Set();
let lostSince = null;
let stream = "wait";
let failing = false;

const say = together((message) => {
  if (message.kind === "pick") board.choose(message.id);
  if (message.kind === "ask" && pane.article) tell(pane.article);
});

const pane = new Pane(document.querySelector("[data-pane-room]"), { shown: tell, pick: (id) => board.choose(id) });
const board = new Board(document.querySelector(".console-list"), { chosen, renewed, failed: () => fails(true) });
const sound = new Sound({ muted: root.dataset.muted ? Date.now() + mutedFor() : null, changed: soundState, keep });
new Steps(pane, root.dataset.csrf, stepped);
prepare();
onKeys({
  move: (by) => board.move(by),
  player: () => pane.player,
  held: () => root.hasAttribute("data-held"),
  escape: () => document.querySelector("#rows .chosen a")?.focus(),
});
listen(root.dataset.stream, { hear: heard, state: connection, end: () => location.reload() });

/** How long the console is still muted, by the server's clock. */
function mutedFor() {
  return Date.parse(root.dataset.muted) - Date.parse(board.board.dataset.now);
}

function tell(article) {
  const { chosen: id, camera, latitude, longitude, title } = article.dataset;
  say({ kind: "chosen", id, camera, latitude: Number(latitude), longitude: Number(longitude), title });
}

function chosen(id, byHand) {
  clearTimeout(holding);
  root.toggleAttribute("data-held", !byHand);
  if (!byHand) holding = setTimeout(() => root.removeAttribute("data-held"), HOLD_MS);
  pane.open(id);
}

function heard(alert) {
  soon();
  if (alert.id === pane.id && alert.version !== pane.version) pane.renew();
}

/** Several changes at once ask the server once. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(() => board.renew(), SOON_MS);
}

function renewed() {
  fails(false);
  lookAgain();
  const { sounding, unanswered } = board.board.dataset;
  const names = sounding ? sounding.split(" ") : [];
  sound.wanted(names);
  badge(Number(unanswered));
  spoken(new Set(names.map((one) => one.split(":")[0])));
  if (!pane.id && !narrow()) {
    const next = board.fresh();
    if (next) board.choose(next, false);
  }
}

/** New alarms are read out to who cannot see the list. */
function spoken(now) {
  const fresh = [...now].filter((id) => !told.has(id));
  told = now;
  const words = fresh.map((id) => board.row(id)).filter(Boolean)
    .map((row) => `${row.querySelector(".name").textContent.trim()}, ${row.querySelector(".where").textContent.trim()}`);
  if (words.length) announce.textContent = `${announce.dataset.words} ${words.join("; ")}`;
}

function stepped(step, id) {
  soon();
  if (pane.id !== id) board.follow(pane.id); // it was joined to another
  if (!LAST.has(step) || pane.id !== id) return;
  const next = board.fresh(id);
  if (next) board.choose(next, false);
}

function connection(state, since) {
  stream = state;
  show(since);
  if (state !== "on") return;
  board.renew();
  pane.renew();
}

/** What is said of the connection: it is whole when the stream is there and the list answers. */
function show(since) {
  const state = stream === "lost" || failing ? "lost" : stream;
  live.dataset.state = state;
  if (state !== "wait") live.textContent = live.dataset[state === "on" ? "wordsOn" : "wordsLost"];
  if (state !== "lost") lostSince = null;
  else if (lostSince === null) {
    lostSince = since;
    const clock = new Date(since).toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    lostLine.textContent = lostLine.dataset.words.replace("{since}", clock);
  }
  lostLine.hidden = lostSince === null;
  sound.lost(lostSince !== null);
}

function fails(yes) {
  failing = yes;
  show(Date.now());
}

function soundState(state, until) {
  const button = document.querySelector("[data-sound]");
  button.setAttribute("aria-pressed", String(state === "on"));
  button.dataset.state = state;
  const left = until ? Math.max(0, Math.ceil((until - Date.now()) / 1000)) : 0;
  const words = { on: button.dataset.wordsOn, off: button.dataset.wordsOff, muted: `${button.dataset.wordsMuted} ${left}` }[state];
  button.querySelector("[data-sound-words]").textContent = words;
  document.querySelector("[data-sound-off]").hidden = state !== "off";
  for (const one of document.querySelectorAll("[data-mute], [data-mute-for]")) one.hidden = state !== "on";
  for (const one of document.querySelectorAll("[data-trial]")) one.hidden = state === "off";
}

/** Write down what is done with the sound; gives until when it is muted, null where the server refused. */
async function keep(kind, seconds) {
  if (root.dataset.operator !== "true") return null;
  const body = new URLSearchParams({ kind, seconds });
  try {
    const answer = await fetch("/alarms/sound", { method: "POST", body, headers: { "x-csrf-token": root.dataset.csrf } });
    if (answer.ok) return (await answer.json()).until ?? "";
  } catch {
    // Below.
  }
  flash(document.body.dataset.offline, "bad");
  return null;
}

document.querySelector("[data-sound]").addEventListener("click", () => {
  if (sound.muted) sound.unmute();
});
document.querySelector("[data-mute]")?.addEventListener("click", () => sound.mute(Number(document.querySelector("[data-mute-for]").value)));
document.addEventListener("click", (event) => {
  const still = event.target.closest("[data-enlarge]");
  if (still) enlarge(still.dataset.enlarge, still.dataset.caption);
  const tone = event.target.closest("[data-tone]");
  if (tone) sound.try(tone.dataset.tone);
  const trial = event.target.closest("[data-heard]");
  if (trial) keep(trial.dataset.heard, 0);
});

const filters = document.querySelector("[data-filters]");
filters.addEventListener("change", () => {
  const said = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value !== ""));
  board.ask(said.toString());
});
filters.addEventListener("submit", (event) => event.preventDefault());

document.querySelector("[data-close-many]").addEventListener("submit", (event) => {
  const form = event.target;
  for (const old of form.querySelectorAll("[name=ids]")) old.remove();
  for (const id of board.ended) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "ids", value: id });
    form.append(field);
  }
  form.elements.back.value = location.pathname + location.search;
});

setInterval(() => board.renew(), LOOK_MS);
setInterval(() => { if (sound.muted) sound.tell(); }, 1000);
renewed();
