"""Where a coursework takes texts, a Markdown or text file is a notebook of texts; elsewhere it is none."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from helpers.archives import tar_bytes, zip_bytes
from helpers.notebooks import notebook_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import NotebookFormatError
from grader.intake import Expectation, take_in
from grader.intake.text_file import read_texts
from grader.limits import IntakeLimits
from grader.records import CellKind, NotebookRecord, Submission

LIMITS = IntakeLimits()
SHEET = ("# Sheet", "## Question 1\nWhy does it vanish?", "## Question 2\nHow many weights?")
TAKEN = Expectation(cells=SHEET, texts=True)
ANSWERS = "# Sheet\n\n## Question 1\nWhy does it vanish?\n\nA product of slopes.\n\n## Question 2\n20224\n"
BLANK = notebook_bytes([("markdown", source) for source in SHEET])
WORK = notebook_bytes([("markdown", source) for source in (*SHEET, "A product of slopes.")])


def read(text: str | bytes, limits: IntakeLimits = LIMITS) -> NotebookRecord:
    data = text.encode() if isinstance(text, str) else text
    return read_texts(data, source_name="answers.md", limits=limits)


def taken(folder: Path, files: dict[str, bytes], expectation: Expectation = TAKEN) -> dict[str, Submission]:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {row.submission: row for row in take_in(folder, limits=LIMITS, expectation=expectation)}


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        pytest.param(
            ANSWERS,
            ["# Sheet", "## Question 1\nWhy does it vanish?\n\nA product of slopes.", "## Question 2\n20224"],
            id="headings",
        ),
        pytest.param("My name\n\n# One\na\n", ["My name", "# One\na"], id="above-the-first"),
        pytest.param("a\n\nb\n", ["a\n\nb"], id="none"),
        pytest.param("# One\n```python\n# no heading\n```\nb", ["# One\n```python\n# no heading\n```\nb"], id="code"),
        pytest.param("~~~~\n~~~\n# no\n~~~~\n# One", ["~~~~\n~~~\n# no\n~~~~", "# One"], id="longer-fence"),
        pytest.param("#hashtag\n#  \n    # indented", ["#hashtag\n#  \n    # indented"], id="no-heading"),
        pytest.param("# One\r\nx\r\n## Two\r\ny", ["# One\nx", "## Two\ny"], id="crlf"),
        pytest.param("", [], id="empty"),
        pytest.param(" \n\n", [], id="blank"),
    ],
)
def test_a_text_becomes_cells_at_its_headings(text: str, cells: list[str]) -> None:
    record = read(text)

    assert [cell.source for cell in record.cells] == cells
    assert {cell.kind for cell in record.cells} <= {CellKind.MARKDOWN}
    assert [cell.index for cell in record.cells] == list(range(len(cells)))
    assert record.format == "text"


@pytest.mark.parametrize(
    ("data", "note"),
    [
        pytest.param("é = 1".encode("latin-1"), "Latin-1", id="latin-1"),
        pytest.param("é = 1".encode("utf-16"), "UTF-16", id="utf-16"),
    ],
)
def test_a_text_in_another_encoding_is_read_and_that_is_said(data: bytes, note: str) -> None:
    record = read(data)

    assert record.cells[0].source == "é = 1"
    assert note in record.notes[0]


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        pytest.param(b"many words", IntakeLimits(notebook_bytes=5), "text-too-large", id="bytes"),
        pytest.param(b"# a\n# b\n# c", IntakeLimits(cells=2), "text-too-long", id="headings"),
        pytest.param(b"# a\nmany words", IntakeLimits(cell_chars=5), "text-too-long", id="characters"),
        pytest.param(b"\n" * 300_000, LIMITS, "text-too-long", id="lines"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 40, LIMITS, "text-not-text", id="a-picture"),
    ],
)
def test_what_is_no_text_or_too_much_is_refused(data: bytes, limits: IntakeLimits, code: str) -> None:
    with pytest.raises(NotebookFormatError) as caught:
        read(data, limits)

    assert caught.value.code == code
    assert caught.value.next_step


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_text_or_refused(data: bytes) -> None:
    with suppress(NotebookFormatError):
        assert read(data).format == "text"


def test_texts_are_hand_ins_where_the_coursework_takes_them(tmp_path: Path) -> None:
    files = {
        "s001.md": ANSWERS.encode(),
        "s002.txt": b"Question 1: A product of slopes.",
        "s003.zip": zip_bytes({"mine/answers.txt": ANSWERS.encode(), "data.csv": b"1"}),
        "s004.tgz": tar_bytes({"answers.md": ANSWERS.encode()}),
        "s005.txt": b"\x00\x01\x02" * 50,
        "s006.txt": b"{\\rtf1 A product}",
        "README.md": b"How to grade this.",
    }

    rows = taken(tmp_path / "all", files)

    assert list(rows) == ["s001.md", "s002.txt", "s003.zip", "s004.tgz", "s005.txt", "s006.txt"]
    assert [row.student for row in rows.values()] == ["s001", "s002", "s003", "s004", "s005", "s006"]
    read_as = {name: row.notebook.source_name for name, row in rows.items() if row.notebook is not None}
    assert read_as == {
        "s001.md": "s001.md", "s002.txt": "s002.txt", "s003.zip": "mine/answers.txt", "s004.tgz": "answers.md"
    }  # fmt: skip
    refused = {name: row.refused.code for name, row in rows.items() if row.refused is not None}
    assert refused == {"s005.txt": "text-not-text", "s006.txt": "export-renamed"}


def test_texts_are_no_hand_ins_elsewhere(tmp_path: Path) -> None:
    files = {"s001.md": b"# One", "s003.zip": zip_bytes({"a.md": b"# One"}), "s004.zip": zip_bytes({"a.txt": b"One"})}

    rows = taken(tmp_path / "all", files, Expectation(cells=SHEET))

    assert {name: row.refused.code for name, row in rows.items() if row.refused is not None} == {
        "s003.zip": "export-only",
        "s004.zip": "no-notebook",
    }
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("notebook", "graded", "flags"),
    [
        pytest.param(WORK, "a.ipynb", (), id="work-in-the-notebook"),
        pytest.param(BLANK, "answers.md", ("several-notebooks",), id="a-blank-notebook"),
        pytest.param(b"{broken", "answers.md", ("unreadable-file",), id="a-damaged-notebook"),
    ],
)
def test_a_notebook_with_work_goes_before_a_text(
    tmp_path: Path, notebook: bytes, graded: str, flags: tuple[str, ...]
) -> None:
    (row,) = taken(
        tmp_path / "all", {"s001.zip": zip_bytes({"a.ipynb": notebook, "answers.md": ANSWERS.encode()})}
    ).values()

    assert row.notebook is not None
    assert (row.notebook.source_name, row.flags) == (graded, flags)
    if graded == "a.ipynb":
        assert 'Files beside the notebook were not used: "answers.md".' in row.notes
