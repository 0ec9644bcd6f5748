"""Every field of every event beside what the real Inspector said of the zoo.

Where it said nothing of the graph, or something that is not so, we differ: each such
place is listed here, and in docs/migrating.md.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest
from oracle.zoo import ALL, EVERYTHING, Animal, animals

from etscope.inspector import Event, EventBlock, Inspector

#: Those that differ most, and are made quickly.
SOME = (
    "lstm_xnnpack", "steps_int8", "dynamic_portable", "loop_portable", "two_methods_portable",
    "strict_portable", "numbers_mapped", "many_inputs_portable", "passes_portable",
)  # fmt: skip
NAMES = ALL if EVERYTHING else SOME

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(3600),  # the first test makes the zoo
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]

#: A record whose graph the passes of the export changed: upstream names what was there before.
CHANGED_BY_PASSES = ("passes_portable",)
#: Tensors that are not contiguous: upstream reads them as if they were.
STRIDED = ("channels_portable", "channels_xnnpack")

FRAMEWORK = {"debug_handles": None, "num_outputs": 1}
GRAPH = ("op_types", "stack_traces", "module_hierarchy")
FILLED = ("debug_handles", "delegate_backend_name", *GRAPH)
FIELDS = (
    "name", "instruction", "delegate_id", "is_delegated_op", "num_outputs", *FILLED,
)  # fmt: skip


class Pair(NamedTuple):
    """An event of ours and what upstream says of it."""

    ours: Event
    theirs: dict[str, Any]

    @property
    def is_framework(self) -> bool:
        return self.ours._slot.signature.chain < 0


@pytest.fixture(scope="module")
def zoo() -> dict[str, Animal]:
    return animals(*NAMES)


@pytest.fixture(scope="module", params=NAMES)
def animal(zoo: dict[str, Animal], request: pytest.FixtureRequest) -> Animal:
    found = zoo[request.param]
    if "blocks" not in found.facts["said"]:
        pytest.skip(f"the real Inspector raises {found.facts['said']['raised']}")
    return found


def opened(animal: Animal, **options: Any) -> Inspector:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        inspector = Inspector(animal.trace, etrecord=animal.record, **options)
        assert all(event.graph for block in inspector.event_blocks for event in block.events)
    return inspector


def pairs(inspector: Inspector, blocks: list[Any]) -> Iterator[Pair]:
    for ours, theirs in zip(inspector.event_blocks, blocks, strict=True):
        assert (ours.name, ours.bundled_input_index) == (
            theirs["name"],
            theirs["bundled_input_index"],
        )
        for our_event, their_event in zip(ours.events, theirs["events"], strict=True):
            yield Pair(our_event, their_event)


def our_value(event: Event, name: str) -> Any:
    if name == "instruction":
        return event._instruction_id
    if name == "delegate_id":
        return event.delegate_debug_identifier
    if name == "module_hierarchy":
        return {n: {k: list(v) for k, v in h.items()} for n, h in event.module_hierarchy.items()}
    return getattr(event, name)


def their_value(pair: Pair, name: str) -> Any:
    """What upstream says, but for what is no answer: each rule here is a difference on purpose."""
    value = pair.theirs[name]
    if pair.is_framework and name in FRAMEWORK:
        return FRAMEWORK[name]  # it gives the events around the instructions those of the first
    if name != "module_hierarchy":
        return value
    return {node: named(hierarchy) for node, hierarchy in value.items()}


def named(hierarchy: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without what stands for no module, and with names for the numbers of objects."""
    found = {}
    for key, (path, kind) in hierarchy.items():
        if key == "_empty_nn_module_stack_from_metadata_hook":
            continue
        number = re.fullmatch(r"\d+(@\d+)?", key)
        found[key if number is None else f"L__self__{path}{number[1] or ''}"] = [path, kind]
    return found


@pytest.mark.parametrize("with_program", [False, True], ids=["record", "record and program"])
def test_every_field_that_upstream_gives(animal: Animal, with_program: bool) -> None:
    if animal.name in CHANGED_BY_PASSES:
        pytest.skip("its own test says what differs")
    inspector = opened(animal, **({"program": animal.program} if with_program else {}))
    for pair in pairs(inspector, animal.facts["said"]["blocks"]):
        for name in FIELDS:
            theirs, ours = their_value(pair, name), our_value(pair.ours, name)
            if name in FILLED and not theirs:
                continue  # nothing was said: ours may know more
            assert ours == theirs, f"{name} of {pair.ours!r}"


