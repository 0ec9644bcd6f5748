"""What a record hands out as it was written: stacks of nodes, bytes of tensors."""

from __future__ import annotations

import pytest
from record_builder import record

from etscope.etdump.errors import UsageError
from etscope.etdump.record import read_record


def test_the_stacks_of_a_node_are_there_as_they_were_written() -> None:
    graph = read_record(record()).edge_program("forward")
    node = graph.node_of_name["aten_convolution_default"]
    trace, modules = graph.stack_trace_of(node), graph.module_stack_of(node)
    assert trace is not None
    assert trace.startswith('File "m.py", line 12, in forward\n    x = self.layers[0](x)\n')
    assert trace.endswith("^^^^^^^^^")  # marks and all
    assert modules == (
        "L__self__,,m.Net;1401@1,layers.0,m.Block;1402@1,layers.0.conv,torch.nn.Conv2d"
    )


def test_a_node_without_stacks_has_none() -> None:
    graph = read_record(record()).edge_program("forward")
    for name in ("x", "aten_cat_default"):
        node = graph.node_of_name[name]
        assert (graph.stack_trace_of(node), graph.module_stack_of(node)) == (None, None)


def test_tensors_are_given_as_bytes() -> None:
    found = read_record(record())
    assert found.content("reference_outputs") == b"\x80\x02."
    assert found.content("exported_program_constants") == b"PK"


@pytest.mark.parametrize("member", ["debug_handle_map", "exported_program", "none"])
def test_only_tensors_are_given_as_bytes(member: str) -> None:
    with pytest.raises(UsageError, match="there are"):
        read_record(record()).content(member)
