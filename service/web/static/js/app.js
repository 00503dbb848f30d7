// Every page: ticking ages, dialogs, and what to say when the server does not answer.

const GOOD_NEWS_MS = 8000;
const units = JSON.parse(document.body.dataset.units ?? "{}");
let skew = 0;

/** A page that tells the server's moment has its ages grow by that and not by the clock of the desk. */
export function setServerTime(moment) {
  skew = Date.parse(moment) - Date.now();
}

/** A span of seconds in its two largest units, in the page's language. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    ["days", Math.floor(whole / 86400)],
    ["hours", Math.floor(whole / 3600) % 24],
    ["minutes", Math.floor(whole / 60) % 60],
    ["seconds", whole % 60],
  ];
  while (parts.length > 1 && parts[0][1] === 0) parts.shift();
  const shown = parts.slice(0, 2).filter(([, count], place) => place === 0 || count > 0);
  return shown.map(([name, count]) => (units[name] ?? "{n}").replace("{n}", count)).join(" ");
}

function tick() {
  const now = Date.now() + skew;
  for (const one of document.querySelectorAll("time[data-age]")) {
    one.textContent = span((now - Date.parse(one.dateTime)) / 1000);
  }
  for (const one of document.querySelectorAll("time[data-left]")) {
    one.textContent = span((Date.parse(one.dateTime) - now) / 1000);
  }
}

/** Put a line over the page; it is read out, since its place is a live region. */
export function flash(text, tone) {
  const line = document.createElement("p");
  line.className = `flash ${tone}`;
  line.textContent = text;
  document.getElementById("flash")?.replaceChildren(line);
}

/** Good news goes by itself; what was refused stays until it is clicked away or the next step. */
function fade() {
  const line = document.querySelector("#flash .flash.good");
  if (line) setTimeout(() => line.remove(), GOOD_NEWS_MS);
}

document.addEventListener("click", (event) => {
  event.target.closest("#flash .flash")?.remove();
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && event.target.open && event.detail > 0) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

document.addEventListener("htmx:error", () => flash(document.body.dataset.offline, "bad"));

/** Hits of watch lists are told on every page of their owners: a count beside the link, a line when one is new. */
function watch(link) {
  const waiting = new Map();
  const count = document.createElement("span");
  count.className = "count";
  count.hidden = true;
  link.append(" ", count);
  let source = null;

  function hear(event) {
    const hit = JSON.parse(event.data);
    const known = waiting.has(hit.id);
    if (hit.state === "new") waiting.set(hit.id, hit);
    else waiting.delete(hit.id);
    count.textContent = String(waiting.size);
    count.hidden = waiting.size === 0;
    if (hit.state === "new" && !hit.backlog && !known) flash(`${link.dataset.words} ${hit.list}`, "bad");
  }

  /** Only a page that is seen listens: a browser gives one host few connections, and many pages would use them up. */
  function listen() {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(link.dataset.watch);
    source.addEventListener("alert", hear);
    source.addEventListener("end", () => source.close());
  }

  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pagehide", () => source?.close());
  listen();
}

const watched = document.querySelector("[data-watch]");
// The page of the hits listens itself.
if (watched && !document.querySelector("[data-live]")) watch(watched);

/** Parts of the page were exchanged. */
export function refresh() {
  tick();
  fade();
}

refresh();
setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", refresh);
