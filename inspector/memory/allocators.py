"""What the runtime's own structures of a method need: estimated from the program's structure.

A .pte does not say how much the method allocator needs. The runtime makes the same
structures from the same tables at every load, so they can be counted. What it asks for
is read from runtime/executor/method.cpp and tensor_parser_portable.cpp of ExecuTorch 1.5,
how large its structures are from its headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.tensor_specs import Dynamism

#: Every request is rounded up to this: so no padding between requests is missed.
_ROUNDING = 8


class Layout(NamedTuple):
    """Bytes of the runtime's structures on one kind of machine."""

    name: str
    pointer: int
    value: int  # EValue
    tensor: int  # TensorImpl
    list_of_values: int  # BoxedEvalueList
    span: int  # Span, ArrayRef
    optional_tensor: int
    delegate: int  # BackendDelegate
    option: int  # CompileSpec
    chain: int
    tensor_kind: int  # TensorMeta: what a kernel is looked up by
    external: int  # NamedData


#: Measured with the headers of the executorch 1.5.1 package (g++ 12, x86-64).
BITS_64 = Layout("64-bit", 8, 16, 64, 24, 16, 16, 56, 24, 32, 24, 48)
#: Worked out from the same headers: pointers and sizes of 4 bytes, 64-bit numbers aligned to 8.
BITS_32 = Layout("32-bit", 4, 16, 32, 12, 8, 8, 40, 12, 16, 12, 40)

#: There is no figure for it, and none is made up.
TEMP_ALLOCATOR = (
    "not in the file: kernels and delegates ask for temporary memory while they run, and the "
    "program does not say how much"
)
NOT_COUNTED = (
    "what backends ask the method allocator for while they are initialised, and the heap's own "
    "bookkeeping where the allocator stands on malloc"
)


class Need(NamedTuple):
    """One kind of structure."""

    what: str
    requests: int  # how often the allocator is asked
    size_bytes: int


@dataclass(frozen=True)
class MethodAllocator:
    """What loading one method asks for. All bytes are estimated."""

    method: str
    layout: Layout
    needs: tuple[Need, ...]
    #: Lists by which kernels are looked up: of the temporary allocator where the runtime is
    #: given one of a fixed size, of the method allocator else (so in the Module class).
    lookup: Need

    @property
    def size_bytes(self) -> int:
        """What the method allocator must have at least, beside a temporary allocator."""
        return sum(need.size_bytes for need in self.needs)

    @property
    def with_lookup_bytes(self) -> int:
        """The same where there is no temporary allocator of a fixed size."""
        return self.size_bytes + self.lookup.size_bytes

    @property
    def requests(self) -> int:
        """How often the method allocator is asked, with the lookup of kernels."""
        return sum(need.requests for need in self.needs) + self.lookup.requests


def method_allocator(method: Method, layout: Layout = BITS_64) -> MethodAllocator:
    """Estimate what the method allocator is asked for when one method is loaded.

    `NOT_COUNTED` says what is not in it.
    """
    needs = (
        _need("values", [len(method.values) * layout.value]),
        _need("input flags", [len(method.inputs)] if len(method.inputs) else []),
        _external(method, layout),
        *_tensors(method, layout),
        _lists(method, layout),
        _delegates(method, layout),
        *_instructions(method, layout),
    )
    return MethodAllocator(method.name, layout, needs, _lookup(method, layout))


def _need(what: str, *requests: Ints | list[int]) -> Need:
    """A need of some requests, in bytes each."""
    sizes = np.concatenate([np.asarray(some, np.int64) for some in requests])
    rounded = -(-sizes // _ROUNDING) * _ROUNDING
    return Need(what, len(sizes), int(rounded.sum()))


def _external(method: Method, layout: Layout) -> Need:
    specs = method.values.tensors
    count = int((specs.external & (specs.memory_id < 0)).sum())
    return _need("names of external constants", [count * layout.external] if count else [])


def _tensors(method: Method, layout: Layout) -> tuple[Need, Need]:
    """Of each tensor its structure and its strides; of dynamic ones sizes and order besides."""
    specs = method.values.tensors
    dims = np.diff(specs.dims)
    dynamic = dims[specs.dynamism != Dynamism.STATIC]
    return (
        _need("tensors", np.full(len(specs), layout.tensor)),
        _need("shapes of tensors", dims * 4, dynamic * 4, dynamic),
    )


def _lists(method: Method, layout: Layout) -> Need:
    """Lists of values: a pointer to each member, room for them unpacked, and a head."""
    values = method.values
    counts = np.diff(values.items)
    requests: list[Ints | list[int]] = []
    for kind, member in (
        (EValueKind.INT_LIST, 8),
        (EValueKind.TENSOR_LIST, layout.pointer),
        (EValueKind.OPTIONAL_TENSOR_LIST, layout.optional_tensor),
    ):
        mine = counts[values.kind == kind]
        head = np.full(len(mine), layout.list_of_values)
        requests += [mine * layout.pointer, mine * member, head]
    plain = (EValueKind.BOOL_LIST, EValueKind.DOUBLE_LIST, EValueKind.STRING)
    heads = int(np.isin(values.kind, plain).sum())
    return _need("lists and texts", *requests, np.full(heads, layout.span))


def _delegates(method: Method, layout: Layout) -> Need:
    """A list of the delegates, and of each one a list of its options."""
    options = [len(delegate.compile_specs) * layout.option for delegate in method.delegates]
    return _need("delegates", [len(method.delegates) * layout.delegate], options)


def _instructions(method: Method, layout: Layout) -> tuple[Need, Need]:
    """Per chain a kernel and a list of arguments for each instruction; then the arguments."""
    table = method.instructions
    chains = np.bincount(table.chain) if len(table) else np.zeros(1, np.int64)
    calls = np.isin(table.kind, (InstructionKind.KERNEL_CALL, InstructionKind.DELEGATE_CALL))
    arguments = np.diff(table.args)[calls]
    chain = [len(chains) * layout.chain]
    return (
        _need("instructions", chain, chains * layout.pointer, chains * layout.span),
        _need("arguments of instructions", arguments * layout.pointer),
    )


def _lookup(method: Method, layout: Layout) -> Need:
    """Per kernel call a row for each argument, and the order of dimensions of each tensor."""
    table, values = method.instructions, method.values
    kernels = table.kind == InstructionKind.KERNEL_CALL
    given = table.arguments[np.repeat(kernels, np.diff(table.args))]
    tensors = values.tensor[given]
    dims = np.diff(values.tensors.dims)[tensors[tensors >= 0]]
    rows = np.diff(table.args)[kernels] * layout.tensor_kind
    return _need("lookup of kernels", rows, dims)
