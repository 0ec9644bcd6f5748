"""What a capture may find out before or while it runs, that its caller can act upon."""

from __future__ import annotations

from etscope.etdump.errors import CaptureError, UsageError
from etscope.etdump.manifest import PassOutcome


class DumpTooLarge(UsageError):
    """The plan would make a dump that the runtime cannot write.

    Attributes:
        fits: how many inferences of this plan one dump can hold.
    """

    def __init__(self, asked: int, fits: int) -> None:
        self.fits = fits
        super().__init__(
            f"{asked} inferences would make a dump of 2^31 bytes, where the runtime crashes; "
            f"{fits} fit."
        )


class TensorsNotLogged(CaptureError):
    """The tensor pass gave nothing.

    Attributes:
        outcome: how it ended, for the manifest.
    """

    def __init__(self, outcome: PassOutcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.reason or "No tensors were logged.")
