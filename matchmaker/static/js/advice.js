// The advice beside a listing's form: open where there is room, told to screen readers when asked for.
(function () {
  "use strict";

  const panel = document.querySelector("[data-advice]");
  if (!panel) return;
  const form = panel.closest("form"), rows = panel.querySelector("#advice-rows"), said = panel.querySelector("[data-advice-said]");
  if (window.matchMedia("(min-width: 992px)").matches) panel.open = true;

  // A copy that was brought back is read like words that are typed; its events do not bubble.
  form.addEventListener("mm:restored", () => window.htmx?.trigger(rows, "advise"), true);

  let asked = false;
  panel.querySelector("[data-advise]").addEventListener("click", () => { asked = true; });
  rows.addEventListener("htmx:afterSwap", () => {
    if (asked) said.textContent = rows.querySelector("#advice-score").textContent;
    asked = false;
  });

  // A row leads to its field, and the field gets the focus.
  panel.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#f-']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus({ preventScroll: true });
    field.scrollIntoView({ block: "center" });
  });
})();
