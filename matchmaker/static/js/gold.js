// Grading by keyboard: 0 to 3, s to skip, u to undo, n for a note; every button works without it.
(function () {
  "use strict";

  const form = document.querySelector("[data-grading]");
  const note = document.querySelector("[data-note]");
  let sent = false;

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (sent) event.preventDefault(); // One press, one deed.
    sent = true;
  });
  window.addEventListener("pageshow", () => { sent = false; });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("[data-note]")) {
      event.target.blur();
      return;
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.key === "n" && note) {
      event.preventDefault();
      note.open = true;
      note.querySelector("textarea").focus();
      return;
    }
    const undo = event.key === "u" ? document.querySelector("[data-undo]") : null;
    const button = undo || form?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();
