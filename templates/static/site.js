// Everything works without this file. It adds: the theme button, finding and sorting in
// tables, a way from old addresses of results to their pages, and buttons that copy commands.
"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, text, properties = {}) =>
    Object.assign(document.createElement(tag), { type: "button", textContent: text }, properties);

  // ------------------------------------------------------------ theme
  const root = document.documentElement;
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* private */ } };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const button = document.getElementById("theme");
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  const kept = remembered();
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember(root.dataset.theme);
      label();
    });
    system.addEventListener("change", label);
    label();
  }

  // ------------------------------------------------------------ tables
  const value = (row, column) => row.cells[column]?.dataset.s;
  const compare = (a, b) => {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const x = Number(a), y = Number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };

  const arrivals = new Map();
  window.ovreportRows = (id, html) => arrivals.get(id)?.(html);
  // A script, not a fetch: pages may be opened from a disk.
  const rowsOf = (table) => new Promise((resolve, reject) => {
    arrivals.set(table.id, resolve);
    const script = document.createElement("script");
    document.head.append(Object.assign(script, { src: table.dataset.rows, onerror: reject }));
  });

  function enhance(table) {
    const body = table.tBodies[0];
    const rest = document.querySelector(`template[data-rest="${table.id}"]`);
    const rows = [...body.rows, ...(rest ? rest.content.querySelectorAll("tr") : [])];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const isCut = Boolean(table.dataset.rows);
    let isWhole = !isCut;
    const count = document.getElementById(`${table.id}-count`);
    const tools = document.querySelector(`.tools[data-for="${table.id}"]`);
    const more = document.querySelector(`[data-more="${table.id}"]`);
    let order = rows.map((_, i) => i), limit = body.rows.length, column = -1, direction = 1;

    const show = () => {
      const words = tools ? tools.querySelector("input").value.toLowerCase().split(/\s+/) : [];
      const chosen = tools ? all("select", tools).filter((s) => s.value) : [];
      const found = order.filter((i) => words.every((w) => texts[i].includes(w))
        && chosen.every((s) => rows[i].dataset[s.dataset.key] === s.value));
      body.replaceChildren(...found.slice(0, limit).map((i) => rows[i]));
      const total = isWhole ? rows.length : Number(table.dataset.total);
      const n = total.toLocaleString("en"), f = found.length.toLocaleString("en");
      const seen = Math.min(found.length, limit);
      if (count) {
        count.textContent = (!isWhole || found.length === rows.length ? `${n} ${total === 1 ? "row" : "rows"}` : `${f} of ${n} rows`)
          + (seen < found.length || !isWhole ? `, the first ${seen} shown` : "");
      }
      if (more) more.parentElement.hidden = isWhole && seen === found.length;
    };
    // What a reader asks for is of all rows: those in a file of their own come first.
    const complete = async () => {
      const added = document.createElement("template");
      added.innerHTML = await rowsOf(table);
      for (const row of added.content.querySelectorAll("tr")) {
        order.push(rows.push(row) - 1);
        texts.push(row.textContent.toLowerCase());
      }
      isWhole = true;
    };
    let completion = isWhole ? Promise.resolve() : null;
    const withAll = async (then) => {
      try {
        await (completion ??= complete());
      } catch {
        completion = null;
        count.textContent = "The other rows could not be loaded: try again.";
        return;
      }
      then();
    };
    const sortBy = (index, head) => {
      direction = column === index ? -direction : 1;
      column = index;
      order.sort((a, b) => {
        const x = value(rows[a], index), y = value(rows[b], index);
        const missing = x === undefined || y === undefined;
        return (missing ? compare(x, y) : direction * compare(x, y)) || a - b;
      });
      all("th", table.tHead).forEach((th) => th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      show();
    };
    all("th", table.tHead).forEach((head, index) => {
      if (!rows.some((row) => value(row, index) !== undefined)) return;
      const text = head.firstElementChild;
      const sort = make("button", text.textContent, { className: "sort" });
      text.replaceChildren(sort);
      sort.addEventListener("click", () => withAll(() => sortBy(index, head)));
    });
    if (tools) {
      tools.hidden = false;
      tools.addEventListener("input", () => withAll(show));
      tools.querySelector("[type=reset]").addEventListener("click", () => {
        all("input, select", tools).forEach((field) => { field.value = ""; });
        show();
      });
    }
    const showAll = () => withAll(() => { limit = rows.length; show(); });
    if (more) more.addEventListener("click", showAll);
    // What a reader opens is shown whole.
    const fold = table.closest("details:not([open])");
    if (more && fold) fold.addEventListener("toggle", showAll, { once: true });
    if (rest || tools || isCut) show();
  }
  all("table[id]").filter((table) => table.tBodies.length).forEach(enhance);

  // ------------------------------------------------------------ the later items of lists
  all("[data-items]").forEach((button) => {
    const rest = document.getElementById(button.dataset.items);
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      all(`.${button.dataset.items}`)[0].append(rest.content);
      rest.nextElementSibling.remove();
      button.parentElement.remove();
    });
  });

  // ------------------------------------------------------------ results that once were on this page
  const held = all("template[id]").map((template) => template.content);
  const nameOf = (hash) => {
    try { return decodeURIComponent(hash.slice(1)); } catch { return hash.slice(1); } // no such encoding
  };
  const follow = () => {
    const id = nameOf(location.hash);
    const found = [document, ...held].map((place) => place.getElementById(id)).find(Boolean);
    const link = found?.closest(".results li")?.querySelector("a");
    if (link) location.replace(link.href);
  };
  addEventListener("hashchange", follow);
  if (location.hash) follow();

  // ------------------------------------------------------------ paper
  // Numbers in closed details are printed too; those that were closed are so again afterwards.
  // A head that is repeated on the next sheet loses its buttons, so its words stand beside them.
  let opened = [], heads = [];
  addEventListener("beforeprint", () => {
    opened = all("main details:not([open])");
    opened.forEach((one) => { one.open = true; });
    heads = all("thead button.sort").map((sort) => {
      const words = Object.assign(document.createElement("span"), { textContent: sort.textContent });
      sort.hidden = true;
      sort.before(words);
      return [sort, words];
    });
  });
  addEventListener("afterprint", () => {
    opened.forEach((one) => { one.open = false; });
    heads.forEach(([sort, words]) => { words.remove(); sort.hidden = false; });
  });

  // ------------------------------------------------------------ copying commands
  if (navigator.clipboard) {
    all(".command").forEach((box) => {
      const copy = make("button", "Copy");
      copy.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(box.querySelector("code").textContent);
          copy.textContent = "Copied";
        } catch { copy.textContent = "Not allowed"; }
        setTimeout(() => { copy.textContent = "Copy"; }, 1500);
      });
      box.append(copy);
    });
  }
})();
