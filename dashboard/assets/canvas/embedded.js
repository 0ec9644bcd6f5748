"use strict";
// Data that travels inside of a page: base64 of gzip in an element that no browser runs.
(function (etscope) {
  function bytesOf(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const out = new Uint8Array(raw.length);
    for (let at = 0; at < raw.length; at++) out[at] = raw.charCodeAt(at);
    return out;
  }

  // The bytes in an element, as an ArrayBuffer.
  async function embedded(element) {
    if (!self.DecompressionStream) {
      throw new Error("this browser cannot unpack the data; take one of 2023 or later");
    }
    const packed = new Blob([bytesOf(element.textContent.trim())]).stream();
    return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }

  etscope.embedded = embedded;
})((self.etscope = self.etscope || {}));
