"""Plug-ins: etscope's own, those of other packages, and broken ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint

import numpy as np
import program_builder as make
import pytest
from project import ROOT

from etscope.etdump.columns import Bytes
from etscope.etdump.errors import NotATrace, UsageError
from etscope.etdump.program import read_program
from etscope.inspector import backends
from etscope.inspector.backends.operations import Attribution, Confidence, Operations


class Vendor:
    """A backend that numbers its operations: one byte of its blob is one debug handle."""

    names = ("VendorBackend", "XnnpackBackend")
    resolution_ns = None

    def operations(self, blob: Bytes) -> Operations:
        return Operations.plain(self.names[0], ["op"] * len(blob), blob.astype(np.int64))

    def attribute(self, events: Sequence[str | int], operations: Operations) -> Attribution:
        rows = np.array([int(event) for event in events], np.int64)
        sure = np.full(len(rows), Confidence.EXACT, np.uint8)
        return Attribution(rows, operations.handle[rows], sure, ("numbered",) * len(rows))


class Nameless:
    names = (1,)


def install(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Entry points as an installed package would bring them."""
    points = [EntryPoint(name, f"{__name__}:{name}", backends.GROUP) for name in names]
    monkeypatch.setattr(EntryPoint, "load", lambda point: globals()[point.name])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    backends.backends.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    backends.backends.cache_clear()


def program() -> bytes:
    method = make.method(
        values=[make.integer(1)],
        delegates=[make.delegate("VendorBackend"), make.delegate("Unheard")],
        operators=[("aten::add", "out")],
        chains=[
            [make.delegate_call(0, 0), make.delegate_call(1, 0), make.kernel(0, 0)],
        ],
    )
    return make.program(method, blobs=[b"\x05\x09\x02"])


def test_a_package_adds_its_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "Vendor")
    operations = backends.delegate_operations(read_program(program()), "forward", 0)
    assert operations is not None
    assert operations.handle.tolist() == [5, 9, 2]
    found = backends.attribute([2, 0], operations)
    assert found.handle.tolist() == [2, 5]
    assert backends.resolution_ns("VendorBackend") is None


def test_a_package_may_replace_the_plug_in_of_etscope(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "Vendor")
    assert isinstance(backends.backend_of("XnnpackBackend"), Vendor)


def test_xnnpack_is_known_without_any_package(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    assert list(backends.backends()) == ["XnnpackBackend"]
    assert backends.resolution_ns("XnnpackBackend") == 1000
    assert backends.resolution_ns("Unheard") is None
    assert backends.resolution_ns(None) is None


@pytest.mark.parametrize("row", [1, 2, 3, -1])
def test_what_no_plug_in_reads_has_no_operations(row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "Vendor")
    assert backends.delegate_operations(read_program(program()), "forward", row) is None


def test_operations_of_an_unknown_backend_stay_unknown() -> None:
    operations = Operations.plain("Unheard", ["op"], np.array([3]))
    found = backends.attribute(["a", "b"], operations)
    assert found.operation.tolist() == [-1, -1]
    assert found.reason == ("no plug-in reads Unheard",) * 2


def test_a_broken_plug_in_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "Nameless")
    with pytest.raises(UsageError, match=r"'Nameless'.*names are not texts"):
        backends.backends()


def test_a_damaged_delegate_says_where() -> None:
    method = make.method(
        values=[make.integer(1)],
        delegates=[make.delegate("XnnpackBackend")],
        chains=[[make.delegate_call(0, 0)]],
    )
    data = make.program(method, blobs=[b"no delegate of XNNPACK"])
    with pytest.raises(NotATrace) as caught:
        backends.delegate_operations(read_program(data), "forward", 0)
    assert caught.value.offset == data.index(b"no delegate") + 4


def test_names_that_are_not_there() -> None:
    path = ROOT / "sample_traces" / "convnet_xnnpack.etscope" / "program.pte"
    with pytest.raises(KeyError, match="nowhere"):
        backends.delegate_operations(read_program(path), "nowhere", 0)
