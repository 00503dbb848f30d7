// A still in a dialog of its own under the magnifier.

import { Zoomer } from "./zoom.js";

let picture = null;
let dialog = null;
let zoomer = null;

/** Take over the dialog of a page; again after the page's parts were exchanged. */
export function prepare() {
  const found = document.getElementById("enlarged");
  if (!found || found === dialog) return;
  dialog = found;
  zoomer = new Zoomer(dialog.querySelector("canvas"), () => (picture?.complete ? picture : null));
  dialog.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) zoomer.scaleBy(name === "in" ? 1.5 : 1 / 1.5);
  });
  dialog.addEventListener("keydown", (event) => {
    const pans = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] };
    if (event.key === "+" || event.key === "=") zoomer.scaleBy(1.5);
    else if (event.key === "-") zoomer.scaleBy(1 / 1.5);
    else if (pans[event.key]) zoomer.pan(...pans[event.key]);
    else if (event.code === "KeyV") dialog.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Show a picture. */
export function enlarge(src, caption) {
  if (!dialog) return;
  picture = new Image();
  picture.addEventListener("load", () => zoomer.draw());
  picture.src = src;
  dialog.querySelector("[data-caption]").textContent = caption;
  zoomer.reset();
  dialog.showModal();
}
