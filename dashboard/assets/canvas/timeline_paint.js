"use strict";
// Draws a timeline: rows as one picture of lines of pixels, over it names, axis and outlines.
(function (etscope) {
  const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
  const LABEL = 30; // pixels from which on a slice has its name on it
  const PAD = 5;
  const { AXIS, ROW, HEAD } = etscope.TimelineLayout;

  class Painter {
    constructor() {
      this.strip = new etscope.Strip();
      this.labels = new etscope.Labels();
      this.picture = document.createElement("canvas");
      this.steps = 0; // of the last drawing, over all rows: what it cost, whatever the machine
    }

    // state: {slices, layout, viewport, theme, scroll, marked, selected, hovered, range}
    draw(context, width, height, ratio, state) {
      const { theme } = state;
      context.font = FONT;
      context.textBaseline = "middle";
      context.fillStyle = theme.card;
      context.fillRect(0, 0, width, height);
      if (!state.slices) return;
      context.save();
      context.beginPath();
      context.rect(0, AXIS, width, height - AXIS);
      context.clip();
      context.translate(0, AXIS - state.scroll);
      const rows = state.layout.visible(state.scroll, height - AXIS);
      this.heads(context, width, state);
      const ticks = etscope.axisTicks(
        state.viewport.x0, state.viewport.x1, Math.floor(width / 110), state.slices.unit);
      this.grid(context, width, rows, ticks, state);
      this.rows(context, width, ratio, rows, state);
      this.outlines(context, width, state);
      context.restore();
      this.axis(context, width, ticks, state);
      if (state.range) this.range(context, width, height, state);
    }

    heads(context, width, { layout, theme }) {
      for (const { y, lane } of layout.heads) {
        context.fillStyle = theme.ink;
        const name = this.labels.fitting(context, lane.name, width - 2 * PAD);
        context.fillText(name, PAD, y + HEAD / 2);
        const used = PAD + this.labels.width(context, name) + 12;
        const told = this.labels.fitting(context, lane.moved ? lane.clock : "", width - used);
        context.fillStyle = theme.muted;
        context.fillText(told, used, y + HEAD / 2);
      }
    }

    grid(context, width, rows, ticks, { theme, viewport }) {
      context.fillStyle = theme.band;
      for (const { y } of rows) context.fillRect(0, y, width, ROW - 2);
      if (!rows.length) return;
      context.fillStyle = theme.line;
      const [top, bottom] = [rows[0].y, rows[rows.length - 1].y + ROW - 2];
      for (const { x } of ticks) {
        context.fillRect(Math.round(viewport.toPixel(x, width)), top, 1, bottom - top);
      }
    }

    rows(context, width, ratio, rows, state) {
      if (!rows.length) return;
      const wide = Math.round(width * ratio);
      const { slices, viewport, theme, marked } = state;
      // What a hover or an outline changes lies above: then the lines are as they were.
      const same = [slices, marked, theme.fill, viewport.x0, viewport.x1, wide, ratio,
        rows[0].number, rows.length];
      if (!this.drawn || same.some((one, at) => one !== this.drawn[at])) {
        this.lines(wide, ratio, rows, state);
        this.drawn = same;
      }
      context.imageSmoothingEnabled = false;
      rows.forEach(({ y }, line) => {
        context.drawImage(this.picture, 0, line, wide, 1, 0, y, width, ROW - 2);
      });
      for (const one of this.named) this.name(context, width, ratio, one, state);
    }

    // Draw one line of pixels per row, and note which slices have room for a name.
    lines(wide, ratio, rows, { slices, viewport, theme, marked }) {
      const { x0, x1 } = viewport;
      if (this.picture.width !== wide || this.picture.height !== rows.length || !this.image) {
        this.picture.width = wide;
        this.picture.height = rows.length;
        this.image = this.picture.getContext("2d").createImageData(wide, rows.length);
        this.pixels = new Uint32Array(this.image.data.buffer);
      }
      this.strip.resize(wide);
      this.steps = 0;
      this.named = [];
      const dimmed = Boolean(marked && marked.length);
      rows.forEach(({ y, track, number }, line) => {
        const note = (slice, left, right) => this.named.push({ slice, left, right, y });
        this.steps += this.strip.look(slices, number, x0, x1, LABEL * ratio, note);
        const at = line * wide;
        this.strip.write(this.pixels, at, slices.key_group, theme.packed, dimmed);
        if (!dimmed) return;
        this.strip.mark(this.pixels, at, slices, track, marked.found, x0, x1, theme.packed);
      });
      this.picture.getContext("2d").putImageData(this.image, 0, 0);
    }

    name(context, width, ratio, { slice, left, right, y }, { slices, theme, marked }) {
      const from = Math.max(left / ratio, 0) + PAD;
      const room = Math.min(right / ratio, width) - from - PAD;
      if (room < LABEL - 2 * PAD) return;
      const dimmed = Boolean(marked && marked.length) && !marked.has(slice);
      let text = this.labels.fitting(context, slices.name(slice), room);
      if (!text) return;
      if (text === slices.name(slice)) {
        const number = slices.run_number[slices.run[slice]];
        const more = slices.kind(slice) === "method" && number >= 0 ? ` #${number}` : "";
        const time = `${text}${more}  ${etscope.durationText(slices, slice)}`;
        if (this.labels.width(context, time) <= room) text = time;
      }
      context.fillStyle = dimmed ? theme.ink : theme.text[slices.group(slice)];
      context.fillText(text, from, y + (ROW - 2) / 2 + 0.5);
    }

    outlines(context, width, { slices, layout, viewport, theme, selected, hovered }) {
      const outline = (slice, colour, thick) => {
        if (slice < 0) return;
        const { y } = layout.of(slices.trackOf(slice));
        const left = viewport.toPixel(slices.start[slice], width);
        const right = viewport.toPixel(slices.end(slice), width);
        if (right < -4 || left > width + 4) return;
        context.strokeStyle = colour;
        context.lineWidth = thick;
        const from = Math.max(left, -4);
        const till = Math.min(Math.max(right - 1, left + 1), width + 4);
        context.strokeRect(from, y, till - from, ROW - 2);
      };
      outline(hovered === selected ? -1 : hovered, theme.muted, 1.5);
      outline(selected, theme.mark, 2.5);
    }

    axis(context, width, ticks, { viewport, theme }) {
      context.fillStyle = theme.muted;
      for (const { x, text } of ticks) {
        const at = viewport.toPixel(x, width);
        context.fillRect(Math.round(at), AXIS - 7, 1, 7);
        const room = this.labels.width(context, text) + 8;
        if (at + room <= width) context.fillText(text, Math.round(at) + 4, 14);
      }
      context.fillStyle = theme.line;
      context.fillRect(0, AXIS - 1, width, 1);
      if (viewport.whole) return;
      // How much of all is shown, and which part.
      context.fillRect(0, 0, width, 4);
      context.fillStyle = theme.accent;
      const left = (viewport.x0 / viewport.span) * width;
      context.fillRect(left, 0, Math.max((viewport.width / viewport.span) * width, 3), 4);
    }

    range(context, width, height, { range, slices, viewport, theme }) {
      const [from, till] = [...range].sort((one, other) => one - other);
      const left = viewport.toPixel(from, width);
      const right = viewport.toPixel(till, width);
      context.fillStyle = theme.accent;
      context.globalAlpha = 0.14;
      context.fillRect(left, AXIS, right - left, height - AXIS);
      context.globalAlpha = 1;
      context.fillRect(left - 0.5, AXIS, 1, height - AXIS);
      context.fillRect(right - 0.5, AXIS, 1, height - AXIS);
      const text = etscope.timeText(till - from, slices.unit);
      const wide = this.labels.width(context, text) + 12;
      const at = Math.min(Math.max((left + right - wide) / 2, 0), width - wide);
      context.fillRect(at, 5, wide, AXIS - 9);
      context.fillStyle = etscope.luminance(theme.accent) > 0.179 ? "#000000" : "#ffffff";
      context.fillText(text, at + 6, 5 + (AXIS - 9) / 2);
    }
  }

  etscope.TimelinePainter = Painter;
})((self.etscope = self.etscope || {}));
