"use strict";
// Which slices a search or a selection means, and walking through them in the order of time.
(function (etscope) {
  // A test of texts: plain words in any case, or /a regular expression/. Throws on a bad one.
  function textTest(phrase) {
    const pattern = /^\/(.+)\/$/.exec(phrase);
    if (pattern) {
      const expression = new RegExp(pattern[1], "i");
      return (text) => expression.test(text);
    }
    const words = phrase.toLowerCase();
    return (text) => text.toLowerCase().includes(words);
  }

  class Matches {
    // wanted: per key whether its slices are meant.
    constructor(slices, wanted) {
      this.slices = slices;
      const { key, count } = slices;
      let size = 0;
      for (let one = 0; one < count; one++) size += wanted[key[one]];
      this.found = new Uint32Array(size); // ascending: row by row, in each by time
      for (let one = 0, at = 0; one < count; one++) if (wanted[key[one]]) this.found[at++] = one;
      this.runs = slices.tracks
        .map((track) => [
          etscope.firstNotBelow(this.found, track.first, 0, size),
          etscope.firstNotBelow(this.found, track.end, 0, size),
        ])
        .filter(([first, end]) => first < end);
    }

    get length() {
      return this.found.length;
    }

    has(slice) {
      return this.found[etscope.firstNotBelow(this.found, slice, 0, this.length)] === slice;
    }

    // Whether slice one comes before the other: by time, then by row.
    before(one, other) {
      const { start } = this.slices;
      return start[one] < start[other] || (start[one] === start[other] && one < other);
    }

    // Per row the first place whose slice does not come before this one.
    *places(slice) {
      for (const [first, end] of this.runs) {
        let [low, high] = [first, end];
        while (low < high) {
          const middle = (low + high) >>> 1;
          if (this.before(this.found[middle], slice)) low = middle + 1;
          else high = middle;
        }
        yield [first, low, end];
      }
    }

    // Which of them a slice is, from 1; how many come before it, plus one, if it is none.
    number(slice) {
      let count = 1;
      for (const [first, low] of this.places(slice)) count += low - first;
      return count;
    }

    // The one after (step 1) or before (step -1) a slice, going round at the ends; -1: there is none.
    step(slice, step) {
      let best = -1;
      for (const [first, low, end] of this.places(slice)) {
        const same = low < end && this.found[low] === slice;
        const at = step > 0 ? low + (same ? 1 : 0) : low - 1;
        if (at < first || at >= end) continue;
        const one = this.found[at];
        if (best < 0 || (step > 0 ? this.before(one, best) : this.before(best, one))) best = one;
      }
      return best < 0 && this.length ? this.edge(step) : best;
    }

    // The first of all (step 1), or the last.
    edge(step) {
      const ends = this.runs.map(([first, end]) => this.found[step > 0 ? first : end - 1]);
      return ends.reduce((one, other) =>
        this.before(one, other) === step > 0 ? one : other);
    }

    // The first that ends after x, else the last; -1: there is none.
    from(x) {
      let best = -1;
      for (const [first, end] of this.runs) {
        for (let [low, high] = [first, end]; ; ) {
          if (low >= high) {
            const one = low < end ? this.found[low] : -1;
            if (one >= 0 && (best < 0 || this.before(one, best))) best = one;
            break;
          }
          const middle = (low + high) >>> 1;
          if (this.slices.end(this.found[middle]) < x) low = middle + 1;
          else high = middle;
        }
      }
      return best < 0 && this.length ? this.edge(-1) : best;
    }
  }

  // The slices with a name, an event, a module or a line that passes.
  function searched(slices, phrase) {
    const passes = textTest(phrase);
    const text = slices.header.texts.map((one) => (passes(one) ? 1 : 0));
    const has = (column, key) => column[key] >= 0 && text[column[key]];
    const columns = [slices.key_name, slices.key_event, slices.key_module, slices.key_source];
    const wanted = slices.key_name.map((_, key) => (columns.some((one) => has(one, key)) ? 1 : 0));
    return new Matches(slices, wanted);
  }

  // The slices of one row of the latency report, "block/row".
  function ofRow(slices, rowKey) {
    const [block, row] = String(rowKey).split("/").map(Number);
    const wanted = slices.key_block.map((one, key) =>
      one === block && one >= 0 && slices.key_row[key] === row ? 1 : 0);
    return new Matches(slices, wanted);
  }

  etscope.Matches = Matches;
  etscope.searched = searched;
  etscope.ofRow = ofRow;
})((self.etscope = self.etscope || {}));
