"""The evidence of a dead kernel is read under the names that we asked for, and believed about nothing."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import EvidenceError
from grader.execute.collect import KernelEvidence, collect
from grader.execute.reader import JSON_BYTES, Allowance, sent_run
from grader.limits import MIB
from grader.probes import Probe
from grader.values import FROM_KERNEL, Facts, TracedCall, Value

PROBE = Probe(id="p", subject="Net", steps=())
RUN: dict[str, Any] = {"probe": "p", "definition": 0, "status": "done"}


class Folder:
    """An evidence folder to be filled by a test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)

    def write(self, name: str, value: Any) -> None:
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        (self.path / name).write_bytes(text)

    def tensor(self, name: str, key: str) -> None:
        header = json.dumps({key: {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}).encode()
        self.write(name, struct.pack("<Q", len(header)) + header + bytes(8))

    def collect(self, allowance: Allowance | None = None) -> KernelEvidence:
        allowance = allowance or Allowance(tensor_bytes=MIB)
        return collect(self.descriptor, cells=[0, 1], probes=[PROBE], allowance=allowance)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    os.close(made.descriptor)


def test_an_empty_folder_is_no_evidence_and_no_fault(folder: Folder) -> None:
    found = folder.collect()

    assert (found.cells, found.probes, found.refusals, found.unfinished) == ({}, {}, [], None)


def test_what_the_agent_writes_is_taken(folder: Folder) -> None:
    folder.write("cell-1.json", {"index": 1, "status": "run"})
    folder.write("definitions.json", [{"name": "Net", "cell": 1, "line": 1}])
    folder.write("environment.json", {"python": "3.11", "numpy": None})
    folder.write("training.json", {"steps": 3, "stopped": "steps", "raised": None, "seconds": 0.1})
    folder.write("probe-p@0.json", RUN | {"values": {"v": {"kind": "tensor", "key": "p@0/v"}}})
    folder.tensor("probe-p@0.safetensors", "p@0/v")

    found = folder.collect()

    assert found.refusals == []
    assert list(found.cells) == [1]
    assert found.definitions[0].name == "Net"
    assert found.environment == {"python": "3.11"}
    assert found.training is not None
    assert found.training.steps == 3
    assert found.probes["p", 0].status == "done"
    assert list(found.tensors["p", 0].layout.tensors) == ["p@0/v"]


def test_a_probe_is_looked_for_on_every_definition_of_its_subject(folder: Folder) -> None:
    folder.write("definitions.json", [{"name": "Net", "cell": cell, "line": 1} for cell in (0, 1)])
    folder.write("probe-p@1.json", RUN | {"definition": 1})
    folder.write("probe-p@2.json", RUN | {"definition": 2})

    assert list(folder.collect().probes) == [("p", 1)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[" * 100_000, id="nested beyond reason"),
        pytest.param(
            b'{"probe":"p","definition":0,"status":"done","values":{"v":{"kind":"scalar","scalar":NaN}}}', id="NaN"
        ),
        pytest.param(json.dumps(RUN | {"status": "passed"}).encode(), id="a status that there is not"),
        pytest.param(json.dumps(RUN | {"marks": 100}).encode(), id="a field that there is not"),
        pytest.param(json.dumps(RUN | {"definition": "0"}).encode(), id="a text for a number"),
        pytest.param(json.dumps(RUN | {"probe": "q"}).encode(), id="of another probe"),
        pytest.param(
            json.dumps(RUN | {"values": {"v": {"kind": "tensor", "key": "p@0/v"}}}).encode(), id="a tensor not there"
        ),
        pytest.param(b'"\\ud800"', id="half a character"),
        pytest.param(b"\xff", id="not text"),
    ],
)  # fmt: skip
def test_a_malformed_record_is_refused_with_a_reason(content: bytes, folder: Folder) -> None:
    folder.write("probe-p@0.json", content)

    found = folder.collect()

    assert found.probes["p", 0].status == "refused"
    assert len(found.refusals) == 1


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"kind": "object", "facts": '{"class_name":"C"}'}, id="half of the facts as text"),
        pytest.param({"kind": "object", "facts": '{"class_name":"C","is_module":1}'}, id="text of another type"),
        pytest.param({"kind": "object", "facts": "[" * 100_000}, id="text without end"),
        pytest.param({"kind": "object", "facts": {"class_name": "C"}}, id="half of the facts"),
        pytest.param({"kind": "object", "facts": {"class_name": "C", "is_module": 1}}, id="facts of another type"),
        pytest.param({"kind": "none", "calls": '[{"module":"m"}]'}, id="half a call as text"),
        pytest.param({"kind": "none", "calls": "{}"}, id="calls in a mapping as text"),
        pytest.param({"kind": "none", "calls": [{"module": "m"}]}, id="half a call"),
        pytest.param({"kind": "none", "calls": {"0": []}}, id="calls in a mapping"),
    ],
)
def test_what_is_kept_as_text_is_checked_before(value: dict[str, object], folder: Folder) -> None:
    folder.write("probe-p@0.json", json.dumps({"probe": "p", "status": "done", "values": {"v": value}}).encode())

    found = folder.collect()

    assert found.probes["p", 0].status == "refused"
    assert "malformed" in found.refusals[0]


