"use strict";
// Which part of the time axis is shown: zoom, pan and limits. Knows nothing of a screen.
(function (etscope) {
  const LEAST = 8; // ticks: closer up there is nothing more to see

  class Viewport {
    constructor(span) {
      this.resize(span);
    }

    // The whole axis goes from 0 to span; shows all of it.
    resize(span) {
      this.span = Math.max(span, LEAST);
      this.x0 = 0;
      this.x1 = this.span;
    }

    get width() {
      return this.x1 - this.x0;
    }

    get whole() {
      return this.x0 <= 0 && this.x1 >= this.span;
    }

    // Show from x0 to x1, as far as there is something; false if nothing changed.
    set(x0, x1) {
      if (!(Number.isFinite(x0) && Number.isFinite(x1))) return false;
      const width = Math.min(Math.max(Math.abs(x1 - x0), LEAST), this.span);
      const middle = (x0 + x1) / 2;
      const left = Math.min(Math.max(middle - width / 2, 0), this.span - width);
      if (left === this.x0 && left + width === this.x1) return false;
      this.x0 = left;
      this.x1 = left + width;
      return true;
    }

    // Zoom so that `at` stays where it is; a factor below 1 shows less.
    zoom(factor, at) {
      const width = Math.min(Math.max(this.width * factor, LEAST), this.span);
      const left = at - ((at - this.x0) * width) / this.width;
      return this.set(left, left + width);
    }

    // Move by a part of what is shown.
    pan(part) {
      return this.set(this.x0 + part * this.width, this.x1 + part * this.width);
    }

    // Make [from, to] visible, in the middle, without zooming unless it is needed.
    reveal(from, to) {
      if (from >= this.x0 && to <= this.x1) return [this.x0, this.x1];
      const width = Math.max(this.width, (to - from) * 1.2);
      const middle = (from + to) / 2;
      return [middle - width / 2, middle + width / 2];
    }

    toPixel(x, pixels) {
      return ((x - this.x0) / this.width) * pixels;
    }

    toTime(pixel, pixels) {
      return this.x0 + (pixel / pixels) * this.width;
    }
  }

  etscope.Viewport = Viewport;
})((self.etscope = self.etscope || {}));
