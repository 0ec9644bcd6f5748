"""The join on real exports and runs: all time has a line, and it is the exporter's own.

What is right is taken from the exporter while it writes instructions and delegates, before
any debug handle: a node is known by what it was decomposed from, since its name may change.
`make oracle` holds every architecture and target against it, which takes minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pytest
from oracle.xnnpack_events import fits
from oracle.zoo import ALL, EVERYTHING, Animal, animals

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.ledger import Ledger
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.latency_report import LatencyReport, latency_report

#: Those that differ most, and are made quickly.
SOME = (
    "lstm_xnnpack", "steps_xnnpack", "dynamic_portable", "loop_portable", "two_methods_portable",
    "strict_portable", "numbers_mapped",
)  # fmt: skip
#: A program without a record, and one whose methods nothing in its trace tells apart.
NOT_JOINED = ("branch_portable", "traced_branch_portable", "twins_portable", "twins_xnnpack")
CASES = tuple(name for name in (ALL if EVERYTHING else SOME) if name not in NOT_JOINED)

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(3600),  # the first test makes the zoo
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


class Answer(NamedTuple):
    """One method of one animal: what we say, and what the exporter knows."""

    latency: MethodLatency
    origins: Origins
    ledger: Ledger
    emitted: dict[str, Any]  # instruction → node

    def instructions(self, *kinds: str) -> Iterator[tuple[int, Any]]:
        """(row, what the exporter was at) of the rows of these kinds."""
        rows = self.latency.rows
        for row in range(len(rows)):
            told = self.emitted.get(str(rows.instruction[row]))
            if rows.kind[row] in kinds and rows.chain[row] >= 0 and told is not None:
                yield row, told

    def origin_name(self, row: int) -> str | None:
        """What the row's node was decomposed from; a node with no lineage by its own name."""
        graph, node = self.origins.graph, int(self.origins.node[row])
        if graph is None or node < 0:
            return None
        name = graph.texts[graph.nodes.name[node]].rpartition("/")[2]
        return next((ancestor for ancestor, _ in graph.ancestors_of(node)), name)

    def nodes_of(self, origin_name: str) -> list[int]:
        """The nodes of the record's graph that were decomposed from this one."""
        graph = self.origins.graph
        assert graph is not None
        firsts = (graph.ancestors_of(node)[:1] for node in range(len(graph)))
        return [node for node, first in enumerate(firsts) if first and first[0][0] == origin_name]

    def is_from(self, row: int, origin_name: str) -> bool:
        """Whether a row has this node; or one that no file tells from it, and says so.

        Nodes of one operator, line, module and debug handle are alike to who has only files.
        """
        if self.origin_name(row) == origin_name:
            return True
        mine, sure = int(self.origins.node[row]), self.origins[row].confidence
        if mine < 0 or sure == Confidence.EXACT:
            return False
        return self._looks(mine) in map(self._looks, self.nodes_of(origin_name))

    def _looks(self, node: int) -> tuple[Any, ...]:
        graph = self.origins.graph
        assert graph is not None
        nodes = graph.nodes
        handles = tuple(graph.handles_of(node).tolist())
        return int(nodes.op[node]), int(nodes.frames[node]), int(nodes.modules[node]), handles


@pytest.fixture(scope="module")
def zoo() -> dict[str, Animal]:
    return animals(*CASES)


@pytest.fixture(scope="module", params=CASES)
def animal(zoo: dict[str, Animal], request: pytest.FixtureRequest) -> Animal:
    return zoo[request.param]


@pytest.fixture(scope="module")
def report(animal: Animal) -> LatencyReport:
    return latency_report(animal.opened())


@pytest.fixture(scope="module")
def answers(animal: Animal, report: LatencyReport) -> list[Answer]:
    emitted = animal.facts["emitted"]
    return [
        Answer(latency, origins, ledger, emitted[latency.method])
        for latency, origins, ledger in zip(
            report.methods, report.origins, report.ledgers, strict=True
        )
    ]


def first_name(told: Any) -> str:
    """What the exporter's node was decomposed from."""
    return str(next(iter(told["ancestors"]), told["node"]))


