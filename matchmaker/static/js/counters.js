// Count the characters of a text as it is typed; the server counts again, without what it takes away.
(function () {
  "use strict";

  const stored = (text) => text.normalize("NFC").split("\n").map((line) => line.replace(/[ \t\u00a0]+/g, " ").trim())
    .join("\n").replace(/\n{3,}/g, "\n\n").trim();

  document.querySelectorAll("[data-counters] [data-count-for]").forEach((mark) => {
    const input = document.getElementById(mark.dataset.countFor);
    const least = Number(mark.dataset.least), limit = Number(mark.dataset.limit);
    function count() {
      const length = [...stored(input.value)].length; // Characters, not halves of them.
      mark.textContent = `${length} / ${least}–${limit}`;
      mark.classList.toggle("is-over", length > limit);
    }
    input.addEventListener("input", count);
    count();
  });
})();
