// The answer table without its looks: from the data files and a state to rows, columns and texts.
// The words and rules are those of the page as it was built (sitegen/ovreport_sitegen/answer).
"use strict";
(() => {
  const store = new Map(), waiting = new Map();
  window.ovreportData = (name, data) => { store.set(name, data); waiting.get(name)?.(); };

  /** Load a data file once; a page opened from a disk cannot fetch, so each is a script. */
  const load = (name, address) => store.has(name) ? Promise.resolve() : new Promise((done, failed) => {
    waiting.set(name, done);
    const script = document.createElement("script");
    script.src = address;
    script.onerror = () => failed(new Error(`${address} could not be loaded`));
    document.head.append(script);
  });

  const MOST_COLUMNS = 6, MOST_CELLS = 54, MIN_DIFFERENCE = 0.02, ROOM = 1.5;
  const LEVELS = ["stable", "noisy", "unreliable"];
  const OUTCOMES = ["different", "no clear difference", "insufficient data"];
  const NO_COMPARISON = "no comparison", SEPARATE_RUNS = "separate runs", ONE_RUN = "one run";
  const NO_INTERVAL = new Set(["bound", "range", "rated"]);

  // ------------------------------------------------------------ numbers in words
  const formats = new Map();  // one of each number of decimals: to make one takes long
  const formatOf = (decimals) => formats.get(decimals) ?? formats.set(decimals, new Intl.NumberFormat(
    "en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })).get(decimals);
  const significant = (value, digits = 3) => {
    if (!Number.isFinite(value)) return "unbounded";
    if (value === 0) return "0";
    const rounded = Number(value.toPrecision(digits));
    const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded)) + 1e-12));
    return formatOf(decimals).format(rounded);
  };
  const plural = (n, one) => `${n.toLocaleString("en-US")} ${n === 1 ? one : `${one}s`}`;

  const amountOf = (metric, r) => metric.time || !metric.lower ? r
    : { value: 1 / r.value, low: 1 / r.high, high: r.low > 0 ? 1 / r.low : Infinity };
  const intervalWords = (r) => Number.isFinite(r.high - r.low)
    ? `${significant(r.low)} – ${significant(r.high)}×` : "";
  const ratioWords = (metric, ratio) => {
    const amount = amountOf(metric, ratio);
    const [more, less] = metric.time ? ["as fast", "slower"] : ["as much", "less"];
    if (amount.value >= 1) return [`${significant(amount.value)}× ${more}`, intervalWords(amount)];
    const lost = `${significant(100 * (1 - amount.value), 2)} % ${less}`;
    if (!(amount.high <= 1)) return [lost, intervalWords(amount)];
    const [least, most] = [amount.high, amount.low].map((end) => significant(100 * (1 - end), 2));
    return [lost, `${least} – ${most} %`];
  };

  // ------------------------------------------------------------ results and their values
  const results = () => store.get("results");
  const of = (column, i) => results()[column].values[results()[column].codes[i]];

  const indexed = new Map();
  function values(key) {
    if (indexed.has(key)) return indexed.get(key);
    const data = store.get(key), found = { at: new Map(), missing: new Map(), pairs: new Map() };
    data.at.forEach((i, n) => found.at.set(i, {
      value: data.value[n], low: data.low[n] ?? -Infinity, high: data.high[n] ?? Infinity,
      level: LEVELS[data.level[n]], kind: data.kind[n], scope: data.scope[n] ?? "",
      method: data.method[n] ?? 0,
    }));
    data.missing.at.forEach((i, n) => found.missing.set(i, data.missing.values[data.missing.codes[n]]));
    data.pairs.forEach(([i, j, value, low, high, outcome, n]) =>
      found.pairs.set(`${i} ${j}`, { value, low: low ?? 0, high: high ?? Infinity, outcome: OUTCOMES[outcome], pairs: n }));
    indexed.set(key, found);
    return found;
  }
  const metricOf = (key) => results().metrics[key];
  const beside = (key) => Object.keys(results().metrics).filter((other) =>
    metricOf(other).group === metricOf(key).group && metricOf(other).unit === metricOf(key).unit);
  /** The data files that a state needs. */
  const needs = (state) => state.columns === "metric" ? beside(state.metric) : [state.metric];

  // ------------------------------------------------------------ which results
  const FILTERS = {
    device: (i, state) => !state.device.length || state.device.includes(of("device", i)[0]),
    models: (i, state) => ["", of("model", i)[0], of("model", i)[4]].includes(state.models),
    weights: (i, state) => state.weights === "" || (state.weights === "published"
      ? results().published[i] === 1 : state.weights === of("variant", i)),
    precision: (i, state) => ["any", "kept"].includes(state.precision) || state.precision === of("requested", i),
  };
  /** Results before any filter: native frameworks and earlier releases only as columns. */
  function pool(state) {
    const R = results(), bit = { engine: 2, release: 4 }[state.columns] ?? 1;
    return [...Array(R.counts.length).keys()].filter((i) =>
      (R.pools[i] & bit) && (state.metric !== "accuracy" || values("accuracy").at.has(i)));
  }
  const passes = (i, state, but) => Object.entries(FILTERS).every(([name, fits]) => name === but || fits(i, state));

  /** Which values of a control leave something to show. */
  function available(name, state) {
    const found = new Set(["", "any", "kept"]);
    for (const i of pool(state)) {
      if (!passes(i, state, name)) continue;
      if (name === "device") found.add(of("device", i)[0]);
      if (name === "models") { found.add(of("model", i)[0]); found.add(of("model", i)[4]); }
      if (name === "weights") { found.add(of("variant", i)); if (results().published[i]) found.add("published"); }
      if (name === "precision") found.add(of("requested", i));
    }
    return found;
  }

  const least = (list, rank) => list.reduce((best, i) =>
    best === undefined || rank(i) < rank(best) ? i : best, undefined);
  /** Whether a result is clearly better than f32 of the published file. */
  function isClearlyBetter(i, plain, key) {
    if (key === "accuracy" || results().native[i] || i === plain) return false;
    const r = against(i, plain, key);
    return r.outcome === "different" && r.value > 1;
  }
  function choose(list, key, precision) {
    const R = results(), V = values(key), fullness = (i) => R.fullness[i];
    if (precision !== "kept" && precision !== "any")
      return least(list.filter((i) => of("requested", i) === precision), fullness);
    const allowed = list.filter((i) => precision === "any" || R.counts[i]);
    const measured = allowed.filter((i) => V.at.has(i));
    if (!measured.length) return least(allowed, fullness);
    const plain = measured.filter((i) => R.plain[i]);
    const better = measured.filter((i) => plain.length && isClearlyBetter(i, plain[0], key));
    const sign = metricOf(key).lower ? 1 : -1;
    return least(plain.length ? [...plain, ...better] : measured, (i) => sign * V.at.get(i).value);
  }

  // ------------------------------------------------------------ ratios
  const outcome = (r) => (r.low > 1 || r.high < 1)
    && Math.max(r.value, 1 / r.value) - 1 >= MIN_DIFFERENCE ? "different" : "no clear difference";
  /** Two values of separate runs: the errors of their logarithms add in quadrature. */
  function apart(first, second) {
    const value = first.value / second.value;
    const ends = [first.low, first.value, first.high, second.low, second.value, second.high];
    if (!ends.every((end) => end > 0 && Number.isFinite(end)))
      return { value, low: 0, high: Infinity, outcome: "insufficient data" };
    const low = Math.hypot(Math.log(first.value / first.low), Math.log(second.high / second.value));
    const high = Math.hypot(Math.log(first.high / first.value), Math.log(second.value / second.low));
    const ratio = { value, low: value * Math.exp(-low), high: value * Math.exp(high) };
    return { ...ratio, outcome: outcome(ratio) };
  }
  const inverse = (r) => ({ ...r, value: 1 / r.value, low: 1 / r.high, high: r.low > 0 ? 1 / r.low : Infinity });
  function against(i, j, key) {
    const R = results(), V = values(key);
    const pair = V.pairs.get(`${i} ${j}`) ?? (V.pairs.has(`${j} ${i}`) ? inverse(V.pairs.get(`${j} ${i}`)) : null);
    if (pair) return pair;
    if (of("variant", i) === of("variant", j) && R.work[i] !== R.work[j])
      return { why: "Not the same model file and inputs." };
    const first = V.at.get(i), second = V.at.get(j);
    if (!first || !second) return { why: "Not measured for both." };
    if (first.method !== second.method) return { why: "One was measured in another way, by an older ovreport." };
    if (first.scope !== second.scope) return { why: "Not of the same part of the machine." };
    if (NO_INTERVAL.has(first.kind) || NO_INTERVAL.has(second.kind))
      return { why: "A bound has no interval to compare by." };
    if (first.kind === "observed" || second.kind === "observed")
      return { why: "Measured in separate runs, and disturbed in one of them." };
    return metricOf(key).lower ? apart(second, first) : apart(first, second);
  }
  function wordsOf(r, metric) {
    if (r.why) return { text: NO_COMPARISON, interval: "", tone: "", tip: r.why };
    const tip = r.pairs ? `paired, ${plural(r.pairs, "round")}` : SEPARATE_RUNS;
    if (r.outcome !== "different")
      return { text: r.outcome, interval: intervalWords(amountOf(metric, r)), tone: "", tip, ratio: r.value };
    const [text, interval] = ratioWords(metric, r);
    return { text, interval, tone: r.value > 1 ? "good" : "bad", tip, ratio: r.value };
  }

  const mean = (list) => Math.exp(list.reduce((sum, x) => sum + Math.log(x), 0) / list.length);
  const meanRatio = (list) => ({
    value: mean(list.map((r) => r.value)),
    ...(list.every((r) => r.low > 0 && Number.isFinite(r.high))
      ? { low: mean(list.map((r) => r.low)), high: mean(list.map((r) => r.high)) }
      : { low: 0, high: Infinity }),
  });

  // ------------------------------------------------------------ cells
  function cell(i, key, state) {
    const R = results(), V = values(key), found = V.at.get(i), ran = of("ran", i);
    const [cost, costInterval, isBad] = of("without", i) ? ["", "", 0] : of("cost", i);
    const common = { result: i, key, href: of("href", i), ran, interval: "", level: "", tip: "" };
    if (!of("without", i) && state.precision === "kept" && !R.counts[i])
      return { ...common, text: isBad ? "below 99 % of the accuracy" : "accuracy not known",
        cost: isBad ? cost : "", costInterval, isBad };
    if (!found) {
      const [text, tip] = V.missing.get(i) ?? ["not measured", ""];
      return { ...common, text, tip, cost: "" };
    }
    if (state.stable && found.level !== "stable")
      return { ...common, text: `${found.level}, not shown`, cost, costInterval, isBad };
    const ends = new Set([found.low, found.value, found.high].map((end) => significant(end)));
    const interval = found.kind === "bound" || ends.size === 1 ? ""
      : Number.isFinite(found.high - found.low) ? `${significant(found.low)} – ${significant(found.high)}`
        : "interval unknown";
    return {
      ...common, ran: [ran, found.scope, found.kind === "observed" ? "observed" : ""].filter(Boolean).join(" · "), cost, costInterval, isBad, value: found.value, low: found.low, high: found.high, level: found.level,
      number: significant(found.value),
      text: (found.level === "unreliable" ? "≈\u00a0" : "") + significant(found.value),
      interval: NO_INTERVAL.has(found.kind) && interval ? `range ${interval}` : interval,
      tip: `${found.level}, ${found.kind}`,
    };
  }
  /** Bars of one scale a row, or of one for all rows where there is one column. */
  function drawBars(rows) {
    if (rows.length && rows[0].cells.length === 1) addBars(rows.flatMap((row) => row.cells));
    else rows.forEach((row) => addBars(row.cells));
  }
  /** Mark quick results; where all are, one sentence says so. */
  function markTiers(rows) {
    const cells = rows.flatMap((row) => row.cells).filter(Boolean), isQuick = (c) => results().quick[c.result];
    if (cells.length && cells.every(isQuick)) return " All of the quick tier.";
    for (const c of cells) if (isQuick(c) && c.ran) c.ran += " · quick";
    return "";
  }
  function addBars(cells) {
    const found = cells.filter((c) => c && c.value !== undefined);
    const longest = Math.max(0, ...found.map((c) => c.value));
    const full = Math.max(longest, ...found.map((c) => Math.min(c.high, ROOM * longest)));
    const share = (x) => full > 0 ? Math.round(1000 * Math.min(Math.max(x, 0), full) / full) / 10 : 0;
    for (const c of found) {
      c.bar = { value: share(c.value), low: share(c.low), high: share(c.high), family: results().family[c.result], level: c.level };
    }
  }

  // ------------------------------------------------------------ the table
  function columnsOf(list, state) {
    if (state.columns === "metric") return beside(state.metric).map((key) => [key, metricOf(key).label, ""]);
    const filled = list.filter((i) => values(state.metric).at.has(i));
    const found = new Map((filled.length ? filled : list).map((i) => [of(state.columns, i)[0], of(state.columns, i)]));
    return results().order[state.columns].filter((key) => found.has(key)).map((key) => found.get(key));
  }
  function choice(list, state) {
    const found = choose(list, state.metric, state.precision);
    return found === undefined && state.precision === "kept" ? least(list, (i) => results().fullness[i]) : found;
  }
  function rowOf(list, columns, state) {
    let chosen;
    if (state.columns === "metric") {
      const one = choice(list, state);
      chosen = columns.map(([key]) => [one, key]);
    } else {
      chosen = columns.map(([key]) =>
        [choice(list.filter((i) => of(state.columns, i)[0] === key), state), state.metric]);
    }
    const cells = chosen.map(([i, key]) => i === undefined ? null : cell(i, key, state));
    if (!cells.some(Boolean)) return null;
    const base = columns.findIndex(([key]) => key === state.baseline);
    if (base >= 0) {
      if (!cells[base] || cells.filter(Boolean).length < 2) return null;
      cells.forEach((c, n) => { if (c && n !== base) addRatio(c, cells[base]); });
    }
    return { model: of("model", list[0]), device: of("device", list[0]), isArchitectureOnly: results().architecture_only[list[0]], cells, list };
  }
  function addRatio(c, base) {
    if (c.key === "accuracy" || c.value === undefined) return;
    if (base.value === undefined) {
      c.ratio = { text: NO_COMPARISON, interval: "", tone: "", tip: "The baseline has no value." };
    } else if (c.key !== base.key) {
      c.ratio = acrossMetrics(c, base);
    } else if (c.result !== base.result) {
      c.ratio = wordsOf(against(c.result, base.result, c.key), metricOf(c.key));
    }
  }
  /** Two metrics of one result, such as the memory of two modes. */
  function acrossMetrics(c, base) {
    const first = values(c.key).at.get(c.result), second = values(base.key).at.get(base.result);
    if ([first, second].some((v) => NO_INTERVAL.has(v.kind)))
      return { text: NO_COMPARISON, interval: "", tone: "", tip: "A bound has no interval to compare by." };
    const r = metricOf(c.key).lower ? apart(second, first) : apart(first, second);
    return { ...wordsOf(r, metricOf(c.key)), tip: ONE_RUN };
  }

  function meansOf(rows, columns, state) {
    if (state.metric === "accuracy" || state.columns === "metric") return [];
    const byDevice = new Map();
    for (const row of rows) {
      const key = row.device ? row.device[0] : "";
      (byDevice.get(key) ?? byDevice.set(key, []).get(key)).push(row);
    }
    return [...byDevice.values()].map((some) => meanRow(some, columns, state)).filter(Boolean);
  }
  /** Rows with a ratio in every column that has ratios at all: means of values and of ratios are of the same models. */
  function comparedAlike(rows) {
    const isCompared = (row, n) => Boolean(row.cells[n].ratio) && row.cells[n].ratio.text !== NO_COMPARISON;
    const columns = rows.length ? [...rows[0].cells.keys()].filter((n) => rows.some((row) => isCompared(row, n))) : [];
    return rows.filter((row) => columns.every((n) => isCompared(row, n)));
  }
  function meanRow(rows, columns, state) {
    const whole = rows.filter((row) => row.cells.every((c) => c && c.value));
    const reliable = whole.filter((row) => row.cells.every((c) => c.level !== "unreliable"));
    const shared = comparedAlike(reliable);
    if (shared.length < 2) return null;
    const without = rows.map((row) => row.cells.map((c) => c ? of("without", c.result) : "").filter(Boolean).sort()[0]);
    const [failed, unsupported] = ["failed", "unsupported"].map((why) => without.filter((one) => one === why).length);
    const leftOut = [[failed, "failed"], [unsupported, "unsupported"], [whole.length - reliable.length, "unreliable"],
      [reliable.length - shared.length, "without a comparison"],
      [rows.length - whole.length - failed - unsupported, "without a value in every column"]].filter(([n]) => n);
    const words = leftOut.map(([n, why]) => `${n} ${why}`).join(", ");
    const note = `of ${plural(shared.length, "model")}${words ? `; left out: ${words}` : ""}`;
    const base = columns.findIndex(([key]) => key === state.baseline), metric = metricOf(state.metric);
    const cells = columns.map((_, n) => {
      const m = meanRatio(shared.map((row) => row.cells[n])), text = significant(m.value);
      const found = { text, number: text, value: m.value, level: "", ran: "", cost: "", tip: "",
        interval: Number.isFinite(m.high) ? `${significant(m.low)} – ${significant(m.high)}` : "" };
      if (base >= 0 && n !== base) found.ratio = meanWords(shared, n, base, state.metric, metric);
      return found;
    });
    const [{ device }] = rows;
    return { label: device ? `Geometric mean, ${device[1]}` : "Geometric mean", note, cells };
  }
  function meanWords(rows, n, base, key, metric) {
    const found = rows.map((row) => against(row.cells[n].result, row.cells[base].result, key)).filter((r) => !r.why);
    if (found.length < 2) return undefined;
    const m = meanRatio(found), tip = `geometric mean of ${plural(found.length, "ratio")}`;
    if (m.low <= 1 && m.high >= 1)
      return { text: "no clear difference", interval: intervalWords(amountOf(metric, m)), tone: "", tip, ratio: m.value };
    const [text, interval] = ratioWords(metric, m);
    return { text, interval, tone: m.value > 1 ? "good" : "bad", tip, ratio: m.value };
  }
  function counts(rows) {
    const cells = rows.flatMap((row) => row.cells).filter((c) => c && c.level);
    if (!cells.length) return "No values: each cell says why.";
    const words = LEVELS.map((level) => [cells.filter((c) => c.level === level).length, level])
      .filter(([n]) => n).map(([n, level]) => `${n} ${level}`);
    let text = `${plural(cells.length, "value")}: ${words.join(", ")}.`;
    const compared = cells.filter((c) => c.ratio && c.ratio.interval);
    const [separate, one] = [SEPARATE_RUNS, ONE_RUN].map((how) => compared.filter((c) => c.ratio.tip === how).length);
    const ways = [[compared.length - separate - one, "paired by round"], [separate, `of ${SEPARATE_RUNS}`], [one, `of ${ONE_RUN}`]];
    const told = ways.filter(([n]) => n).map(([n, how]) => `${n} ${how}`).join(", ");
    if (told) text += ` Ratios: ${told}.`;
    return text;
  }

  /** Sort by a column, the best first; what has no value stays last. */
  function sorted(rows, columns, state) {
    const key = state.sort.replace(/^-/, ""), n = columns.findIndex((column) => column[0] === key);
    const backwards = state.sort.startsWith("-") ? -1 : 1;
    if (key === "model") return [...rows].sort((a, b) => backwards * a.model[1].localeCompare(b.model[1], "en"));
    if (n < 0) return rows;
    const lower = metricOf(state.columns === "metric" ? key : state.metric).lower;
    const badness = (row) => {
      const c = row.cells[n];
      if (!c || c.value === undefined) return undefined;
      if (state.baseline && state.baseline !== key) return c.ratio?.ratio === undefined ? undefined : -c.ratio.ratio;
      return lower ? c.value : -c.value;
    };
    return [...rows].sort((a, b) => {
      const x = badness(a), y = badness(b);
      return x === undefined || y === undefined ? (x === undefined) - (y === undefined) : backwards * (x - y);
    });
  }

  /** The table of a state, as `answer` in answer/table.py returns it. */
  function table(state) {
    const list = pool(state).filter((i) => passes(i, state, "precision"));
    const every = columnsOf(list, state);
    let columns = every;
    if (!state.all && every.length > MOST_COLUMNS) {
      const shown = every.slice(0, MOST_COLUMNS);
      const base = every.filter((c) => c[0] === state.baseline && !shown.includes(c));
      columns = [...shown.slice(0, MOST_COLUMNS - base.length), ...base];
    }
    const grouped = new Map();
    for (const i of list) {
      const key = of("model", i)[0] + (state.columns === "device" ? "" : ` ${of("device", i)[0]}`);
      (grouped.get(key) ?? grouped.set(key, []).get(key)).push(i);
    }
    const [order, places] = [results().models, results().order.device].map((slugs) => new Map(slugs.map((slug, n) => [slug, n])));
    let rows = [...grouped.values()].map((some) => rowOf(some, columns, state)).filter(Boolean)
      .sort((a, b) => order.get(a.model[0]) - order.get(b.model[0]) || places.get(a.device[0]) - places.get(b.device[0]));
    const fixed = rows.some((row) => row.model[0] === state.models);
    const several = state.columns !== "device" && (new Set(rows.map((row) => row.device[0])).size > 1 || fixed);
    rows.forEach((row) => {
      if (!several) row.device = null;
      row.note = state.metric === "accuracy" ? results().accuracy[row.list[0]] : "";
    });
    drawBars(rows);
    const tier = markTiers(rows);
    const found = { state, columns, every, metric: metricOf(state.metric), means: meansOf(rows, columns, state), counts: counts(rows) + tier };
    const order_ = state.sort ? sorted(rows, columns, state) : rows;
    const limit = state.all ? order_.length : Math.floor(MOST_CELLS / Math.max(columns.length, 1));
    found.rows = order_.slice(0, limit);
    found.moreRows = order_.length - found.rows.length;
    found.moreColumns = every.length - columns.length;
    found.grouped = !state.sort && !fixed;
    return found;
  }

  window.ovreportAnswer = { load, needs, table, available, results, plural, has: (name) => store.has(name) };
})();
