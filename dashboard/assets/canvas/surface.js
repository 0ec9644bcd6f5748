"use strict";
// A canvas as large as its element, sharp on every screen, drawn at most once a frame.
(function (etscope) {
  class Surface {
    // draw(context, width, height, ratio): in CSS pixels; ratio is device pixels per CSS pixel.
    constructor(element, draw) {
      this.element = element;
      this.canvas = document.createElement("canvas");
      element.appendChild(this.canvas);
      this.context = this.canvas.getContext("2d");
      this.draw = draw;
      this.width = 0;
      this.height = 0;
      this.frames = 0;
      this.lastMs = 0; // what the last drawing took
      this.pending = 0;
      this.observer = new ResizeObserver(() => this.measure());
      this.observer.observe(element);
      this.onScreenChange = () => this.measure();
      addEventListener("resize", this.onScreenChange);
      this.measure();
    }

    measure() {
      this.width = this.element.clientWidth;
      this.height = this.element.clientHeight;
      this.invalidate();
    }

    // Draw in the next frame.
    invalidate() {
      if (!this.pending) this.pending = requestAnimationFrame(() => this.paint());
    }

    // Draw now.
    paint() {
      if (this.pending) cancelAnimationFrame(this.pending);
      this.pending = 0;
      if (!this.width || !this.height) return;
      const began = performance.now();
      const ratio = self.devicePixelRatio || 1;
      const [wide, high] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
      if (this.canvas.width !== wide || this.canvas.height !== high) {
        this.canvas.width = wide;
        this.canvas.height = high;
      }
      this.context.setTransform(wide / this.width, 0, 0, high / this.height, 0, 0);
      this.draw(this.context, this.width, this.height, wide / this.width);
      this.frames += 1;
      this.lastMs = performance.now() - began;
    }

    close() {
      this.observer.disconnect();
      removeEventListener("resize", this.onScreenChange);
      if (this.pending) cancelAnimationFrame(this.pending);
      this.pending = 0;
      this.canvas.remove();
    }
  }

  etscope.Surface = Surface;
})((self.etscope = self.etscope || {}));
