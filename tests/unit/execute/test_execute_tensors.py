"""Safetensors files from a kernel are checked to the last offset before they are stored."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import torch
from helpers.stored import load
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as load_plainly
from safetensors.torch import save

from grader.execute.readback import RefusedError
from grader.execute.tensors import pack, unpack


def raw(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(shape: Any = (1,), offsets: Any = (0, 8), dtype: Any = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_what_the_library_writes_is_taken_and_comes_back_equal() -> None:
    tensors = {"p@0/a": torch.arange(6.0).reshape(2, 3), "p@0/b": torch.tensor([True, False]), "p@0/e": torch.zeros(0)}

    found = load(pack([unpack(save(tensors), prefix="p@0/", most=3)]))

    assert {key: value.tolist() for key, value in found.items()} == {
        key: value.tolist() for key, value in tensors.items()
    }


def test_equal_tensors_make_equal_files_in_whatever_order_they_came() -> None:
    bytes_first = raw(
        {"p@0/b": entry((3,), (0, 3), "U8"), "p@0/a": entry((), (3, 11)), "p@0/c": entry((2,), (11, 27))},
        b"abc" + bytes(range(24)),
    )
    numbers_first = raw(
        {"p@0/c": entry((2,), (8, 24)), "p@0/a": entry((), (0, 8)), "p@0/b": entry((3,), (24, 27), "U8")},
        bytes(range(24)) + b"abc",
    )
    other = unpack(raw({"q@0/a": entry()}, b"q" * 8), prefix="q@0/", most=1)

    first, second = (unpack(content, prefix="p@0/", most=3) for content in (bytes_first, numbers_first))

    assert pack([first, other]) == pack([other, second])


def test_no_tensors_make_an_empty_file() -> None:
    assert load(pack([])) == load_plainly(pack([])) == {}


def test_small_tensors_lie_in_blocks_that_the_library_reads() -> None:
    tensors = {
        "p@0/a": torch.arange(6.0).reshape(2, 3),
        "p@0/j/d/x": torch.arange(4.0),
        "p@0/n": torch.tensor([1, 2]),
        "p@0/t/1f": torch.ones(2),
        "q@1/a": torch.zeros(3, 0),
    }

    content = pack([unpack(save(tensors), prefix="", most=5)])

    assert {name: block.tolist() for name, block in load_plainly(content).items()} == {
        "p@0/*F32": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 1.0, 2.0, 3.0],
        "p@0/*I64": [1, 2],
        "p@0/t/*F32": [1.0, 1.0],
        "q@1/*F32": [],
    }
    found = load(content)
    assert found.keys() == tensors.keys()
    assert all(
        torch.equal(found[name], tensor) and found[name].shape == tensor.shape for name, tensor in tensors.items()
    )


def test_the_index_of_a_block_does_not_depend_on_the_name_of_its_probe() -> None:
    metadata = [
        json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        for content in (pack([unpack(raw({f"{probe}@0/d/w": entry()}, bytes(8)), prefix="", most=1)]) for probe in "pq")
    ]

    assert [list(one.values()) for one in metadata] == [['{"d/w":[1]}'], ['{"d/w":[1]}']]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0" * 7, id="shorter than its length"),
        pytest.param(struct.pack("<Q", 2**60) + b"{}", id="header of 2**60 bytes"),
        pytest.param(raw(b"abcd"), id="header that is not JSON"),
        pytest.param(raw(b"[" * 100_000), id="header nested beyond reason"),
        pytest.param(raw(b"\xff\xfe{}"), id="header that is not text"),
        pytest.param(raw([1]), id="header that is a list"),
        pytest.param(raw(b'{"p/a":1,"p/a":1}'), id="key twice"),
        pytest.param(raw({"p/a": 5}), id="entry that is a number"),
        pytest.param(raw({"p/a": {**entry(), "x": 1}}, bytes(8)), id="entry with something more"),
        pytest.param(raw({"q/a": entry()}, bytes(8)), id="key of another probe"),
        pytest.param(raw({"p/\n": entry()}, bytes(8)), id="key that cannot be printed"),
        pytest.param(raw({"p/a": entry(dtype="C128")}, bytes(8)), id="unknown type"),
        pytest.param(raw({"p/a": entry(dtype=["F64"])}, bytes(8)), id="type that is a list"),
        pytest.param(raw({"p/a": entry(shape=(-1, -1))}, bytes(8)), id="negative shape"),
        pytest.param(raw({"p/a": entry(shape=(1.0,))}, bytes(8)), id="shape of floats"),
        pytest.param(raw({"p/a": entry(shape=(True,))}, bytes(8)), id="shape of truths"),
        pytest.param(raw({"p/a": entry(shape=[1] * 13)}, bytes(8)), id="thirteen dimensions"),
        pytest.param(raw({"p/a": entry(shape=(2**39, 2**39))}, bytes(8)), id="shape beyond the file"),
        pytest.param(raw({"p/a": entry(shape=(0, 2**39), offsets=(0, 0))}), id="empty but gigantic"),
        pytest.param(raw({"p/a": entry(shape=(2,))}, bytes(8)), id="shape that does not fit"),
        pytest.param(raw({"p/a": entry(offsets=(0, 16))}, bytes(8)), id="end beyond the file"),
        pytest.param(raw({"p/a": entry(offsets=(8, 0))}, bytes(8)), id="end before begin"),
        pytest.param(raw({"p/a": entry(offsets=(0, 8, 9))}, bytes(8)), id="three offsets"),
        pytest.param(raw({"p/a": entry(offsets=(8, 16))}, bytes(16)), id="a hole before"),
        pytest.param(raw({"p/a": entry()}, bytes(9)), id="bytes behind"),
        pytest.param(raw({"p/a": entry(), "p/b": entry()}, bytes(8)), id="two that overlap"),
        pytest.param(raw({f"p/{n}": entry(shape=(0,), offsets=(0, 0)) for n in range(5)}), id="too many"),
    ],
)
def test_a_malformed_file_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError):
        unpack(content, prefix="p/", most=4)


@given(st.binary(max_size=200), st.integers(0, 220))
def test_no_bytes_do_more_than_be_refused(noise: bytes, place: int) -> None:
    good = save({"p/a": torch.zeros(2, 2)})
    spoilt = good[:place] + noise + good[place + len(noise) :]

    try:
        found = unpack(spoilt, prefix="p/", most=4)
    except RefusedError:
        return

    assert set(load(pack([found]))) == set(found.layout.tensors)


def test_files_with_the_same_header_keep_their_own_content() -> None:
    one, another = (unpack(raw({"p@0/a": entry()}, number * 8), prefix="p@0/", most=1) for number in (b"1", b"2"))

    assert (pack([one])[-8:], pack([another])[-8:]) == (b"1" * 8, b"2" * 8)


def test_a_header_that_was_taken_once_is_refused_where_it_does_not_fit() -> None:
    content = raw({"p@0/a": entry(), "p@0/b": entry(offsets=(8, 16))}, bytes(16))
    unpack(content, prefix="p@0/", most=2)

    for spoilt, prefix, most in (
        (content + b"x", "p@0/", 2),
        (content[:-1], "p@0/", 2),
        (content, "q@0/", 2),
        (content, "p@0/", 1),
    ):
        with pytest.raises(RefusedError):
            unpack(spoilt, prefix=prefix, most=most)
