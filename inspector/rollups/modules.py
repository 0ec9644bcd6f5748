"""Time by nn.Module: a tree of who calls whom, as the export recorded it.

Paths are compared whole, so `layer1` never counts `layer10`. A module that is
called several times in one place is one entry that counts its calls; called from
several modules it has an entry under each of them, and their sum is its time.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from etscope.etdump.program_graph import Module
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.rollups.remainders import not_mapped, of_delegate_call, of_kind
from etscope.inspector.rollups.table import Entry, Place, Rollup, Sheet

ROOT = "(root)"


def shown_module(path: str | None) -> str | None:
    """A module's path as it is shown: the root has none of its own; None: not known."""
    return ROOT if path == "" else path


def by_module(latency: MethodLatency, origins: Origins) -> Rollup:
    """Time by module. A module's own time is that of operators in no module inside it.

    An operator that was fused into another counts where that other comes from. What
    a delegate call takes outside of its operations lies in the innermost module
    that holds all of them.
    """
    tree = _Tree(Sheet("module", latency, origins))
    for row, head in tree.sheet.rows():
        kind, modules = latency.rows.kind[head], origins[head].modules
        place = tree.place(modules)
        rest = of_delegate_call(latency, head) if kind == "delegate" else None
        if not modules and rest is None:
            rest = of_kind(kind) or not_mapped(tree.sheet, head, "module")
        if rest is None:
            tree.sheet.drafts[place].rows.append(row)
            continue
        keys = {"module": modules[-1].path} if modules else {}
        at = (*place, rest.name)
        draft = tree.sheet.draft(at, rest.name, remainder=True, detail=rest.detail, keys=keys)
        draft.rows.append(row)
    tree.describe()
    return tree.sheet.rollup()


def short_name(entry: Entry, above: Entry | None) -> str:
    """The name of a module without what the one above it says already."""
    path = above.keys.get("module") if above is not None else None
    return entry.name.removeprefix(f"{path}.") if path and not entry.remainder else entry.name


class _Tree:
    """The places of modules, and what was seen of each."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._holders = _holders(sheet.origins)
        self._calls: dict[Place, set[tuple[int, ...]]] = {}
        self._types: dict[Place, Counter[str]] = {}

    def place(self, modules: tuple[Module, ...]) -> Place:
        """The place of a stack of modules, with drafts for all of them."""
        place: Place = ()
        calls: tuple[int, ...] = ()
        above = ""
        for depth, module in enumerate(modules):
            holder = module.path.rpartition(".")[0]
            if depth and (above, holder) in self._holders:
                place = (*place, holder)
                self.sheet.draft(place, holder, keys={"module": holder})
            place = (*place, module.path)
            self.sheet.draft(place, module.path or ROOT, keys={"module": module.path})
            calls = (*calls, module.call)
            self._calls.setdefault(place, set()).add(calls)
            self._types.setdefault(place, Counter())[module.type] += 1
            above = module.path
        return place

    def describe(self) -> None:
        """Write what is known about the modules into their drafts.

        A pass of the export may name another class for a module that it rewrote: the
        one that most operators name counts.
        """
        for place, draft in self.sheet.drafts.items():
            if draft.remainder:
                continue
            if place not in self._calls:
                draft.detail = "not called itself"
                continue
            ((kind, _),) = self._types[place].most_common(1)
            draft.calls = float(len(self._calls[place]))
            draft.detail = kind.rpartition(".")[2]
            draft.keys["module_type"] = kind


def _holders(origins: Origins) -> frozenset[tuple[str, str]]:
    """(caller, holder) of lists of modules: those are never called, but have several inside."""
    held: dict[tuple[str, str], set[str]] = {}
    called = {module.path for origin in origins.rows for module in origin.modules}
    for stack in {origin.modules for origin in origins.rows}:
        for outer, inner in pairwise(stack):
            holder = inner.path.rpartition(".")[0]
            if holder and holder not in called:
                held.setdefault((outer.path, holder), set()).add(inner.path)
    return frozenset(pair for pair, inside in held.items() if len(inside) > 1)
