"""Tables of mappings by hand, as in /proc/PID/smaps."""

from __future__ import annotations


def entry(place: str, access: str, path: str = "", *, offset: int = 0, rss: int = 8) -> str:
    """One mapping of a table; sizes in kB, half of the pages shared by two."""
    return (
        f"{place} {access} {offset:08x} fe:00 1234 {' ' * 20}{path}\n"
        f"Size:   99 kB\nKernelPageSize:  4 kB\nRss:  {rss} kB\nPss:  {rss * 3 // 4} kB\n"
        f"Shared_Clean: {rss // 2} kB\nPrivate_Clean: {rss // 4} kB\n"
        f"Private_Dirty: {rss // 4} kB\nSwap: 0 kB\nTHPeligible:    0\nVmFlags: rd wr mr \n"
    )
