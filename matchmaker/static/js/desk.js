// The desk by keyboard; every button works without it.
(function () {
  "use strict";

  const pairs = [...document.querySelectorAll("[data-pair]")];
  const keys = document.querySelector("[data-keys]");
  const say = document.querySelector("[data-say]");
  const SWITCH = "matchmaker.desk.keys";
  const LAST = 999; // Any number beyond the end means the last match of a page.
  let current = -1, on = true;
  try { on = localStorage.getItem(SWITCH) !== "off"; } catch (_error) { on = true; }

  // Said by screen readers too; the same words again are only heard when the place was empty in between.
  let silence = 0;
  function speak(words) {
    clearTimeout(silence);
    say.textContent = "";
    requestAnimationFrame(() => { say.textContent = words; });
    silence = setTimeout(() => { say.textContent = ""; }, 5000);
  }

  // Marks a match and nothing else: what is under a pointer must not move between press and release.
  function choose(index) {
    if (!pairs.length) return;
    current = Math.min(Math.max(index, 0), pairs.length - 1);
    pairs.forEach((pair, i) => {
      pair.classList.toggle("is-current", i === current);
      if (i === current) pair.setAttribute("aria-current", "true"); else pair.removeAttribute("aria-current");
    });
  }

  // The body of a match comes when it is first looked at; answers when it is there.
  const wide = window.matchMedia("(min-width: 768px)");
  const coming = new Map();
  async function read(pair, body) {
    const answer = await fetch(body.dataset.body, { headers: { "HX-Request": "true" } });
    if (answer.redirected) location.reload(); // Signed out meanwhile: the door leads back here.
    if (!answer.ok) throw new Error(String(answer.status));
    body.innerHTML = await answer.text();
    const passages = pair.querySelector("[data-passages]");
    if (passages && wide.matches) passages.open = true; // On a telephone the buttons come first.
  }
  function fetched(pair) {
    const body = pair.querySelector("[data-body]");
    if (!body) return Promise.resolve();
    if (!coming.has(pair)) {
      coming.set(pair, read(pair, body));
      coming.get(pair).catch(() => { coming.delete(pair); });
    }
    return coming.get(pair);
  }

  // Opens one match and closes the others; the next one is fetched meanwhile.
  function open(pair) {
    pairs.forEach((other) => {
      const body = other.querySelector("[data-body]");
      if (body) body.hidden = other !== pair;
      other.classList.toggle("is-open", other === pair);
    });
    const next = pairs[pairs.indexOf(pair) + 1];
    return fetched(pair).then(
      () => { if (next) fetched(next).catch(() => {}); },
      (error) => { speak(say.dataset.failed); throw error; },
    );
  }

  // Goes to a match by keyboard: it is marked, opened, and brought into sight with what is said before it.
  function go(index) {
    choose(index);
    const pair = pairs[current];
    if (!pair) return;
    open(pair).catch(() => {});
    pair.focus({ preventScroll: true });
    const told = pair.previousElementSibling?.matches("[data-told]") ? pair.previousElementSibling : null;
    (told || pair).scrollIntoView({ block: "start", behavior: "instant" });
  }

  // Past either end of the page the next one begins.
  function turn(rel, position) {
    const link = document.querySelector(`a[rel=${rel}]`);
    if (link) location.assign(`${link.href}#pair-${position}`);
    else go(current);
  }

  // The address names the row that took the decided one's place; a refused deed is where its form is open.
  const named = /^#pair-(\d+)$/.exec(location.hash);
  const refused = document.querySelector("[data-pair] [aria-invalid]");
  if (refused) {
    choose(0);
    refused.focus();
  } else if (named) {
    go(Number(named[1]) - 1);
  } else if (pairs.length) {
    choose(0);
    open(pairs[0]).catch(() => {});
  }
  pairs.forEach((pair, index) => pair.addEventListener("focusin", () => choose(index)));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const pair = link.closest("[data-pair]"), at = pairs.indexOf(pair);
    if (pair.classList.contains("is-open")) {
      pair.classList.remove("is-open");
      pair.querySelector("[data-body]").hidden = true;
      choose(at);
    } else go(at);
  });

  let sending = false;
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (sending) event.preventDefault(); // One press, one deed.
    sending = true;
  });
  window.addEventListener("pageshow", () => { sending = false; });

  // Several at once.
  const several = document.querySelector("[data-several]");
  const picks = [...document.querySelectorAll("[data-pick]")];
  const all = document.querySelector("[data-pick-all]");
  const picked = () => picks.filter((pick) => pick.checked);
  function count() {
    if (!several) return;
    const number = picked().length, told = several.querySelector("[data-picked]");
    told.textContent = number ? told.dataset.picked.replace("#", number) : "";
    several.classList.toggle("is-on", number > 0);
    if (number && wide.matches) several.querySelector("[data-several-fold]").open = true;
    all.checked = number > 0 && number === picks.length;
    all.indeterminate = number > 0 && number < picks.length;
    picks.forEach((pick) => pick.closest("[data-pair]").classList.toggle("is-picked", pick.checked));
  }
  picks.forEach((pick) => pick.addEventListener("change", count));
  all?.addEventListener("change", () => { picks.forEach((pick) => { pick.checked = all.checked; }); count(); });
  several?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input, select")) return;
    event.preventDefault(); // Enter means the button beside the field, not the first of the form.
    event.target.closest(".mm-several-deed")?.querySelector("button").click();
  });
  count();

  // What a key does to the chosen ones, when some are.
  function toSeveral(key) {
    if (!several || !picked().length) return false;
    const button = several.querySelector(`[data-several-deed=${key}]`);
    if (button) button.click(); else several.querySelector(`[data-several-field=${key}]`)?.focus();
    return true;
  }

  function unfold(key) {
    const pair = pairs[current];
    if (!pair || (key !== "q" && key !== "n" && toSeveral(key))) return;
    open(pair).then(() => {
      const box = pair.querySelector(`[data-deed=${key}]`);
      if (!box) return;
      box.open = true;
      box.querySelector("[data-first]")?.focus();
    }).catch(() => {});
  }

  function endorse() {
    const pair = pairs[current];
    if (!pair || toSeveral("e")) return;
    (pair.querySelector("[data-endorse]") || pair.querySelector("[data-quick]"))?.click();
  }

  const dialog = document.querySelector("[data-keys-dialog]");
  const help = () => dialog?.showModal();
  document.querySelector("[data-help]")?.addEventListener("click", help);

  const deeds = {
    j: () => (current + 1 < pairs.length ? go(current + 1) : turn("next", 1)),
    k: () => (current > 0 ? go(current - 1) : turn("prev", LAST)),
    e: endorse,
    o: () => {
      const pair = pairs[current];
      if (!pair) return;
      open(pair).then(() => {
        const passages = pair.querySelector("[data-passages]");
        if (passages) passages.open = !passages.open;
      }).catch(() => {});
    },
    x: () => pairs[current]?.querySelector("[data-pick]")?.click(),
    u: () => {
      const undo = document.querySelector("[data-undo]");
      if (undo) undo.click(); else speak(say.dataset.nothing);
    },
    "?": help,
  };
  ["d", "p", "a", "q", "n"].forEach((key) => { deeds[key] = () => unfold(key); });
  const rtl = document.documentElement.dir === "rtl";
  deeds.ArrowRight = rtl ? deeds.k : deeds.j;
  deeds.ArrowLeft = rtl ? deeds.j : deeds.k;

  document.addEventListener("keydown", (event) => {
    const box = event.target.closest("[data-deed][open]");
    if (event.key === "Escape" && box) {
      box.open = false;
      box.querySelector("summary").focus();
      return;
    }
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
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
