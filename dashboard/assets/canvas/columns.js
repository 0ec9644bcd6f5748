"use strict";
// Typed columns in one buffer, as a header describes them: looked at in place, never copied.
(function (etscope) {
  const TYPES = {
    f64: Float64Array, f32: Float32Array, u32: Uint32Array, i32: Int32Array,
    u16: Uint16Array, u8: Uint8Array,
  };

  // {name: typed array} of header.columns, each [type, first byte, length].
  function columnsOf(buffer, header) {
    const out = {};
    for (const name of Object.keys(header.columns)) {
      const [type, first, length] = header.columns[name];
      const Kind = TYPES[type];
      if (!Kind || !(first >= 0) || first + length * Kind.BYTES_PER_ELEMENT > buffer.byteLength) {
        throw new Error(
          `column ${name} does not lie in the ${buffer.byteLength} bytes of the data: ` +
            "header and data do not belong together");
      }
      out[name] = new Kind(buffer, first, length);
    }
    return out;
  }

  // The first place in [low, high) whose value is not below x; the values ascend.
  function firstNotBelow(values, x, low, high) {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  etscope.columnsOf = columnsOf;
  etscope.firstNotBelow = firstNotBelow;
})((self.etscope = self.etscope || {}));
