"use strict";
// The timeline: data and view in, selection out. One core for a page, a notebook and a dashboard.
//
//   const timeline = new etscope.Timeline(element, {label, theme, most});   most: pixels of height
//   timeline.setData(buffer, header); setSelection("block/row" or null); setView(x0, x1);
//   timeline.setTheme("light", "dark" or "auto"); setSearch(phrase); state; png(); close();
//
// The element tells, bubbling: etscope:select {key, slice, name, start, duration, unit, run} when
// a person selects, etscope:view {x0, x1, span, unit} once a view has settled, and
// etscope:measure {range}. Times are ticks since the header's origin. What a setter does is not
// told as a selection, so that views may be tied to each other.
(function (etscope) {
  const { AXIS, ROW } = etscope.TimelineLayout;
  const SETTLED = 100; // milliseconds without a change until the view is told
  const SLACK = 4; // pixels beside a slice that still mean it

  class Timeline {
    constructor(root, options) {
      this.root = root;
      this.options = Object.assign({ theme: "auto", most: 620, label: "Timeline" }, options);
      root.classList.add("etscope-timeline");
      this.viewport = new etscope.Viewport(0);
      this.painter = new etscope.TimelinePainter();
      this.actions = new etscope.TimelineActions(this);
      this.panel = new etscope.TimelinePanel(
        root, (meaning) => this.actions.act(meaning),
        (phrase, step) => this.actions.search(phrase, step));
      this.stage = this.panel.stage;
      for (const [name, value] of [
        ["role", "application"], ["tabindex", "0"], ["aria-label", this.options.label],
        ["aria-roledescription", "timeline"], ["aria-describedby", this.panel.helpId],
      ]) this.stage.setAttribute(name, value);
      this.tip = etscope.element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
      this.theme = new etscope.Theme(root, 11, () => this.surface && this.surface.invalidate());
      this.theme.set(this.options.theme);
      this.motion = new etscope.Motion(this.viewport, () => this.changed());
      this.clear();
      this.surface = new etscope.Surface(this.stage, (...place) => this.draw(...place));
      this.surface.canvas.setAttribute("aria-hidden", "true");
      this.stage.append(this.tip);
      this.gestures = new etscope.Gestures(this.stage, this.actions.gestures());
      this.deaf = etscope.listenForKeys(this.stage, (meaning) => this.actions.act(meaning));
    }

    clear() {
      this.slices = null;
      this.layout = null;
      this.selected = -1;
      this.hovered = -1;
      this.ofSelection = null; // the slices of the selected row
      this.matches = null; // those of the search
      this.range = null;
      this.scroll = 0;
    }

    // Show the columns of `buffer` as `header` describes them. Throws an Error in words.
    setData(buffer, header) {
      const slices = new etscope.Slices(buffer, header);
      this.motion.stop();
      this.clear();
      this.slices = slices;
      this.layout = new etscope.TimelineLayout(slices);
      this.stage.style.height = `${Math.min(this.layout.height + AXIS, this.options.most)}px`;
      this.viewport.resize(slices.span);
      this.panel.showLegend(slices);
      this.panel.showSlice(slices, -1);
      this.panel.showTotals(slices, null);
      this.panel.showCount("");
      this.panel.say(`${etscope.grouped(String(slices.count))} slices in ` +
        `${etscope.timeText(slices.span, slices.unit)}.`);
      this.surface.measure();
      this.changed();
    }

    // Select the rows that another view means by "block/row", or nothing by null. Tells nobody.
    setSelection(key) {
      if (!this.slices) return;
      if (key === null || key === undefined) {
        this.select(-1, false);
        return;
      }
      const found = etscope.ofRow(this.slices, key);
      const same = this.selected >= 0 && this.slices.rowKey(this.selected) === String(key);
      const middle = (this.viewport.x0 + this.viewport.x1) / 2;
      this.select(same ? this.selected : found.from(middle), false);
    }

    // Show from x0 to x1, in ticks since the origin.
    setView(x0, x1) {
      this.motion.stop();
      if (this.viewport.set(x0, x1)) this.changed();
    }

    setTheme(name) {
      this.theme.set(name);
    }

    // Look for a phrase; "" looks for nothing.
    setSearch(phrase) {
      this.panel.input.value = phrase;
      this.actions.search(phrase, 0);
    }

    // {x0, x1, span, unit, selected, search}: what a link needs to come back to here.
    get state() {
      const { x0, x1, span } = this.viewport;
      const unit = this.slices ? this.slices.unit : null;
      const selected = this.selected < 0 ? null : this.slices.rowKey(this.selected);
      return { x0, x1, span, unit, selected, search: this.panel.input.value };
    }

    // What is shown, as the Blob of a PNG.
    png() {
      this.surface.paint();
      return new Promise((done) => this.surface.canvas.toBlob(done, "image/png"));
    }

    select(slice, tell) {
      this.selected = slice;
      this.ofSelection = null;
      if (slice >= 0) {
        const key = this.slices.rowKey(slice);
        this.ofSelection = key === null ? null : etscope.ofRow(this.slices, key);
        this.reveal(slice);
      }
      this.panel.showSlice(this.slices, slice);
      this.panel.say(slice < 0 ? "Nothing selected." : etscope.sentence(this.slices, slice));
      this.actions.showCount();
      this.surface.invalidate();
      if (tell) this.tell("etscope:select", this.selectionDetail(slice));
    }

    selectionDetail(slice) {
      if (slice < 0) return { key: null, slice: -1 };
      const { slices } = this;
      return {
        key: slices.rowKey(slice), slice, name: slices.name(slice), start: slices.start[slice],
        duration: slices.duration[slice], unit: slices.unit, run: slices.run[slice],
      };
    }

    // Bring a slice into view, without zooming unless it is larger than the view.
    reveal(slice) {
      const { y } = this.layout.of(this.slices.trackOf(slice));
      const room = this.surface.height - AXIS;
      if (y < this.scroll) this.scrollTo(y - 4);
      else if (y + ROW > this.scroll + room) this.scrollTo(y + ROW + 4 - room);
      const { start } = this.slices;
      const seen = this.slices.end(slice) > this.viewport.x0 && start[slice] < this.viewport.x1;
      if (!seen) this.motion.to(...this.viewport.reveal(start[slice], this.slices.end(slice)));
    }

    scrollTo(y) {
      const most = Math.max(this.layout.height + AXIS - this.surface.height, 0);
      const before = this.scroll;
      this.scroll = Math.min(Math.max(y, 0), most);
      if (this.scroll !== before) this.surface.invalidate();
      return this.scroll !== before;
    }

    // The slice at a place of the element in CSS pixels; -1: none.
    at(x, y) {
      if (!this.slices || y < AXIS) return -1;
      const row = this.layout.at(y - AXIS + this.scroll);
      if (!row) return -1;
      const slack = (SLACK * this.viewport.width) / Math.max(this.surface.width, 1);
      return this.slices.at(row.track, this.viewport.toTime(x, this.surface.width), slack);
    }

    measure(range, done) {
      this.range = range;
      if (done) {
        this.panel.showTotals(this.slices, range);
        if (range) {
          const length = etscope.timeText(range[1] - range[0], this.slices.unit);
          this.panel.say(`Measured ${length}.`);
        }
        this.tell("etscope:measure", { range });
      }
      this.surface.invalidate();
    }

    changed() {
      this.surface.invalidate();
      clearTimeout(this.settling);
      this.settling = setTimeout(() => {
        const { x0, x1, span, unit } = this.state;
        this.tell("etscope:view", { x0, x1, span, unit });
      }, SETTLED);
    }

    tell(name, detail) {
      this.root.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
    }

    draw(context, width, height, ratio) {
      const marked = this.matches || this.ofSelection;
      this.painter.draw(context, width, height, ratio, Object.assign({}, this, { marked }));
      this.root.dataset.frames = this.surface.frames + 1;
    }

    close() {
      clearTimeout(this.settling);
      this.motion.stop();
      this.deaf();
      this.gestures.close();
      this.theme.close();
      this.surface.close();
      this.root.replaceChildren();
    }
  }

  etscope.Timeline = Timeline;
})((self.etscope = self.etscope || {}));
