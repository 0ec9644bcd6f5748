"use strict";
// Tabs, and links to lines in them. Without it every file is shown, one below the other.
(() => {
  const bar = document.querySelector(".tabs");
  const tabs = [...bar.querySelectorAll("button")];
  const panels = tabs.map((tab) => document.getElementById(tab.getAttribute("aria-controls")));

  function show(number) {
    tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === number));
      tab.tabIndex = at === number ? 0 : -1;
      panels[at].hidden = at !== number;
    });
  }

  tabs.forEach((tab, at) => tab.addEventListener("click", () => show(at)));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const now = tabs.findIndex((tab) => tab.tabIndex === 0);
    const next = (now + step + tabs.length) % tabs.length;
    show(next);
    tabs[next].focus();
  });

  function follow() {
    const line = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const at = panels.findIndex((panel) => line && panel.contains(line));
    if (at < 0) return;
    show(at);
    line.scrollIntoView({ block: "center" });
  }

  if (tabs.length) {
    bar.hidden = tabs.length < 2;
    show(0);
    follow();
  }
  addEventListener("hashchange", follow);
  document.documentElement.dataset.ready = "yes";
})();