def test_facts_and_calls_are_kept_as_text_and_come_back() -> None:
    facts = {"class_name": "C", "is_module": True, "parameters": [{"name": "w", "shape": [2], "dtype": "float64"}]}
    call = {"module": "m", "class_name": "M", "inputs": ["1f"], "outputs": ["2f"]}
    sent = json.dumps({"kind": "object", "facts": json.dumps(facts), "calls": json.dumps([call])})

    value = Value.model_validate_json(sent, strict=True, context=FROM_KERNEL)
    stored = json.loads(value.model_dump_json())
    again = Value.model_validate(stored)

    assert isinstance(stored["facts"], str)
    assert isinstance(stored["calls"], str)
    assert again == value
    assert again.facts == Facts.model_validate(facts)
    assert tuple(again.calls) == (TracedCall.model_validate(call),)


def test_evidence_that_holds_no_text_yet_is_still_read() -> None:
    facts = {"class_name": "C", "is_module": True, "attributes": {"hidden_size": 7}}
    call = {"module": "m", "class_name": "M", "inputs": ["1f"], "outputs": ["2f"]}

    value = Value.model_validate_json(json.dumps({"kind": "object", "facts": facts, "calls": [call]}))

    assert value.facts == Facts.model_validate(facts)
    assert tuple(value.calls) == (TracedCall.model_validate(call),)


@pytest.mark.parametrize("stored", [{"facts": "{}"}, {"facts": "["}, {"calls": "{}"}, {"calls": '[{"module":1}]'}])
def test_stored_text_that_is_none_of_ours_is_malformed_when_it_is_looked_at(stored: dict[str, str]) -> None:
    value = Value.model_validate({"kind": "object", **stored})

    with pytest.raises(EvidenceError) as caught:
        len(value.calls) if "calls" in stored else value.facts
    assert caught.value.code == "evidence-malformed"


def test_a_record_that_was_believed_once_is_refused_where_its_tensor_is_missing_or_another(folder: Folder) -> None:
    folder.write("probe-p@0.json", RUN | {"values": {"v": {"kind": "tensor", "key": "p@0/v", "shape": [1]}}})
    folder.tensor("probe-p@0.safetensors", "p@0/v")
    assert folder.collect().probes["p", 0].status == "done"

    folder.tensor("probe-p@0.safetensors", "p@0/w")
    other = folder.collect()
    (folder.path / "probe-p@0.safetensors").unlink()
    missing = folder.collect()

    assert other.probes["p", 0].status == missing.probes["p", 0].status == "refused"
    assert "not there" in other.refusals[0]
    assert other.refusals == missing.refusals


