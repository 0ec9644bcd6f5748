"use strict";
// Colours from the style sheet, as a canvas and as image data want them.
(function (etscope) {
  const NAMES = ["card", "ink", "muted", "line", "accent", "band", "mark"];

  function channels(colour) {
    const value = parseInt(colour.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }

  function luminance(colour) {
    const [r, g, b] = channels(colour).map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  class Theme {
    // groups: how many colours of slices there are.
    constructor(element, groups, changed) {
      this.element = element;
      this.groups = groups;
      this.asked = "auto";
      this.system = matchMedia("(prefers-color-scheme: dark)");
      this.onSystem = () => {
        if (this.asked === "auto") this.apply(changed);
      };
      this.system.addEventListener("change", this.onSystem);
      this.changed = changed;
      this.apply();
    }

    // "light", "dark", or "auto": as the system says.
    set(name) {
      if (!["light", "dark", "auto"].includes(name)) {
        throw new Error('a theme is "light", "dark" or "auto", not ' + name);
      }
      this.asked = name;
      this.apply(this.changed);
    }

    apply(changed) {
      const dark = this.asked === "dark" || (this.asked === "auto" && this.system.matches);
      this.element.dataset.theme = dark ? "dark" : "light";
      const style = getComputedStyle(this.element);
      const read = (name) => style.getPropertyValue("--" + name).trim();
      for (const name of NAMES) this[name] = read(name);
      this.fill = [];
      this.text = [];
      this.packed = new Uint32Array(this.groups); // 0x00bbggrr, as little-endian image data has it
      for (let group = 0; group < this.groups; group++) {
        const colour = read("group-" + group) || read("group-8");
        const [r, g, b] = channels(colour);
        this.fill.push(colour);
        this.text.push(luminance(colour) > 0.179 ? "#000000" : "#ffffff");
        this.packed[group] = (b << 16) | (g << 8) | r;
      }
      const [r, g, b] = channels(this.mark);
      this.marked = (b << 16) | (g << 8) | r;
      if (changed) changed();
    }

    close() {
      this.system.removeEventListener("change", this.onSystem);
    }
  }

  etscope.Theme = Theme;
  etscope.luminance = luminance;
})((self.etscope = self.etscope || {}));
