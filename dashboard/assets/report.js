"use strict";
// Draws the figures, and lets tables be sorted and filtered. The page reads without it.
(() => {
  const NARROW = 600;
  const { figures, config } = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const plots = [...document.querySelectorAll(".plot")];

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // ---- figures ----

  const svgButton = {
    name: "toSvg",
    title: "Download as SVG",
    icon: Plotly.Icons.disk,
    click: (plot) => Plotly.downloadImage(plot, { format: "svg", filename: "etscope" }),
  };

  function put(layout, path, value) {
    const keys = path.split(".");
    const last = keys.pop();
    let place = layout;
    for (const key of keys) place = place[key] ??= {};
    place[last] = value;
  }

  // The layout as the page looks now: scheme and width.
  function dressed(figure, width) {
    const layout = structuredClone(figure.layout);
    const [ink, line] = [colour("--ink"), colour("--line")];
    layout.width = width;
    layout.font.color = ink;
    layout.paper_bgcolor = colour("--card");
    layout.modebar = { color: colour("--muted"), activecolor: ink, bgcolor: "rgba(0,0,0,0)" };
    layout.hoverlabel = {
      bgcolor: colour("--card"), bordercolor: line, font: { color: ink }, align: "left",
      namelength: -1,
    };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      axis.gridcolor = line;
      axis.zerolinecolor = line;
    }
    if (width < NARROW) {
      for (const [path, value] of Object.entries(layout.meta.narrow)) put(layout, path, value);
    }
    return layout;
  }

  function draw(plot) {
    const figure = figures[Number(plot.dataset.figure)];
    const width = plot.clientWidth;
    // What is folded away is drawn when it is opened, in the width and colours of then.
    if (plot.closest("details:not([open])")) return Promise.resolve();
    const data = structuredClone(figure.data);
    for (const trace of data) {
      if (trace.error_x) trace.error_x.color = colour("--ink");
      if (trace.meta?.ink) trace.line.color = colour("--ink");
      if (width < NARROW && trace.meta) Object.assign(trace, trace.meta.narrow);
    }
    const zoom = figure.layout.dragmode ? ["resetScale2d"] : [];
    const options = {
      ...config,
      modeBarButtons: [[...config.modeBarButtons[0], svgButton, ...zoom]],
      toImageButtonOptions: { ...config.toImageButtonOptions, filename: "etscope" },
      responsive: false,
    };
    return Plotly.react(plot, data, dressed(figure, width), options).then(() => {
      plot.dataset.width = width;
      plot.dataset.drawn = dark.matches ? "dark" : "light";
    });
  }

  const redraw = () => Promise.all(plots.map(draw));

  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() =>
      plots.filter((plot) => plot.clientWidth !== Number(plot.dataset.width)).forEach(draw));
  });
  dark.addEventListener("change", redraw);
  for (const fold of document.querySelectorAll("details")) {
    fold.addEventListener("toggle", () => {
      if (fold.open) fold.querySelectorAll(".plot").forEach(draw);
    });
  }
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
    redraw();
  });

  // ---- tables ----

  const byWord = new Intl.Collator("en", { numeric: true });

  function valueOf(row, column, numbers) {
    const cell = row.cells[column];
    if (!numbers) return cell.textContent;
    return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  }

  function compare(a, b, sign) {
    // What has no value comes last, whichever way the table is sorted.
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "string" ? byWord.compare(a, b) : a - b);
  }

  function sort(table, head) {
    const numbers = head.classList.contains("number");
    const now = head.getAttribute("aria-sort");
    const first = numbers ? "descending" : "ascending";
    const other = numbers ? "ascending" : "descending";
    const order = now === first ? other : first;
    for (const any of table.tHead.rows[0].cells) any.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const body = table.tBodies[0];
    const column = head.cellIndex;
    const rows = [...body.rows].map((row) => [valueOf(row, column, numbers), row]);
    const sign = order === "ascending" ? 1 : -1;
    rows.sort((a, b) => compare(a[0], b[0], sign));
    body.append(...rows.map((pair) => pair[1]));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, head));
    }
  }

  const STEPS = new Set(["operator", "delegate", "delegated", "control", "other"]);

  function wanted(row, choice) {
    if (choice === "top") return "top" in row.dataset;
    if (choice === "steps") return STEPS.has(row.dataset.kind);
    return choice === "" || row.dataset.kind === choice;
  }

  function filter(bar) {
    const table = document.querySelector(`#${bar.dataset.for} table`);
    const phrase = bar.querySelector("input").value.trim().toLowerCase();
    const choice = bar.querySelector("select").value;
    let [shown, share] = [0, 0];
    for (const row of table.tBodies[0].rows) {
      const text = row.dataset.text ??= searched(row);
      const keep = wanted(row, choice) && text.includes(phrase);
      row.hidden = !keep;
      shown += keep;
      if (keep && "top" in row.dataset) {
        share += Number(row.querySelector(".share")?.dataset.value ?? 0);
      }
    }
    const timed = bar.dataset.noun === undefined;
    const sum = shown && timed ? `; those right under the method take ${(100 * share).toFixed(1)}%` : "";
    bar.querySelector("output").textContent =
      `${shown} of ${table.tBodies[0].rows.length} ${bar.dataset.noun ?? "events"}${sum}`;
  }

  function searched(row) {
    const words = [...row.cells].filter((cell) => !cell.classList.contains("number"));
    const text = words.map((cell) => cell.textContent).join(" ");
    return `${text} #${row.cells[2].textContent} `.toLowerCase();
  }

  for (const bar of document.querySelectorAll(".filters")) {
    bar.hidden = false;
    bar.querySelector("input").addEventListener("input", () => filter(bar));
    bar.querySelector("select").addEventListener("change", () => filter(bar));
    filter(bar);
  }

  redraw().then(() => { document.documentElement.dataset.ready = "yes"; });
})();
