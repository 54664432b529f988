"""Every version and every oddity of the notebook format ends in the same record."""

from __future__ import annotations

import json
import warnings
from contextlib import suppress
from typing import Any

import nbformat
import pytest
from helpers.notebooks import as_bytes, code_cell, notebook, notebook_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import NotebookFormatError
from grader.intake.notebook_file import read_notebook
from grader.limits import IntakeLimits
from grader.records import NotebookRecord

LIMITS = IntakeLimits()
CELLS = [("markdown", "# Title"), ("code", "x = 1\nprint(x)"), ("raw", "as it is")]


def read(content: bytes | dict[str, Any], limits: IntakeLimits = LIMITS) -> NotebookRecord:
    data = content if isinstance(content, bytes) else as_bytes(content)
    return read_notebook(data, source_name="work.ipynb", limits=limits)


def sources(record: NotebookRecord) -> list[tuple[str, str]]:
    return [(cell.kind.value, cell.source) for cell in record.cells]


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 99, None])
def test_every_minor_version_of_format_4_is_read(minor: int | None) -> None:
    content = notebook(CELLS)
    content["nbformat_minor"] = minor
    if minor is None:
        del content["nbformat_minor"]

    record = read(content)

    assert sources(record) == [("markdown", "# Title"), ("code", "x = 1\nprint(x)"), ("other", "as it is")]
    assert record.notes == ()


@pytest.mark.parametrize("major", [2, 3])
def test_old_formats_are_read_as_nbformat_upgrades_them(major: int) -> None:
    code_outputs = [
        {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
        {"output_type": "pyout", "prompt_number": 3, "text": ["2"]},
        {"output_type": "pyerr", "ename": "NameError", "evalue": "no y", "traceback": []},
    ]
    code = {
        "cell_type": "code",
        "input": ["x = 1\n", "x"] if major == 3 else ["x = 1", "x"],
        "language": "python",
        "prompt_number": 3,
        "collapsed": False,
    }
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["Text"]}, code | {"outputs": code_outputs}]
    if major == 3:
        cells.append({"cell_type": "heading", "level": 2, "source": ["Part"]})
        for cell in cells:
            cell["metadata"] = {}
    content = {"metadata": {"name": ""}, "nbformat": major, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}

    record = read(content)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbformat warns about what these old notebooks lack
        upgraded = nbformat.convert(nbformat.reader.reads(json.dumps(content)), 4)
    assert sources(record) == [(cell.cell_type, cell.source) for cell in upgraded.cells]
    assert record.cells[1].execution_count == upgraded.cells[1].execution_count == 3
    assert record.cells[1].outputs == ("1\n", "2", "NameError: no y")
    assert f"old format {major}" in record.notes[0]


def test_a_valid_notebook_is_read_as_nbformat_reads_it() -> None:
    content = notebook(CELLS)
    content["cells"][1]["source"] = ["x = 1\n", "print(x)"]
    content["cells"][1]["execution_count"] = 7

    record = read(content)

    expected = nbformat.reads(json.dumps(content), as_version=4)
    kinds = {"raw": "other"}
    assert sources(record) == [(kinds.get(cell.cell_type, cell.cell_type), cell.source) for cell in expected.cells]
    assert record.cells[1].execution_count == 7


@pytest.mark.parametrize(
    ("metadata", "note"),
    [
        pytest.param({"kernelspec": "python3"}, "", id="kernelspec-is-a-string"),
        pytest.param({"colab": {"provenance": []}, "accelerator": "GPU"}, "", id="colab"),
        pytest.param({"kernelspec": {"name": "python3", "language": "python"}}, "", id="python"),
        pytest.param({"kernelspec": {"name": "ir", "language": "R"}}, '"R"', id="another-language"),
        pytest.param({"language_info": {"name": "julia"}, "kernelspec": None}, '"julia"', id="language-info"),
        pytest.param({"language_info": {"name": 3}, "kernelspec": []}, "", id="nonsense"),
    ],
)
def test_metadata_never_matter_but_for_a_note(metadata: dict[str, Any], note: str) -> None:
    record = read(notebook_bytes(CELLS, **metadata))

    assert len(record.cells) == 3
    assert (note in " ".join(record.notes)) if note else record.notes == ()


@pytest.mark.parametrize(
    ("cell", "kind", "source", "notes"),
    [
        pytest.param({"cell_type": "code", "source": "x"}, "code", "x", 0, id="code-without-outputs"),
        pytest.param({"cell_type": "Code", "source": "x"}, "code", "x", 0, id="capital-letter"),
        pytest.param({"cell_type": "sql", "source": "x"}, "other", "x", 1, id="unknown-type"),
        pytest.param({"source": "x", "outputs": []}, "code", "x", 1, id="no-type-but-outputs"),
        pytest.param({"source": "x"}, "other", "x", 1, id="no-type"),
        pytest.param({"cell_type": "code"}, "code", "", 1, id="no-source"),
        pytest.param({"cell_type": "code", "source": None}, "code", "", 1, id="source-null"),
        pytest.param({"cell_type": "code", "source": ["a\n", 3, "b"]}, "code", "a\nb", 0, id="line-is-a-number"),
        pytest.param({"cell_type": "code", "source": "a\r\nb\rc"}, "code", "a\nb\nc", 0, id="crlf"),
        pytest.param({"cell_type": "code", "source": "\ud83d\ude00\ud83d"}, "code", "😀�", 0, id="half-characters"),
        pytest.param({"cell_type": "heading", "level": 99, "source": "T"}, "markdown", "###### T", 0, id="heading"),
        pytest.param("a text", "other", "", 1, id="cell-is-a-text"),
        pytest.param(None, "other", "", 1, id="cell-is-null"),
    ],
)
def test_odd_cells_are_read_as_far_as_they_go(cell: Any, kind: str, source: str, notes: int) -> None:
    content = notebook([])
    content["cells"] = [cell]

    record = read(json.dumps(content).encode())

    assert sources(record) == [(kind, source)]
    assert len(record.notes) == notes


