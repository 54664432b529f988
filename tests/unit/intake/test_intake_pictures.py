"""Pictures are told by type and size, from their first bytes; nothing of them is decompressed or kept."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from helpers.notebooks import as_bytes, code_cell, markdown_cell, notebook
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.intake.notebook_file import read_notebook
from grader.intake.stored_pictures import MOST_PICTURES, pictures_in
from grader.limits import IntakeLimits
from grader.records import Picture

HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
PNG = base64.b64encode(HEAD + struct.pack(">II", 640, 480) + b"\x08\x06" + 90 * b"\x00").decode()
GIF = base64.b64encode(b"GIF89a" + struct.pack("<HH", 12, 34) + 20 * b"\x00").decode()
JPEG = base64.b64encode(
    b"\xff\xd8\xff\xe0\x00\x10JFIF" + 10 * b"\x00" + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 48, 64) + 9 * b"\x01"
).decode()


def displayed(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {name.replace("_", "/"): value for name, value in data.items()}}


@pytest.mark.parametrize(
    ("name", "text", "size"),
    [
        pytest.param("image/png", PNG, (640, 480), id="png"),
        pytest.param("image/png", [PNG[:20], "\n" + PNG[20:]], (640, 480), id="in lines"),
        pytest.param("image/gif", GIF, (12, 34), id="gif"),
        pytest.param("image/jpeg", JPEG, (64, 48), id="jpeg"),
        pytest.param("image/svg+xml", "<svg></svg>", (None, None), id="svg"),
        pytest.param("image/png", "no base64 !!", (None, None), id="no base64"),
        pytest.param("image/png", GIF, (None, None), id="another type"),
        pytest.param("image/png", base64.b64encode(HEAD + 8 * b"\xff").decode(), (None, None), id="a bomb's size"),
        pytest.param("image/png", base64.b64encode(HEAD + 8 * b"\x00").decode(), (None, None), id="no size"),
        pytest.param(
            "image/jpeg", base64.b64encode(b"\xff\xd8" + 9_000 * b"\xff").decode(), (None, None), id="padding"
        ),
    ],
)
def test_the_size_is_that_of_the_first_bytes(name: str, text: Any, size: tuple[int | None, int | None]) -> None:
    (picture,) = pictures_in([{"output_type": "display_data", "data": {name: text}}])
    assert (picture.type, picture.width, picture.height) == (name, *size)


def test_a_bundle_is_one_picture_and_old_formats_are_read_too() -> None:
    both = {"output_type": "display_data", "data": {"image/png": PNG, "image/svg+xml": "<svg/>", "text/plain": "x"}}
    old = {"output_type": "display_data", "png": PNG}
    assert [one.type for one in pictures_in([both, old])] == ["image/png", "image/png"]


@pytest.mark.parametrize(
    "outputs", [None, 3, "x", [None, 1, {"data": 3}, {"data": {"image/png": 5}}, {"data": {"image/png": ""}}]]
)
def test_what_is_no_output_has_no_picture(outputs: object) -> None:
    assert pictures_in(outputs) == ()


def test_a_cell_has_at_most_some_pictures() -> None:
    assert len(pictures_in([displayed(image_png=PNG)] * 500)) == MOST_PICTURES


def test_a_notebook_keeps_what_its_pictures_are_and_not_what_they_show() -> None:
    attached = markdown_cell("![x](attachment:x.png)") | {"attachments": {"x.png": {"image/png": PNG}}}
    content = notebook([]) | {"cells": [code_cell("show()", outputs=[displayed(image_png=PNG)]), attached]}
    record = read_notebook(as_bytes(content), source_name="n.ipynb", limits=IntakeLimits())
    expected = Picture(type="image/png", bytes=len(PNG) * 3 // 4, width=640, height=480)
    assert [cell.pictures for cell in record.cells] == [(expected,), (expected,)]
    assert PNG[:20] not in record.model_dump_json()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.sampled_from([PNG, GIF, JPEG]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["data", "image/png", "image/jpeg", "output_type", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_whatever_stands_under_outputs_is_read(outputs: object, attachments: object) -> None:
    assert len(pictures_in(outputs, attachments)) <= MOST_PICTURES