def test_equal_records_count_each_time_against_what_may_be_stored(folder: Folder) -> None:
    folder.write("probe-p@0.json", RUN)
    allowance = Allowance(tensor_bytes=MIB)
    size = JSON_BYTES

    for _ in range(2):
        folder.collect(allowance)
        assert allowance.stored_bytes < size
        size = allowance.stored_bytes

    found = folder.collect(Allowance(tensor_bytes=MIB, stored_bytes=JSON_BYTES - size - 1))
    assert (found.probes["p", 0].status, len(found.refusals)) == ("done", 0)
    found = folder.collect(Allowance(tensor_bytes=MIB, stored_bytes=(JSON_BYTES - size) // 2 - 1))
    assert (found.probes["p", 0].status, len(found.refusals)) == ("refused", 1)


@pytest.mark.parametrize(("values", "is_kept"), [(1, True), (200, False)], ids=["small", "of many parts"])
def test_only_small_records_are_kept(values: int, is_kept: bool) -> None:
    content = json.dumps(RUN | {"values": {f"v{number}": {"kind": "none"} for number in range(values)}}).encode()

    assert (sent_run(content).run is sent_run(content).run) == is_kept
    assert sent_run(content) == sent_run(content)


def test_a_record_as_long_as_a_page_of_text_is_not_kept() -> None:
    content = json.dumps(RUN | {"values": {"v": {"kind": "text", "text": "x" * 17_000}}}).encode()

    assert sent_run(content).run is not sent_run(content).run
    assert sent_run(content).claims.trouble


def test_tensors_of_another_probe_are_refused(folder: Folder) -> None:
    folder.write("probe-p@0.json", RUN)
    folder.tensor("probe-p@0.safetensors", "q@0/v")

    assert folder.collect().probes["p", 0].status == "refused"


def test_a_record_behind_a_link_is_refused(folder: Folder) -> None:
    folder.write("real", RUN)
    (folder.path / "probe-p@0.json").symlink_to("real")

    assert folder.collect().probes["p", 0].status == "refused"


def test_tensors_beyond_the_allowance_are_refused(folder: Folder) -> None:
    folder.write("probe-p@0.json", RUN)
    folder.tensor("probe-p@0.safetensors", "p@0/v")

    found = folder.collect(Allowance(tensor_bytes=10))

    assert found.probes["p", 0].status == "refused"
    assert "bytes" in found.refusals[0]


def test_records_beyond_the_allowance_are_refused(folder: Folder) -> None:
    folder.write("probe-p@0.json", RUN)

    assert folder.collect(Allowance(tensor_bytes=MIB, json_bytes=10)).probes["p", 0].status == "refused"


def test_a_cell_that_calls_itself_another_is_not_taken(folder: Folder) -> None:
    folder.write("cell-0.json", {"index": 7, "status": "run"})

    assert folder.collect().cells == {}


def test_long_messages_are_shortened(folder: Folder) -> None:
    raised = {"type": "T" * 900, "message": "m" * 9000, "source": "s" * 9000}
    folder.write("probe-p@0.json", RUN | {"status": "raised", "raised": raised})

    found = folder.collect().probes["p", 0].raised

    assert found is not None
    assert (len(found.type), len(found.message), len(found.source)) == (100, 500, 500)


def test_the_journal_tells_what_was_begun_and_did_not_end(folder: Folder) -> None:
    lines = [
        {"begin": "statement", "cell": 0, "ordinal": 0, "line": 1},
        {"end": "statement", "cell": 0, "ordinal": 0},
        {"begin": "probe", "probe": "p", "definition": 1},
    ]
    folder.write("journal.jsonl", "\n".join([*map(json.dumps, lines), "rubbish", '{"cell": 3}']).encode())

    unfinished = folder.collect().unfinished

    assert unfinished is not None
    assert (unfinished.begin, unfinished.probe, unfinished.definition) == ("probe", "p", 1)


def test_a_journal_whose_units_all_ended_blames_nothing(folder: Folder) -> None:
    folder.write("journal.jsonl", b'{"begin":"probe","probe":"p"}\n{"end":"probe","probe":"p"}\n')

    assert folder.collect().unfinished is None
