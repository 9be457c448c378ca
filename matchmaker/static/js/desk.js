// The desk by keyboard; every button works without it.
(function () {
  "use strict";

  const pairs = [...document.querySelectorAll("[data-pair]")];
  const keys = document.querySelector("[data-keys]");
  const SWITCH = "matchmaker.desk.keys";
  let current = -1, on = true;
  try { on = localStorage.getItem(SWITCH) !== "off"; } catch (_error) { on = true; }

  function choose(index, { focus = true } = {}) {
    if (!pairs.length) return;
    current = Math.min(Math.max(index, 0), pairs.length - 1);
    pairs.forEach((pair, i) => {
      pair.classList.toggle("is-current", i === current);
      if (i === current) pair.setAttribute("aria-current", "true"); else pair.removeAttribute("aria-current");
    });
    const passages = pairs[current].querySelector("[data-passages]");
    if (passages) passages.open = true;
    if (focus) {
      pairs[current].focus({ preventScroll: true });
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      pairs[current].scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    }
  }

  // The address names the card that took the decided one's place; a refused verdict is where its form is open.
  const refused = pairs.findIndex((pair) => pair.querySelector("[aria-invalid]"));
  const named = /^#pair-(\d+)$/.exec(location.hash);
  if (refused >= 0) {
    choose(refused, { focus: false });
    pairs[refused].querySelector("[aria-invalid]").focus();
  } else {
    choose(named ? Number(named[1]) - 1 : 0, { focus: Boolean(named) });
  }
  pairs.forEach((pair, index) => pair.addEventListener("focusin", () => {
    if (index !== current) choose(index, { focus: false });
  }));

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

  const deeds = {
    j: () => choose(current + 1),
    k: () => choose(current - 1),
    e: () => pairs[current]?.querySelector("[data-endorse]")?.click(),
    d: () => pairs[current] && decline(pairs[current]),
    o: () => {
      const passages = pairs[current]?.querySelector("[data-passages]");
      if (passages) passages.open = !passages.open;
    },
    u: () => document.querySelector("[data-undo]")?.click(),
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
