"""Faults of plug-ins: told as theirs, and no more than their own delegates are lost."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import program_builder as make
import pytest

from etscope.etdump.errors import CorruptTrace, PluginFault
from etscope.etdump.program import Program, read_program
from etscope.inspector import backends
from etscope.inspector.backends.operations import Attribution, Operations
from etscope.inspector.backends.placement import Call, Refusal, refusal_of
from etscope.inspector.backends.weights import Weights
from etscope.inspector.program.report import program_report

TWO = Operations.plain("Vendor", ["a", "b"], np.array([1, 2]))
NONE = np.zeros(0, np.int64)


class Vendor:
    """A plug-in whose members do what a test says."""

    names = ("Vendor",)
    resolution_ns: Any = None

    def __init__(self, **members: Callable[..., Any]) -> None:
        self.read = 0
        self._members = members

    def operations(self, blob: Any) -> Any:
        self.read += 1
        return self._members["operations"](blob) if "operations" in self._members else TWO

    def attribute(self, events: Any, operations: Any) -> Any:
        return self._members["attribute"](events)

    def weights(self, blob: Any) -> Any:
        return self._members["weights"](blob) if "weights" in self._members else no_weights()

    def refusal(self, call: Call) -> Any:
        return self._members["refusal"](call)


def no_weights() -> Weights:
    return Weights(NONE, NONE, ())


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    backends.backends.cache_clear()


def serve(monkeypatch: pytest.MonkeyPatch, plug_in: Vendor) -> Vendor:
    monkeypatch.setattr(backends, "_installed", lambda: iter([plug_in]))
    backends.backends.cache_clear()
    return plug_in


def program(*names: str) -> Program:
    """A program that calls a delegate per name twice; all have the same bytes."""
    calls = [make.delegate_call(at, 0) for at in range(len(names)) for _ in range(2)]
    method = make.method(
        values=[make.integer(1)], delegates=[make.delegate(name) for name in names], chains=[calls]
    )
    return read_program(make.program(method, blobs=[b"x"]))


def raises(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def plain(**changes: Any) -> Operations:
    columns = {name: getattr(TWO, name) for name in Operations.__dataclass_fields__}
    return Operations(**(columns | changes))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (raises(IndexError("index 99")), "IndexError: index 99"),
        (raises(RecursionError()), "RecursionError"),
        (lambda blob: None, "it gave nothing instead of Operations"),
        (lambda blob: plain(kind=("a",)), "handle has 2 rows for 1 operations"),
        (lambda blob: plain(detail=("",)), "detail has 1 rows for 2 operations"),
        (lambda blob: plain(handle=[1, 2]), "handle is no array of whole numbers"),
        (lambda blob: plain(stands_for=(frozenset(),)), "stands_for has 1 rows"),
        (lambda blob: plain(inputs=np.array([0, 0, 9])), "inputs points outside"),
        (lambda blob: plain(outputs=np.array([0, 0])), "outputs has 2 rows for 3 edges"),
        (lambda blob: plain(kind=("a", 7)), "not all texts"),
    ],
)
def test_a_fault_names_the_plug_in(
    answer: Callable[..., Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, Vendor(operations=answer))
    with pytest.raises(PluginFault, match=rf"Vendor for Vendor failed in operations: .*{told}"):
        backends.delegate_operations(program("Vendor"), "forward", 0)


def test_a_fault_costs_only_its_own_delegate(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, Vendor(operations=raises(IndexError("index 99"))))
    report = program_report(program("Vendor", "Unheard"))
    reasons = [str(entry["reason"]) for entry in report.coverage["delegates_not_read"]]
    assert "Vendor for Vendor failed in operations: IndexError: index 99" in reasons[0]
    assert reasons[1] == "no plug-in reads Unheard"
    (closed,) = (one for one in report.findings if one.rule == "closed_delegates")
    assert "IndexError: index 99" in closed.message


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Weights(np.array([2]), np.array([8]), ("w",)), "operation 2 of 2"),
        (Weights(np.array([-1]), np.array([8]), ("w",)), "operation -1 of 2"),
        (Weights(np.array([0]), np.array([8, 8]), ("w",)), "size_bytes has 2 rows for 1 keys"),
    ],
)
def test_weights_of_no_operation_are_a_fault(
    found: Weights, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, Vendor(weights=lambda blob: found))
    (contents,) = program_report(program("Vendor")).delegates
    assert contents.unread is not None
    assert told in contents.unread


def attributed(rows: list[int], **changes: Any) -> Attribution:
    count = len(rows)
    columns: dict[str, Any] = {
        "operation": np.array(rows),
        "handle": np.array(rows),
        "confidence": np.zeros(count, np.uint8),
        "reason": ("",) * count,
    }
    return Attribution(**(columns | changes))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (raises(KeyError("event")), "KeyError"),
        (lambda events: attributed([0]), "operation has 1 rows for 2 events"),
        (lambda events: attributed([0, 2]), "operation 2 of 2"),
        (lambda events: attributed([0, -2]), "operation -2 of 2"),
        (lambda events: attributed([0, 1], confidence=np.array([0, 9])), "none of Confidence"),
        (raises(CorruptTrace("no such event")), "no such event"),
    ],
)
def test_events_that_a_plug_in_fails_at_stay_unknown(
    answer: Callable[..., Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, Vendor(attribute=answer))
    found = backends.attribute(["a", "b"], TWO)
    assert found.operation.tolist() == [-1, -1]
    assert told in found.reason[1]


@pytest.mark.parametrize("step", ["fast", -1.0, 0, float("nan")])
def test_a_clock_without_a_length_of_time_is_not_known(
    step: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, Vendor()).resolution_ns = step
    assert backends.resolution_ns("Vendor") is None


@pytest.mark.parametrize(
    "answer", [raises(ZeroDivisionError()), lambda call: "no", lambda call: Refusal("mood", "")]
)
def test_a_refusal_that_fails_is_told_as_not_known(answer: Callable[..., Any]) -> None:
    call = Call("aten", "mean", "dim", (), (), ())
    knows, refusal = refusal_of(Vendor(refusal=answer), call)
    assert not knows
    assert refusal is not None
    assert refusal.kind == "unknown"
    assert "Vendor" in refusal.text


def test_bytes_are_read_once_however_many_call_them(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in = serve(monkeypatch, Vendor())
    made = program("Vendor", "Vendor", "Vendor")
    found = [backends.delegate_operations(made, "forward", row) for row in range(6)]
    assert all(one is found[0] for one in found)
    program_report(made)
    assert plug_in.read == 1


def test_a_fault_does_not_keep_its_program_open(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in = serve(monkeypatch, Vendor(operations=lambda blob: blob[99]))
    made = program("Vendor")
    for row in (0, 1):
        with pytest.raises(PluginFault):
            backends.delegate_operations(made, "forward", row)
    assert plug_in.read == 1
    seen = weakref.ref(made)
    del made
    gc.collect()
    assert seen() is None
