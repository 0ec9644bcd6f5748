"""What torch.save wrote, read without running anything in it."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

from etscope.etdump.errors import CorruptTrace, MissingExtra


def saved_values(data: bytes, what: str) -> Any:
    """The tensors, lists and dictionaries in a file of torch.save.

    Raises:
        MissingExtra: torch is not installed.
        CorruptTrace: it holds anything else, or cannot be read.
    """
    try:
        torch = import_module("torch")
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{what} need torch: pip install torch") from error
    try:
        return torch.load(io.BytesIO(data), weights_only=True)
    except Exception as error:  # torch raises whatever its readers met
        first = str(error).partition("\n")[0][:200]
        raise CorruptTrace(
            f"{what} cannot be read: {first}", cure="Save the record again."
        ) from None