def test_every_figure(animal: Animal) -> None:
    for pair in pairs(opened(animal), animal.facts["said"]["blocks"]):
        theirs, ours = pair.theirs["perf"], pair.ours.perf_data
        assert ours is not None
        if len(ours.raw) != len(theirs["raw"]):  # in a loop: upstream keeps the last of a run
            runs = pair.ours.block.run_count
            assert ours.raw[len(ours.raw) // runs - 1 :: len(ours.raw) // runs] == theirs["raw"]
            continue
        for name, value in theirs.items():
            assert getattr(ours, name) == value, f"{name} of {pair.ours!r}"
        assert pair.ours.start_time == pair.theirs["start_time"]


def test_every_value_that_was_logged(animal: Animal) -> None:
    said = animal.facts.get("said_debug", {"raised": "nothing: no values were logged"})
    if "blocks" not in said or animal.name in STRIDED:
        pytest.skip(f"upstream cannot read its values ({said.get('raised', 'strides')})")
    torch = pytest.importorskip("torch")

    def summary(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return [list(value.shape), str(value.dtype), float(value.double().sum())]
        return [summary(item) for item in value] if isinstance(value, list | tuple) else value

    inspector = Inspector(
        animal.folder / "debug.etdp", debug_buffer_path=animal.folder / "debug.bin"
    )
    compared = 0
    for ours, theirs in zip(inspector.event_blocks, said["blocks"], strict=True):
        assert summary(ours.run_output) == theirs["run_output"]
        for event, told in zip(ours.events, theirs["events"], strict=True):
            if len(event._slot.profile) > 1:
                continue  # in a loop: upstream keeps one value of each instruction
            assert summary(event.debug_data) == told["debug_data"], repr(event)
            compared += 1
    assert compared


def test_the_whole_model_takes_no_more_than_its_runs(animal: Animal) -> None:
    if animal.record is None:
        pytest.skip("ExecuTorch could not save its record")
    inspector = opened(animal, program=animal.program)
    whole = inspector.find_total_for_module("")
    runs = [
        event.perf_data.avg
        for block in inspector.event_blocks
        for event in block.events
        if event.name == "Method::execute" and event.perf_data is not None
    ]
    assert whole <= sum(runs)
    assert whole > 0 or not inspector.get_op_list()


@pytest.fixture(scope="module")
def some(zoo: dict[str, Animal]) -> dict[str, Animal]:
    return zoo


def execute(inspector: Inspector) -> list[EventBlock]:
    return [block for block in inspector.event_blocks if block.name == "Execute"]


def test_differs_methods_other_than_forward_have_their_graph(some: dict[str, Animal]) -> None:
    animal = some["two_methods_portable"]
    assert animal.facts["said"]["raised"] == "KeyError"
    found = opened(animal, program=animal.program)
    assert {block.method for block in execute(found)} == set(animal.facts["methods"])
    for block in execute(found):
        kernels = [event for event in block.events if event.name.startswith("native_call")]
        assert all(event.op_types and event.source and event.debug_handles for event in kernels)


def test_differs_inside_xnnpack_every_operation_has_its_graph(some: dict[str, Animal]) -> None:
    animal = some["lstm_xnnpack"]
    found = opened(animal, program=animal.program)
    inside = [
        pair for pair in pairs(found, animal.facts["said"]["blocks"]) if pair.ours.is_delegated_op
    ]
    assert inside
    assert not any(pair.theirs["op_types"] or pair.theirs["debug_handles"] for pair in inside)
    assert all(pair.ours.debug_handles and pair.ours.source for pair in inside)
    assert all(pair.ours.stack_traces and pair.ours.module_hierarchy for pair in inside)


def test_differs_bodies_of_loops_have_their_graph(some: dict[str, Animal]) -> None:
    animal = some["loop_portable"]
    filled = [
        pair.ours
        for pair in pairs(opened(animal), animal.facts["said"]["blocks"])
        if pair.ours.op_types and not pair.theirs["op_types"]
    ]
    assert {event.op for event in filled if event.name.startswith("native_call")}
    assert all(event.source for event in filled)


def test_differs_operators_that_a_pass_of_the_export_put_there_are_those_that_ran(
    some: dict[str, Animal],
) -> None:
    animal = some["passes_portable"]
    differ = [
        (pair.ours.op_types, pair.theirs["op_types"])
        for pair in pairs(opened(animal), animal.facts["said"]["blocks"])
        if pair.ours.name == "native_call_mul.out"
    ]
    assert differ == [(["aten.mul.Tensor"], ["aten.add.Tensor"])]


def test_differs_a_strict_export_names_modules_by_their_path(some: dict[str, Animal]) -> None:
    animal = some["strict_portable"]
    theirs, ours = set(), set()
    for pair in pairs(opened(animal), animal.facts["said"]["blocks"]):
        theirs |= {key for h in pair.theirs["module_hierarchy"].values() for key in h}
        ours |= {key for h in pair.ours.module_hierarchy.values() for key in h}
    assert any(key.isdigit() for key in theirs)
    assert "L__self__layers.0" in ours
    assert not any(key.isdigit() for key in ours)
    assert opened(animal).find_total_for_module("layers.0") > 0


def test_differs_what_stands_for_no_module_is_none(some: dict[str, Animal]) -> None:
    animal = some["dynamic_portable"]
    theirs, ours = [], []
    for pair in pairs(opened(animal), animal.facts["said"]["blocks"]):
        theirs += [key for h in pair.theirs["module_hierarchy"].values() for key in h]
        ours += [key for h in pair.ours.module_hierarchy.values() for key in h]
    assert "_empty_nn_module_stack_from_metadata_hook" in theirs
    assert "_empty_nn_module_stack_from_metadata_hook" not in ours


def test_differs_events_around_the_instructions_have_no_handle(some: dict[str, Animal]) -> None:
    animal = some["numbers_mapped"]
    around = [
        pair
        for pair in pairs(opened(animal), animal.facts["said"]["blocks"])
        if pair.ours.name == "Method::execute"
    ]
    assert [pair.theirs["debug_handles"] is None for pair in around] == [False]
    assert [pair.ours.debug_handles for pair in around] == [None]


def test_differs_a_record_that_upstream_cannot_load_is_joined() -> None:
    animal = animals("scalars_portable")["scalars_portable"]
    assert animal.facts["said"]["raised"] == "SerializeError"
    (block,) = execute(opened(animal))
    kernels = [event for event in block.events if event.name.startswith("native_call")]
    assert kernels
    assert all(event.op_types and event.source for event in kernels)
