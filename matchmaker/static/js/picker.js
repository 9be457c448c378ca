// Code and country pickers: a search box over the plain field, which stays the one that is sent.
(function () {
  "use strict";

  const WAIT = 150; // Milliseconds after the last key before asking the server.
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  };

  // The choices of a <select multiple>; its own text names them.
  function selectStore(select) {
    const all = [...select.options].map((o) => ({ code: o.value, label: o.text, folded: fold(o.text), option: o }));
    return {
      chosen: () => all.filter((x) => x.option.selected),
      write: (items) => all.forEach((x) => { x.option.selected = items.some((i) => i.code === x.code); }),
      search: async (text) => {
        const query = fold(text);
        const inside = all.filter((x) => x.folded.includes(query) || fold(x.code) === query);
        const rank = (x) => (fold(x.code) === query ? 0 : x.folded.startsWith(query) ? 1 : 2);
        return inside.sort((a, b) => rank(a) - rank(b)).slice(0, 12);
      },
      keepsRest: false,
      showsCode: false,
    };
  }

  // Codes in a text field, separated by commas; the server knows their titles.
  function textStore(input, source, titles) {
    let controller = null;
    const ask = async (text) => {
      if (controller) controller.abort();
      controller = new AbortController();
      const answer = await fetch(`${source}&q=${encodeURIComponent(text)}`, { signal: controller.signal });
      return answer.ok ? (await answer.json()).results : [];
    };
    return {
      chosen: () => input.value.split(",").map((x) => x.trim()).filter(Boolean)
        .map((code) => ({ code, label: titles.get(code) || "" })),
      write: (items, rest) => {
        items.forEach((item) => titles.set(item.code, item.label));
        input.value = [...items.map((item) => item.code), rest].filter(Boolean).join(", ");
      },
      search: ask,
      keepsRest: true,
      showsCode: true,
    };
  }

  function enhance(root) {
    const field = root.querySelector("select, input");
    const words = root.dataset;
    const given = [...root.querySelectorAll("[data-code]")];
    const titles = new Map(given.map((x) => [x.dataset.code, x.querySelector("[data-title]").textContent.trim()]));
    const store = field.multiple ? selectStore(field) : textStore(field, words.source, titles);
    root.querySelector("[data-chosen]")?.remove();

    const listId = `${field.id}-options`;
    const box = element("input", {
      class: field.className.replace("form-select", "form-control"), type: "text", id: field.id, role: "combobox",
      autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": listId, placeholder: words.placeholder, maxlength: "100",
    });
    ["aria-describedby", "aria-invalid"].forEach((name) => {
      if (field.hasAttribute(name)) box.setAttribute(name, field.getAttribute(name));
    });
    const list = element("ul", { class: "mm-options", id: listId, role: "listbox", hidden: "" });
    const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    if (label) list.setAttribute("aria-label", label.firstChild.textContent.trim());
    const chips = element("ul", { class: "mm-chips" });
    field.id = `${field.id}-sent`;
    field.hidden = true;
    root.append(box, list, chips);

    let found = [], active = -1, timer = 0, asked = "";
    const say = (text) => {
      const region = document.querySelector("[data-live-region]");
      if (region) region.textContent = text;
    };
    const changed = () => field.dispatchEvent(new Event("input", { bubbles: true }));

    function close() {
      list.hidden = true;
      active = -1;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
    }

    function activate(index) {
      active = index;
      [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === index)));
      const row = list.children[index];
      if (row) {
        box.setAttribute("aria-activedescendant", row.id);
        row.scrollIntoView({ block: "nearest" });
      }
    }

    function open(rows) {
      found = rows.filter((row) => !store.chosen().some((x) => x.code === row.code));
      list.replaceChildren(...found.map((row, index) => {
        const item = element("li", { role: "option", id: `${listId}-${index}`, "aria-selected": "false" });
        item.append(element("span", { class: "mm-code" }, store.showsCode ? row.code : ""), element("span", {}, row.label));
        if (row.within) item.append(element("small", {}, row.within));
        item.addEventListener("mousedown", (event) => { event.preventDefault(); add(row); });
        return item;
      }));
      if (!found.length) list.append(element("li", { class: "mm-options-none", role: "option", "aria-disabled": "true" }, words.none));
      list.hidden = false;
      box.setAttribute("aria-expanded", "true");
      active = -1;
      say(found.length ? words.found.replace("{n}", found.length) : words.none);
    }

    function draw() {
      const items = store.chosen();
      chips.replaceChildren(...items.map((item) => {
        const name = [store.showsCode ? item.code : "", item.label].filter(Boolean).join(" ");
        const cross = element("button", { type: "button", class: "mm-chip-x", "aria-label": words.remove.replace("{name}", name) }, "×");
        cross.addEventListener("click", () => { remove(item); box.focus(); });
        const chip = element("li", { class: "mm-chip" });
        if (store.showsCode) chip.append(element("span", { class: "mm-code" }, item.code));
        chip.append(element("bdi", {}, item.label), cross);
        return chip;
      }));
      const full = items.length >= Number(words.limit);
      box.disabled = full;
      box.placeholder = full ? words.full : words.placeholder;
    }

    function add(row) {
      const items = store.chosen().filter((x) => x.code !== row.code && x.code !== box.value.trim());
      box.value = "";
      store.write([...items, row], "");
      close();
      draw();
      changed();
    }

    function remove(row) {
      store.write(store.chosen().filter((x) => x.code !== row.code && x.code !== box.value.trim()), keepRest());
      draw();
      changed();
    }

    // What was typed but not chosen is sent with the codes, so that the server can say what it did not understand.
    const keepRest = () => (store.keepsRest ? box.value.trim() : "");

    async function lookUp() {
      asked = box.value.trim();
      if (!asked) { close(); return; }
      try {
        const rows = await store.search(asked);
        if (asked === box.value.trim() && document.activeElement === box) open(rows);
      } catch (error) {
        if (error.name !== "AbortError") close();
      }
    }

    box.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(lookUp, WAIT);
    });
    box.addEventListener("keydown", (event) => {
      if (event.isComposing) return; // Enter chooses a Chinese word first.
      const last = found.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { lookUp(); return; }
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (found.length) activate(active < 0 ? (step > 0 ? 0 : last) : (active + step + found.length) % found.length);
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (!list.hidden && found.length) add(found[Math.max(active, 0)]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      } else if (event.key === "Backspace" && !box.value) {
        const items = store.chosen();
        if (items.length) remove(items[items.length - 1]);
      }
    });
    box.addEventListener("blur", async () => {
      close();
      const text = box.value.trim();
      if (!text) return;
      const wanted = fold(text);
      try {
        const exact = (await store.search(text)).find((x) => fold(x.code) === wanted || fold(x.label) === wanted);
        if (exact && box.value.trim() === text) add(exact);
      } catch (_error) { /* The text is kept and the server will judge it. */ }
    });
    field.form?.addEventListener("submit", () => {
      const rest = keepRest();
      if (rest) store.write(store.chosen(), rest);
    });
    // A restored copy writes codes into the plain field; their titles are asked for one after the other.
    field.addEventListener("mm:restored", async () => {
      draw();
      for (const item of store.chosen().filter((x) => !x.label)) {
        try {
          const exact = (await store.search(item.code)).find((x) => x.code === item.code);
          if (exact) titles.set(exact.code, exact.label);
        } catch (_error) { return; }
      }
      draw();
    });
    draw();
  }

  document.querySelectorAll("[data-picker]").forEach(enhance);
})();
