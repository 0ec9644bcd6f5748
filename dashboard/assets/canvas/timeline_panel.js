"use strict";
// Around the picture of a timeline: search, buttons, legend, what is selected, what was measured.
(function (etscope) {
  const { element, button } = etscope;
  const MOST_NAMES = 12;

  class Panel {
    // act(meaning): as the keyboard's; search(phrase, forward): what is typed.
    constructor(root, act, search) {
      this.input = element("input", {
        type: "search", placeholder: "Search operators, modules, lines",
        "aria-label": "Search names, modules and source lines; /.../ is a regular expression",
        autocomplete: "off", spellcheck: "false", enterkeyhint: "search",
      });
      this.count = element("output", { class: "count" });
      this.tools = element("div", { class: "tools", role: "toolbar", "aria-label": "Timeline" },
        this.input, this.count,
        button("‹", "Previous (,)", () => act("previous")),
        button("›", "Next (.)", () => act("next")),
        element("span", { class: "space" }),
        button("+", "Zoom in (W)", () => act("zoomIn")),
        button("−", "Zoom out (S)", () => act("zoomOut")),
        button("Fit", "Show all (Home)", () => act("fit")),
        button("?", "Keys (?)", () => act("help")));
      this.legend = element("p", { class: "legend" });
      this.helpId = etscope.freshId("keys");
      this.help = element("dl", { class: "keys", id: this.helpId, hidden: true });
      for (const [keys, meaning] of etscope.KEYS) {
        const caps = keys.split(" ").map((key) => element("kbd", {}, key));
        this.help.append(element("div", {}, element("dt", {}, ...caps),
          element("dd", {}, meaning)));
      }
      this.stage = element("div", { class: "stage" });
      this.details = element("div", { class: "details" });
      this.totals = element("div", { class: "totals" });
      this.notes = element("ul", { class: "notes" });
      this.live = element("p", { class: "live", role: "status", "aria-live": "polite" });
      root.replaceChildren(this.tools, this.help, this.legend, this.stage, this.details,
        this.totals, this.notes, this.live);
      this.input.addEventListener("input", () => search(this.input.value, 0));
      this.input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") search(this.input.value, event.shiftKey ? -1 : 1);
        if (event.key === "Escape") act("leave");
      });
    }

    toggleHelp() {
      this.help.hidden = !this.help.hidden;
    }

    showLegend(slices) {
      const present = new Set(slices.key_group);
      this.legend.replaceChildren(...slices.header.groups.flatMap((name, group) =>
        present.has(group)
          ? [element("span", {}, element("i", { class: `swatch g${group}` }), name)] : []));
      this.notes.replaceChildren(...slices.header.notes.map((text) => element("li", {}, text)));
    }

    // found: 1 of 12; "" where nothing is searched for.
    showCount(text, bad) {
      this.count.textContent = text;
      this.input.setAttribute("aria-invalid", String(Boolean(bad)));
    }

    showSlice(slices, slice) {
      if (slice < 0) {
        this.details.replaceChildren();
        return;
      }
      const swatch = element("i", { class: `swatch g${slices.group(slice)}` });
      const list = element("dl", {});
      for (const [name, text] of etscope.facts(slices, slice)) {
        list.append(element("div", {}, element("dt", {}, name),
          element("dd", {}, element("bdi", {}, text))));
      }
      const title = element("h3", {}, swatch, element("bdi", {}, slices.name(slice)));
      this.details.replaceChildren(title, list);
    }

    showTotals(slices, range) {
      if (!range) {
        this.totals.replaceChildren();
        return;
      }
      const time = (ticks) => etscope.timeText(Math.max(ticks, 0), slices.unit);
      const lanes = etscope.measured(slices, ...range);
      const parts = lanes.map((lane) => this.table(lane, time));
      const title = `${time(range[1] - range[0])} from ${etscope.momentText(range[0], slices.unit)}`;
      const empty = lanes.length ? [] : [element("p", {}, "Nothing runs in this range.")];
      this.totals.replaceChildren(element("h3", {}, title), ...parts, ...empty);
    }

    table(lane, time) {
      const share = (ticks) => etscope.shareText(ticks, lane.range);
      const row = (name, kind, ...cells) => element("tr", {},
        element("th", { scope: "row" }, element("bdi", {}, name), " ",
          element("small", {}, kind)),
        ...cells.map((text) => element("td", {}, text)));
      const count = (one) => etscope.grouped(String(one.count)) +
        (one.below ? ` (${etscope.grouped(String(one.below))} below the clock's step)` : "");
      const rows = lane.names.slice(0, MOST_NAMES).map((one) =>
        // Where a clock could tell none of them from nothing, there is no time to show.
        one.below === one.count && !one.total
          ? row(one.name, one.kind, "–", "–", "–", count(one))
          : row(one.name, one.kind, time(one.self), share(one.self), time(one.total), count(one)));
      const rest = lane.names.slice(MOST_NAMES);
      if (rest.length) {
        const self = rest.reduce((sum, one) => sum + one.self, 0);
        rows.push(row(`${rest.length} more`, "", time(self), share(self), "", ""));
      }
      rows.push(row("nothing", "", time(lane.idle), share(lane.idle), "", ""));
      const heads = ["own time", "share", "total", "slices"];
      const head = element("tr", {}, element("th", { scope: "col" }, "name"),
        ...heads.map((text) => element("th", { scope: "col" }, text)));
      return element("div", { class: "scroll", tabindex: 0, role: "region",
        "aria-label": `What the range holds: ${lane.lane}` },
      element("table", {}, element("caption", {}, lane.lane), element("thead", {}, head),
        element("tbody", {}, ...rows)));
    }

    say(text) {
      this.live.textContent = text;
    }
  }

  etscope.TimelinePanel = Panel;
})((self.etscope = self.etscope || {}));
