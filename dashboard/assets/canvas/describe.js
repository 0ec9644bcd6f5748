"use strict";
// What a slice is, in words: for the eye, and for those who listen.
(function (etscope) {
  // "inference 5 (warm-up), input 0", or "load" where a run is none.
  function runText(slices, slice) {
    const run = slices.run[slice];
    const number = slices.run_number[run];
    if (number < 0) return "load of a method";
    const input = slices.run_input[run];
    return (
      `inference ${number}` + (slices.isWarmup(slice) ? " (warm-up)" : "") +
      (input >= 0 ? `, input ${input}` : ""));
  }

  // What a slice takes without what is drawn under it, in ticks.
  function ownTicks(slices, slice) {
    const below = slices.beside(slices.tracks[slices.trackOf(slice)], 1);
    let own = slices.duration[slice];
    if (!below) return own;
    let one = etscope.firstNotBelow(slices.start, slices.start[slice], below.first, below.end);
    for (; one < below.end && slices.end(one) <= slices.end(slice); one++) {
      own -= slices.duration[one];
    }
    return own;
  }

  // [name, text] pairs for a table.
  function facts(slices, slice) {
    const key = slices.key[slice];
    const lane = slices.lanes[slices.tracks[slices.trackOf(slice)].lane];
    const outer = slices.parent(slice);
    const out = [
      ["time, measured", etscope.durationText(slices, slice)],
      ["kind", slices.kind(slice)],
      ["in", `${lane.name}, ${runText(slices, slice)}`],
      ["begins at", etscope.momentText(slices.start[slice], slices.unit)],
    ];
    const own = ownTicks(slices, slice);
    if (own < slices.duration[slice]) {
      out.splice(1, 0, ["own time, derived", etscope.timeText(Math.max(own, 0), slices.unit)]);
    }
    if (outer >= 0 && slices.duration[outer] > 0) {
      const share = etscope.shareText(slices.duration[slice], slices.duration[outer]);
      out.splice(1, 0, ["share, derived", `${share} of ${slices.name(outer)}`]);
    }
    const event = slices.text(slices.key_event[key]);
    if (event && event !== slices.name(slice)) out.push(["event", event]);
    if (slices.key_module[key] >= 0) {
      out.push(["module", slices.text(slices.key_module[key]) || "(root)"]);
    }
    if (slices.key_source[key] >= 0) out.push(["source", slices.text(slices.key_source[key])]);
    if (lane.moved) out.push(["clock", lane.clock]);
    return out;
  }

  // One sentence for a screen reader.
  function sentence(slices, slice) {
    const key = slices.key[slice];
    const module = slices.text(slices.key_module[key]);
    return (
      `${slices.name(slice)}, ${slices.kind(slice)}, ${etscope.durationText(slices, slice)}, ` +
      `at ${etscope.momentText(slices.start[slice], slices.unit)}, ${runText(slices, slice)}` +
      (module ? `, module ${module}` : "") + ".");
  }

  etscope.runText = runText;
  etscope.facts = facts;
  etscope.sentence = sentence;
})((self.etscope = self.etscope || {}));
