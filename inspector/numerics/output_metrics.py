"""Outputs of a run beside those expected: signal to noise, squared error, direction."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from etscope.etdump.errors import MissingExtra


def _torch() -> Any:
    try:
        return import_module("torch")
    except ModuleNotFoundError as error:
        raise MissingExtra("comparing outputs needs torch: pip install torch") from error


def _snr(torch: Any, wanted: Any, given: Any) -> float:
    """Power of the reference over that of the difference, in dB; infinite where nothing differs."""
    noise = torch.mean((wanted - given) ** 2)
    return float(10 * torch.log10(torch.mean(wanted**2) / noise))


def _mse(torch: Any, wanted: Any, given: Any) -> float:
    return float(torch.mean((wanted - given) ** 2))


def _cosine(torch: Any, wanted: Any, given: Any) -> float:
    length = torch.sqrt(torch.sum(wanted**2)) * torch.sqrt(torch.sum(given**2))
    return float(torch.sum(wanted * given) / length)


#: Name → (torch, reference, output) → value, in single precision.
METRICS: dict[str, Callable[[Any, Any, Any], float]] = {
    "snr": _snr,
    "mse": _mse,
    "cosine_similarity": _cosine,
}


def compared(
    reference: list[Any], outputs: list[Any], metrics: list[str]
) -> tuple[dict[str, list[float | None]], list[str]]:
    """(metric → a value per output rounded to two decimals, what to tell about them).

    A value is None where the two cannot be compared. Numbers count as tensors of one
    element, lists of tensors as one long tensor.

    Raises:
        MissingExtra: torch is not installed.
    """
    torch = _torch()
    notes = []
    if len(reference) != len(outputs):
        less = min(len(reference), len(outputs))
        notes.append(
            f"{len(reference)} reference outputs and {len(outputs)} outputs: "
            f"only the first {less} are compared"
        )
    found: dict[str, list[float | None]] = {name: [] for name in metrics}
    for number, pair in enumerate(zip(reference, outputs, strict=False)):
        wanted, given = (_flat(torch, value) for value in pair)
        if fault := _fault(torch, pair, wanted, given):
            notes.append(f"output {number} {fault}")
        for name in metrics:
            known = wanted is not None and given is not None and wanted.shape == given.shape
            value = METRICS[name](torch, wanted, given) if known else None
            found[name].append(None if value is None else round(value, 2))
    return found, notes


def _flat(torch: Any, value: Any) -> Any:
    """A value as a tensor of floats in its own shape; None: it is of another kind."""
    if isinstance(value, torch.Tensor):
        return value.to(torch.float32)
    if isinstance(value, bool | int | float):
        return torch.tensor([float(value)], dtype=torch.float32)
    if isinstance(value, list | tuple) and value:
        parts = [_flat(torch, item) for item in value]
        if all(part is not None for part in parts):
            return torch.cat([part.reshape(-1) for part in parts])
    return None


def _fault(torch: Any, pair: tuple[Any, Any], wanted: Any, given: Any) -> str | None:
    """What makes a comparison impossible or doubtful; None: nothing."""
    if wanted is None or given is None:
        odd = pair[0] if wanted is None else pair[1]
        return f"is not compared: {type(odd).__name__} is no tensor and no number"
    if wanted.shape != given.shape:
        return f"is not compared: its shape is {tuple(given.shape)}, not {tuple(wanted.shape)}"
    odd = [
        f"{int((~torch.isfinite(tensor)).sum())} of the {which}"
        for which, tensor in (("reference", wanted), ("output", given))
        if not bool(torch.isfinite(tensor).all())
    ]
    return f"has values that are NaN or infinite: {' and '.join(odd)}" if odd else None
