"""Run as a child process: imports the modules it is given and says how each went.

Before a module is imported its name is written, so that the parent knows at
which one the process died.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from importlib import import_module


def main(modules: Sequence[str]) -> None:
    """Import `modules` one after the other; one or two JSON lines each on stdout."""
    answers = sys.stdout
    # What a module prints while it is imported must not mix with the answers.
    sys.stdout = sys.stderr
    for module in modules:
        answers.write(json.dumps({"module": module}) + "\n")
        answers.flush()
        begin = time.perf_counter()
        error = _import(module)
        seconds = time.perf_counter() - begin
        answers.write(json.dumps({"module": module, "error": error, "seconds": seconds}) + "\n")
        answers.flush()


def _import(module: str) -> str | None:
    try:
        import_module(module)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
