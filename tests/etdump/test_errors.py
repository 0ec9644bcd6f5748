"""An error is one sentence with the place and one with the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from etscope.etdump import errors
from etscope.etdump.errors import (
    CorruptTrace,
    EmptyTrace,
    EtscopeError,
    NotATrace,
    TraceError,
    Truncated,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TraceError("it is torn", path="a.etdp", cure="Mend it."), "a.etdp: it is torn. Mend it."),
        (CorruptTrace("torn.", offset=0, cure="Mend."), "the given bytes, byte 0: torn. Mend."),
        (TraceError("torn", path=Path("b"), offset=7, cure=""), "b, byte 7: torn."),
    ],
)
def test_the_text_names_place_fault_and_cure(error: TraceError, text: str) -> None:
    assert str(error) == error.text == text


def test_what_the_text_is_made_of() -> None:
    error = Truncated("short", path=Path("run.etdp"), offset=12)

    assert (error.message, error.path, error.offset) == ("short", "run.etdp", 12)
    assert error.cure == Truncated.default_cure


@pytest.mark.parametrize("kind", [TraceError, NotATrace, EmptyTrace, Truncated, CorruptTrace])
def test_every_fault_of_a_file_is_a_trace_error_with_a_cure(kind: type[TraceError]) -> None:
    assert issubclass(kind, TraceError)
    assert issubclass(kind, EtscopeError)
    assert str(kind("x")).endswith(kind.default_cure)
    assert kind.default_cure


def test_a_wrong_request_is_not_the_fault_of_a_file() -> None:
    assert issubclass(UsageError, EtscopeError)
    assert not issubclass(UsageError, TraceError)


def test_the_module_lists_all_of_its_errors() -> None:
    kinds = {n for n, kind in vars(errors).items() if isinstance(kind, type)} & set(dir(errors))
    assert all(name in (errors.__doc__ or "") for name in kinds if name != "PathLike")
