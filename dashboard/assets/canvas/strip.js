"use strict";
// One row of slices as one line of pixels: as many steps as pixels, however many slices there are.
(function (etscope) {
  const FAINT = 0.35; // how much is seen of what takes next to nothing of a pixel
  const GAP = 3; // pixels from which on a slice leaves its last one to the gap behind it
  const DIM = 0.34; // what is not meant while something is marked

  class Strip {
    constructor() {
      this.resize(0);
    }

    resize(width) {
      if (this.width === width) return;
      this.width = width;
      this.cover = new Float32Array(width); // of each pixel, the part that slices take
      this.most = new Float32Array(width); // what the key below takes of it; -1: nothing is there
      this.keys = new Uint32Array(width);
    }

    // Look at a row between x0 and x1. wide(slice, left, right) is told of each that is at least
    // `broad` pixels wide.
    look(slices, number, x0, x1, broad, wide) {
      const { start, duration, key, levels, tracks } = slices;
      const track = tracks[number];
      const scale = this.width / (x1 - x0);
      const pixel = 1 / scale;
      this.cover.fill(0);
      this.most.fill(-1);
      let [at, end] = slices.visible(track, x0, x1);
      let steps = 0;
      let level = -1; // the next entry is mostly of the same level as the last
      const fits = (up) => {
        const last = at + levels[up].size - 1;
        return (at - track.first) % levels[up].size === 0 && last < end &&
          start[last] + duration[last] - start[at] <= pixel;
      };
      while (at < end) {
        steps += 1;
        while (level >= 0 && !fits(level)) level -= 1;
        while (level + 1 < levels.length && fits(level + 1)) level += 1;
        const left = (start[at] - x0) * scale;
        if (level < 0) {
          const right = (start[at] + duration[at] - x0) * scale;
          if (right - left >= broad) wide(at, left, right);
          this.add(left, right - left > GAP ? right - 1 : right, key[at], -1);
          at += 1;
        } else {
          const { size, begins, covered, longest } = levels[level];
          const last = at + size - 1;
          const entry = begins[number] + (at - track.first) / size;
          const right = (start[last] + duration[last] - x0) * scale;
          this.add(left, right, longest[entry], covered[entry] * scale);
          at += size;
        }
      }
      return steps;
    }

    // Something from left to right; covered: pixels that it takes in all, -1: every one.
    add(left, right, key, covered) {
      const first = Math.max(Math.floor(left), 0);
      const last = Math.min(Math.floor(right), this.width - 1);
      const density = covered < 0 || right <= left ? 1 : covered / (right - left);
      for (let at = first; at <= last; at++) {
        const part = (Math.min(right, at + 1) - Math.max(left, at)) * density;
        // Where it ends at the edge of a pixel nothing of it lies in that.
        if (part <= 0 && at > first) continue;
        this.cover[at] += part;
        if (part > this.most[at]) {
          this.most[at] = part;
          this.keys[at] = key;
        }
      }
    }

    // Write the line into image data. keyGroup, packed: from key to group to colour.
    write(image, offset, keyGroup, packed, dimmed) {
      const strength = 255 * (dimmed ? DIM : 1);
      for (let at = 0; at < this.width; at++) {
        if (this.most[at] < 0) {
          image[offset + at] = 0;
          continue;
        }
        const alpha = FAINT + (1 - FAINT) * Math.min(this.cover[at], 1);
        const colour = packed[keyGroup[this.keys[at]]];
        image[offset + at] = ((Math.round(alpha * strength) << 24) | colour) >>> 0;
      }
    }

    // Write some slices of the row at full strength over the line: those in `found`, ascending.
    mark(image, offset, slices, track, found, x0, x1, packed) {
      const scale = this.width / (x1 - x0);
      const [first, end] = slices.visible(track, x0, x1);
      let at = etscope.firstNotBelow(found, first, 0, found.length);
      while (at < found.length && found[at] < end) {
        const one = found[at];
        const left = Math.max(Math.floor((slices.start[one] - x0) * scale), 0);
        const till = (slices.end(one) - x0) * scale;
        const right = Math.min(Math.max(Math.floor(till) - 1, left), this.width - 1);
        const colour = packed[slices.group(one)];
        for (let x = left; x <= right; x++) image[offset + x] = (0xff000000 | colour) >>> 0;
        at += 1;
        if (right - left < 2) at = this.nextPixel(slices, found, at, end, x0 + (right + 1) / scale);
      }
    }

    // The first of `found` from `at` on that begins at x or later: by leaps, then by halves.
    nextPixel(slices, found, at, end, x) {
      let leap = 1;
      let low = at;
      while (low < found.length && found[low] < end && slices.start[found[low]] < x) {
        at = low + 1;
        low += leap;
        leap *= 2;
      }
      let high = Math.min(low, found.length);
      while (at < high) {
        const middle = (at + high) >>> 1;
        if (slices.start[found[middle]] < x) at = middle + 1;
        else high = middle;
      }
      return at;
    }
  }

  etscope.Strip = Strip;
})((self.etscope = self.etscope || {}));
