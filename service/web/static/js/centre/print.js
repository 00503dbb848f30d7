// The page as the printer takes it.

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
