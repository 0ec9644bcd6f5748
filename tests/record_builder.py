"""ETRecords made by hand: a small graph in the export schema, and the zip around it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

GRAPH_ID = 7001


def tensor(name: str) -> dict[str, Any]:
    return {"as_tensor": {"name": name}}


def ints(*sizes: int) -> list[dict[str, Any]]:
    return [{"as_int": size} for size in sizes]


def meta(sizes: list[dict[str, Any]], dtype: int = 7) -> dict[str, Any]:
    return {"dtype": dtype, "sizes": sizes, "strides": [], "layout": 7}


def lineage(*ancestors: tuple[str, int]) -> str:
    """from_node of a chain, nearest ancestor first."""
    level: list[dict[str, Any]] = []
    for name, graph_id in reversed(ancestors):
        of_bodies = name in ("cond", "map_impl")
        target = name if of_bodies else f"aten.{name.partition('_')[0]}.default"
        level = [{"name": name, "target": target, "graph_id": graph_id, "from_node": level}]
    return json.dumps(level)


def node(name: str, target: str, inputs: Any, outputs: Any, **metadata: str) -> dict[str, Any]:
    arguments = [{"name": f"a{n}", "arg": argument} for n, argument in enumerate(inputs)]
    return {
        "name": name,
        "target": target,
        "inputs": arguments,
        "outputs": outputs,
        "metadata": metadata,
    }


def program(
    inputs: Any, nodes: Any, outputs: Any, tensors: Any, *, specs: Any = (), results: Any = ()
) -> dict[str, Any]:
    symbols = {"sym_size": {"as_expr": {"expr_str": "s0", "hint": {"as_int": 3}}}}
    graph = {
        "inputs": inputs,
        "outputs": outputs,
        "nodes": nodes,
        "tensor_values": tensors,
        "sym_int_values": symbols,
        "sym_bool_values": {},
    }
    signature = {"input_specs": list(specs), "output_specs": list(results)}
    return {
        "graph_module": {"graph": graph, "signature": signature, "module_call_graph": []},
        "opset_version": {"aten": 10},
        "range_constraints": {},
        "schema_version": {"major": 5, "minor": 4},
        "verifiers": ["EDGE"],
        "dialect": "",
    }


_STACK = "L__self__,,m.Net;1401@1,layers.0,m.Block;1402@1,layers.0.conv,torch.nn.Conv2d"
_TRACE = (
    'File "m.py", line 12, in forward\n    x = self.layers[0](x)\n'
    '  File "m.py", line 5, in forward\n    return self.conv(x)\n           ^^^^^^^^^'
)
_EDGE = "executorch.exir.dialects.edge.ops."


def _calls() -> list[dict[str, Any]]:
    return [
        node(
            "aten_convolution_default",
            _EDGE + "aten.convolution.default",
            [tensor("x"), tensor("w"), {"as_none": []}, {"as_ints": [1, 1]}],
            [tensor("aten_convolution_default")],
            debug_handle="1",
            nn_module_stack=_STACK,
            stack_trace=_TRACE,
            from_node=lineage(("between", 5), ("conv2d", GRAPH_ID), ("conv2d", 9)),
        ),
        node(
            "sym_size",
            "torch.ops.aten.sym_size.int",
            [tensor("x"), {"as_int": 0}],
            [{"as_sym_int": {"as_name": "sym_size"}}],
            from_node="[]",
        ),
        node(
            "aten_topk_default",
            _EDGE + "aten.topk.default",
            [tensor("aten_convolution_default"), {"as_sym_int": {"as_name": "sym_size"}}],
            [tensor("getitem"), tensor("getitem_1")],
            debug_handle="[2, 2, 3]",
            nn_module_stack=_STACK,
            stack_trace=_TRACE,
        ),
        node(
            "aten_cat_default",
            _EDGE + "aten.cat.default",
            [{"as_tensors": [{"name": "getitem"}, {"name": "count"}]}],
            [tensor("aten_cat_default")],
            debug_handle="3",
        ),
    ]


def graph_argument(name: str, inputs: Any, nodes: Any, outputs: Any) -> dict[str, Any]:
    """A body of a higher-order operator; every value in it is a tensor of 2."""
    names = [given["as_tensor"]["name"] for given in inputs if "as_tensor" in given]
    names += [below["as_tensor"]["name"] for call in nodes for below in call["outputs"]]
    graph = {
        "inputs": inputs,
        "outputs": outputs,
        "nodes": nodes,
        "tensor_values": {name: meta(ints(2)) for name in names},
        "sym_int_values": {},
        "sym_bool_values": {},
    }
    return {"as_graph": {"name": name, "graph": graph}}


def looping_program() -> dict[str, Any]:
    """x → relu → map whose body has a cond → relu; the cond's branches have one node each."""
    branches = [
        graph_argument(
            f"{word}_graph_0",
            [tensor("r")],
            [node(op, f"torch.ops.aten.{op}.default", [tensor("r")], [tensor(op)],
                  debug_handle=handle, from_node=lineage((op, 8)))],
            [tensor(op)],
        )
        for word, op, handle in (("true", "sin", "4"), ("false", "cos", "5"))
    ]  # fmt: skip
    choose = node(
        "cond",
        "torch.ops.higher_order.cond",
        [tensor("y"), *branches, {"as_tensors": [{"name": "x"}]}],
        [tensor("getitem")],
        debug_handle="3",
        from_node=lineage(("cond", 9)),
    )
    inside = [tensor("x"), tensor("y"), {"as_int": 2}]
    body = graph_argument("body_0", inside, [choose], [tensor("getitem"), {"as_int": 2}])
    relu = "torch.ops.aten.relu.default"
    calls = [
        node("relu", relu, [tensor("x")], [tensor("relu")], debug_handle="1",
             from_node=lineage(("relu", GRAPH_ID))),
        node("map_impl", "torch.ops.higher_order.map_impl",
             [body, {"as_tensors": [{"name": "relu"}]}, tensor("x")], [tensor("mapped")],
             debug_handle="2", from_node=lineage(("map_impl", GRAPH_ID))),
        node("relu_1", relu, [tensor("mapped")], [tensor("relu_1")], debug_handle="6",
             from_node=lineage(("relu_1", GRAPH_ID))),
    ]  # fmt: skip
    tensors = {name: meta(ints(3, 2)) for name in ("x", "relu", "mapped", "relu_1")}
    return program([tensor("x")], calls, [tensor("relu_1")], tensors)


