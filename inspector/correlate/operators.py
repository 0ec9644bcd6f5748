"""Whether an instruction's operator is a node's operator: two spellings of one name.

The program says "aten::addmm.out", the graph "aten.addmm.default", a kernel's
event "native_call_addmm.out".
"""

from __future__ import annotations

from functools import lru_cache

#: Namespaces in which one operator appears under several names: of tensors, of sizes.
_SAME = (
    frozenset({"aten", "torch", "prims", "dim_order_ops"}),
    frozenset({"executorch_prim", "_operator", "torch", "math"}),
)
#: How a graph calls an operator that changes its arguments, whatever its name.
_WRAPPERS = frozenset({"auto_functionalized", "auto_functionalized_v2"})
#: What the runtime's own view may have been in the graph.
_VIEWS = frozenset(
    {"view", "view_copy", "_unsafe_view", "reshape", "flatten", "unflatten"}
    | {"unsqueeze", "unsqueeze_copy", "squeeze", "squeeze_copy", "alias_copy"}
)
#: An operator of the runtime under the names that graphs have for it.
_ALIASES = {
    "_to_dim_order_copy": frozenset({"_to_copy", "to", "_to_dim_order_copy"}),
    "_clone_dim_order": frozenset({"clone", "_clone_dim_order", "contiguous"}),
    "_empty_dim_order": frozenset({"empty", "_empty_dim_order"}),
    "permute_copy": frozenset({"permute_copy", "permute", "t", "t_copy", "transpose"}),
    "addmm": frozenset({"addmm", "linear"}),
    "linear": frozenset({"addmm", "linear", "mm"}),
    "convolution": frozenset({"convolution", "conv1d", "conv2d", "conv3d"}),
}


@lru_cache(maxsize=4096)
def parts_of(operator: str) -> tuple[str, str]:
    """(namespace, name) of an operator in any spelling; the namespace may be ""."""
    text = operator.removeprefix("native_call_")
    namespace, colons, rest = text.partition("::")
    if colons:
        return namespace, rest.partition(".")[0]
    pieces = text.split(".")
    if operator.startswith("native_call_") or len(pieces) == 1:
        return "", pieces[0]
    return pieces[0], pieces[1]


@lru_cache(maxsize=4096)
def spellings(operator: str) -> frozenset[str]:
    """The names, without namespace, that a graph may have for an instruction's operator."""
    namespace, name = parts_of(operator)
    if name == "et_view":
        return _VIEWS
    names = {name, f"{name}_", *_ALIASES.get(name, ())}
    custom = namespace and not any(namespace in same for same in _SAME)
    return frozenset(names | _WRAPPERS if custom else names)


@lru_cache(maxsize=16384)
def same_operator(instruction: str, node: str) -> bool:
    """Whether an instruction's operator may be what became of a node's."""
    there, name = parts_of(instruction)
    here, named = parts_of(node)
    if named not in spellings(instruction):
        return False
    if name == "et_view" or named in _WRAPPERS or not (there and here) or there == here:
        return True
    return any(there in same and here in same for same in _SAME)


def is_ordinary(operator: str) -> bool:
    """Whether exports give instructions of this operator a debug handle.

    They give none to what they add themselves (copies back into buffers, views, the
    arithmetic of sizes), nor to some operators of others.
    """
    namespace, name = parts_of(operator)
    return namespace in ("", "aten") and name not in ("copy_", "et_view", "sym_size", "sym_numel")
