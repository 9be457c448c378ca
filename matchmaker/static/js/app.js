// Small conveniences; every page works without them.
(function () {
  "use strict";

  // Dates are shown in the reader's own time zone from the second page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`timezone=${zone}`)) {
    document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  // A filter applies as soon as it is ticked where the list stands beside it; on a phone the button does.
  const wide = window.matchMedia("(min-width: 992px)");
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && "live" in form.dataset && event.target.matches("[type=checkbox], [type=radio]") && wide.matches) form.requestSubmit();
  });

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
