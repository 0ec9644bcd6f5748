"""The signature of a serialized graph: what its inputs and outputs are."""

from __future__ import annotations

from typing import Any

from etscope.etdump.program_graph import NodeKind, ResultKind
from etscope.etdump.record_json import Member

#: Input kind in the signature → (what it is, where its attribute is named).
_INPUTS = {
    "parameter": (NodeKind.PARAMETER, "parameter_name"),
    "buffer": (NodeKind.BUFFER, "buffer_name"),
    "tensor_constant": (NodeKind.TENSOR_CONSTANT, "tensor_constant_name"),
    "user_input": (NodeKind.USER_INPUT, ""),
    "constant_input": (NodeKind.CONSTANT, ""),
    "custom_obj": (NodeKind.CUSTOM_OBJECT, "custom_obj_name"),
    "token": (NodeKind.TOKEN, ""),
}
#: The same for outputs.
_OUTPUTS = {
    "user_output": (ResultKind.USER_OUTPUT, ""),
    "buffer_mutation": (ResultKind.BUFFER_MUTATION, "buffer_name"),
    "user_input_mutation": (ResultKind.USER_INPUT_MUTATION, "user_input_name"),
    "loss_output": (ResultKind.LOSS, ""),
    "gradient_to_parameter": (ResultKind.PARAMETER_GRADIENT, "parameter_name"),
    "gradient_to_user_input": (ResultKind.USER_INPUT_GRADIENT, "user_input_name"),
    "token": (ResultKind.TOKEN, ""),
}


def input_kind(member: Member, spec: Any) -> tuple[int, str | None, str | None]:
    """(NodeKind, its parameter or buffer, its name if it is a constant) of one entry.

    Raises:
        CorruptTrace: it is not in the format.
    """
    word, fields = member.union(spec, "an entry of the signature")
    kind, key = _INPUTS.get(word, (NodeKind.UNKNOWN_INPUT, ""))
    attribute = _attribute(member, fields, key)
    constant = kind == NodeKind.CONSTANT
    name = member.text(fields.get("name"), "the name of a constant") if constant else None
    return int(kind), attribute, name


def result_kind(member: Member, spec: Any) -> tuple[int, str | None]:
    """(ResultKind, the buffer, parameter or input that it is written to) of one entry.

    Raises:
        CorruptTrace: it is not in the format.
    """
    word, fields = member.union(spec, "an entry of the signature")
    kind, key = _OUTPUTS.get(word, (ResultKind.UNKNOWN_OUTPUT, ""))
    return int(kind), _attribute(member, fields, key)


def _attribute(member: Member, fields: Any, key: str) -> str | None:
    fields = member.table(fields, "an entry of the signature")
    return member.text(fields.get(key), f"'{key}'") if key else None
