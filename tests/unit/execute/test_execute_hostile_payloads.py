"""What a kernel may write in place of its evidence: it is refused with a reason, and costs nothing but itself."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from grader.evidence import INDEX_BYTES, PartRecord
from grader.execute.collect import KernelEvidence, collect
from grader.execute.reader import Allowance
from grader.limits import MIB
from grader.probes import Probe

PROBES = [Probe(id=name, subject="Net", steps=()) for name in ("p", "honest")]
TENSOR = {"kind": "tensor", "key": "p@0/v", "shape": [2, 3], "dtype": "float64"}


class Folder:
    """The evidence folder of a dead kernel."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)
        self.run("honest", {"kind": "scalar", "scalar": 1})

    def run(self, probe: str, value: Any) -> None:
        self.text(f"probe-{probe}@0.json", json.dumps(record(value) | {"probe": probe}))

    def text(self, name: str, content: str | bytes) -> None:
        (self.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def tensors(self, **tensors: torch.Tensor) -> None:
        self.text("probe-p@0.safetensors", save({f"p@0/{name}": tensor for name, tensor in tensors.items()}))

    def collect(self) -> KernelEvidence:
        return collect(self.descriptor, cells=[0, 1], probes=PROBES, allowance=Allowance(tensor_bytes=MIB))

    def refusal(self) -> str:
        """Why the evidence of probe `p` was refused; that of the other was taken."""
        found = self.collect()
        assert found.probes["p", 0].status == "refused"
        assert found.probes["p", 0].values == {}
        assert ("p", 0) not in found.tensors
        assert found.probes["honest", 0].status == "done"
        (why,) = found.refusals
        return why


def record(value: Any) -> dict[str, Any]:
    return {"probe": "p", "definition": 0, "status": "done", "values": {"v": value}}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    os.close(made.descriptor)


@pytest.mark.parametrize(
    "number",
    ["1e999", "-1e999", "Infinity", "-Infinity", "NaN", "9" * 5000, "0x10", "1_000", "01"],
    ids=["1e999", "minus 1e999", "infinity", "minus infinity", "NaN", "5000 digits", "hex", "underscore", "octal"],
)
def test_a_number_that_is_none_is_refused(number: str, folder: Folder) -> None:
    folder.text("probe-p@0.json", json.dumps(record({"kind": "scalar", "scalar": 7})).replace(": 7", f": {number}"))

    assert "malformed" in folder.refusal()


def test_a_flood_of_nan_in_json_is_refused(folder: Folder) -> None:
    folder.text("probe-p@0.json", '{"probe":"p","status":"done","values":{"v":' + "[" + "NaN," * 400_000 + "NaN]}}")

    assert "malformed" in folder.refusal()


def test_a_flood_of_nan_in_a_tensor_is_what_the_student_computed(folder: Folder) -> None:
    folder.run("p", TENSOR)
    folder.tensors(v=torch.full((2, 3), float("nan"), dtype=torch.float64))

    assert folder.collect().probes["p", 0].status == "done"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param({"kind": "scalar", "scalar": 10**4000}, "63 bits", id="a number of 4000 digits"),
        pytest.param({"kind": "other", "changed": [2**64]}, "63 bits", id="a place beyond all places"),
        pytest.param({"kind": "text", "text": "x" * 2001}, "2001 characters", id="a text that is too long"),
        pytest.param({"kind": "dict", "names": ["n" * 301]}, "301 characters", id="a name that is too long"),
        pytest.param({"kind": "other", "gradients": {"g": "p@0/x"}}, "not there", id="a gradient that is not there"),
        pytest.param({"kind": "other", "calls": [1, 2]}, "is malformed", id="calls that are numbers"),
        pytest.param({"kind": "other", "calls": [{"module": "a"}]}, "is malformed", id="calls that lack fields"),
        pytest.param(
            {"kind": "object", "facts": {"class_name": "C", "is_module": True, "attributes": {"a": 10**30}}},
            "63 bits",
            id="an attribute of 31 digits",
        ),
        pytest.param(
            {
                "kind": "object",
                "facts": {
                    "class_name": "C",
                    "is_module": True,
                    "parameters": [{"name": "w", "shape": [-2, -2], "dtype": "float64"}],
                },
            },
            "shape",
            id="a parameter of negative size",
        ),
    ],
)
def test_a_record_that_would_only_fail_in_scoring_is_refused(value: Any, why: str, folder: Folder) -> None:
    folder.run("p", value)

    assert why in folder.refusal()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"shape": []}, id="a scalar's shape"),
        pytest.param({"shape": [3, 2]}, id="the shape turned round"),
        pytest.param({"shape": [2, -3]}, id="a negative size"),
        pytest.param({"shape": [2**70]}, id="a gigantic size"),
        pytest.param({"dtype": "float32"}, id="another type"),
        pytest.param({"dtype": "bool"}, id="a type of another size"),
        pytest.param({"key": "p@0/w"}, id="another name"),
    ],
)
def test_a_record_that_says_other_things_of_its_tensor_is_refused(change: dict[str, Any], folder: Folder) -> None:
    folder.run("p", TENSOR | change)
    folder.tensors(v=torch.zeros(2, 3, dtype=torch.float64))

    assert "tensor" in folder.refusal()


