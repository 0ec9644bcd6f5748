"""The zip around an ETRecord: what it holds, and the bytes of one member, within limits.

Nothing is ever written to disk, unpickled or run. A member is inflated piece by
piece and only up to the size that it declares, which is bounded.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from os import PathLike, fspath

from etscope.etdump.columns import Bytes
from etscope.etdump.errors import CorruptTrace, EmptyTrace, NotATrace, Truncated
from etscope.etdump.mapping import mapped

MARKER = "ETRECORD_V0"
CURE = "Generate the ETRecord again, or copy the file again in binary mode."

#: Largest declared sum of all members: weights are among them.
TOTAL_LIMIT = 2**40
#: Largest member that is read; the graph of a model of ten thousand operators has 30 MB.
MEMBER_LIMIT = 2**27
#: How far a member may be compressed once it is not small; real graphs stay below 60.
RATIO_LIMIT = 200
_SMALL = 2**20
#: Room for twenty thousand members.
_DIRECTORY_LIMIT = 2**20
_PIECE = 2**18
#: Where a directory ends: this mark, then at most 65,535 bytes of comment (APPNOTE.TXT 4.3.16).
_END, _END_WITHIN = b"PK\x05\x06", 22 + 65535
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|\\|[\x00-\x1f]|(^|/)\.{0,2}(/|$)")


class _View(io.RawIOBase):
    """An array as a file; one read may be bounded, so that no directory fills the memory."""

    def __init__(self, data: Bytes) -> None:
        super().__init__()
        self._data, self._at = data, 0
        self.longest: int | None = None

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._at, len(self._data))[whence]
        if start + offset < 0:
            raise OSError(f"there is no byte {start + offset}")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size is None or size < 0 else self._at + size
        end = min(end, len(self._data))
        if self.longest is not None and end - self._at > self.longest:
            raise OSError(f"its directory has more than {self.longest} bytes")
        piece = self._data[self._at : end].tobytes()
        self._at += len(piece)
        return piece


class Archive:
    """The members of one zip file, checked."""

    def __init__(self, source: str | PathLike[str] | bytes | Bytes) -> None:
        """Open a file or bytes.

        Raises:
            EmptyTrace, NotATrace: it is empty, or no ETRecord.
            CorruptTrace: its directory cannot be true, or is made to do harm.
        """
        self.data, path = mapped(source)
        self.path = None if path is None else fspath(path)
        self._zip = self._opened()
        self._infos = self._checked(self._zip.infolist())
        #: Member → bytes when inflated, in file order, without the marker.
        self.sizes = {n: info.file_size for n, info in self._infos.items() if n != MARKER}
        if MARKER not in self._infos:
            self._not_a_record(f"this zip file is not an ETRecord: its member {MARKER} is missing")

    def error(self, message: str, member: str | None = None) -> CorruptTrace:
        """What is wrong with a member, or with the archive, to be raised."""
        place = "" if member is None else f"member {_shown(member)}: "
        return CorruptTrace(place + message, path=self.path, cure=CURE)

    def read(self, member: str) -> bytes:
        """The bytes of a member.

        Raises:
            KeyError: there is no such member.
            Truncated, CorruptTrace: it cannot be read, or its checksum is wrong.
        """
        info = self._infos[member]
        if info.file_size > MEMBER_LIMIT:
            message = f"{info.file_size} bytes, more than the {MEMBER_LIMIT} that are read"
            raise self.error(message, member)
        # Asked here and not of all members: a cache of zeros among the weights is no bomb.
        if info.file_size > _SMALL and info.file_size > RATIO_LIMIT * info.compress_size:
            message = f"{info.compress_size} bytes that inflate to {info.file_size} are a zip bomb"
            raise self.error(message, member)
        if info.header_offset + info.compress_size > len(self.data):
            where = f"member {_shown(member)} ends behind the file"
            raise Truncated(where, path=self.path, offset=info.header_offset, cure=CURE)
        pieces: list[bytes] = []
        try:
            with self._zip.open(info) as stream:
                while piece := stream.read(_PIECE):
                    pieces.append(piece)
        # What zipfile raises for broken headers is not written down anywhere.
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as why:
            raise self.error(f"it cannot be inflated ({_said(why)})", member) from why
        except (NotImplementedError, RuntimeError) as why:
            raise self.error(f"it is stored in an unknown way ({_said(why)})", member) from why
        data = b"".join(pieces)
        if len(data) != info.file_size:
            message = f"it declares {info.file_size} bytes and has {len(data)}"
            raise self.error(message, member)
        return data

    def _opened(self) -> zipfile.ZipFile:
        if not len(self.data):
            message = "the file is empty"
            raise EmptyTrace(message, path=self.path, cure="Give the ETRecord of the export.")
        head = self.data[:4].tobytes()
        if head[:2] == b"\x80\x04" or head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x05"):
            self._not_a_record("this is a pickle, not an ETRecord; it was not opened")
        view = _View(self.data)
        view.longest = _DIRECTORY_LIMIT
        try:
            archive = zipfile.ZipFile(view)
        except Exception as why:
            if head != b"PK\x03\x04":
                self._not_a_record("this is not an ETRecord, which is a zip file")
            self._cut_off(why)
            raise self.error(f"the zip file cannot be opened ({_said(why)})") from why
        view.longest = None
        return archive

    def _cut_off(self, why: Exception) -> None:
        """A zip file has its directory at its end, so one that was cut off has none."""
        end = max(len(self.data) - _END_WITHIN, 0)
        if _END in self.data[end:].tobytes():
            return
        size = len(self.data)
        what = "it is cut off or damaged: the directory at the end of the zip file is missing"
        message = f"{what} after {size} bytes"
        cure = "Copy it again in binary mode and compare the sizes, or generate the ETRecord again."
        raise Truncated(message, path=self.path, offset=size, cure=cure) from why

    def _not_a_record(self, message: str) -> None:
        cure = "Give the file that ETRecord.save() wrote."
        raise NotATrace(message, path=self.path, cure=cure)

    def _checked(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.orig_filename
            if name.endswith("/") and not info.file_size and not _OUTSIDE.search(name[:-1]):
                continue  # a folder, which tools that zip again add
            if wrong := self._flaw(info):
                raise self.error(wrong, name)
            if name in found:
                raise self.error("it is there twice", name)
            found[name] = info
        if sum(info.file_size for info in found.values()) > TOTAL_LIMIT:
            raise self.error(f"its members declare more than {TOTAL_LIMIT} bytes")
        return found

    def _flaw(self, info: zipfile.ZipInfo) -> str | None:
        if _OUTSIDE.search(info.orig_filename):
            return "its name points out of the archive"
        if info.flag_bits & _ENCRYPTED:
            return "it is encrypted, which no ETRecord is"
        if info.compress_type not in _METHODS:
            return f"it is compressed by method {info.compress_type}, which no ETRecord is"
        if info.header_offset < 0 or info.file_size < 0 or info.compress_size < 0:
            return "its place in the file cannot be true"
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            return "its two sizes differ although it is not compressed"
        return None


def _shown(name: str) -> str:
    return repr(name if len(name) < 100 else name[:97] + "...")


def _said(why: BaseException) -> str:
    """The words of an exception on one line."""
    return " ".join(str(why).split())[:200] or type(why).__name__
