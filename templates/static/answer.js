// Draws the answer table for whatever the reader asks, and keeps the state in the address after #.
// Without this file the page shows its first state whole. All text goes in as text, never as markup.
"use strict";
(() => {
  const section = document.getElementById("answer"), data = window.ovreportAnswer;
  const find = (selector) => section.querySelector(selector);
  if (!section || !data || !find("form")) return; // without a form: no value to choose from
  const all = (selector, from = section) => [...from.querySelectorAll(selector)];
  const form = find("form"), status = find("[role=status]"), grid = find("table");
  const onDevice = section.dataset.device, isOfModel = "ofModel" in section.dataset;
  const source = section.dataset.source, folder = source.replace(/data\/answer\/[^/]*$/, "");

  // ------------------------------------------------------------ state: the controls, and the address
  const extra = { sort: "", all: "" };
  // The list of devices waits in a template until a reader opens it.
  const devices = find(".devices"), list = devices?.querySelector("template");
  const selects = all("select", form), boxes = list ? all("[name=device]", list.content) : [], stable = find("[name=stable]");
  const defaults = read();

  function read() {
    const state = { metric: "", columns: "", precision: "", weights: "", models: "", device: [], baseline: "", stable: false, ...extra };
    selects.forEach((select) => { state[select.name] = select.value; });
    const ticked = boxes.filter((box) => box.checked);
    if (ticked.length < boxes.length) state.device = ticked.map((box) => box.value);
    if (onDevice) state.device = [onDevice];
    state.stable = stable.checked;
    return state;
  }
  function addressOf(state) {
    const pairs = new URLSearchParams();
    for (const [name, value] of Object.entries(state)) {
      if (String(value) === String(defaults[name])) continue;
      if (Array.isArray(value)) (value.length ? value : [""]).forEach((one) => pairs.append(name, one));
      else pairs.append(name, value === true ? "1" : value === false ? "" : value);
    }
    return pairs.toString().replaceAll("%3A", ":");
  }
  /** The state that the address names; null where its fragment is no state but a place on the page. */
  function stateOf(hash) {
    const text = hash.slice(1);
    if (text && !text.includes("=")) return null;
    const pairs = new URLSearchParams(text), state = { ...defaults };
    for (const name of Object.keys(defaults)) {
      if (!pairs.has(name)) continue;
      const given = pairs.getAll(name).filter(Boolean);
      state[name] = Array.isArray(defaults[name]) ? given : name === "stable" ? given.length > 0 : given[0] ?? "";
    }
    return state;
  }
  /** Put a state into the controls; a value that no control has is left out. */
  function write(state) {
    for (const select of selects) {
      if (select.name === "baseline") continue;
      select.value = state[select.name];
      if (select.selectedIndex < 0) { select.value = defaults[select.name]; state[select.name] = select.value; }
    }
    const known = onDevice ? [onDevice] : state.device.filter((slug) => boxes.some((box) => box.value === slug));
    state.device = known;
    boxes.forEach((box) => { box.checked = !known.length || known.includes(box.value); });
    stable.checked = state.stable;
    extra.sort = state.sort;
    extra.all = state.all;
  }

  // ------------------------------------------------------------ drawing
  const make = (tag, attributes = {}, ...children) => {
    const element = tag === "svg" || tag === "rect" || tag === "path"
      ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== "" && value !== null) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== "" && child !== null));
    return element;
  };
  const small = (text, attributes = {}) => text ? make("small", attributes, text) : "";

  /** A mark that opens its explanation, where the page has it. */
  const explained = (key, words) => document.getElementById(`mark-${key}`)
    ? make("button", { type: "button", popovertarget: `mark-${key}` }, words) : words;

  function drawBar(b) {
    const line = b.high > b.low ? make("path", { d: `M${b.low} 4H${b.high}` }) : "";
    return make("svg", { class: `bar ${b.family} ${b.level}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
      make("rect", { y: 1, width: b.value, height: 6 }), line);
  }
  function drawCell(c, label) {
    if (!c) return make("td", { class: "none", "data-label": label }, "–");
    const kind = c.value === undefined ? "none" : c.level === "unreliable" ? "unsure" : "";
    const ran = c.ran && !c.cost ? make("b", { class: "ran" }, c.ran) : c.cost ? make("small", { class: "ran" }, c.ran ? make("b", {}, c.ran) : "",
      c.cost ? " " : "", c.cost ? make("span", { class: c.isBad ? "bad" : "", title: c.costInterval ?? "" }, c.cost) : "") : "";
    const ratio = c.ratio ? make("small", { class: `ratio ${c.ratio.tone}`, title: c.ratio.tip },
      make("b", {}, c.ratio.text), c.ratio.interval ? ` ${c.ratio.interval}` : "") : "";
    return make("td", { class: kind, "data-label": label, title: c.tip },
      c.href ? make("a", { href: c.href }, c.text) : make("b", {}, c.text),
      c.interval ? " " : "", small(c.interval), c.bar ? drawBar(c.bar) : "", ran, ratio);
  }
  function drawRow(row, columns) {
    const [, title, , href] = row.model, isDevice = isOfModel && row.device;
    const head = make("th", { scope: "row" }, isDevice
      ? make("a", { href: `device-${row.device[0]}.html` }, row.device[1]) : make("a", { href }, title));
    if (row.isArchitectureOnly)
      head.append(" ", make("small", {}, explained("architecture-only", "architecture only")));
    if (row.device && !isDevice) head.append(" ", small(row.device[1]));
    if (row.note) head.append(" ", small(row.note));
    return make("tr", {}, head, ...row.cells.map((c, n) => drawCell(c, columns[n][1])));
  }
  function drawHead(table) {
    const { columns, state } = table;
    const heads = columns.map(([key, label, note]) => {
      const head = make("th", { scope: "col", "data-key": key }, sortButton(key, label), note ? " " : "", small(note));
      if (key === state.baseline) head.append(" ", small("baseline"));
      return head;
    });
    const model = make("th", { scope: "col", "data-key": "model" }, sortButton("model", isOfModel ? "Device" : "Model"));
    for (const head of [model, ...heads]) {
      if (state.sort.replace(/^-/, "") !== head.dataset.key) continue;
      const lower = Number(Boolean(table.metric.lower) !== Boolean(state.baseline)) || head === model;
      head.setAttribute("aria-sort", state.sort.startsWith("-") === !lower ? "ascending" : "descending");
    }
    const focused = grid.tHead.contains(document.activeElement) ? document.activeElement.dataset.sort : "";
    grid.classList.toggle("many", columns.length > 6);
    grid.tHead.replaceChildren(make("tr", {}, model, ...heads));
    if (focused) (find(`[data-sort="${CSS.escape(focused)}"]`) ?? find(".sort")).focus();
  }
  const sortButton = (key, label) => make("button", { type: "button", class: "sort", "data-sort": key }, label);

  function drawBodies(table) {
    const { columns } = table, bodies = [];
    if (table.means.length) {
      bodies.push(make("tbody", { class: "mean" }, ...table.means.map((mean) => make("tr", {},
        make("th", { scope: "row" }, mean.label, " ", small(mean.note)), ...mean.cells.map((c, n) => drawCell(c, columns[n][1]))))));
    }
    let task = null;
    for (const row of table.rows) {
      const own = table.grouped ? row.model[2] || "Other" : "";
      if (own !== task) {
        task = own;
        bodies.push(make("tbody", {}, own ? make("tr", { class: "group" },
          make("th", { scope: "rowgroup", colspan: columns.length + 1 }, own)) : ""));
      }
      bodies.at(-1).append(drawRow(row, columns));
    }
    [...grid.tBodies].forEach((body) => body.remove());
    grid.append(...bodies);
  }
  /** Which of many devices are shown; empty where all are, or the reader chose some. */
  function partOf({ columns, every, moreColumns, state }) {
    const chosen = boxes.filter((box) => state.device.includes(box.value));
    if (moreColumns && state.columns === "device")
      return `${columns.length} of ${every.length} devices, those measured last.`;
    return chosen.length === 1 ? `Only ${chosen[0].parentElement.textContent.trim()}, one of ${boxes.length} devices.` : "";
  }
  const baselineName = () => current.columns.find(([key]) => key === current.state.baseline)?.[1];
  function drawRest(table) {
    const { state, metric } = table, baseline = form.elements.baseline;
    grid.caption.textContent = metric.label;
    const base = baselineName(), against = base ? ` Compared with ${base}.` : "";
    find(".reading").textContent = `${metric.label} in ${metric.unit}. ${metric.lower ? "Lower" : "Higher"} is better.${against}`;
    find(".counts").textContent = table.counts;
    const part = find(".part"), words = partOf(table);
    part.hidden = !words;
    part.firstChild.textContent = words;
    const more = find(".more"), parts = [];
    if (table.moreColumns) parts.push(`${table.moreColumns} more column${table.moreColumns > 1 ? "s" : ""}`);
    if (table.moreRows) parts.push(`${table.moreRows} more row${table.moreRows > 1 ? "s" : ""}`);
    more.hidden = !parts.length;
    more.firstChild.textContent = `${parts.join(", ")} `;
    find(".empty").hidden = table.rows.length > 0;
    baseline.replaceChildren(new Option("Nothing", ""), ...table.every.map(([key, label]) => new Option(label, key)));
    baseline.value = state.baseline;
    for (const select of selects) {
      if (!["precision", "weights", "models"].includes(select.name)) continue;
      const fits = data.available(select.name, state);
      for (const option of select.options) option.disabled = !option.selected && !fits.has(option.value);
    }
    const fits = data.available("device", state);
    boxes.forEach((box) => { box.closest("div").classList.toggle("dim", !fits.has(box.value)); });
    const shown = find("[data-devices]");
    if (shown) shown.textContent = state.device.length ? `${state.device.length} of ${boxes.length}` : `all ${boxes.length}`;
    const here = addressOf(state);
    all(".asks a", document).forEach((link) => {
      if (addressOf(stateOf(link.hash)) === here) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    });
  }

  let current = null, asked = 0, isLinked = false;
  const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  /** Load what a state needs, then draw it, unless another one was asked for meanwhile. */
  async function show(state) {
    const mine = ++asked;
    try {
      await data.load("results", source);
      const R = data.results();
      if (!R.metrics[state.metric]) state.metric = defaults.metric;
      await Promise.all(data.needs(state).map((key) => data.load(key, folder + R.files[key])));
    } catch (error) {
      status.textContent = `${error.message}. The table shows its first state.`;
      return;
    }
    if (mine !== asked) return;
    write(state);
    current = data.table(state);
    const isColumn = (wanted) => current.every.some(([key]) => key === wanted), sort = state.sort.replace(/^-/, "");
    const isLost = [state.baseline && !isColumn(state.baseline), sort && sort !== "model" && !isColumn(sort)];
    if (isLost[0]) state.baseline = "";
    if (isLost[1]) state.sort = extra.sort = "";
    if (isLost.some(Boolean)) {
      current = data.table(state);
      const address = addressOf(state);
      history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
      if (isLost[0]) status.textContent = "Not compared: the column to compare with is not shown.";
    }
    drawHead(current);
    drawBodies(current);
    drawRest(current);
    section.dataset.shown = addressOf(state) || "default";
  }
  function change() {
    const state = read(), address = addressOf(state);
    history.pushState(null, "", address ? `#${address}` : location.pathname + location.search);
    show(state);
  }
  /** Show the state that the address names, and lead to it: a link may stand far from the table. */
  async function follow(event) {
    const state = stateOf(location.hash);
    if (!state || !(current || addressOf(state))) return;
    write(state);
    await show(state);
    if (location.hash && (event ? isLinked : isNew)) lead();
    isLinked = false;
  }
  /** Scroll until the table's first rows are on the screen, if they are not. */
  function lead() {
    const [top, start] = [grid, section].map((element) => element.getBoundingClientRect().top), half = innerHeight / 2;
    if (top < 0 || top > half) (top - start < half ? section : find(".reading")).scrollIntoView();
  }

  // ------------------------------------------------------------ what is shown, to take away
  const columnNames = () => current.columns.map(([, label]) => label);
  const parts = (c) => c ? [c.number ?? c.text, c.value === undefined ? "" : c.interval, c.level, c.ran, c.cost,
    c.ratio ? c.ratio.text : "", c.ratio ? c.ratio.interval : ""] : ["", "", "", "", "", "", ""];
  const rowsOut = () => [
    ...current.means.map((mean) => [mean.label, "", "", mean.cells]),
    ...current.rows.map((row) => [row.model[1], row.model[2], row.device ? row.device[1] : "", row.cells]),
  ];
  /** A text on one line that a spreadsheet does not take for a formula. */
  const guarded = (text) => {
    const line = String(text).replace(/\s+/g, " ").trim();
    return /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]/.test(line) && !/^-?[\d.,]+$/.test(line) ? `'${line}` : line;
  };
  const quoted = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  function csv() {
    const unit = current.metric.unit ? ` (${current.metric.unit})` : "";
    const base = baselineName(), ratio = base ? `ratio to ${base}` : "ratio";
    const names = ["value", "interval", "verdict", "ran", "accuracy against f32", ratio, "ratio interval"];
    const heads = ["model", "task", "device", ...columnNames().flatMap((label) =>
      names.map((name) => `${label}: ${name === "value" ? current.metric.label.toLowerCase() + unit : name}`))];
    const lines = rowsOut().map(([model, task, device, cells]) => [model, task, device,
      ...cells.flatMap(parts).map((text) => String(text).replace(/^(\d{1,3}(,\d{3})+)$/, (n) => n.replaceAll(",", "")))]);
    return [heads, ...lines].map((line) => line.map((text) => quoted(guarded(text))).join(",")).join("\n") + "\n";
  }
  function markdown() {
    // GitHub makes links of addresses, mentions and numbers after Markdown, escaped or not: a word joiner, which is
    // not seen, keeps it from that.
    const clean = (text) => String(text).replace(/\s+/g, " ").trim()
      .replaceAll("://", "\u2060://").replace(/(@|#|www|GH-)(?=\S)/g, "$1\u2060")
      .replace(/[\\`*_[\]<>|#~&!]/g, (c) => `&#${c.codePointAt(0)};`);
    const cellText = (c) => !c ? "–" : [c.interval && c.value !== undefined ? `${c.text} (${c.interval})` : c.text, c.ran, c.cost,
      c.ratio ? `${c.ratio.text}${c.ratio.interval ? ` (${c.ratio.interval})` : ""}` : ""].filter(Boolean).map(clean).join("<br>");
    const lines = [["Model", ...columnNames().map(clean)], ["---", ...columnNames().map(() => "---")],
      ...rowsOut().map(([model, , device, cells]) => [clean(device ? `${model}, ${device}` : model), ...cells.map(cellText)])];
    return `${clean(find(".reading").textContent)} ${clean(current.counts)}\n\n`
      + lines.map((line) => `| ${line.join(" | ")} |`).join("\n") + `\n\n${location.href.replace(/[<>\s]/g, "")}\n`;
  }
  async function copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = `${what} copied.`;
    } catch { status.textContent = `Copying is not allowed here.`; }
  }
  function download() {
    const address = URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" }));
    const link = make("a", { href: address, download: `${current.state.metric}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    status.textContent = "CSV downloaded.";
  }
  const DOES = {
    link: () => copy(location.href, "Link"),
    markdown: () => copy(markdown(), "Markdown"),
    every: () => { boxes.forEach((box) => { box.checked = true; }); change(); },
    devices: () => { unfold(true); fill(); devices.open = true; devices.firstElementChild.focus(); },
    csv: download,
    all: () => { extra.all = "1"; change(); },
    reset,
  };
  function reset() {
    write({ ...defaults, device: [...defaults.device] });
    form.elements.baseline.value = defaults.baseline;
    change();
  }

  // ------------------------------------------------------------ what the reader does
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); reset(); });
  const unfold = (isOpen) => find(".fold").setAttribute("aria-expanded", String(isOpen));
  form.addEventListener("change", (event) => {
    if (event.target.type === "search") return;
    if (["columns", "metric"].includes(event.target.name)) extra.sort = "";
    if (event.target.name === "columns") form.elements.baseline.value = "";
    status.textContent = "";
    change();
  });
  section.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.sort) {
      const key = button.dataset.sort;
      extra.sort = extra.sort === key ? `-${key}` : extra.sort === `-${key}` ? "" : key;
      change();
    } else if (button.dataset.only) {
      boxes.forEach((box) => { box.checked = box.value === button.dataset.only; });
      change();
    } else if (button.dataset.do) {
      if (!current && button.dataset.do !== "devices") await show(read());
      if (current || button.dataset.do === "devices") DOES[button.dataset.do]();
    } else if (button.classList.contains("fold")) {
      unfold(button.getAttribute("aria-expanded") === "false");
    }
  });
  section.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !devices?.open) return;
    devices.open = false;
    devices.firstElementChild.focus();
  });
  addEventListener("click", (event) => {
    const isIn = devices?.contains(event.target) || event.target.closest?.("[data-do=devices]");
    if (devices?.open && !isIn) devices.open = false;
  });
  const fill = () => list.replaceWith(list.content);
  devices?.firstElementChild.addEventListener("click", fill);
  devices?.addEventListener("toggle", fill);
  devices?.addEventListener("input", ({ target }) => {
    if (target.type !== "search") return;
    const words = target.value.toLowerCase().split(/\s+/);
    boxes.forEach((box) => {
      const text = box.parentElement.textContent.toLowerCase();
      box.closest("div").hidden = !words.every((word) => text.includes(word));
    });
  });
  addEventListener("hashchange", follow);
  // Back and forward go to where the reader was, as the browser does; a link goes to the table.
  document.addEventListener("click", (event) => { isLinked = Boolean(event.target.closest?.("a[href*='#']")); });
  // Heads of columns sort, before any data is there.
  all("thead th", section).forEach((head, n) => {
    const key = n ? head.dataset.key : "model", text = n ? head.firstElementChild : head;
    const button = sortButton(key, text.textContent);
    if (n) text.replaceWith(button); else head.replaceChildren(button);
  });
  follow();
})();
