"""The report on a program: verdict, coverage, findings, then what holds the file and what runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from etscope.etdump.bundled_program import BundledCases, read_bundled_cases
from etscope.etdump.errors import TraceError
from etscope.etdump.program import Program
from etscope.inspector.findings import SEVERITIES, Finding
from etscope.inspector.program.byte_owners import Owned, Span, owned_bytes
from etscope.inspector.program.contents import DelegateContents, delegate_contents, key_readers
from etscope.inspector.program.holders import Holder, Part, holders_of
from etscope.inspector.program.method_rows import method_row
from etscope.inspector.program.rules import RULES
from etscope.inspector.program.treemap import treemap
from etscope.inspector.wording import counted, percent, size_text

SCHEMA = "etscope.program"
VERSION = 1


@dataclass(frozen=True, eq=False)
class ProgramReport:
    """Everything there is to say about one program."""

    program: Program
    cases: BundledCases | None
    holders: list[Holder]
    owned: Owned  # bytes_of is per holder
    delegates: list[DelegateContents]

    @cached_property
    def parts(self) -> dict[Part, int]:
        """Bytes of each part of the file, the largest first. They add up to the file."""
        sizes = dict.fromkeys(Part, 0)
        for holder, size in zip(self.holders, self.owned.bytes_of.tolist(), strict=True):
            sizes[holder.part] += size
        sizes[Part.PADDING] += self.owned.padding
        sizes[Part.UNACCOUNTED] += self.owned.unaccounted
        ranked = sorted(sizes.items(), key=lambda item: -item[1])
        return {part: size for part, size in ranked if size}

    @cached_property
    def findings(self) -> list[Finding]:
        """What the rules find, the most severe first."""
        found = [finding for rule in RULES for finding in rule(self)]
        return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))

    @property
    def verdict(self) -> str:
        """Size, what holds most of it, and what runs, in one sentence."""
        size = len(self.program.file)
        text = size_text(size)
        if self.parts:
            part, most = next(iter(self.parts.items()))
            text += f", {percent(most / size)} of it {part.value}"
        rows = self.methods
        instructions = sum(row["instructions"] for row in rows)
        text += f"; {counted(len(rows), 'method')} of {counted(instructions, 'instruction')}"
        calls = sum(row["calls"]["delegate"] for row in rows)
        kernels = sum(row["calls"]["kernel"] for row in rows)
        if calls:
            names = ", ".join(dict.fromkeys(found.delegate.backend for found in self.delegates))
            text += f": {counted(calls, 'call')} of {names}"
            text += f", {counted(kernels, 'call')} of operators outside"
        elif kernels:
            text += f", {counted(kernels, 'call')} of operators, none in a delegate"
        return text + "."

    @cached_property
    def methods(self) -> list[dict[str, Any]]:
        """A row per method: instructions, calls, operators, arenas."""
        return [method_row(method) for method in self.program.methods]

    @property
    def coverage(self) -> dict[str, Any]:
        """Bytes by part, which add up to the file, and what was not looked into."""
        size = len(self.program.file)
        unread = [found for found in self.delegates if found.unread]
        return {
            "file_bytes": size,
            "accounted_bytes": size - self.parts.get(Part.UNACCOUNTED, 0),
            "parts": [
                {"part": part.value, "size_bytes": held, "share": held / size}
                for part, held in self.parts.items()
            ],
            "delegates": len(self.delegates),
            "delegates_not_read": [
                {"delegate": found.number, "reason": found.unread} for found in unread
            ],
            "external_tensors": [
                {"method": method.name, "name": specs.name_of(row)}
                for method in self.program.methods
                for specs in (method.values.tensors,)
                for row in specs.external.nonzero()[0].tolist()
            ],
        }

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A flat row per thing that holds bytes of the file, the largest first."""
        total, readers = len(self.program.file), key_readers(self.delegates)
        rows = [
            {
                "id": f"holder/{number}",
                "part": holder.part.value,
                "label": holder.label,
                "size_bytes": size,
                "share": size / total,
                "start_byte": min((start for start, _ in holder.spans), default=None),
                "segment": holder.segment,
                "method": holder.method,
                "methods": list(holder.methods),
                "chain": None if holder.reader is None else holder.reader.chain,
                "instruction": None if holder.reader is None else holder.reader.instruction,
                "op": holder.op,
                **_read_inside(holder, readers),
                "name": holder.name,
                "scalar_type": holder.scalar_type,
                "shape": None if holder.shape is None else list(holder.shape),
            }
            for number, (holder, size) in enumerate(
                zip(self.holders, self.owned.bytes_of.tolist(), strict=True)
            )
        ]
        return sorted(rows, key=lambda row: -row["size_bytes"])

    @property
    def segments(self) -> list[dict[str, Any]]:
        """A row per segment, and which parts of the file it holds."""
        parts: dict[int, dict[str, None]] = {}
        for holder in self.holders:
            if holder.segment is not None:
                parts.setdefault(holder.segment, {})[holder.part.value] = None
        return [
            {
                "segment": number,
                "start_byte": start,
                "size_bytes": size,
                "holds": list(parts.get(number, ())),
            }
            for number, (start, size) in enumerate(
                zip(
                    self.program.segment_start.tolist(),
                    self.program.segment_bytes.tolist(),
                    strict=True,
                )
            )
        ]

    def to_json(self, source: dict[str, Any], delegate: int | None = None) -> dict[str, Any]:
        """The machine-readable report; see docs/schemas/program.json.

        Args:
            source: path and hash of the file.
            delegate: number of the delegate whose operations are listed.
        """
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "source": source,
            "verdict": self.verdict,
            "coverage": self.coverage,
            "findings": [asdict(finding) for finding in self.findings],
            "methods": self.methods,
            "delegates": [found.row() for found in self.delegates],
            "operations": None if delegate is None else self.delegates[delegate].operation_rows(),
            "segments": self.segments,
            "test_cases": None if self.cases is None else list(self.cases.method),
            "treemap": treemap(self.rows, self.parts),
            "rows": self.rows,
        }


def _read_inside(
    holder: Holder, readers: dict[str, tuple[DelegateContents, int]]
) -> dict[str, Any]:
    """Which delegate has, or which of its operations reads, what a holder holds."""
    keys = holder.keys if holder.part is Part.NAMED_DATA else ()
    found = next((readers[key] for key in keys if key in readers), None)
    if found is None:
        return {"backend": holder.backend, "delegate": None, "operation": None, "reader": None}
    contents, operation = found
    return {
        "backend": contents.delegate.backend,
        "delegate": contents.number,
        "operation": operation,
        "reader": contents.name_of(operation),
    }


def _cases(program: Program) -> BundledCases | None:
    """The test cases in the bytes that were opened: the path may lead to another file by now."""
    try:
        return read_bundled_cases(program.file)
    except TraceError as error:
        where = program.path
        raise type(error)(error.message, path=where, offset=error.offset, cure=error.cure) from None


def program_report(program: Program) -> ProgramReport:
    """Answer "what is in this program, and what makes it big".

    Raises:
        TraceError: the test cases of a bundled program are damaged.
    """
    cases = _cases(program)
    holders = holders_of(program, cases)
    spans = [Span(*span, owner) for owner, held in enumerate(holders) for span in held.spans]
    owned = owned_bytes(program.file, spans, len(holders))
    return ProgramReport(program, cases, holders, owned, delegate_contents(program))
