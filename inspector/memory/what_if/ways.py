"""How a method can be made to need less: what has to be done, and how far away that is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Effort(Enum):
    """What an answer asks of the user, the nearest first."""

    OPTION = "export option"  # an option or a pass of the exporter does it
    MODEL = "model change"  # the source of the model has to be written otherwise
    PLANNER = "custom planner"  # a planning algorithm or pass of one's own
    RUNTIME = "runtime change"  # kernels that the stock runtime has not

    @property
    def rank(self) -> int:
        """0 for the nearest."""
        return list(Effort).index(self)

    @property
    def doable(self) -> bool:
        """Whether exporting again is enough, with what exporter and runtime have today."""
        return self in (Effort.OPTION, Effort.MODEL)


class Way(NamedTuple):
    """How one thing is done otherwise."""

    effort: Effort
    how: str  # a few words that stand behind "with"
    advice: str  # what to do; where the names are: executorch 1.5


REINPLACE = Way(
    Effort.OPTION,
    "run_reinplace_pass=True",
    "Export with ExecutorchBackendConfig(run_reinplace_pass=True): it puts index_put_ in the place"
    " of index_put, which the stock runtime has.",
)
IN_PLACE = Way(
    Effort.RUNTIME,
    "kernels in place",
    "Would need run_reinplace_pass=True with these operators in reinplace_extra_ops, and a runtime"
    " in which their kernels in place (such as aten::relu_) are registered: the stock one has only"
    " copy_ and index_put_, and does not load the program. A backend that fuses the operators"
    " does without. Writing x.add_(y) or inplace=True in the model changes nothing.",
)
CONST_PROP = Way(
    Effort.OPTION,
    "do_quant_fusion_and_const_prop=True",
    "Export with ExecutorchBackendConfig(do_quant_fusion_and_const_prop=True), which runs"
    " constant_prop_pass; a backend that packs its weights does without, too.",
)
VIEWS = Way(
    Effort.OPTION,
    "remove_view_copy=True",
    "Export with ExecutorchBackendConfig(remove_view_copy=True), which is the default.",
)
CLONES = Way(
    Effort.OPTION,
    "RemoveCloneOpsTransform",
    "Run RemoveCloneOpsTransform of executorch.backends.transforms.remove_clone_ops:"
    " edge.transform([RemoveCloneOpsTransform()]) before to_executorch.",
)
RESHAPES = Way(
    Effort.MODEL,
    "x.view(…) where the model copies",
    "Write the change of shape as x.view(…) in the model: the exporter makes a view of it, but not"
    " of squeeze, unsqueeze or expand. torch.matmul expands: torch.bmm of three dimensions does"
    " not.",
)
SHOWN = Way(
    Effort.RUNTIME,
    "views where the runtime copies",
    "Would need kernels or a backend that take a part of a value where it lies: the portable"
    " runtime copies.",
)
TWICE = Way(
    Effort.MODEL,
    "one value made twice",
    "Call it a second time in the model, where its result is used again.",
)
ORDER = Way(
    Effort.MODEL,
    "another order of calls",
    "Move the lines of the model that make these values next to what uses them: the exporter keeps"
    " the order of the source.",
)
WRITE_BACKS = Way(
    Effort.PLANNER,
    "write-backs made earlier",
    "Would need a pass of your own: the exporter puts the copies that write buffers back at the"
    " end, whatever the order of the model. With ExecutorchBackendConfig(run_reinplace_pass=True)"
    " an index_put into a buffer needs no such copy.",
)
PLACES = Way(
    Effort.PLANNER,
    "another planning algorithm",
    "Would need an algorithm of your own, given as memory_planning_algo to MemoryPlanningPass:"
    " those of executorch.exir.memory_planning (greedy, naive) need not come as low.",
)


def alignment_way(alignment: int, exact: bool) -> Way:
    """A smaller alignment. `exact`: the exporter's own places need no more than ours."""
    how = f"alignment={alignment}"
    if exact:
        advice = f"Give MemoryPlanningPass(alignment={alignment}) to the export."
        return Way(Effort.OPTION, how, advice)
    return Way(
        Effort.PLANNER,
        f"{how} and another planning algorithm",
        f"Would need MemoryPlanningPass(alignment={alignment}) and an algorithm of your own: the"
        " exporter's places need more than those that this was estimated with.",
    )


def all_of(ways: list[Way]) -> Way:
    """All of some together: as far away as the farthest."""
    ways = sorted(dict.fromkeys(ways), key=lambda way: way.effort.rank)
    return Way(
        ways[-1].effort,
        " and ".join(way.how for way in ways),
        " ".join(way.advice for way in ways),
    )
