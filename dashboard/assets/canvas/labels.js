"use strict";
// Texts cut to the room that there is; widths are measured once per text and font.
(function (etscope) {
  const MOST = 5000; // texts kept

  class Labels {
    constructor() {
      this.widths = new Map();
      this.font = "";
    }

    width(context, text) {
      if (context.font !== this.font) {
        this.font = context.font;
        this.widths.clear();
      }
      let width = this.widths.get(text);
      if (width === undefined) {
        if (this.widths.size > MOST) this.widths.clear();
        width = context.measureText(text).width;
        this.widths.set(text, width);
      }
      return width;
    }

    // The text, its beginning with "…", or "" where not even that has room.
    fitting(context, text, room) {
      const width = this.width(context, text);
      if (width <= room) return text;
      let count = Math.floor((text.length * (room - this.width(context, "…"))) / width);
      while (count >= 2) {
        const cut = text.slice(0, count).trimEnd() + "…";
        if (context.measureText(cut).width <= room) return cut;
        count -= 1;
      }
      return "";
    }
  }

  etscope.Labels = Labels;
})((self.etscope = self.etscope || {}));
