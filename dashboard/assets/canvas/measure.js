"use strict";
// What happens between two times: per lane, how long each name of a kind takes, so that it adds up.
(function (etscope) {
  // [{lane, range, covered, idle, names: [{name, kind, count, total, self, below}]}] of the lanes that
  // have something there. `self` is without what is drawn under a slice: the selfs of a lane add
  // up to `covered`, and that and `idle` to the range. Slices that reach out count as far as they
  // lie in it.
  function measured(slices, x0, x1) {
    const names = { all: [], byKey: new Map() };
    const lanes = new Map();
    slices.tracks.forEach((track) => {
      const lane = lanes.get(track.lane) || { lane: track.lane, covered: 0 };
      const above = slices.beside(track, -1);
      const seen = addTrack(slices, track, above, x0, x1, names);
      if (!above) lane.covered += seen;
      lanes.set(track.lane, lane);
    });
    const range = x1 - x0;
    return [...lanes.values()].map(({ lane, covered }) => ({
      lane: slices.lanes[lane].name, range, covered, idle: Math.max(range - covered, 0),
      names: names.all.filter((one) => one.lane === lane && one.count)
        .sort((one, other) => other.self - one.self || other.total - one.total),
    })).filter((lane) => lane.names.length);
  }

  // Count the slices of a row, and take each off the one around it; how long they take together.
  function addTrack(slices, track, above, x0, x1, names) {
    const [first, end] = slices.visible(track, x0, x1);
    let outer = above ? slices.visible(above, x0, x1)[0] : 0;
    let all = 0;
    for (let one = first; one < end; one++) {
      const [from, till] = [slices.start[one], slices.end(one)];
      const part = Math.max(Math.min(till, x1) - Math.max(from, x0), 0);
      const entry = entryOf(slices, track.lane, one, names);
      entry.count += 1;
      entry.total += part;
      entry.self += part;
      if (slices.belowStep(one)) entry.below += 1;
      all += part;
      if (!above) continue;
      while (outer < above.end && slices.end(outer) < till) outer += 1;
      if (outer < above.end && slices.start[outer] <= from) {
        entryOf(slices, track.lane, outer, names).self -= part;
      }
    }
    return all;
  }

  // Of keys first, which are numbers: there may be a million slices to look at.
  function entryOf(slices, lane, slice, names) {
    const of = slices.key[slice];
    const place = lane * 4294967296 + of;
    let entry = names.byKey.get(place);
    if (entry) return entry;
    const [name, kind] = [slices.name(slice), slices.kind(slice)];
    entry = names.all.find((one) => one.lane === lane && one.name === name && one.kind === kind);
    if (!entry) {
      entry = { lane, name, kind, count: 0, total: 0, self: 0, below: 0 };
      names.all.push(entry);
    }
    names.byKey.set(place, entry);
    return entry;
  }

  etscope.measured = measured;
})((self.etscope = self.etscope || {}));
