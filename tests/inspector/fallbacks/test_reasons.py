"""Why an operator stayed outside: the first reason that holds."""

from __future__ import annotations

from typing import Any

import pytest
from joined_models import call as node
from joined_models import graph, record

from etscope.inspector.backends.placement import Call, TensorFacts
from etscope.inspector.fallbacks.reasons import (
    IDLE,
    KINDS,
    Delegated,
    Reason,
    delegated_nodes,
    reason_of,
    takers_of,
)

XNNPACK, OTHER = "XnnpackBackend", "OtherBackend"


def facts(dtype: str = "float32", shape: tuple[int, ...] = (4, 8), **more: Any) -> TensorFacts:
    given: dict[str, Any] = {
        "dynamic": False,
        "constant": False,
        "rank_order": tuple(range(len(shape))),
    } | more
    return TensorFacts(dtype, shape, **given)


def call(name: str, *inputs: TensorFacts, namespace: str = "aten", **more: Any) -> Call:
    taken = inputs or (facts(),)
    made: dict[str, Any] = {
        "outputs": (facts(),),
        "arguments": tuple(taken),
        "overload": None,
    } | more
    return Call(namespace=namespace, name=name, inputs=taken, **made)


def why(
    made: Call,
    *backends: str,
    delegated: Delegated | None = None,
    buffer: str | None = None,
    served: str | None = None,
) -> Reason:
    operator = f"{made.namespace}::{made.name}.out"
    known = delegated or Delegated(None)
    return reason_of(operator, made, backends, known, buffer=buffer, served=served)


def inside(*nodes: Any) -> Delegated:
    found = record({"forward": graph(*nodes)}, {"forward": {}}).edge_program("forward")
    return delegated_nodes(found, range(len(found)))


@pytest.mark.parametrize(
    ("found", "kind", "text"),
    [
        (why(call("log1p")), "no_delegate", "no delegate"),
        (why(call("et_view", namespace="executorch_prim"), XNNPACK), "runtime", "runtime"),
        (why(call("copy_"), XNNPACK, buffer="the buffer cache"), "buffer", "the buffer cache"),
        (why(call("mine", namespace="my_ops"), XNNPACK), "custom", "my_ops"),
        (why(call("log1p"), XNNPACK), "operator", "no configuration for log1p"),
        (why(call("add", facts("int64")), XNNPACK), "dtype", "not int64"),
        (why(call("clone"), XNNPACK, served="aten::log1p.out at 3"), "serves", "log1p.out at 3"),
        (why(call("add"), XNNPACK), "unknown", "nothing in the files"),
        (why(call("gelu"), OTHER), "unknown", "no record"),
        (why(call("log1p"), XNNPACK, OTHER), "unknown", "no record"),
    ],
)  # fmt: skip
def test_the_first_reason_that_holds(found: Reason, kind: str, text: str) -> None:
    assert found.kind == kind
    assert text in found.text
    assert found.words == KINDS[kind]


def test_an_operator_that_no_delegate_of_an_unknown_backend_runs() -> None:
    delegated = inside(node("a", "aten.relu.default", ["x"], 1))
    assert why(call("gelu"), OTHER, delegated=delegated).kind == "never"


def test_what_tells_it_from_those_that_were_delegated() -> None:
    delegated = inside(node("a", "aten.relu.default", ["x"], 1))  # of rank 1, float32
    found = why(call("relu", facts("int64", (2, 2), dynamic=True)), OTHER, delegated=delegated)
    assert found.kind == "differs"
    assert found.text == (
        "1 relu inside delegates work on float32 instead of int64 and take tensors of rank 1 "
        "instead of 2 and have fixed shapes"
    )


def test_one_that_is_alike_is_not_explained_away() -> None:
    delegated = inside(node("a", "aten.relu.default", ["x"], 1))
    found = why(call("relu", facts(shape=(2,))), OTHER, delegated=delegated)
    assert (found.kind, "alike" in found.text) == ("unknown", True)


def test_an_operator_that_changes_nothing_is_said() -> None:
    assert IDLE in why(call("expand_copy"), XNNPACK).text
    larger = call("expand_copy", outputs=(facts(shape=(2, 4, 8)),))
    assert IDLE not in why(larger, XNNPACK).text


def test_who_would_take_it() -> None:
    assert takers_of(call("add")) == (XNNPACK,)
    assert takers_of(call("log1p")) == ()
