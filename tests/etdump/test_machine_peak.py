"""What a manifest says of its machine: rates that some machine can have, or an error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.json_fields import Fields
from etscope.etdump.machine_peak import MachinePeak

WHOLE: dict[str, Any] = {
    "threads": 2,
    "float32_gflops_per_s": 60,
    "memory_gb_per_s": 12.5,
    "cache_gb_per_s": None,
    "int8_gops_per_s": 1e9,
    "array_bytes": 2**26,
}


def read(**changed: object) -> MachinePeak:
    return MachinePeak.read(Fields(WHOLE | changed, "'machine_peak'", Path("manifest.json")))


def test_figures_are_read_and_those_that_were_not_measured_are_none() -> None:
    assert read() == MachinePeak(2, 60.0, 12.5, None, 1e9, 2**26)


RATES = ("float32_gflops_per_s", "memory_gb_per_s", "cache_gb_per_s", "int8_gops_per_s")


@pytest.mark.parametrize("key", RATES)
@pytest.mark.parametrize("rate", [0, 1e-200, -1.0, 1e200, 10**400, float("nan")])
def test_rates_that_no_machine_has_are_refused(key: str, rate: float) -> None:
    with pytest.raises(CorruptTrace, match=f"'{key}' of 'machine_peak' is .* cannot be true"):
        read(**{key: rate})


@pytest.mark.parametrize(
    ("key", "value"), [("threads", -1), ("threads", None), ("array_bytes", 1.5)]
)
def test_counts_are_whole_numbers(key: str, value: object) -> None:
    with pytest.raises(CorruptTrace, match=re.escape(f"'{key}'")):
        read(**{key: value})
