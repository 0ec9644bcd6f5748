"use strict";
// Mouse, pen and fingers on a view, told as what they mean: pan, zoom, hover, pick, measure.
(function (etscope) {
  const STILL = 4; // pixels: less is a click
  const PAGE = 400;

  class Gestures {
    // on: {pan(dx, dy), zoom(factor, x), hover(x, y) or hover(null), pick(x, y), open(x, y),
    // measure(from, to, done)}; places are CSS pixels in the element.
    constructor(element, on) {
      this.element = element;
      this.on = on;
      this.pointers = new Map();
      this.began = null;
      this.listeners = [];
      this.listen("pointerdown", (event) => this.down(event));
      this.listen("pointermove", (event) => this.move(event));
      this.listen("pointerup", (event) => this.up(event, true));
      this.listen("pointercancel", (event) => this.up(event, false));
      this.listen("pointerleave", () => on.hover(null));
      this.listen("dblclick", (event) => on.open(...this.place(event)));
      this.listen("wheel", (event) => this.wheel(event), { passive: false });
    }

    listen(name, heard, options) {
      this.element.addEventListener(name, heard, options);
      this.listeners.push([name, heard]);
    }

    place(event) {
      const box = this.element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    down(event) {
      if (event.button) return;
      const [x, y] = this.place(event);
      this.pointers.set(event.pointerId, { x, y });
      try {
        this.element.setPointerCapture(event.pointerId);
      } catch (gone) {
        // A pointer that is not there any more cannot be followed; the next one can.
      }
      this.began = { x, y, moved: this.pointers.size > 1, measure: event.shiftKey };
      if (this.pointers.size === 2) this.on.hover(null);
    }

    move(event) {
      const [x, y] = this.place(event);
      const known = this.pointers.get(event.pointerId);
      if (!known) {
        if (event.pointerType !== "touch") this.on.hover(x, y);
        return;
      }
      if (this.pointers.size === 2) this.pinch(event.pointerId, x, y);
      else this.drag(known, x, y);
      this.pointers.set(event.pointerId, { x, y });
    }

    drag(known, x, y) {
      const far = Math.hypot(x - this.began.x, y - this.began.y) >= STILL;
      if (far && !this.began.moved) {
        this.began.moved = true;
        known = this.began;
        this.on.hover(null);
      }
      if (!this.began.moved) return;
      if (this.began.measure) this.on.measure(this.began.x, x, false);
      else this.on.pan(x - known.x, y - known.y);
    }

    pinch(id, x, y) {
      const old = this.pointers.get(id);
      const other = [...this.pointers.entries()].find(([one]) => one !== id)[1];
      const before = Math.max(Math.abs(old.x - other.x), 8);
      const after = Math.max(Math.abs(x - other.x), 8);
      this.on.zoom(before / after, (old.x + other.x) / 2);
      this.on.pan((x - old.x) / 2, (y - old.y) / 2);
    }

    up(event, done) {
      const known = this.pointers.get(event.pointerId);
      if (!known) return;
      this.pointers.delete(event.pointerId);
      if (this.pointers.size) {
        this.began = { ...[...this.pointers.values()][0], moved: true, measure: false };
        return;
      }
      const { x, moved, measure } = this.began;
      if (measure && moved) this.on.measure(x, known.x, true);
      else if (!moved && done) this.on.pick(known.x, known.y);
    }

    // The page scrolls as ever, unless the view has the focus or Ctrl is held.
    wheel(event) {
      const lines = { 0: 1, 1: 16, 2: PAGE }[event.deltaMode];
      const [dx, dy] = [event.deltaX * lines, event.deltaY * lines];
      const sideways = event.shiftKey || Math.abs(dx) > Math.abs(dy);
      const ours = event.ctrlKey || event.metaKey || this.element === document.activeElement;
      if (!sideways && !ours) return;
      event.preventDefault();
      if (sideways) this.on.pan(-(dx || dy), 0);
      else if (event.altKey) this.on.pan(0, -dy);
      else this.on.zoom(Math.exp(Math.max(-PAGE, Math.min(PAGE, dy)) * 0.002), this.place(event)[0]);
    }

    close() {
      for (const [name, heard] of this.listeners) this.element.removeEventListener(name, heard);
    }
  }

  etscope.Gestures = Gestures;
})((self.etscope = self.etscope || {}));