@pytest.mark.parametrize("count", ["3", True, -1, 1.5, 10**30, [], None])
def test_an_impossible_execution_count_is_none(count: object) -> None:
    content = notebook([("code", "x")])
    content["cells"][0]["execution_count"] = count

    assert read(content).cells[0].execution_count is None


def test_a_notebook_without_cells_is_read_with_a_note() -> None:
    record = read(notebook_bytes([]))

    assert record.cells == ()
    assert record.notes == ("The notebook has no cells.",)


def test_a_newer_format_is_read_with_a_note() -> None:
    assert "newer" in read(notebook(CELLS) | {"nbformat": 5}).notes[0]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("latin-1", "Latin-1"),
    ],
)
def test_every_encoding_is_read(encoding: str, note: str) -> None:
    text = notebook_bytes([("markdown", "café")]).decode()

    record = read(text.replace("\n", "\r\n").encode(encoding))

    assert sources(record) == [("markdown", "café")]
    assert (note in " ".join(record.notes)) if note else record.notes == ()


def test_outputs_are_kept_as_text_alone() -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]},
        {"output_type": "display_data", "data": {"image/png": "AAAA", "text/html": "<b>x</b>"}, "metadata": {}},
        {"output_type": "execute_result", "data": {"text/plain": "\x1b[31m42\x1b[0m", "text/html": "<b>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["long"]},
        {"output_type": "error"},
        {"output_type": "stream", "text": 5},
        "nonsense",
    ]
    content = notebook([])
    content["cells"] = [code_cell("x", outputs=outputs)]

    record = read(content)

    assert record.cells[0].outputs == ("a\nb\n", "42", "ValueError: bad", "Error: ")


def test_huge_outputs_are_cut() -> None:
    outputs = [{"output_type": "stream", "text": "x" * 1_000_000} for _ in range(4)]
    content = notebook([])
    content["cells"] = [code_cell("x", outputs=outputs)]

    texts = read(content).cells[0].outputs

    assert sum(map(len, texts)) < 66_000
    assert texts[-1].endswith("(cut here)")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"[1, 2]", "notebook-no-cells", id="a-list"),
        pytest.param(b'{"a": 1}', "notebook-no-cells", id="another-object"),
        pytest.param(b'{"cells": {"a": 1}}', "notebook-no-cells", id="cells-is-an-object"),
        pytest.param(b"3", "notebook-no-cells", id="a-number"),
        pytest.param(b"", "notebook-empty-file", id="nothing"),
        pytest.param(b"\x00" * 50, "notebook-empty-file", id="zeros"),
    ],
)
def test_what_is_no_notebook_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(NotebookFormatError) as caught:
        read(content)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param(IntakeLimits(notebook_bytes=100), "notebook-too-large", id="bytes"),
        pytest.param(IntakeLimits(cells=2), "notebook-too-many-cells", id="cells"),
        pytest.param(IntakeLimits(cell_chars=10), "notebook-cell-too-long", id="cell"),
    ],
)
def test_a_notebook_beyond_a_limit_is_refused(limits: IntakeLimits, code: str) -> None:
    with pytest.raises(NotebookFormatError) as caught:
        read(notebook_bytes(CELLS), limits)

    assert caught.value.code == code


def test_long_text_loses_its_embedded_pictures_and_not_its_words() -> None:
    picture = f"![](data:image/png;base64,{'A' * 500})"
    record = read(notebook_bytes([("markdown", f"{picture} my answer")]), IntakeLimits(cell_chars=100))

    assert record.cells[0].source == "![]() my answer"
    assert "pictures were left out" in record.notes[0]


def test_long_text_is_cut_and_said() -> None:
    record = read(notebook_bytes([("markdown", "w " * 100)]), IntakeLimits(cell_chars=100))

    assert len(record.cells[0].source) == 100
    assert "cut" in record.notes[0]


KEYS = st.sampled_from(
    ["cells", "worksheets", "cell_type", "source", "input", "outputs", "level", "x"]
) | st.sampled_from(
    ["output_type", "data", "text", "text/plain", "ename", "metadata", "kernelspec", "language", "execution_count"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None)
@given(st.lists(JSON, max_size=4), JSON)
def test_any_cells_and_metadata_are_read(cells: list[Any], metadata: Any) -> None:
    record = read(json.dumps({"cells": cells, "metadata": metadata, "nbformat": metadata}).encode())

    assert len(record.cells) == len(cells)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    # Anything else than the one error would fail the test.
    with suppress(NotebookFormatError):
        assert read(data).format == "ipynb"
