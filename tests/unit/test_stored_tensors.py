"""Stored tensors are what the library reads; a damaged file is a fault with a name, never a wrong number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from grader.errors import EvidenceError
from grader.stored_tensors import StoredTensors

TYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def file_of(path: Path, header: Any, data: bytes = b"", *, length: int | None = None) -> StoredTensors:
    """A file with any header."""
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return StoredTensors(path)


def entry(shape: Any, offsets: Any, dtype: Any = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_every_type_and_shape_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    shapes: list[tuple[int, ...]] = [(), (1,), (3, 2), (2, 0, 4), (5,)]
    saved = {
        f"{str(dtype)[6:]}/{number}": (torch.arange(120) % 2).to(dtype)[: torch.Size(shape).numel()].reshape(shape)
        for dtype in TYPES
        for number, shape in enumerate(shapes)
    }
    save_file(saved, tmp_path / "all.safetensors", metadata={"made": "here"})
    expected = load_file(tmp_path / "all.safetensors")
    stored = StoredTensors(tmp_path / "all.safetensors")
    assert set(stored) == set(expected)
    assert len(stored) == len(expected)
    for name, tensor in expected.items():
        assert stored[name].dtype == tensor.dtype
        assert torch.equal(stored[name], tensor)
        assert stored[name].shape == tensor.shape


def test_what_is_not_there_is_not_there(tmp_path: Path) -> None:
    stored = StoredTensors(tmp_path / "none.safetensors")
    assert (dict(stored), stored.get("a"), "a" in stored) == ({}, None, False)
    assert stored.joined(["a"], [(1,)]) is None


def test_tensors_are_joined_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    a, b = torch.arange(6, dtype=torch.float64).reshape(2, 3), torch.full((2,), 7.5, dtype=torch.float64)
    save_file({"a": a, "b": b, "c": b.float(), "e": torch.empty(0, 3).double()}, tmp_path / "t.safetensors")
    stored = StoredTensors(tmp_path / "t.safetensors")
    joined = stored.joined(["b", "e", "a"], [(2,), (0, 3), (2, 3)])
    assert joined is not None
    assert torch.equal(joined, torch.cat([b, a.flatten()]))
    assert stored.joined(["b", "a"], [(2,), (3, 2)]) is None
    assert stored.joined(["b", None], [(2,), (3, 2)]) is None
    assert stored.joined(["c"], [(2,)]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(entry([2], [0, 8]), id="too few bytes for its shape"),
        pytest.param(entry([2], [8, 24]), id="beyond the end"),
        pytest.param(entry([-1, -2], [0, 16]), id="negative sizes"),
        pytest.param(entry([2.0], [0, 16]), id="a size that is no integer"),
        pytest.param(entry([True, 2], [0, 16]), id="a size that is a truth value"),
        pytest.param(entry([2], [0, 16], "F80"), id="an unknown type"),
        pytest.param(entry([2], [0, 16], ["F64"]), id="a type that is no text"),
        pytest.param(entry([2], [0]), id="one offset"),
        pytest.param(entry([2], ["0", "16"]), id="offsets that are no numbers"),
        pytest.param({"dtype": "F64"}, id="half an entry"),
        pytest.param([1, 2], id="no entry"),
    ],
)
def test_an_entry_that_cannot_be_is_malformed_when_it_is_asked_for(tmp_path: Path, wrong: Any) -> None:
    stored = file_of(tmp_path / "t.safetensors", {"bad": wrong, "good": entry([2], [0, 16])}, b"\0" * 16)
    assert torch.equal(stored["good"], torch.zeros(2, dtype=torch.float64))
    with pytest.raises(EvidenceError) as caught:
        stored["bad"]
    assert caught.value.code == "evidence-malformed"
    assert stored.joined(["good", "bad"], [(2,), (2,)]) is None


@pytest.mark.parametrize(
    ("header", "length"),
    [(b"{", None), (b"[1]", None), (b"{}", 10**15), (b"{}", 3), (b"\xff\xfe", None), (b"", 0)],
    ids=["cut off", "a list", "a huge length", "longer than the file", "no text", "empty"],
)
def test_a_file_without_a_header_is_malformed(tmp_path: Path, header: bytes, length: int | None) -> None:
    with pytest.raises(EvidenceError):
        list(file_of(tmp_path / "t.safetensors", header, length=length))


def block(index: Any, numbers: int, name: str = "p@0/*F64", dtype: str = "F64") -> dict[str, Any]:
    """A header with one block."""
    text = index if isinstance(index, str) else json.dumps(index)
    return {"__metadata__": {name: text}, name: entry([numbers], [0, 8 * numbers], dtype)}


def test_tensors_of_a_block_are_found_by_their_own_names(tmp_path: Path) -> None:
    data = torch.arange(7, dtype=torch.float64)
    text = json.dumps(block({"d/w": [2, 2], "d/none": [0, 9], "d/b": [3]}, 7)).encode()
    header = text + b" " * (-len(text) % 8)
    stored = file_of(tmp_path / "t.safetensors", header, data.numpy().tobytes())
    assert list(stored) == ["p@0/d/w", "p@0/d/none", "p@0/d/b"]
    assert len(stored) == 3
    assert stored["p@0/d/w"].tolist() == [[0, 1], [2, 3]]
    assert stored["p@0/d/none"].shape == (0, 9)
    assert "p@0/d/c" not in stored
    assert "p@0/*F64" not in stored
    assert stored.get("p@0/d/c") is None
    whole = stored.joined(["p@0/d/b", "p@0/d/w"], [(3,), (2, 2)])
    assert whole is not None
    assert whole.tolist() == [4, 5, 6, 0, 1, 2, 3]
    assert stored.joined(["p@0/d/b"], [(2,)]) is None


def test_a_group_may_have_blocks_of_several_types(tmp_path: Path) -> None:
    header = {
        "p@0/*I64": entry([1], [0, 8], "I64"),
        "p@0/*F64": entry([2], [8, 24]),
        "__metadata__": {"p@0/*I64": '{"both":[1]}', "p@0/*F64": '{"both":[2]}'},
    }
    stored = file_of(tmp_path / "two.safetensors", header, bytes(24))
    found = stored.find("p@0/both")
    assert found is not None
    assert found.dtype == torch.float64  # the types come in one order, whatever that of the file
    assert stored.find("p@0/other") is None
    assert stored.find("q@0/both") is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(block({"d/w": [3]}, 2), id="more than the block holds"),
        pytest.param(block({"d/w": [1]}, 2), id="less than the block holds"),
        pytest.param(block({"d/w": [-1], "d/v": [3]}, 2), id="a negative size"),
        pytest.param(block({"d/w": [True, 2]}, 2), id="a size that is a truth value"),
        pytest.param(block({"d/w": 2}, 2), id="a shape that is no list"),
        pytest.param(block([2], 2), id="an index that is a list"),
        pytest.param(block("{", 2), id="an index that is cut off"),
        pytest.param(block("[" * 100_000, 2), id="an index nested beyond reason"),
        pytest.param(block({"d/w": [2]}, 2, dtype="I64"), id="a block of another type than its name says"),
        pytest.param({"__metadata__": {"p@0/*F64": 5}, "p@0/*F64": entry([2], [0, 16])}, id="an index that is no text"),
    ],
)
def test_a_block_whose_index_cannot_be_is_malformed(tmp_path: Path, header: dict[str, Any]) -> None:
    stored = file_of(tmp_path / "t.safetensors", header, bytes(16))
    for look in (lambda: stored["p@0/d/w"], lambda: list(stored), lambda: "p@0/d/w" in stored):
        with pytest.raises(EvidenceError) as caught:
            look()
        assert caught.value.code == "evidence-malformed"
    assert stored.joined(["p@0/d/w"], [(2,)]) is None


def test_an_index_without_a_block_and_other_metadata_are_passed_over(tmp_path: Path) -> None:
    for metadata in ({"p@0/*F64": '{"d/w":[2]}'}, {"made": "here"}, [1], None):
        stored = file_of(tmp_path / "t.safetensors", {"__metadata__": metadata, "a": entry([1], [0, 8])}, bytes(8))
        assert list(stored) == ["a"]


def test_a_file_that_is_no_file_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"\1\0")
    (tmp_path / "folder").mkdir()
    for name in ("short", "folder"):
        with pytest.raises(EvidenceError):
            len(StoredTensors(tmp_path / name))
