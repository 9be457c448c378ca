// Small conveniences; every page works without them.
(function () {
  "use strict";

  const FACET = "[type=checkbox], [type=radio]", PLACE = "matchmaker.facet";

  // Dates are shown in the reader's own time zone from the second page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`timezone=${zone}`)) {
    document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  // A filter applies as soon as it is clicked where the list stands beside it. On a phone, and for somebody who walks
  // through the filters by keyboard, the button does: a new page on every press of a key would lose their place.
  const wide = window.matchMedia("(min-width: 992px)");
  let pointing = false;
  document.addEventListener("pointerdown", () => { pointing = true; }, true);
  document.addEventListener("keydown", () => { pointing = false; }, true);
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!pointing || !wide.matches || !form || !("live" in form.dataset) || !event.target.matches(FACET)) return;
    event.target.focus({ preventScroll: true }); // Not every browser does so on a click.
    form.requestSubmit();
  });

  // Whoever applies a filter finds it on the next page where it was, with the focus on it.
  document.addEventListener("submit", (event) => {
    const used = document.activeElement;
    if (!("live" in event.target.dataset) || !used.matches(FACET)) return;
    const place = JSON.stringify({ id: used.id, top: used.getBoundingClientRect().top });
    try { sessionStorage.setItem(PLACE, place); } catch (_error) { /* Then the page begins at its top. */ }
  });
  let place = null;
  try {
    place = JSON.parse(sessionStorage.getItem(PLACE));
    sessionStorage.removeItem(PLACE);
  } catch (_error) { /* Nothing is remembered then. */ }
  const used = place && document.getElementById(place.id);
  if (used?.matches(FACET)) {
    const folded = used.closest("details");
    if (folded) folded.open = true;
    used.focus({ preventScroll: true });
    window.scrollBy({ top: used.getBoundingClientRect().top - place.top, behavior: "instant" });
  }

  // An address says what was asked for and nothing else.
  document.addEventListener("formdata", (event) => {
    if (!("live" in event.target.dataset)) return;
    [...event.formData].filter(([, value]) => !value).forEach(([name]) => event.formData.delete(name));
  });

  // "/" goes to the search box, as on other search pages.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.querySelector("input[type=search]");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });

  // Paper has no buttons: folded parts are opened for the print and closed again afterwards.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((part) => { part.open = false; });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
