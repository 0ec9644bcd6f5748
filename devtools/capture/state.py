"""The tensors of a program that are not its inputs: parameters, buffers, constants.

A loaded method owns what it may write to and shares the rest with the program,
which no run ever changes. Methods do not share state, as on a device: each has
its own copy of a buffer.
"""

from __future__ import annotations

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec

from etscope.devtools.capture.lowering import Lowered
from etscope.etdump.errors import CaptureError


class State:
    """The values of the slots w0, w1, ... of one loaded method.

    Attributes:
        values: in the order of `Lowered.lifted`. The tensors stay the same objects for the life
            of the state, so generated code can refer to them.
    """

    def __init__(self, program: ExportedProgram, lowered: Lowered) -> None:
        own: dict[int, torch.Tensor] = {}
        self.values: list[object] = []
        self._initial: list[tuple[torch.Tensor, torch.Tensor]] = []
        for index, spec in enumerate(lowered.lifted):
            source = _source(program, spec)
            if not isinstance(source, torch.Tensor):
                self.values.append(source)
            elif lowered.in_place or f"w{index}" in lowered.written:
                if id(source) not in own:  # tied weights stay tied
                    own[id(source)] = source.detach().clone()
                    self._initial.append((own[id(source)], source.detach()))
                self.values.append(own[id(source)])
            else:
                self.values.append(source.detach())

    def reset(self) -> None:
        """Put every tensor back to what the program holds."""
        for own, initial in self._initial:
            own.copy_(initial)


def _source(program: ExportedProgram, spec: InputSpec) -> object:
    if spec.kind is InputKind.TOKEN:
        return torch.empty(0)
    target = str(spec.target)
    for table in (program.state_dict, program.constants):
        if target in table:
            return table[target]
    raise CaptureError(
        f"the program's {spec.kind.name.lower()} {target!r} has no value; "
        "export or load the program again"
    )
