"use strict";
// Starts the timeline of a page that holds its own data.
(function (etscope) {
  async function start() {
    const root = document.getElementById("timeline");
    try {
      const timeline = new etscope.Timeline(root, { label: document.title });
      const header = JSON.parse(document.getElementById("timeline-header").textContent);
      const buffer = await etscope.embedded(document.getElementById("timeline-data"));
      timeline.setData(buffer, header);
      timeline.surface.paint();
      etscope.timelineOfPage = timeline;
      document.documentElement.dataset.ready = "yes";
    } catch (error) {
      root.replaceChildren(etscope.element("p", { class: "failed", role: "alert" },
        `The timeline cannot be shown: ${error.message}`));
      document.documentElement.dataset.ready = "failed";
    }
  }

  start();
})((self.etscope = self.etscope || {}));