@pytest.mark.parametrize("depth", [17, 60])
def test_values_nested_beyond_reason_are_refused(depth: int, folder: Folder) -> None:
    value: dict[str, Any] = {"kind": "none"}
    for _ in range(depth):
        value = {"kind": "tuple", "items": [value]}
    folder.run("p", value)

    assert "deep" in folder.refusal()


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 300_000, '{"values":' + "[" * 500_000], ids=len)
def test_deep_json_is_refused(text: str, folder: Folder) -> None:
    folder.text("probe-p@0.json", text)

    assert "probe-p@0.json" in folder.refusal()


def test_a_record_that_would_grow_in_memory_a_hundredfold_is_refused_before_it_is_read(folder: Folder) -> None:
    folder.run("p", {"kind": "tuple", "items": [{"kind": "none"}] * 100_000})

    assert "20000 are allowed" in folder.refusal()


def test_records_that_would_grow_where_they_are_stored_leave_the_index_readable(folder: Folder) -> None:
    probes = [Probe(id=f"p{number}", subject="Net", steps=()) for number in range(6)]
    for probe in probes:
        folder.run(probe.id, {"kind": "tuple", "items": [{"kind": "none"}] * 15_000})
    statement = {"kind": "other", "line": 1, "end_line": 1, "status": "ok"}
    cell = {"index": 0, "status": "run", "statements": [statement] * 15_000}
    folder.text("cell-0.json", json.dumps(cell))

    found = collect(folder.descriptor, cells=[0], probes=probes, allowance=Allowance(tensor_bytes=MIB))

    part = PartRecord(
        part="student",
        level="none",
        seed="s",
        cells=tuple(found.cells.values()),
        probes=tuple(found.probes.values()),
    )
    assert len(part.model_dump_json()) < INDEX_BYTES
    assert [run.status for run in found.probes.values()].count("refused") >= 4
    assert all("to store" in why for why in found.refusals)


@pytest.mark.parametrize("what", ["fifo", "socket", "link", "link to itself", "link out", "folder", "device"])
def test_what_is_no_file_is_refused_without_waiting(what: str, folder: Folder) -> None:
    path = folder.path / "probe-p@0.json"
    server = socket.socket(socket.AF_UNIX)
    if what == "fifo":
        os.mkfifo(path)
    elif what == "socket":
        here = os.open(folder.path, os.O_PATH)
        server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)
    elif what == "folder":
        path.mkdir()
    elif what == "device":
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to({"link": "probe-honest@0.json", "link to itself": path.name, "link out": "/etc/hostname"}[what])

    why = folder.refusal()
    server.close()

    assert "not a regular file" in why or "cannot be opened" in why


@pytest.mark.parametrize("name", ["probe-p@0.json", "probe-p@0.safetensors"])
def test_gigabytes_are_refused_unread(name: str, folder: Folder) -> None:
    folder.run("p", {"kind": "none"})
    with (folder.path / name).open("wb") as file:
        file.truncate(2**42)

    assert f"has {2**42} bytes" in folder.refusal()


def test_floods_of_notes_and_of_long_names_are_cut(folder: Folder) -> None:
    folder.text("cell-0.json", json.dumps({"index": 0, "status": "run", "notes": ["n" * 900] * 900}))
    names = ["Net", "N" * 900]
    folder.text("definitions.json", json.dumps([{"name": name, "cell": 0, "line": 1} for name in names]))

    found = folder.collect()

    assert {len(note) for note in found.cells[0].notes} == {500}
    assert len(found.cells[0].notes) == 60
    assert [definition.name for definition in found.definitions] == ["Net"]
