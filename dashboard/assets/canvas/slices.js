"use strict";
// The slices of a timeline: rows of them, what each is, which lies where.
(function (etscope) {
  const FORMAT = "etscope.timeline";
  const VERSION = 1;
  const WARMUP = 2;

  class Slices {
    constructor(buffer, header) {
      if (header.format !== FORMAT || header.version !== VERSION) {
        throw new Error(`this is no ${FORMAT} of version ${VERSION}: make the data anew`);
      }
      this.header = header;
      Object.assign(this, etscope.columnsOf(buffer, header));
      this.count = header.slices;
      this.span = header.span;
      this.unit = header.clock.unit;
      this.lanes = header.lanes;
      const { lane, depth, first } = header.tracks;
      this.tracks = lane.map((of, row) => ({
        lane: of, depth: depth[row], first: first[row], end: first[row + 1],
      }));
      this.levels = this.levelPlaces(header.levels);
    }

    // Per level of detail: its size, its columns, and where the entries of each row begin.
    levelPlaces({ first, count }) {
      const out = [];
      for (let number = 0; number < count; number++) {
        const size = Math.pow(2, first + number);
        const begins = [];
        let at = 0;
        for (const track of this.tracks) {
          begins.push(at);
          at += Math.ceil((track.end - track.first) / size);
        }
        out.push({
          size, begins, covered: this["covered" + number], longest: this["longest" + number],
        });
      }
      return out;
    }

    trackOf(slice) {
      return this.tracks.findIndex((track) => slice >= track.first && slice < track.end);
    }

    end(slice) {
      return this.start[slice] + this.duration[slice];
    }

    text(index) {
      return index < 0 ? "" : this.header.texts[index];
    }

    name(slice) {
      return this.text(this.key_name[this.key[slice]]);
    }

    group(slice) {
      return this.key_group[this.key[slice]];
    }

    kind(slice) {
      return this.header.kinds[this.key_kind[this.key[slice]]];
    }

    // What a selection is known by in every view: block/row of the latency report; null: neither.
    rowKey(slice) {
      const key = this.key[slice];
      return this.key_block[key] < 0 ? null : `${this.key_block[key]}/${this.key_row[key]}`;
    }

    // Whether a slice is shorter than its clock can tell.
    belowStep(slice) {
      const step = this.key_step[this.key[slice]];
      return this.duration[slice] < step || (this.duration[slice] === 0 && step !== 0);
    }

    isWarmup(slice) {
      return (this.run_flags[this.run[slice]] & WARMUP) !== 0;
    }

    // [first, end) of the slices of a row that x0 to x1 shows a part of.
    visible(track, x0, x1) {
      let first = etscope.firstNotBelow(this.start, x0, track.first, track.end);
      if (first > track.first && this.end(first - 1) > x0) first -= 1;
      return [first, etscope.firstNotBelow(this.start, x1, first, track.end)];
    }

    // The slice of a row at x, or the nearest within `slack`; -1: none.
    at(track, x, slack) {
      const next = etscope.firstNotBelow(this.start, x, track.first, track.end);
      let best = -1;
      let distance = slack;
      for (let one = Math.max(next - 1, track.first); one < Math.min(next + 1, track.end); one++) {
        const away = Math.max(this.start[one] - x, x - this.end(one), 0);
        if (away <= distance) {
          best = one;
          distance = away;
        }
      }
      return best;
    }

    // The row of the same lane so much deeper, or null.
    beside(track, step) {
      const lane = this.tracks.filter((one) => one.lane === track.lane);
      return lane.find((one) => one.depth === track.depth + step) || null;
    }

    // The slice that this one lies in, one row up; -1: none.
    parent(slice) {
      const above = this.beside(this.tracks[this.trackOf(slice)], -1);
      if (!above) return -1;
      const outer = this.at(above, this.start[slice] + this.duration[slice] / 2, 0);
      return outer >= 0 && this.end(outer) >= this.end(slice) ? outer : -1;
    }

    // The first slice inside of this one, one row down; -1: none.
    child(slice) {
      const below = this.beside(this.tracks[this.trackOf(slice)], 1);
      if (!below) return -1;
      const first = etscope.firstNotBelow(this.start, this.start[slice], below.first, below.end);
      return first < below.end && this.end(first) <= this.end(slice) ? first : -1;
    }
  }

  etscope.Slices = Slices;
})((self.etscope = self.etscope || {}));
