"""Methods run element by element: answers leave what they give and keep as it was."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from planned_methods import Call, plan_of

from etscope.inspector.memory.what_if.answer import Baseline, baseline_of
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.in_place import in_place
from etscope.inspector.memory.what_if.merges import Merge, done_together
from etscope.inspector.memory.what_if.reorder import reorder_answers
from etscope.inspector.memory.what_if.view import views

_PRIME = 1_000_003
_PUT, _COPY, _VIEW = "aten::index_put.out", "aten::copy_", "aten::view_copy.out"
_OPERATORS = ("aten::relu.out", "aten::add.out", "aten::mm.out", _VIEW, _PUT, _COPY)
_LENGTHS = (4, 8)


class Method:
    """Calls on values of some lengths: the first is an input, the next ones are buffers."""

    def __init__(
        self, lengths: Sequence[int], calls: Sequence[Call], outputs: Sequence[int]
    ) -> None:
        self.calls = calls
        plan = plan_of([(length,) for length in lengths], calls, outputs=outputs)
        base = baseline_of(plan)
        assert base is not None
        self.base: Baseline = base
        self.looked = Calls(plan, base.blocks)
        # plan_of gives value i the tensor i.
        self.block = base.blocks.of_tensor.tolist()

    def merges(self) -> list[Merge]:
        found = [*in_place(self.looked), *views(self.looked)]
        return done_together(self.base, self.looked, found).done

    def run(self, merges: Sequence[Merge] = (), order: Sequence[int] = ()) -> list[list[int]]:
        """What is in the outputs and the buffers at the end."""
        count, sizes = len(self.base.blocks), self.base.blocks.size_bytes.tolist()
        home = list(range(count))
        for merge in merges:
            into, gone = home[merge.into], home[merge.gone]
            home = [into if place == gone else place for place in home]
        left_out = {merge.back for merge in merges}
        left_out |= {merge.instruction for merge in merges if merge.kind == "view"}
        memory = {block: [0] * (sizes[block] // 4) for block in range(count)}
        for block in range(count):
            if self.base.blocks.first[block] < 0:
                memory[home[block]] = [97 * block + at for at in range(sizes[block] // 4)]
        for one in order or range(len(self.calls)):
            if one not in left_out:
                call = self.calls[one]
                reads = [memory[home[self.block[value]]] for value in call.reads]
                _execute(call.operator, reads, memory[home[self.block[call.writes]]])
        kept = self.looked.outputs | self.base.blocks.lasting
        return [memory[home[block]] for block in range(count) if kept[block]]


def _execute(operator: str, reads: Sequence[list[int]], out: list[int]) -> None:
    """A kernel that reads and writes one element after another, wherever the memory lies."""
    if operator == "aten::mm.out":
        for at in range(len(out)):
            out[at] = (sum((n + 2) * x for read in reads for n, x in enumerate(read)) + at) % _PRIME
        return
    if operator in (_VIEW, _COPY):
        source = reads[-1] if operator == _COPY else reads[0]
        out[:] = [source[at % len(source)] for at in range(len(out))]
        return
    if operator == _PUT:
        out[:] = [reads[0][at % len(reads[0])] for at in range(len(out))]
        for at, number in enumerate(reads[-1][: len(out)]):
            last = len(out) - 1 - at
            out[last] = (number + reads[-1][(at + 1) % len(reads[-1])]) % _PRIME
        return
    for at in range(len(out)):
        places = (read[at % len(read)] * (n + 3) for n, read in enumerate(reads))
        out[at] = (sum(places) + 1) % _PRIME


@st.composite
def methods(draw: st.DrawFn) -> Method:
    lengths = draw(st.lists(st.sampled_from(_LENGTHS), min_size=2, max_size=4))
    calls: list[Call] = []
    for _ in range(draw(st.integers(1, 9))):
        operator, some = draw(st.sampled_from(_OPERATORS)), st.integers(0, len(lengths) - 1)
        if operator == _COPY:
            into, source = draw(some), draw(some)
            if into != source and lengths[into] == lengths[source]:
                calls.append(Call(operator, (into, source), into))
            continue
        single = operator in (_VIEW, "aten::relu.out")
        fewest, most = 2 if operator == _PUT else 1, 1 if single else 2
        reads = tuple(draw(st.lists(some, min_size=fewest, max_size=most)))
        same = single or operator == _PUT or draw(st.booleans())
        lengths.append(lengths[reads[0]] if same else draw(st.sampled_from(_LENGTHS)))
        calls.append(Call(operator, reads, len(lengths) - 1))
    outputs = draw(st.lists(st.integers(0, len(lengths) - 1), min_size=1, max_size=2, unique=True))
    return Method(lengths, calls, outputs)


@settings(max_examples=60, deadline=None)
@given(methods())
def test_values_in_the_place_of_others_give_the_same(method: Method) -> None:
    assert method.run(method.merges()) == method.run()


@settings(max_examples=30, deadline=None)
@given(methods())
def test_another_order_gives_the_same(method: Method) -> None:
    for answer in reorder_answers(method.base, method.looked):
        start, count = min(answer.order), len(method.calls)
        rest = range(start + len(answer.order), count)
        assert method.run(order=[*range(start), *answer.order, *rest]) == method.run()


def test_an_operator_that_reads_its_operand_again_is_not_done_in_place() -> None:
    """index_put of x into x: elements that it reads may be replaced already."""
    for reads, merges in (((1, 0), 1), ((1, 1), 0)):
        calls = [Call("aten::mm.out", (0,), 1), Call(_PUT, reads, 2)]
        method = Method([8, 8, 8], calls, [2])
        assert len(method.merges()) == merges
        assert method.run(method.merges()) == method.run()


def test_what_the_property_would_catch() -> None:
    """The same merge, done all the same, gives other numbers."""
    method = Method([8, 8, 8], [Call("aten::mm.out", (0,), 1), Call(_PUT, (1, 1), 2)], [2])
    wrong = Merge("in_place", 1, method.block[1], method.block[2])
    assert method.run([wrong]) != method.run()
