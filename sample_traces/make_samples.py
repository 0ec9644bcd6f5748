"""Makes every sample trace again, with the real runtime: `make samples`.

Run from the repository root, so that source paths are recorded relative to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from etscope.devtools.capture.choice import CaptureRequest
from etscope.devtools.capture.session import capture

HERE = Path("sample_traces")

#: All samples together; more would not belong in a repository.
LIMIT_BYTES = 5_000_000


def requests() -> list[CaptureRequest]:
    """One request per sample."""

    def sample(name: str, factory: str, **options: object) -> CaptureRequest:
        target = f"{HERE.as_posix()}/models.py:{factory}"
        chosen = {"iterations": 20, "warmup": 3, **options}
        return CaptureRequest(target, HERE / name, "executorch", **chosen)  # type: ignore[arg-type]

    return [
        sample("convnet_portable", "convnet"),
        sample("convnet_xnnpack", "convnet", backend="xnnpack"),
        sample("convnet_int8_xnnpack", "convnet", backend="xnnpack", quantize="int8"),
        sample("transformer_kv", "decoder", iterations=5, warmup=2),
        sample("two_methods", "encoder_and_restorer"),
        sample("many_inputs", "convnet_many_inputs", iterations=8),
    ]


def size_of(bundle: Path) -> int:
    """Bytes of a bundle's files."""
    return sum(path.stat().st_size for path in bundle.iterdir())


def main() -> int:
    """Capture all samples; 1 if they are too large together."""
    total = 0
    for request in requests():
        bundle = capture(request)
        total += size_of(bundle)
        print(f"{size_of(bundle):>9,} bytes  {bundle}")
    print(f"{total:>9,} bytes in all, of at most {LIMIT_BYTES:,}")
    return 0 if total <= LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
