// Comfort for the listing form: counters, progress, a copy in this browser, a warning before leaving.
(function () {
  "use strict";

  const form = document.querySelector("[data-listing-form]");
  if (!form) return;
  // A confidential text is kept by the server alone: a browser is shared more often than one thinks.
  const secret = [...form.querySelectorAll("[data-never-kept]")].map((input) => input.name);
  const SKIPPED = new Set(["csrf_token", "copy", "action", "revision", ...secret]);
  const KEEP_DAYS = 7;
  const live = document.querySelector("[data-live-region]");
  const restore = document.querySelector("[data-restore]");
  const field = (name) => form.querySelector(`input[type="hidden"][name="${name}"]`);

  // --- Counters: characters as readers count them, not UTF-16 units ---
  const over = new Set();
  function count(mark) {
    const input = document.getElementById(mark.dataset.countFor);
    const length = [...input.value].length, limit = Number(mark.dataset.limit);
    mark.textContent = `${length} / ${limit}`;
    mark.classList.toggle("is-over", length > limit);
    if (length > limit && !over.has(mark)) live.textContent = mark.dataset.over.replace("{n}", length - limit);
    if (length > limit) over.add(mark); else over.delete(mark);
  }
  const counters = [...form.querySelectorAll("[data-count-for]")];

  // --- Progress: how many of the needed fields of a section are filled ---
  function progress(mark) {
    const section = document.getElementById(mark.dataset.progress);
    const single = [...section.querySelectorAll("[data-needed]")].map((input) => Boolean(input.value.trim()));
    const groups = [...section.querySelectorAll("[data-needed-group]")].map((set) => Boolean(set.querySelector(":checked")));
    const states = [...single, ...groups], filled = states.filter(Boolean).length;
    mark.textContent = `${filled}/${states.length}`;
    mark.classList.toggle("is-done", filled === states.length);
  }
  const marks = [...form.querySelectorAll("[data-progress]")];

  // --- The words are written in the chosen language; fonts and spelling checkers follow it ---
  const language = form.querySelector("select[name='lang']");
  const follow = () => form.querySelectorAll("[data-words]").forEach((input) => { input.lang = language.value; });

  function refresh() {
    counters.forEach(count);
    marks.forEach(progress);
    if (language) follow();
  }

  // --- A copy in this browser, for the person who is signed in, until the server says that it has it ---
  const key = `matchmaker.copy|${form.dataset.copyKey}`;
  const token = field("copy");
  token.value = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;
  const snapshot = () => [...new FormData(form)].filter(([name]) => !SKIPPED.has(name)).map(([name, value]) => [name, String(value)]);
  const plain = (pairs) => JSON.stringify(pairs.filter(([, value]) => value.trim()).map(([name, value]) => [name, value.replace(/\r\n/g, "\n")]));

  const storage = {
    read(name) {
      try { return JSON.parse(localStorage.getItem(name)); } catch (_error) { return null; }
    },
    write(name, value) {
      // A full or forbidden storage only costs the comfort.
      try { localStorage.setItem(name, JSON.stringify(value)); } catch (_error) { return false; }
      return true;
    },
    remove(name) {
      try { localStorage.removeItem(name); } catch (_error) { /* nothing to remove then */ }
    },
    names() {
      try { return Object.keys(localStorage).filter((name) => name.startsWith("matchmaker.copy|")); } catch (_error) { return []; }
    },
  };

  function forgetStoredCopies() {
    const saved = document.cookie.split("; ").find((part) => part.startsWith("saved_form="))?.slice("saved_form=".length);
    const oldest = Date.now() - KEEP_DAYS * 24 * 3600 * 1000;
    storage.names().forEach((name) => {
      const entry = storage.read(name);
      if (!entry || entry.token === saved || entry.at < oldest) storage.remove(name);
    });
  }

  function bringBack(entry) {
    const values = new Map();
    entry.pairs.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
    [...form.elements].filter((x) => x.name && !SKIPPED.has(x.name)).forEach((input) => {
      const wanted = values.get(input.name) || [];
      if (input.type === "checkbox") input.checked = wanted.includes(input.value);
      else if (input.multiple) [...input.options].forEach((option) => { option.selected = wanted.includes(option.value); });
      else input.value = wanted[0] ?? "";
      input.dispatchEvent(new Event("mm:restored"));
    });
    // The revision that the copy was written against: a change made since then must not be overwritten unseen.
    if (entry.revision && field("revision")) field("revision").value = entry.revision;
    dirty = true;
    refresh();
  }

  // A copy that was offered and not answered yet is put aside before newer typing takes its place.
  let unanswered = null;
  const aside = `${key}|older`;

  function offer() {
    const here = plain(snapshot());
    const differs = (name) => { const entry = storage.read(name); return entry && plain(entry.pairs) !== here; };
    const name = [key, aside].find(differs);
    if (!name || !restore) return;
    const entry = storage.read(name), at = new Date(entry.at);
    unanswered = entry;
    const time = restore.querySelector("[data-restore-at]");
    time.dateTime = at.toISOString();
    time.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    restore.hidden = false;
    const answer = (then) => () => {
      unanswered = null;
      restore.hidden = true;
      storage.remove(aside);
      then();
      form.querySelector("select, input:not([type=hidden]), textarea").focus();
    };
    restore.querySelector("[data-restore-yes]").addEventListener("click", answer(() => { bringBack(entry); keep(); }));
    restore.querySelector("[data-restore-no]").addEventListener("click", answer(() => { if (dirty) keep(); else storage.remove(key); }));
  }

  let dirty = "unsaved" in form.dataset, sending = false, timer = 0;
  function keep() {
    if (unanswered) storage.write(aside, unanswered);
    const kept = storage.write(key, { at: Date.now(), token: token.value, revision: field("revision")?.value, pairs: snapshot() });
    const note = form.querySelector("[data-copy-note]");
    if (kept && note) note.hidden = false;
  }

  form.addEventListener("input", () => {
    dirty = true;
    refresh();
    clearTimeout(timer);
    timer = setTimeout(keep, 800);
  });
  form.addEventListener("change", refresh);

  // --- Leaving and sending ---
  window.addEventListener("beforeunload", (event) => {
    if (!dirty || sending) return;
    keep();
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (sending) { event.preventDefault(); return; } // A second press would store the listing twice.
    sending = true;
    clearTimeout(timer);
    keep();
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    sending = false;
    form.removeAttribute("aria-busy");
  });

  forgetStoredCopies();
  refresh();
  if (!("unsaved" in form.dataset)) offer();
  document.querySelector("[data-summary]")?.focus();
})();
