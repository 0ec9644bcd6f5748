"use strict";
// Where the lanes and rows of a timeline are on the screen, from the top of all of them.
(function (etscope) {
  const AXIS = 28;
  const HEAD = 22; // the name of a lane
  const ROW = 22;
  const GAP = 10;

  class Layout {
    constructor(slices) {
      this.rows = []; // {y, track, number}
      this.heads = []; // {y, lane}
      let y = 4;
      let lane = -1;
      slices.tracks.forEach((track, number) => {
        if (track.lane !== lane) {
          y += lane < 0 ? 0 : GAP;
          lane = track.lane;
          this.heads.push({ y, lane: slices.lanes[lane] });
          y += HEAD;
        }
        this.rows.push({ y, track, number });
        y += ROW;
      });
      this.height = y + 6;
    }

    // The rows of which something is between y and y + height.
    visible(y, height) {
      return this.rows.filter((row) => row.y + ROW > y && row.y < y + height);
    }

    // The row at y, or null.
    at(y) {
      return this.rows.find((row) => y >= row.y && y < row.y + ROW) || null;
    }

    of(number) {
      return this.rows[number];
    }
  }

  Layout.AXIS = AXIS;
  Layout.ROW = ROW;
  Layout.HEAD = HEAD;
  etscope.TimelineLayout = Layout;
})((self.etscope = self.etscope || {}));
