// A list of hundreds of boxes is found by name: the words that were typed leave what holds them all, and what is chosen.

const MANY = 12;

function begin(chooser) {
  const bar = chooser.querySelector("[data-bar]");
  const field = bar.querySelector("input");
  const said = bar.querySelector("output");
  const labels = [...chooser.querySelectorAll(".check")].map((label) => {
    const box = label.querySelector("input");
    return { label, box, text: `${label.textContent} ${box.value}`.toLocaleLowerCase() };
  });
  if (labels.length <= MANY) return;

  const show = () => {
    const words = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let chosen = 0;
    let shown = 0;
    for (const { label, box, text } of labels) {
      const fits = words.every((word) => text.includes(word));
      label.hidden = !fits && !box.checked;
      chosen += box.checked;
      shown += fits;
    }
    said.textContent = chooser.dataset.said.replace("{chosen}", chosen).replace("{shown}", shown).replace("{all}", labels.length);
  };

  bar.hidden = false;
  bar.querySelector("button").addEventListener("click", () => {
    for (const { label, box } of labels) if (!label.hidden) box.checked = true;
    show();
  });
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it would send the form
  });
  chooser.addEventListener("change", (event) => {
    if (event.target !== field) show();
  });
  show();
}

for (const chooser of document.querySelectorAll("[data-chooser]")) begin(chooser);
