"""What a kernel sends becomes bounded plain text, whatever it sends."""

from __future__ import annotations

import json
from typing import Any

from grader.execute.client import Outputs
from grader.execute.executed import executed_notebook
from grader.records import CellKind, NotebookCell, NotebookRecord


def outputs() -> Outputs:
    return Outputs(100, 250)


def test_lines_of_one_stream_are_joined() -> None:
    taken = outputs()
    taken.add("stream", {"name": "stdout", "text": "a\n"}, 2)
    taken.add("stream", {"name": "stdout", "text": "b\n"}, 2)
    taken.add("stream", {"name": "stderr", "text": "c\n"}, 2)

    assert [output["text"] for output in taken.current] == ["a\nb\n", "c\n"]


def test_markup_and_pictures_are_dropped_and_plain_text_stays() -> None:
    taken = outputs()
    data = {"text/html": "<script>1</script>", "image/png": "iVBOR", "text/plain": "plain"}
    taken.add("execute_result", {"data": data}, 20)
    taken.add("display_data", {"data": {"text/html": "<b>"}}, 20)

    assert [output["data"] for output in taken.current] == [{"text/plain": "plain"}]


def test_what_is_beyond_the_limit_of_a_cell_is_dropped_and_said() -> None:
    taken = outputs()
    taken.add("stream", {"name": "stdout", "text": "x" * 90}, 90)
    taken.add("stream", {"name": "stdout", "text": "y" * 20}, 20)

    assert taken.cut
    assert taken.current[0]["text"] == "x" * 90


def test_every_byte_counts_against_the_notebook_even_if_it_is_dropped() -> None:
    taken = outputs()
    for _ in range(3):
        taken.begin()
        taken.add("comm_msg", {}, 100)

    assert taken.flooded


def test_an_error_keeps_its_name_and_no_traceback() -> None:
    taken = outputs()
    taken.add("error", {"ename": "E", "evalue": "v" * 5000, "traceback": ["secret path"]}, 10)

    assert taken.error == "E"
    assert taken.current == [{"output_type": "error", "ename": "E", "evalue": "v" * 2000, "traceback": []}]


def test_fields_of_the_wrong_type_do_no_harm() -> None:
    taken = outputs()
    strange: list[tuple[str, dict[str, Any]]] = [
        ("stream", {"name": [], "text": {"a": 1}}),
        ("error", {"ename": None, "evalue": []}),
        ("display_data", {"data": "text"}),
        ("display_data", {"data": {"text/plain": ["list"]}}),
        ("unheard-of", {}),
    ]
    for kind, content in strange:
        taken.add(kind, content, 1)

    assert [output["output_type"] for output in taken.current] == ["stream", "error"]


def test_the_executed_notebook_has_the_students_cells_and_our_outputs() -> None:
    cells = (
        NotebookCell(index=0, kind=CellKind.MARKDOWN, source="# Title"),
        NotebookCell(index=1, kind=CellKind.CODE, source="print(1)", outputs=("stored by the student",)),
        NotebookCell(index=2, kind=CellKind.OTHER, source="?"),
    )
    notebook = NotebookRecord(source_name="a.ipynb", format="ipynb", cells=cells)
    printed = {"output_type": "stream", "name": "stdout", "text": "1\n"}

    document = json.loads(executed_notebook(notebook, {1: [printed]}))

    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert [cell["cell_type"] for cell in document["cells"]] == ["markdown", "code", "raw"]
    assert document["cells"][1]["outputs"] == [printed]
