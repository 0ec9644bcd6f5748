"""What can be wrong with a file, and where.

EtscopeError
├ TraceError                 something is wrong with a file that was given to us
│ ├ NotATrace                the identifier is not the one of this format
│ ├ MissingFile              there is no such file
│ ├ EmptyTrace               the file holds nothing, or no events; says why a runtime emits that
│ ├ Truncated                the file ends before something that it points to
│ ├ CorruptTrace             an offset, count or text in the file cannot be true
│ ├ ChangedTrace             the file is not what it was when it was listed
│ ├ TraceTooLarge            what is to be written would pass the format's limit
│ └ PluginFault              a backend's plug-in failed at it; says which plug-in
├ CaptureError               a runtime could not be run, or died; carries its last words
├ UsageError                 the request itself makes no sense
├ UnknownTrace               nothing that was opened has this key
├ UploadRefused              what is sent is too large, out of order or no trace
└ MissingExtra               an optional library is not installed; prints the install line
"""

from __future__ import annotations

from os import PathLike, fspath


class EtscopeError(Exception):
    """Base of every error that etscope raises on purpose."""


class TraceError(EtscopeError):
    """Something is wrong with a file.

    The text is one sentence with the place and one with the cure:
    ``run.etdp, byte 1204: the event vector ends behind the file. Record it again ...``

    Attributes:
        path: the file, or None when it came as bytes.
        offset: byte offset in that file, or None when no single byte is to blame.
        cure: what the reader of the message can do.
    """

    default_cure = "Record the trace again, or open it with strict=False to keep what is readable."

    def __init__(
        self,
        message: str,
        *,
        path: str | PathLike[str] | None = None,
        offset: int | None = None,
        cure: str | None = None,
    ) -> None:
        self.message = message
        self.path = None if path is None else fspath(path)
        self.offset = offset
        self.cure = self.default_cure if cure is None else cure
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The whole sentence: place, what is wrong, what to do."""
        place = "the given bytes" if self.path is None else self.path
        if self.offset is not None:
            place += f", byte {self.offset}"
        return f"{place}: {self.message.rstrip('.')}. {self.cure}".rstrip()


class NotATrace(TraceError):
    """The identifier is not the one of this format."""

    default_cure = "Give the file that the runtime or the exporter wrote."


class MissingFile(TraceError, FileNotFoundError):
    """There is no such file; a FileNotFoundError, too."""

    default_cure = "Check the path."


class EmptyTrace(TraceError):
    """The file holds nothing, or no events."""

    default_cure = (
        "Build the runtime with event tracing (EXECUTORCH_ENABLE_EVENT_TRACER=ON, "
        "EXECUTORCH_BUILD_DEVTOOLS=ON), attach an ETDumpGen, run an inference, then write the dump."
    )


class Truncated(TraceError):
    """The file ends before something that it points to."""

    default_cure = (
        "Copy the file again in binary mode, or open it with strict=False to keep what is readable."
    )


class CorruptTrace(TraceError):
    """An offset, count or text in the file cannot be true."""


class ChangedTrace(TraceError):
    """The file is not what it was when it was listed."""

    default_cure = "Wait until it is written, then open it again from the list."


class TraceTooLarge(TraceError):
    """What is to be written would pass the format's limit of 2^31 bytes."""

    default_cure = "Record fewer inferences, or split them over several dumps."


class PluginFault(TraceError):
    """A backend's plug-in failed at what a file holds for it; the text names the plug-in."""

    default_cure = "Repair or uninstall the package that brings it."


class CaptureError(EtscopeError):
    """A runtime could not be run, or died; the text carries its last words."""


class UsageError(EtscopeError):
    """The request makes no sense; the text says what would."""


class UnknownTrace(EtscopeError):
    """Nothing that was opened has this key; the text says what to do."""


class UploadRefused(EtscopeError):
    """What is sent is too large, out of order or no trace; the text says which and what to do.

    Attributes:
        kept: bytes of the file that are there, where the sender can go on from them.
        too_large: whether a limit was passed.
    """

    def __init__(self, text: str, *, kept: int | None = None, too_large: bool = False) -> None:
        super().__init__(text)
        self.kept = kept
        self.too_large = too_large


class MissingExtra(EtscopeError):
    """An optional library is not installed; the text holds the install line."""