def users_line(stack_trace: str) -> str | None:
    """ "file:line" of the innermost frame that is neither torch's nor generated."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', stack_trace)
    own = [
        f"{file}:{line}"
        for file, line in frames
        if not re.search(r"site-packages/|^<|^torch/", file)
    ]
    return own[-1] if own else None


def test_every_method_is_known(animal: Animal, answers: list[Answer]) -> None:
    methods = {answer.latency.method for answer in answers}
    assert methods == set(animal.facts["methods"])


def test_operator_time_has_a_line(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer.ledger.mapped_share("time") >= 0.99
        assert answer.ledger.mapped_share("events") >= 0.99


def test_shares_of_the_ledger_sum_to_the_whole(answers: list[Answer]) -> None:
    for answer in answers:
        ledger = answer.ledger
        shares = [ledger.share(bucket) for bucket in ledger.buckets]
        assert sum(shares) == pytest.approx(1.0)
        assert ledger.whole == pytest.approx(answer.latency.mean)
        assert min(shares) > -0.01  # rounding of the clock of a backend


def test_instructions_come_from_the_node_that_the_exporter_was_at(answers: list[Answer]) -> None:
    for answer in answers:
        wrong = [
            (answer.latency.rows.op[row], answer.origin_name(row), first_name(told))
            for row, told in answer.instructions("operator", "kernel")
            if answer.nodes_of(first_name(told)) and not answer.is_from(row, first_name(told))
        ]
        assert wrong == []


def test_what_the_record_has_no_node_for_is_not_called_exact(answers: list[Answer]) -> None:
    for answer in answers:
        for row, told in answer.instructions("operator"):
            if not answer.nodes_of(first_name(told)) and answer.origins[row].nodes:
                origin = answer.origins[row]
                assert origin.confidence <= Confidence.ALIGNED
                assert origin.reason


def test_lines_are_those_that_the_exporter_had(answers: list[Answer]) -> None:
    for answer in answers:
        for row, told in answer.instructions("operator", "kernel"):
            line = users_line(told["stack_trace"] or "")
            if line is not None:
                assert answer.origins.source(row) == line


def test_modules_are_those_that_the_exporter_had(answers: list[Answer]) -> None:
    for answer in answers:
        for row, told in answer.instructions("operator", "kernel"):
            inner = told["modules"][-1:]
            known = bool(answer.nodes_of(first_name(told)))
            # The size of a shape lies in a module that torch made up.
            if inner and known and not inner[0].startswith("_empty_nn"):
                assert answer.origins.module(row) == inner[0]


def delegates(animal: Animal, answer: Answer) -> Iterator[tuple[list[int], Any, list[Any]]]:
    """(rows inside, members, operations that the exporter built) of each XNNPACK call."""
    for row, told in answer.instructions("delegate"):
        members = {first_name(member) for member in told["members"]}
        built = [
            graph
            for graph in animal.facts["built"]
            if members >= {first_name(node) for node in graph if node["ancestors"]} - {""}
        ]
        rows = answer.latency.rows.children(row).tolist()
        if answer.latency.rows.backend[row] == "XnnpackBackend":
            yield rows, members, max(built, key=len, default=[])


def test_delegated_time_comes_from_members_of_the_right_kind(
    animal: Animal, answers: list[Answer]
) -> None:
    for answer in answers:
        rows, right, whole, wrong = answer.latency.rows, 0.0, 0.0, []
        for inside, members, _ in delegates(animal, answer):
            for row in inside:
                origin, event = answer.origins[row], rows.event[row]
                # What the exporter inserted is in no graph; it belongs to one that is.
                alike = origin.inserted or fits(event, [answer.origins.op(row) or ""])
                good = alike and any(answer.is_from(row, member) for member in members)
                spent = float(rows.total[row])
                right, whole = right + spent * good, whole + spent
                wrong += [] if good else [(event, answer.origins.node_name(row))]
        if animal.facts["target"] == "xnnpack":
            assert wrong == []
        assert right >= 0.95 * whole, wrong


def test_delegated_operations_come_from_the_node_that_they_were_built_of(
    animal: Animal, answers: list[Answer]
) -> None:
    for answer in answers:
        rows, right, whole, wrong = answer.latency.rows, 0.0, 0.0, []
        for inside, members, built in delegates(animal, answer):
            if len(inside) != len(built):
                continue  # XNNPACK ran some together: the order says nothing more
            for row, node in zip(inside, built, strict=True):
                if first_name(node) not in members:
                    continue
                good, spent = answer.is_from(row, first_name(node)), float(rows.total[row])
                right, whole = right + spent * good, whole + spent
                wrong += [] if good else [(rows.event[row], answer.origin_name(row), node["node"])]
        if animal.facts["target"] == "xnnpack":
            assert wrong == []
        assert right >= 0.95 * whole, wrong


def test_backends_with_a_map_are_joined_by_their_own_names(
    animal: Animal, answers: list[Answer]
) -> None:
    for answer in answers:
        for row, told in answer.instructions("delegate"):
            inside = answer.latency.rows.children(row).tolist()
            if not (answer.latency.rows.backend[row] or "").startswith("Mapped"):
                continue
            handles = {member["handle"] for member in told["members"]}
            assert {answer.origins[r].how for r in inside} == {How.DELEGATE_MAP}
            assert {handle for r in inside for handle in answer.origins[r].handles} == handles


#: Of the model that has one operator per line: what an event's name is, and what its line says.
LINES = {
    "Convolution": "first|depthwise",
    "Fully Connected": "head",
    "Max Pooling": "max_pool2d",
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "HardSwish": "hardswish",
    "Multiply": "mul",
    "Negate": "neg",
    "Mean": "mean",
}


def test_each_line_of_one_operator_gets_the_events_of_that_operator(
    animal: Animal, answers: list[Answer]
) -> None:
    if not animal.name.startswith("steps"):
        return
    met = set()
    for answer in answers:
        rows = answer.latency.rows
        for row in np.flatnonzero(np.array(rows.kind) == "delegated").tolist():
            wanted = LINES.get(rows.event[row].partition(" (")[0])
            source = answer.origins[row].source
            if wanted is not None and not answer.origins[row].inserted:
                assert source is not None
                assert re.search(wanted, source.source), rows.event[row]
                met.add(wanted)
        lines = [answer.origins.source(row) for row, _ in answer.instructions("operator")]
        assert all(lines)
    assert animal.facts["target"] == "portable" or len(met) >= 4
