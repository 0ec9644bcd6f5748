"use strict";
// Elements of a page from texts that may be hostile: never as markup.
(function (etscope) {
  let made = 0;

  // element("p", {class: "x", hidden: true}, "text", child ...)
  function element(name, attributes, ...inside) {
    const out = document.createElement(name);
    for (const key of Object.keys(attributes || {})) {
      const value = attributes[key];
      if (value === false || value === null || value === undefined) continue;
      out.setAttribute(key, value === true ? "" : String(value));
    }
    out.append(...inside);
    return out;
  }

  // An id that no other element has.
  function freshId(name) {
    made += 1;
    return `etscope-${name}-${made}`;
  }

  function button(text, title, pressed) {
    const out = element("button", { type: "button", title, "aria-label": title }, text);
    out.addEventListener("click", pressed);
    return out;
  }

  etscope.element = element;
  etscope.freshId = freshId;
  etscope.button = button;
})((self.etscope = self.etscope || {}));