def edge_program() -> dict[str, Any]:
    """x, a weight, a counter and a constant → convolution, topk, counter + 1; batch is s0."""
    batch = {"as_expr": {"expr_str": "s0", "hint": {"as_int": 3}}}
    tensors = {
        "x": meta([batch, {"as_int": 4}]),
        "w": meta(ints(4, 4)),
        "count": meta(ints(1), 5),
        "aten_convolution_default": meta([batch, {"as_int": 4}]),
        "getitem": meta([batch, {"as_int": 2}]),
        "getitem_1": meta([batch, {"as_int": 2}], 5),
        "aten_cat_default": meta([{"as_expr": {"expr_str": "s0 + 1"}}], 13),
    }
    specs = [
        {"parameter": {"arg": {"name": "w"}, "parameter_name": "layers.0.conv.weight"}},
        {"buffer": {"arg": {"name": "count"}, "buffer_name": "count", "persistent": True}},
        {"user_input": {"arg": tensor("x")}},
        {"constant_input": {"name": "k", "value": {"as_int": 2}}},
    ]
    results = [
        {"buffer_mutation": {"arg": {"name": "aten_cat_default"}, "buffer_name": "count"}},
        {"user_output": {"arg": tensor("getitem_1")}},
        {"user_output": {"arg": {"as_float": 3.0}}},
    ]
    inputs = [tensor("w"), tensor("count"), tensor("x"), {"as_int": 2}]
    outputs = [tensor("aten_cat_default"), tensor("getitem_1"), {"as_float": 3.0}]
    return program(inputs, _calls(), outputs, tensors, specs=specs, results=results)


def exported_program() -> dict[str, Any]:
    """What `edge_program` was lowered from, as far as these tests ask."""
    call = node("conv2d", "torch.ops.aten.conv2d.default", [tensor("x"), tensor("w")],
                [tensor("conv2d")])  # fmt: skip
    tensors = {name: meta(ints(3, 4)) for name in ("x", "w", "conv2d")}
    return program([tensor("w"), tensor("x")], [call], [tensor("conv2d")], tensors)


def exported_looping_program() -> dict[str, Any]:
    """What `looping_program` was lowered from: the same graph, with other names in the bodies."""
    text = json.dumps(looping_program())
    for old, new in (("body_0", "body_graph"), ('"r"', '"carried"')):
        text = text.replace(old, new)
    return json.loads(text) | {"verifiers": ["TRAINING"]}


def members() -> dict[str, Any]:
    """Every member that a record has, by name; what is not bytes becomes JSON."""
    found: dict[str, Any] = {"ETRECORD_V0": b""}
    for name, graph in (
        ("exported_program", exported_program()),
        ("edge_dialect_exported_program/forward", edge_program()),
        ("extra/forward", edge_program()),
    ):
        found[name] = graph
        found |= {name + s: b"PK" for s in ("_state_dict", "_constants", "_example_inputs")}
    found["debug_handle_map"] = {"forward": {"0": 1, "2": [2, 2, 3]}, "other": {"0": 4}}
    found["delegate_map"] = {
        "forward": {"2": {"name": "Backend", "delegate_map": {"0": [2], "sub": [2, 3], "1": 3}}}
    }
    found["instruction_id_to_num_outs_map"] = {"forward": {"2": 2}}
    found["reference_outputs"] = b"\x80\x02."
    found["representative_inputs"] = b"PK"
    found["export_graph_id"] = GRAPH_ID
    return found


def zipped(contents: Mapping[str, Any], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, value in contents.items():
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def record(**changes: Any) -> bytes:
    """A whole record, with some members changed; None leaves one out."""
    found = members() | changes
    return zipped({name: value for name, value in found.items() if value is not None})
