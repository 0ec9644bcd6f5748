"""What a machine reached in a short calibration: the roof that operators are held against."""

from __future__ import annotations

from dataclasses import dataclass

from etscope.etdump.json_fields import Fields


@dataclass(frozen=True)
class MachinePeak:
    """Measured by a capture on the machine that ran the model, with up to as many threads.

    Giga is 10^9. A multiplication with an addition counts as two operations.
    """

    threads: int
    float32_gflops_per_s: float  # the most that a product of large matrices reached
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
            float32_gflops_per_s=fields.number("float32_gflops_per_s"),
            memory_gb_per_s=fields.number("memory_gb_per_s"),
            cache_gb_per_s=_maybe(fields, "cache_gb_per_s"),
            int8_gops_per_s=_maybe(fields, "int8_gops_per_s"),
            array_bytes=fields.maybe_count("array_bytes"),
        )


def _maybe(fields: Fields, key: str) -> float | None:
    return None if fields.value.get(key) is None else fields.number(key)
