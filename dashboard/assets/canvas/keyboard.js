"use strict";
// Keys of a view that has the focus, told as what they mean, and the list of them for people.
(function (etscope) {
  const KEYS = [
    ["W S + −", "zoom in and out"],
    ["A D ← →", "move along"],
    ["F", "zoom to the selection, then to all"],
    ["Home", "show all"],
    [". ,", "next and previous: match of the search, else slice of the row"],
    ["↑ ↓", "what is around the selection, and the first inside of it"],
    ["Enter", "select in the middle of the view"],
    ["/", "search"],
    ["M", "measure the selection"],
    ["Drag", "move along; with Shift: measure a range"],
    ["Wheel", "zoom where the mouse is: once the picture was clicked, or with Ctrl"],
    ["Esc", "clear the measure, the search, the selection"],
    ["?", "show or hide this list"],
  ];
  const MEANS = {
    w: "zoomIn", "+": "zoomIn", "=": "zoomIn", s: "zoomOut", "-": "zoomOut",
    a: "left", arrowleft: "left", d: "right", arrowright: "right",
    f: "focus", home: "fit", 0: "fit", ".": "next", ",": "previous",
    arrowup: "outward", arrowdown: "inward", enter: "pick", "/": "search",
    m: "measure", escape: "clear", "?": "help",
  };

  // Call act(meaning) for each key of the element; it returns false where it has no use for it.
  function listenForKeys(element, act) {
    const heard = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const meaning = MEANS[event.key.toLowerCase()];
      if (meaning && act(meaning) !== false) event.preventDefault();
    };
    element.addEventListener("keydown", heard);
    return () => element.removeEventListener("keydown", heard);
  }

  etscope.KEYS = KEYS;
  etscope.listenForKeys = listenForKeys;
})((self.etscope = self.etscope || {}));
