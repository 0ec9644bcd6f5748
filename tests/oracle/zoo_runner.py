"""Runs programs on the real runtime, each in a process of its own: the runtime may end it.

The processes are forked from one that never computed anything. Forked from the exporter they
would wait forever for the threads that torch has there.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import torch
from executorch.extension.pybindings.portable_lib import _load_for_executorch

#: Registers the kernels of ExecuTorch's own extension.
_EXTENSION = import_module("executorch.extension.llm.custom_ops.custom_ops")


class Runner:
    """The process that runs are forked from. Make it before any model."""

    def __init__(self) -> None:
        self._pipe, theirs = Pipe()
        if not os.fork():
            self._pipe.close()
            _serve(theirs)
            os._exit(0)
        theirs.close()

    def run(
        self,
        program: Path,
        calls: Sequence[tuple[str, Any]],
        dump: Path,
        tensors: Path | None,
        size: int,
    ) -> int:
        """Exit code of a process that makes these calls (method, inputs) and writes the dump.

        Args:
            tensors: where to write what was logged, from a buffer of `size` bytes; None: nothing.
        """
        job = io.BytesIO()
        torch.save([str(program), list(calls), str(dump), str(tensors or ""), size], job)
        self._pipe.send_bytes(job.getvalue())
        return int.from_bytes(self._pipe.recv_bytes(), "little", signed=True)


def _serve(pipe: Connection) -> None:
    while True:
        try:
            job = torch.load(io.BytesIO(pipe.recv_bytes()), weights_only=True)
        except EOFError:
            return
        child = os.fork()
        if not child:
            os._exit(_done(*job))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        pipe.send_bytes(code.to_bytes(4, "little", signed=True))


def _done(program: str, calls: list[tuple[str, Any]], dump: str, tensors: str, size: int) -> int:
    try:
        module = _load_for_executorch(program, enable_etdump=True, debug_buffer_size=size)
        for method, inputs in calls:
            module.run_method(method, inputs)
        module.write_etdump_result_to_file(dump, tensors)
    except BaseException as error:
        sys.stderr.write(f"{dump}: {error!r}\n")
        return 1
    return 0
