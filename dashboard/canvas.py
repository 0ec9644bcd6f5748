"""The views that draw on a canvas: their scripts, in the order in which they stand on each other.

Plain scripts without a build: joined they run as they are in a page, from a route of a
server, or before the few lines of a notebook's widget. All of them hang on `etscope`.
"""

from __future__ import annotations

from etscope.dashboard.page import asset, script_text

#: What every view on a canvas needs.
CORE = (
    "viewport.js",
    "surface.js",
    "theme.js",
    "elements.js",
    "columns.js",
    "times.js",
    "labels.js",
    "motion.js",
    "gestures.js",
    "keyboard.js",
)
TIMELINE = (
    "slices.js",
    "strip.js",
    "matches.js",
    "measure.js",
    "describe.js",
    "timeline_layout.js",
    "timeline_paint.js",
    "timeline_panel.js",
    "timeline_actions.js",
    "timeline.js",
)


def timeline_script() -> str:
    """Everything that `etscope.Timeline` needs, as one script."""
    return _joined((*CORE, *TIMELINE))


def timeline_style() -> str:
    """The style sheet of the timeline, with the colours that it draws in."""
    return asset("canvas/timeline.css")


def embedding_script() -> str:
    """What starts the timeline of a page that holds its own data; comes after the timeline's."""
    return _joined(("embedded.js", "timeline_page.js"))


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join(script_text(asset(f"canvas/{name}")) for name in names)
