"""Arenas by the device that they lie on: the memories of two devices are two memories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.inspector.memory.arenas import ArenaUse
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.wording import size_text

HOST = "cpu:0"

#: How figures over all arenas are to be read where there are several devices.
OVER_DEVICES = (
    "its arenas lie on several devices: peak, curve, operators and what if add up all of them, "
    "though no memory holds the sum"
)

_TYPES = {0: "cpu", 1: "cuda"}


@dataclass(frozen=True, eq=False)
class DeviceUse:
    """What a method plans on one device. All bytes are planned."""

    device: str  # "cpu:0"
    arenas: tuple[ArenaUse, ...]

    @property
    def planned_bytes(self) -> int:
        """The size of its arenas together."""
        return sum(use.size_bytes for use in self.arenas)

    @cached_property
    def live_bytes(self) -> Ints:
        """Bytes in use per step, the first of step -1; each byte once."""
        out: Ints = np.stack([use.live_bytes for use in self.arenas]).sum(0, dtype=np.int64)
        return out

    @property
    def peak_bytes(self) -> int:
        """The most bytes in use in one step."""
        return int(self.live_bytes.max())

    @property
    def peak_step(self) -> int:
        """The first step of the peak; -1: before the first instruction."""
        return int(self.live_bytes.argmax()) - 1


def devices_of(method: Method) -> dict[int, str]:
    """Arena → its device; arenas that are left out are the host's."""
    return {
        place.arena: f"{_TYPES.get(place.device_type, place.device_type)}:{place.device_index}"
        for place in method.arena_devices
    }


def device_uses(plan: MemoryPlan) -> tuple[DeviceUse, ...]:
    """The arenas of a method by device, the host's first; none where there is no arena."""
    names = devices_of(plan.method)
    found: dict[str, list[ArenaUse]] = {}
    for use in plan.arenas:
        found.setdefault(names.get(use.arena, HOST), []).append(use)
    ranked = sorted(found.items(), key=lambda item: item[0] != HOST)
    return tuple(DeviceUse(device, tuple(uses)) for device, uses in ranked)


def planned_by_device(method: Method) -> dict[str, int]:
    """Device → bytes of the arenas that a method plans there, the host's first."""
    names = devices_of(method)
    found: dict[str, int] = {}
    for arena, size in enumerate(method.arena_bytes.tolist()[1:], start=1):
        device = names.get(arena, HOST)
        found[device] = found.get(device, 0) + size
    return dict(sorted(found.items(), key=lambda item: item[0] != HOST))


def host_arenas(method: Method) -> dict[int, int]:
    """Arena → bytes, of those in the memory of the host: what its heap is asked for."""
    names = devices_of(method)
    sizes = enumerate(method.arena_bytes.tolist()[1:], start=1)
    return {arena: size for arena, size in sizes if names.get(arena, HOST).startswith("cpu:")}


def sizes_text(sizes: dict[str, int]) -> str:
    """Bytes per device in a sentence: "8.19 kB", "8.19 kB on cpu:0 and 4.1 kB on cuda:0"."""
    if list(sizes) in ([], [HOST]):
        return size_text(sum(sizes.values()))
    return " and ".join(f"{size_text(size)} on {device}" for device, size in sizes.items())
