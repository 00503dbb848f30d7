// The officer's desk: one case in front, the next one's pictures fetched behind it; a step brings the next case in the
// same answer and no page is loaded. What is written is kept on the server, never in this browser.

import { flash, refresh } from "./app.js";
import { listen } from "./desk_keys.js";
import { Media } from "./desk_media.js";
import { prepare } from "./loupe.js";

const SPARE_MS = 60; // the case in front is drawn first, then the one behind is fetched
const ASK_AGAIN_MS = 10000; // nothing waited: asked again after so long
const STANDING_MS = 15000;
const DRAFT_MS = 500;

const parts = ["desk-head", "panel", "desk-below"];
const title = document.title.split(" · ").slice(1).join(" · ");
const token = JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}");

let desk = document.getElementById("desk");
let media = new Media(document.getElementById("media"));
let ahead = null; // { id, media } or a promise's placeholder
let asked = 0;
let sending = false;
let draftTimer = null;
let written = null;

function headers(more = {}) {
  return { ...token, "X-Desk": "1", ...more };
}

async function ask(path, body = null) {
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers: headers(), body, credentials: "same-origin" });
  const text = answer.status === 204 ? "" : await answer.text();
  return { answer, page: new DOMParser().parseFromString(text, "text/html") };
}

/** Fetch the next case's clip and stills and have them decoded. */
async function makeReady() {
  const turn = ++asked;
  const present = desk.dataset.case;
  if (desk.dataset.officer !== "true" && present) return;
  try {
    const body = new URLSearchParams({ present });
    const { answer, page } = await ask("/cases/ahead", body);
    if (turn !== asked) return;
    const found = page.getElementById("media");
    if (!answer.ok || !found) {
      ahead = null;
      setTimeout(() => turn === asked && makeReady(), ASK_AGAIN_MS);
      return;
    }
    const id = answer.headers.get("X-Case");
    if (ahead?.id === id) return;
    ahead = { id, media: new Media(document.importNode(found, true)) };
    ahead.media.fetchAll();
  } catch {
    if (turn === asked) setTimeout(() => turn === asked && makeReady(), ASK_AGAIN_MS);
  }
}

/** Put what an answer shows in the place of what is there; pictures that are the same stay as they are. */
function show(page, { push = true } = {}) {
  const told = page.getElementById("flash");
  if (told) document.getElementById("flash").replaceChildren(...[...told.children].map((one) => document.importNode(one, true)));
  const found = page.getElementById("desk");
  if (!found) {
    flash(page.querySelector("main h1")?.textContent ?? document.body.dataset.offline, "bad");
    return false;
  }
  for (const dialog of document.querySelectorAll("#desk dialog[open]")) dialog.close();
  const before = desk.dataset.case;
  const next = document.importNode(found, true);
  const slot = next.querySelector("#media");
  const same = slot && document.getElementById("media")?.dataset.media === slot.dataset.media;
  if (same && next.dataset.case === before) {
    for (const id of parts) document.getElementById(id).replaceWith(next.querySelector(`#${id}`));
    Object.assign(desk.dataset, next.dataset);
  } else {
    media?.stop();
    const ready = slot && ahead?.media.key === slot.dataset.media ? ahead.media : null;
    if (ready) slot.replaceWith(ready.root);
    desk.replaceWith(next);
    desk = next;
    media = ready ?? (slot ? new Media(slot) : null);
    ahead = null;
    media?.mount();
    window.scrollTo(0, 0);
    desk.querySelector("h1").focus({ preventScroll: true });
  }
  written = null;
  document.title = `${desk.dataset.title} · ${title}`;
  if (desk.dataset.case !== before) {
    const path = desk.dataset.case ? `/cases/${desk.dataset.case}` : "/cases";
    if (push) history.pushState({ case: desk.dataset.case }, "", path);
    setTimeout(makeReady, SPARE_MS);
  }
  settle();
  return true;
}

/** Take a step by its form. */
async function take(form, button) {
  if (sending) return;
  if (button?.hasAttribute("data-verdict") && media && !media.seen) {
    flash(desk.dataset.unseen, "warn");
    return;
  }
  sending = true;
  clearTimeout(draftTimer);
  form.setAttribute("aria-busy", "true");
  const path = button?.getAttribute("formaction") ?? form.getAttribute("action");
  const body = new URLSearchParams(new FormData(form));
  try {
    const { standing } = desk.dataset;
    const { answer, page } = await ask(path, body);
    show(page);
    const lost = answer.status === 409 && standing.endsWith(":mine") && !desk.dataset.standing.endsWith(":mine");
    if (lost) flash(desk.dataset.lost, "bad");
  } catch {
    // The step may have been taken and only its answer lost: the case says so when the server is back.
    flash(document.body.dataset.offline, "bad");
  } finally {
    sending = false;
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-step]");
  if (!form) return;
  event.preventDefault();
  take(form, event.submitter);
});

/** Keep what is written on the server. */
function draft() {
  const form = document.getElementById("verdict");
  if (!form) return null;
  const { plate, note, offence } = Object.fromEntries(new FormData(form));
  return new URLSearchParams({ plate: plate ?? "", note: note ?? "", offence: offence ?? "" });
}

async function keep(last = false) {
  clearTimeout(draftTimer);
  const body = draft();
  const form = document.getElementById("verdict");
  if (!form || !body || written === null || String(body) === written) return;
  written = String(body);
  const line = form.querySelector("[data-kept-line]");
  try {
    const answer = await fetch(form.dataset.draft, { method: "POST", headers: headers(), body, keepalive: last });
    line.textContent = answer.ok ? desk.dataset.kept : desk.dataset.lost;
    line.hidden = false;
  } catch {
    written = "";
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#verdict")) return;
  written ??= "";
  clearTimeout(draftTimer);
  draftTimer = setTimeout(keep, DRAFT_MS);
});
window.addEventListener("pagehide", () => keep(true));

/** Say it when the case is not ours any more: a lapsed claim, another officer, a senior's reassignment. */
async function watch() {
  const { case: id, standing } = desk.dataset;
  if (document.hidden || sending || !id || !standing.endsWith(":mine")) return;
  try {
    const answer = await fetch(`/cases/${id}/standing`, { headers: headers() });
    if (!answer.ok || sending || id !== desk.dataset.case) return;
    const now = (await answer.json()).standing;
    if (now === desk.dataset.standing) return;
    const { page } = await ask(`/cases/${id}`);
    if (sending || id !== desk.dataset.case) return;
    const lost = desk.dataset.lost;
    show(page);
    if (!now.endsWith(":mine")) flash(lost, "bad");
  } catch { /* the next step says that the server does not answer */ }
}

window.addEventListener("popstate", async () => {
  const id = location.pathname.match(/^\/cases\/([0-9a-f-]{36})$/)?.[1];
  if (!id) return location.reload();
  try {
    show((await ask(`/cases/${id}`)).page, { push: false });
  } catch {
    flash(document.body.dataset.offline, "bad");
  }
});

/** The verdict's buttons follow the chosen article. */
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
document.addEventListener("click", (event) => {
  const opener = event.target.closest("#verdict [data-open]");
  const note = document.getElementById("note")?.value;
  const field = opener && document.querySelector(`#${opener.dataset.open} textarea`);
  if (field && note) field.value = note;
});

function settle() {
  follow();
  prepare();
  refresh();
}

history.replaceState({ case: desk.dataset.case }, "");
media?.mount();
settle();
listen(() => media, take);
setTimeout(makeReady, SPARE_MS);
setInterval(watch, STANDING_MS);
