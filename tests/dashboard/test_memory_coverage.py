"""The coverage of a memory report in words."""

from __future__ import annotations

from memory_reports import chain_report, measured_report

from etscope.dashboard.memory_coverage import coverage_words


def test_every_key_of_a_report_has_words() -> None:
    report = measured_report("convnet_xnnpack")
    told = dict(coverage_words(report.coverage))
    assert len(told) == len(report.coverage) - 1
    assert not any("_" in what for what in told)
    assert told["time of operators whose arithmetic and bytes are counted"].endswith("%")
    assert told["backends whose own memory is not in the file"] == "XnnpackBackend"


def test_what_was_not_measured_is_no_zero() -> None:
    told = dict(coverage_words(chain_report([64, 32, 64]).coverage))
    assert told["time of operators whose arithmetic and bytes are counted"] == "not measured"
    assert told["backends whose own memory is not in the file"] == "none"


def test_what_has_no_words_yet_is_told_by_its_key() -> None:
    known = [*coverage_words({"new_share": 0.5, "sizes": [1, 2], "notes": ["x"]})]
    assert known == [("new share", "50.0%"), ("sizes", "1, 2")]
