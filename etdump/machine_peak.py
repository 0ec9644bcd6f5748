"""What a machine reached in a short calibration: the roof that operators are held against."""

from __future__ import annotations

from dataclasses import dataclass

from etscope.etdump.json_fields import Fields

#: Giga per second: from less than a microcontroller to more than any machine reaches.
_LEAST, _MOST = 1e-6, 1e9


@dataclass(frozen=True)
class MachinePeak:
    """Measured by a capture on the machine that ran the model, with at most so many threads.

    Each figure is the better one of all threads and of one; which it was is not recorded.
    Giga is 10^9. A multiplication with an addition counts as two operations.
    """

    threads: int
    float32_gflops_per_s: float  # the most that a product of matrices reached
    memory_gb_per_s: float  # the most that copying large arrays reached, read and written counted
    cache_gb_per_s: float | None = None  # the same of arrays that fit a cache; None: not measured
    int8_gops_per_s: float | None = None  # as for float32; None: not measured
    array_bytes: int | None = None  # size of each of the large arrays

    @classmethod
    def read(cls, fields: Fields) -> MachinePeak:
        """The peak of a manifest.

        Raises:
            CorruptTrace: a field of it cannot be true.
        """
        return cls(
            threads=fields.count("threads", 2**20),
            float32_gflops_per_s=_rate(fields, "float32_gflops_per_s"),
            memory_gb_per_s=_rate(fields, "memory_gb_per_s"),
            cache_gb_per_s=_maybe(fields, "cache_gb_per_s"),
            int8_gops_per_s=_maybe(fields, "int8_gops_per_s"),
            array_bytes=fields.maybe_count("array_bytes"),
        )


def _maybe(fields: Fields, key: str) -> float | None:
    return None if fields.value.get(key) is None else _rate(fields, key)


def _rate(fields: Fields, key: str) -> float:
    found = fields.number(key)
    if not _LEAST <= found <= _MOST:
        raise fields.error(f"'{key}' of {fields.place} is {found:g}, which cannot be true")
    return found
