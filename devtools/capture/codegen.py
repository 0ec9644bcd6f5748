"""Straight-line Python for one method: one statement per operator, everything looked up before.

The interpreter's share of a small operator is what makes a graph interpreter
slow, so there is none: no loop, no dictionary of values, no dispatch on node
kinds. Clock readings stay in local variables and leave the function as one
tuple, which costs less per operator than any store into a list or an array.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import perf_counter_ns
from typing import Any

from etscope.devtools.capture.lowering import Lowered, Ref, Step, references


class Variant(Enum):
    """What the function does besides running the operators, and what it returns."""

    PLAIN = "plain"  # nothing; returns the outputs
    TIMED = "timed"  # reads the clock; returns the readings
    LOGGED = "logged"  # reads the clock and logs every operator's value; (readings, outputs)


@dataclass(frozen=True)
class Generated:
    """A compiled method.

    Attributes:
        function: takes the flat user inputs. The readings of a TIMED or LOGGED function are start
            and end of every instruction in order, then of the whole run, in ns.
        source: its text, for whoever debugs it.
        step_at: line of the text -> the step on it.
        filename: how tracebacks name the text.
    """

    function: Callable[..., Any]
    source: str
    step_at: dict[int, Step]
    filename: str


def generate(
    name: str,
    lowered: Lowered,
    state: list[object],
    variant: Variant,
    log: Callable[[int, object, bool], None] | None = None,
) -> Generated:
    """Write and compile the function of one method.

    Args:
        name: the method's name; only its printable form reaches the code object.
        lowered: the steps.
        state: values of the slots w0, w1, ...
        variant: see Variant.
        log: called as log(instruction, value, several) by a LOGGED function; `several` says that
            the operator returns that many values, not one value that is a list.
    """
    writer = _Writer(lowered, variant)
    writer.write()
    space: dict[str, Any] = writer.constants
    space.update({f"w{index}": value for index, value in enumerate(state)})
    space.update(lowered.modules)
    space.update({"__builtins__": {}, "clock": perf_counter_ns, "log": log, "slice": slice})
    source = "\n".join(writer.lines) + "\n"
    filename = f"<etscope {ascii(name)[1:-1]} {variant.value}>"
    exec(compile(source, filename, "exec"), space)
    return Generated(space["run"], source, writer.step_at, filename)


class _Writer:
    """The text of one function, line by line, and the constants it refers to."""

    def __init__(self, lowered: Lowered, variant: Variant) -> None:
        self.lowered = lowered
        self.variant = variant
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.kernels: dict[int, str] = {}
        self.step_at: dict[int, Step] = {}

    def write(self) -> None:
        arguments = ", ".join(f"a{index}" for index in range(len(self.lowered.inputs)))
        self.lines.append(f"def run({arguments}):")
        clocked = self.variant is not Variant.PLAIN
        if clocked:
            self.add("start = clock()")
        instruction = 0
        for step in self.lowered.steps:
            if step.operator:
                self.instruction(step, instruction, clocked)
                instruction += 1
            else:
                self.statement(step)
            if step.frees:
                self.add(f"del {', '.join(step.frees)}")
        if clocked:
            self.add("end = clock()")
        self.add(f"return {self.result(instruction)}")

    def add(self, text: str) -> None:
        self.lines.append(f"    {text}")

    def instruction(self, step: Step, index: int, clocked: bool) -> None:
        label = re.sub(r"[^\w:.]", "?", step.operator, flags=re.ASCII)
        if clocked:
            self.add(f"s{index} = clock()")
        self.statement(step, f"  # {index} {label}")
        if clocked:
            self.add(f"e{index} = clock()")
        if self.variant is Variant.LOGGED and step.returns != 0:
            self.add(f"log({index}, {step.result.name}, {step.returns != 1})")

    def statement(self, step: Step, comment: str = "") -> None:
        self.add(f"{step.result.name} = {self.call(step)}{comment}")
        self.step_at[len(self.lines)] = step

    def call(self, step: Step) -> str:
        binding = step.binding
        given = step.args
        if binding.spreads:
            sizes = given[1]
            assert isinstance(sizes, (list, tuple))
            given = (given[0], *sizes)
        args = [self.expression(arg, binding.converts) for arg in given]
        if binding.function is None and not binding.method:
            return f"{args[0]}[{args[1]}]"
        named = [self.named(key, arg, binding.converts) for key, arg in step.kwargs.items()]
        if binding.method:
            return f"{args[0]}.{binding.method}({', '.join(args[1:] + named)})"
        kernel = self.kernels.setdefault(id(binding.function), f"k{len(self.kernels)}")
        self.constants[kernel] = binding.function
        return f"{kernel}({', '.join(args + named)})"

    def named(self, key: str, value: object, converts: bool) -> str:
        text = self.expression(value, converts)
        # `from` is an argument of aten::random_.
        plain = key.isidentifier() and key.isascii() and not keyword.iskeyword(key)
        return f"{key}={text}" if plain else f"**{{{key!a}: {text}}}"

    def expression(self, value: object, converts: bool) -> str:
        """The value as Python text; what has no exact literal becomes a named constant."""
        if isinstance(value, Ref):
            return value.name
        if value is None or type(value) in (bool, int):
            return repr(value)
        if type(value) is float and math.isfinite(value):
            return repr(value)
        if type(value) is str:
            return ascii(value)
        if type(value) is tuple or (
            # A tuple of constants is one constant of the code object, a list is built each time.
            converts and type(value) is list and not any(references(value))
        ):
            return self.display("({},)" if len(value) == 1 else "({})", value, converts)
        if type(value) is list:
            return self.display("[{}]", value, converts)
        if isinstance(value, (dict, slice)) and any(references(value)):
            return self.composed(value, converts)
        return self.constant(value)

    def display(self, form: str, items: tuple[object, ...] | list[object], converts: bool) -> str:
        return form.format(", ".join(self.expression(item, converts) for item in items))

    def composed(self, value: dict[object, object] | slice, converts: bool) -> str:
        if isinstance(value, slice):
            return self.display("slice({})", [value.start, value.stop, value.step], converts)
        items = (
            f"{self.expression(key, converts)}: {self.expression(item, converts)}"
            for key, item in value.items()
        )
        return f"{{{', '.join(items)}}}"

    def constant(self, value: object) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def result(self, instructions: int) -> str:
        outputs = self.expression(self.lowered.outputs, False)
        if self.variant is Variant.PLAIN:
            return outputs
        readings = "".join(f"s{index}, e{index}, " for index in range(instructions))
        readings = f"({readings}start, end)"
        return readings if self.variant is Variant.TIMED else f"({readings}, {outputs})"
