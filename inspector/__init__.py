"""Answers: where the time goes. Columns in, tables and findings out."""

from __future__ import annotations

from etscope.inspector.event import Event
from etscope.inspector.event_block import EventBlock
from etscope.inspector.output_comparison import compare_results
from etscope.inspector.perf_data import PerfData
from etscope.inspector.session import Inspector
from etscope.inspector.units import TimeScale

__all__ = ["Event", "EventBlock", "Inspector", "PerfData", "TimeScale", "compare_results"]
