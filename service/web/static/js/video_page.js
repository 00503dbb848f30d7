// A camera's page: the day's strip, the archive's player and the live view on one stage, keys, pictures of segments.

import { live } from "./live.js";
import { ArchivePlayer } from "./player_archive.js";

const MOST_THUMBS = 24;
const LEAP_S = 10;
const POLL_MS = 3000;
const SVG_MINUTE = 60000;

const stage = document.getElementById("archive");
const video = stage.querySelector("video");
const said = document.getElementById("said");
const strip = document.getElementById("strip");
const head = document.getElementById("strip-head");
const out = stage.querySelector("output");
const words = JSON.parse(stage.dataset.words);
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: stage.dataset.zone || "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });
const dayStart = Date.parse(strip.dataset.start);
const alarms = [...strip.querySelectorAll(".mark")].map((mark) => ({ at: dayStart + Number(mark.getAttribute("x")) * SVG_MINUTE, id: mark.dataset.alert })).sort((a, b) => a.at - b.at);

let view = null;
let player = null;

function say(code) {
  said.textContent = code ? words[code] ?? code : "";
}

function show(moment) {
  head.setAttribute("x", String((moment - dayStart) / SVG_MINUTE));
  out.textContent = clock.format(moment);
  let current = null;
  for (const one of document.querySelectorAll("#thumbs button")) {
    if (Number(one.dataset.at) <= moment + 500) current = one;
    one.removeAttribute("aria-current");
  }
  current?.setAttribute("aria-current", "true");
}

async function open() {
  const { camera, look, start, end, at } = stage.dataset;
  if (!look || !start) return;
  player = new ArchivePlayer(video, { camera, look, start, end, say, moved: show });
  const segments = await player.load();
  if (!segments) return;
  if (!segments.length) return say("no_segment");
  pictures(segments);
  player.seek(at ? Math.max(Date.parse(at), Date.parse(start)) : Date.parse(start));
}

/** At most `MOST_THUMBS`, spread over the span. */
function pictures(segments) {
  const place = document.getElementById("thumbs");
  if (!place) return;
  const every = Math.max(1, Math.ceil(segments.length / MOST_THUMBS));
  for (const segment of segments.filter((_, number) => number % every === 0)) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.at = String(Date.parse(segment.start));
    const picture = document.createElement("img");
    picture.loading = "lazy";
    picture.alt = "";
    picture.src = player.thumb(segment);
    button.append(picture, clock.format(Date.parse(segment.start)).slice(0, 8));
    button.addEventListener("click", () => { toArchive(); player.seek(Date.parse(segment.start)); });
    place.append(button);
  }
}

function toLive() {
  player?.close();
  player = null;
  view = live(video, stage.dataset.camera, {
    onState({ state, reason, behind }) {
      const why = words.reasons[reason];
      said.textContent = state === "on" ? "" : [words[state], why].filter(Boolean).join(" ");
      out.textContent = state === "on" && behind !== null ? words.behind.replace("{s}", Math.max(0, behind).toFixed(1)) : "";
    },
  });
  press("live", true);
}

function toArchive() {
  if (view) {
    view.stop();
    view = null;
    press("live", false);
    said.textContent = "";
    out.textContent = "";
    video.playbackRate = Number(stage.querySelector("#speed").value);
  }
  if (!player) return open();
  return null;
}

function press(name, on) {
  stage.querySelector(`[data-do=${name}]`)?.setAttribute("aria-pressed", String(on));
}

function act(name) {
  if (name === "live") {
    if (!stage.dataset.live) return;
    if (view) toArchive();
    else toLive();
    return;
  }
  if (!player) return;
  switch (name) {
    case "play": if (video.paused) video.play().catch(() => {}); else video.pause(); break;
    case "back": player.step(-1); break;
    case "forward": player.step(1); break;
    case "less": player.seek(player.moment() - LEAP_S * 1000); break;
    case "more": player.seek(player.moment() + LEAP_S * 1000); break;
    case "alarm_back": jump(alarms.findLast((one) => one.at < player.moment() - 3000)); break;
    case "alarm_on": jump(alarms.find((one) => one.at > player.moment() + 1000)); break;
  }
}

function jump(alarm) {
  if (alarm) player.seek(alarm.at - 3000);
}

const KEYS = { " ": "play", ",": "back", ".": "forward", ArrowLeft: "less", ArrowRight: "more", j: "alarm_back", k: "alarm_on", l: "live" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!name || (event.key === " " && event.target.closest("button, a, summary"))) return;
  event.preventDefault();
  act(name);
});

stage.addEventListener("click", (event) => {
  const name = event.target.closest("button[data-do]")?.dataset.do;
  if (name) act(name);
});

stage.querySelector("#speed").addEventListener("change", (event) => { video.playbackRate = Number(event.target.value); });

strip.addEventListener("click", async (event) => {
  const box = strip.getBoundingClientRect();
  const moment = dayStart + ((event.clientX - box.left) / box.width) * 1440 * SVG_MINUTE;
  await toArchive();
  if (player && moment >= player.start && moment <= player.end) player.seek(moment);
  else propose(moment);
});

/** A place that is not open yet: the forms take the quarter hours around it. */
function propose(moment) {
  const local = (at) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", { timeZone: stage.dataset.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(at).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
  };
  show(moment);
  for (const name of ["look", "export", "lock"]) {
    const start = document.getElementById(`${name}-start`);
    const end = document.getElementById(`${name}-end`);
    if (start && end) {
      start.value = local(moment - 15 * SVG_MINUTE);
      end.value = local(Math.min(moment + 15 * SVG_MINUTE, Date.now()));
    }
  }
  document.getElementById("purpose")?.focus();
}

/** Exports that are made meanwhile: the page is loaded again once one is ready. */
const waiting = [...document.querySelectorAll("[data-export]")].filter((one) => ["wanted", "making"].includes(one.dataset.state));
async function poll() {
  for (const one of waiting) {
    const answer = await fetch(`/api/v1/video/exports/${one.dataset.export}`, { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) continue;
    const { state, done } = await answer.json();
    if (["ready", "failed"].includes(state)) return location.reload();
    if (state === "making") one.querySelector("[data-label]").textContent = `${one.querySelector("[data-label]").textContent.replace(/ \d+ %$/, "")} ${Math.round(done * 100)} %`;
  }
  return setTimeout(poll, POLL_MS);
}
if (waiting.length) setTimeout(poll, POLL_MS);

if (stage.dataset.look) open();
else if (stage.dataset.live && !stage.dataset.at) toLive();

window.archive = { get player() { return player; }, get view() { return view; } };
