"use strict";
// What keys, gestures and buttons do to a timeline.
(function (etscope) {
  const STEP = 1.3;
  const MOVE = 0.15;

  class Actions {
    constructor(timeline) {
      this.of = timeline;
    }

    // Do what a key or button means; false where there is no use for it now.
    act(meaning) {
      const { panel, slices, stage } = this.of;
      if (meaning === "help") return panel.toggleHelp();
      if (meaning === "search") return panel.input.focus();
      if (meaning === "leave") return stage.focus();
      if (!slices || !slices.count) return false;
      if (meaning === "zoomIn" || meaning === "zoomOut") {
        return this.zoom(meaning === "zoomIn" ? 1 / STEP : STEP);
      }
      if (meaning === "left" || meaning === "right") {
        return this.moved(this.of.viewport.pan(meaning === "left" ? -MOVE : MOVE));
      }
      if (meaning === "fit") return this.of.motion.to(0, this.of.viewport.span);
      return this[meaning]();
    }

    moved(really) {
      this.of.motion.stop();
      if (really) this.of.changed();
    }

    // Around the selection where it can be seen, else around the middle.
    zoom(factor, at) {
      const { viewport, selected, slices } = this.of;
      let middle = (viewport.x0 + viewport.x1) / 2;
      if (at !== undefined) middle = at;
      else if (selected >= 0) {
        const centre = slices.start[selected] + slices.duration[selected] / 2;
        if (centre >= viewport.x0 && centre <= viewport.x1) middle = centre;
      }
      this.moved(viewport.zoom(factor, middle));
    }

    focus() {
      const { viewport, motion, selected, slices } = this.of;
      const pad = selected < 0 ? 0 : Math.max(slices.duration[selected] * 0.1, 2);
      const from = selected < 0 ? 0 : slices.start[selected] - pad;
      const till = selected < 0 ? viewport.span : slices.end(selected) + pad;
      const close = viewport.width <= (till - from) * 1.05 && viewport.x1 > from;
      if (close) motion.to(0, viewport.span);
      else motion.to(from, till);
    }

    next() {
      return this.walk(1);
    }

    previous() {
      return this.walk(-1);
    }

    walk(step) {
      const { matches, selected, slices, viewport } = this.of;
      if (matches) {
        const from = selected >= 0 ? matches.step(selected, step) : matches.from(viewport.x0);
        if (from >= 0) this.of.select(from, true);
        return;
      }
      if (selected < 0) {
        this.pick();
        return;
      }
      const track = slices.tracks[slices.trackOf(selected)];
      const to = selected + step;
      if (to >= track.first && to < track.end) this.of.select(to, true);
    }

    // A slice near the middle of what is shown, of the first row that has one there.
    pick() {
      const { slices, viewport } = this.of;
      const middle = (viewport.x0 + viewport.x1) / 2;
      for (const track of slices.tracks) {
        const found = slices.at(track, middle, viewport.width / 2);
        if (found >= 0) return this.of.select(found, true);
      }
      return undefined;
    }

    outward() {
      return this.along((slices, selected) => slices.parent(selected), -22);
    }

    inward() {
      return this.along((slices, selected) => slices.child(selected), 22);
    }

    along(find, scroll) {
      const { slices, selected } = this.of;
      if (selected < 0) return this.of.scrollTo(this.of.scroll + scroll);
      const found = find(slices, selected);
      if (found >= 0) this.of.select(found, true);
      return true;
    }

    measure() {
      const { slices, selected } = this.of;
      if (selected >= 0) {
        this.of.measure([slices.start[selected], slices.end(selected)], true);
      }
    }

    clear() {
      const { panel, range, matches, selected } = this.of;
      if (range) this.of.measure(null, true);
      else if (matches || panel.input.value) this.of.setSearch("");
      else if (selected >= 0) this.of.select(-1, true);
      else return false;
      return true;
    }

    // Look for a phrase; step 1 or -1 also goes to the next or previous match.
    search(phrase, step) {
      const { panel, slices } = this.of;
      if (!slices) return;
      if (phrase !== this.phrase || !this.of.matches) {
        this.phrase = phrase;
        try {
          this.of.matches = phrase ? etscope.searched(slices, phrase) : null;
        } catch (wrong) {
          this.of.matches = null;
          panel.showCount("not a regular expression", true);
          return;
        }
      }
      if (step) this.walk(step);
      this.showCount();
      this.of.surface.invalidate();
    }

    showCount() {
      const { panel, matches, selected } = this.of;
      if (!matches) return panel.showCount("");
      const all = etscope.grouped(String(matches.length));
      if (!matches.length) return panel.showCount("no match");
      const among = selected >= 0 && matches.has(selected);
      const number = among ? etscope.grouped(String(matches.number(selected))) : "–";
      return panel.showCount(`${number} of ${all}`);
    }

    gestures() {
      const { of } = this;
      const time = (x) => of.viewport.toTime(x, of.surface.width);
      const inside = (x) => Math.min(Math.max(time(x), of.viewport.x0), of.viewport.x1);
      return {
        pan: (dx, dy) => {
          if (!of.slices) return;
          this.moved(of.viewport.pan(-dx / Math.max(of.surface.width, 1)));
          of.scrollTo(of.scroll - dy);
        },
        zoom: (factor, x) => of.slices && this.zoom(factor, time(x)),
        hover: (x, y) => this.hover(x, y),
        pick: (x, y) => {
          of.stage.focus({ preventScroll: true });
          if (of.slices) of.select(of.at(x, y), true);
        },
        open: (x, y) => of.at(x, y) >= 0 && this.focus(),
        measure: (from, to, done) => {
          if (!of.slices) return;
          of.measure([inside(from), inside(to)].sort((one, other) => one - other), done);
        },
      };
    }

    hover(x, y) {
      const { of } = this;
      const found = x === null || !of.slices ? -1 : of.at(x, y);
      if (found !== of.hovered) {
        of.hovered = found;
        of.surface.invalidate();
      }
      of.tip.hidden = found < 0;
      if (found < 0) return;
      const { element } = etscope;
      const name = element("b", {}, element("bdi", {}, of.slices.name(found)));
      const time = etscope.durationText(of.slices, found);
      of.tip.replaceChildren(name, element("span", {}, time),
        element("small", {}, etscope.runText(of.slices, found)));
      const left = Math.min(x + 14, Math.max(of.surface.width - of.tip.offsetWidth - 4, 0));
      const high = of.tip.offsetHeight;
      const top = y + 18 + high > of.surface.height ? Math.max(y - high - 10, 0) : y + 18;
      of.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    }
  }

  etscope.TimelineActions = Actions;
})((self.etscope = self.etscope || {}));
