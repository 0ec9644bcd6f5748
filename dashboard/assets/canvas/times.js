"use strict";
// Times as a person reads them, and the places of ticks on an axis.
(function (etscope) {
  const SECONDS = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1 };
  const UNITS = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];

  function grouped(text) {
    const [whole, rest] = text.split(".");
    const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return rest ? `${groups}.${rest}` : groups;
  }

  // Three significant digits, all those before the point.
  function digits(value) {
    const size = Math.abs(value);
    if (size >= 100) return grouped(String(Math.round(value)));
    return String(Number(value.toPrecision(3)));
  }

  // A length of time in ticks of a unit of the clock: "12.3 µs".
  function timeText(ticks, unit) {
    if (!(unit in SECONDS)) return `${grouped(String(Math.round(ticks)))} ${unit}`;
    if (ticks === 0) return `0 ${unit === "us" ? "µs" : unit}`;
    const seconds = ticks * SECONDS[unit];
    const found = UNITS.find(([size]) => Math.abs(seconds) >= size * 0.9995) || UNITS[3];
    return `${digits(seconds / found[0])} ${found[1]}`;
  }

  // A moment on the axis, to the tick as far as seven digits tell it: "8.000123 ms".
  function momentText(ticks, unit) {
    if (!(unit in SECONDS) || ticks === 0) return timeText(ticks, unit);
    const seconds = ticks * SECONDS[unit];
    const found = UNITS.find(([size]) => Math.abs(seconds) >= size) || UNITS[3];
    return `${grouped(String(Number((seconds / found[0]).toPrecision(7))))} ${found[1]}`;
  }

  // A part of something; something is never written as nothing.
  function shareText(part, whole) {
    if (!(whole > 0)) return "–";
    const share = (100 * Math.max(part, 0)) / whole;
    return share > 0 && share < 0.05 ? "<0.1%" : `${share.toFixed(1)}%`;
  }

  // A length that may be below the step of its clock: "<1 µs", or "–" where that is not known.
  function durationText(slices, slice) {
    const step = slices.key_step[slices.key[slice]];
    if (!slices.belowStep(slice)) return timeText(slices.duration[slice], slices.unit);
    return Number.isFinite(step) ? `<${timeText(step, slices.unit)}` : "–";
  }

  // Round places between x0 and x1, at most `most`, each with the text of its time.
  function axisTicks(x0, x1, most, unit) {
    const rough = (x1 - x0) / Math.max(most, 1);
    const power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = [1, 2, 5, 10].map((part) => part * power).find((size) => size >= rough);
    const [factor, symbol] = axisUnit(Math.max(Math.abs(x0), Math.abs(x1)), step, unit);
    const decimals = Math.max(0, -Math.floor(Math.log10(step * factor) + 1e-9));
    const out = [];
    for (let count = Math.ceil(x0 / step); count * step <= x1; count++) {
      const text = grouped((count * step * factor).toFixed(Math.min(decimals, 9)));
      out.push({ x: count * step, text: `${text} ${symbol}` });
    }
    return out;
  }

  // [factor, symbol] so that the largest time has few digits before the point.
  function axisUnit(largest, step, unit) {
    if (!(unit in SECONDS)) return [1, unit];
    const found = UNITS.find(([size]) => largest * SECONDS[unit] >= size) || UNITS[3];
    return [SECONDS[unit] / found[0], found[1]];
  }

  etscope.timeText = timeText;
  etscope.momentText = momentText;
  etscope.shareText = shareText;
  etscope.durationText = durationText;
  etscope.axisTicks = axisTicks;
  etscope.grouped = grouped;
})((self.etscope = self.etscope || {}));
