// Search over models, devices, metrics and pages. The index is a script, loaded when it is needed:
// a page opened from a disk cannot fetch. Names go in as text, never as markup.
"use strict";
(() => {
  const dialog = document.getElementById("search"), opener = document.getElementById("search-open");
  if (!dialog?.showModal || !opener) return;
  const input = dialog.querySelector("input"), list = dialog.querySelector("ul");
  const status = dialog.querySelector("[role=status]"), { source, root } = dialog.dataset, MOST = 12;
  let entries = [];

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  window.ovreportSearch = (found) => {
    entries = found.map(([kind, title, note, href]) =>
      ({ kind, title, note, href, name: plain(title), all: plain(`${title} ${note} ${kind}`) }));
    show();
  };
  function load() {
    if (document.querySelector("script[data-search]")) return;
    const script = document.createElement("script");
    script.src = source;
    script.dataset.search = "";
    script.onerror = () => { status.textContent = `${source} could not be loaded.`; };
    document.head.append(script);
  }

  /** How well an entry fits: its name begins so, has a word that does, has it, or something else has. */
  function rank(entry, asked, words) {
    if (!words.every((word) => entry.all.includes(word))) return 0;
    if (entry.name.startsWith(asked)) return 4;
    if (words.every((word) => ` ${entry.name}`.includes(` ${word}`))) return 3;
    return words.every((word) => entry.name.includes(word)) ? 2 : 1;
  }
  function item({ kind, title, note, href }) {
    const row = document.createElement("li"), link = document.createElement("a");
    const [kindText, noteText] = [kind, note].map((text) => Object.assign(document.createElement("small"), { textContent: text }));
    link.href = root + href;
    link.append(kindText, " ", title, " ", noteText);
    row.append(link);
    return row;
  }
  function show() {
    const asked = plain(input.value).trim(), words = asked.split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? [] : entries
      .map((entry) => [rank(entry, asked, words), entry]).filter(([fit]) => fit)
      .sort(([a, x], [b, y]) => b - a || x.name.length - y.name.length);
    list.replaceChildren(...found.slice(0, MOST).map(([, entry]) => item(entry)));
    status.textContent = !words.length ? "" : found.length > MOST ? `The best ${MOST} of ${found.length}.`
      : found.length ? `${found.length} found.` : "Nothing found. Try fewer letters.";
  }
  function open() {
    load();
    if (!dialog.open) dialog.showModal();
    input.select();
  }
  /** Move between the field and the links below it. */
  function step(event, by) {
    const stops = [input, ...list.querySelectorAll("a")], at = stops.indexOf(document.activeElement);
    stops[(at + by + stops.length) % stops.length].focus();
    event.preventDefault();
  }

  opener.hidden = false;
  opener.addEventListener("click", open);
  input.addEventListener("input", show);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(event, 1);
    else if (event.key === "ArrowUp") step(event, -1);
    else if (event.key === "Enter" && event.target === input) list.querySelector("a")?.click();
    else if (event.key === "Escape") dialog.close(); // a search field would only empty itself
  });
  // A link to a place on this page leaves the page there, and a click beside the box closes it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("a, [data-close]")) dialog.close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    open();
  });
})();
