// The desk by keyboard; every button works without it.
(function () {
  "use strict";

  const pairs = [...document.querySelectorAll("[data-pair]")];
  const keys = document.querySelector("[data-keys]");
  const SWITCH = "matchmaker.desk.keys";
  const LAST = 999; // Any number beyond the end means the last pair of a page.
  let current = -1, on = true;
  try { on = localStorage.getItem(SWITCH) !== "off"; } catch (_error) { on = true; }

  // Marks a pair and nothing else: what is under a pointer must not move between press and release.
  function choose(index) {
    if (!pairs.length) return;
    current = Math.min(Math.max(index, 0), pairs.length - 1);
    pairs.forEach((pair, i) => {
      pair.classList.toggle("is-current", i === current);
      if (i === current) pair.setAttribute("aria-current", "true"); else pair.removeAttribute("aria-current");
    });
  }

  // Where there is room; on a telephone the buttons come first.
  const wide = window.matchMedia("(min-width: 768px)");
  function unfold(pair) {
    const passages = pair?.querySelector("[data-passages]");
    if (passages && wide.matches) passages.open = true;
  }

  // Goes to a pair by keyboard: it is marked, unfolded, and brought into sight with what is said before it.
  function go(index, behavior) {
    choose(index);
    const pair = pairs[current];
    if (!pair) return;
    unfold(pair);
    pair.focus({ preventScroll: true });
    const told = pair.previousElementSibling?.matches("[data-told]") ? pair.previousElementSibling : null;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    (told || pair).scrollIntoView({ block: "start", behavior: behavior || (calm ? "instant" : "smooth") });
  }

  // Past either end of the page the next one begins.
  function turn(rel, position) {
    const link = document.querySelector(`a[rel=${rel}]`);
    if (link) location.assign(`${link.href}#pair-${position}`);
    else go(current);
  }

  // The address names the card that took the decided one's place; a refused verdict is where its form is open.
  const refused = pairs.findIndex((pair) => pair.querySelector("[aria-invalid]"));
  const named = /^#pair-(\d+)$/.exec(location.hash);
  if (refused >= 0) {
    choose(refused);
    pairs[refused].querySelector("[aria-invalid]").focus();
  } else if (named) {
    go(Number(named[1]) - 1, "instant");
  } else {
    choose(0);
    unfold(pairs[0]);
  }
  pairs.forEach((pair, index) => pair.addEventListener("focusin", () => choose(index)));

  let sending = false;
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (sending) event.preventDefault(); // One press, one verdict.
    sending = true;
  });
  window.addEventListener("pageshow", () => { sending = false; });

  function decline(pair) {
    const box = pair.querySelector("[data-decline]");
    if (!box) return;
    box.open = true;
    box.querySelector("[data-reason]").focus();
  }

  // Said by screen readers too; the same words again are only heard when the place was empty in between.
  const say = document.querySelector("[data-say]");
  let silence = 0;
  function speak(words) {
    clearTimeout(silence);
    say.textContent = "";
    requestAnimationFrame(() => { say.textContent = words; });
    silence = setTimeout(() => { say.textContent = ""; }, 5000);
  }

  const deeds = {
    j: () => (current + 1 < pairs.length ? go(current + 1) : turn("next", 1)),
    k: () => (current > 0 ? go(current - 1) : turn("prev", LAST)),
    e: () => pairs[current]?.querySelector("[data-endorse]")?.click(),
    d: () => pairs[current] && decline(pairs[current]),
    o: () => {
      const passages = pairs[current]?.querySelector("[data-passages]");
      if (passages) passages.open = !passages.open;
    },
    u: () => {
      const undo = document.querySelector("[data-undo]");
      if (undo) undo.click(); else speak(say.dataset.nothing);
    },
  };
  const rtl = document.documentElement.dir === "rtl";
  deeds.ArrowRight = rtl ? deeds.k : deeds.j;
  deeds.ArrowLeft = rtl ? deeds.j : deeds.k;

  document.addEventListener("keydown", (event) => {
    const box = event.target.closest("[data-decline][open]");
    if (event.key === "Escape" && box) {
      box.open = false;
      box.querySelector("summary").focus();
      return;
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (!on || typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    const deed = deeds[event.key];
    if (deed) {
      event.preventDefault();
      deed();
    }
  });

  // Single keys can be switched off: speech input and some readers press them by accident.
  function show() {
    keys?.classList.toggle("is-off", !on);
    keys?.querySelector("[data-keys-switch]").setAttribute("aria-pressed", String(on));
  }
  keys?.querySelector("[data-keys-switch]").addEventListener("click", () => {
    on = !on;
    try { localStorage.setItem(SWITCH, on ? "on" : "off"); } catch (_error) { /* Kept for this page only. */ }
    show();
  });
  show();
})();
