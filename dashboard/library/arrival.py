"""One file that arrives in pieces: hashed on the way; a piece is kept whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

from etscope.dashboard.library.content import PIECE
from etscope.etdump.errors import UploadRefused


class Arrival:
    """A file of an upload, open for writing until `close`.

    Raises:
        UploadRefused: there is a file of that name.
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._digest = hashlib.sha256()
        try:
            self._stream = path.open("xb")
        except FileExistsError as error:
            raise UploadRefused(f"Another file of this upload is called {path.name}.") from error

    def add(self, offset: int, piece: IO[bytes], left: int) -> int:
        """Write a piece; how many bytes of the file there are now.

        Args:
            offset: bytes that the sender believes to be here.
            left: bytes that may come at most.

        Raises:
            UploadRefused: the sender is wrong about the offset, or sends more than `left`.
            OSError: the disk is full, or the sender is gone.
        """
        if offset != self.size_bytes:
            text = f"{self.size_bytes} bytes of this file are here, not {offset}: go on from there."
            raise UploadRefused(text, kept=self.size_bytes)
        digest, size = self._digest.copy(), self.size_bytes
        try:
            while part := piece.read(PIECE):
                size += len(part)
                if size - self.size_bytes > left:
                    raise UploadRefused(
                        "The upload is larger than the dashboard takes: open the file by its "
                        "path instead, with etscope on the machine where it lies.",
                        too_large=True,
                    )
                self._stream.write(part)
                digest.update(part)
            self._stream.flush()
        except BaseException:
            self._stream.seek(self.size_bytes)
            self._stream.truncate()
            raise
        self._digest, self.size_bytes = digest, size
        return size

    @property
    def sha256(self) -> str:
        """The hexadecimal hash of what is there."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """Nothing more is to come."""
        self._stream.close()
