"use strict";
// Moving a view from here to there in a moment, or at once for those who ask for less motion.
(function (etscope) {
  const TAKES = 160; // milliseconds

  class Motion {
    constructor(viewport, changed) {
      this.viewport = viewport;
      this.changed = changed;
      this.frame = 0;
      this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    }

    to(x0, x1) {
      this.stop();
      const { x0: from0, x1: from1 } = this.viewport;
      if (this.calm.matches) {
        this.show(x0, x1);
        return;
      }
      const began = performance.now();
      const step = (now) => {
        const part = Math.min(Math.max((now - began) / TAKES, 0), 1);
        const eased = 1 - Math.pow(1 - part, 3);
        this.frame = part < 1 ? requestAnimationFrame(step) : 0;
        if (part === 1) this.show(x0, x1);
        else this.show(from0 + (x0 - from0) * eased, from1 + (x1 - from1) * eased);
      };
      this.frame = requestAnimationFrame(step);
    }

    show(x0, x1) {
      if (this.viewport.set(x0, x1)) this.changed();
    }

    stop() {
      if (this.frame) cancelAnimationFrame(this.frame);
      this.frame = 0;
    }
  }

  etscope.Motion = Motion;
})((self.etscope = self.etscope || {}));
