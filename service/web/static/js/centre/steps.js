// Steps of an alarm are posted without leaving the page; the answer is the alarm as it stands now.

import { flash } from "../app.js";

export class Steps {
  /** `done` is told which step was taken. */
  constructor(pane, csrf, done = () => {}) {
    this.pane = pane;
    this.csrf = csrf;
    this.done = done;
    this.busy = false;
    document.addEventListener("submit", (event) => {
      const form = event.target.closest?.("form[data-step]");
      if (!form) return;
      event.preventDefault();
      this.take(form, event.submitter);
    });
    document.addEventListener("click", (event) => {
      const asks = event.target.closest("[data-ask]");
      if (asks) this.ask(asks.dataset.ask);
    });
  }

  /** Open the window that asks for the reason of a step. */
  ask(step) {
    const dialog = document.getElementById(`ask-${step}`);
    const form = dialog.querySelector("form");
    form.reset();
    form.action = `/alarms/${this.pane.id}/${step}`;
    form.elements.version.value = this.pane.version;
    if (step === "join") this.#others(form.elements.into);
    dialog.querySelector("[data-about]").textContent = this.pane.article.dataset.title;
    dialog.showModal();
  }

  /** The other alarms of the list that are not over. */
  #others(select) {
    const rows = [...document.querySelectorAll("#rows [data-alarm]:not(.ended)")].filter((row) => row.dataset.alarm !== this.pane.id);
    select.replaceChildren(...rows.map((row) => {
      const words = [".name", ".where", ".age small"].map((part) => row.querySelector(part).textContent.trim());
      return new Option(words.join(", "), row.dataset.alarm);
    }));
  }

  async take(form, submitter) {
    if (this.busy) return;
    this.busy = true;
    const id = this.pane.id;
    try {
      const body = new URLSearchParams(new FormData(form, submitter));
      const headers = { "x-console": "1", "x-csrf-token": this.csrf };
      const answer = await fetch(form.action, { method: "POST", body, headers });
      if (answer.redirected || answer.status === 401) return location.reload();
      const text = await answer.text();
      form.closest("dialog")?.close();
      if (this.pane.id === id) this.pane.take(text);
      if (answer.ok) this.done(form.dataset.step, id);
      else if (!text.includes("data-said")) flash(document.body.dataset.offline, "bad");
    } catch {
      flash(document.body.dataset.offline, "bad");
    } finally {
      this.busy = false;
    }
  }
}
