"""The pass of a capture that measures its machine; without it, no rate has anything beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from etscope.devtools.diagnosis.child import run_module
from etscope.etdump.errors import CorruptTrace
from etscope.etdump.json_fields import Fields
from etscope.etdump.machine_peak import MachinePeak
from etscope.etdump.manifest import PassOutcome

_MODULE = "etscope.devtools.capture.calibration"
#: Measuring takes a second; importing torch may take many on a machine that is busy.
LIMIT_S = 60.0


def calibrate(
    threads: int | None, limit_s: float = LIMIT_S
) -> tuple[MachinePeak | None, PassOutcome]:
    """What this machine reaches with so many threads, measured in a fresh process.

    Args:
        threads: as the runtime used; None: as many as there are cores.

    Returns:
        The figures, or None with an outcome that says why: a bundle is worth having without them.
    """
    count = threads or os.cpu_count() or 1
    try:
        ended = run_module(_MODULE, [str(count)], limit_s=limit_s)
    except OSError as why:
        return None, PassOutcome("failed", f"The calibration could not be started ({why}).")
    if ended.code != 0:
        return None, PassOutcome("failed", f"The calibration {ended.end}: {ended.last_words}")
    try:
        found = Fields(json.loads(ended.output), "the calibration", Path(_MODULE))
        return MachinePeak.read(found), PassOutcome("ok")
    except (ValueError, RecursionError, CorruptTrace) as why:
        return None, PassOutcome("failed", f"The calibration printed no figures ({why}).")
