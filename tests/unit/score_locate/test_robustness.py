"""Whatever is handed in is read to an end, the same every time, within bounds."""

from __future__ import annotations

from helpers.transformed import course, places
from hypothesis import given
from hypothesis import strategies as st

from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.score.answer_text import TEXT_CHARS, prose
from grader.score.locate import fenced_regions, locate
from grader.score.locate.headings import candidates, shape_of
from grader.score.locate.located import _located
from grader.score.locate.loose import loosely_written
from grader.score.locate.outline import outline_of

RUBRIC, TEMPLATE = course("imperial_cw3")
PIECES = [
    line for cell in TEMPLATE.notebook.cells for line in cell.source.split("\n") if line.strip() and len(line) < 500
]
LINES = st.one_of(
    st.sampled_from(PIECES),
    st.sampled_from(PIECES).map(lambda line: line[1::2]),
    st.sampled_from(PIECES).map(str.swapcase),
    st.text(max_size=40),
    st.from_regex(
        r"(#{0,3} ?)?(\*\*)?(Q|Question|Theory|T|Part)? ?[0-9]?\.?\(?[a-g]?\)?(:|\.)?(\*\*)? ?[a-z ]{0,9}",
        fullmatch=True,
    ),
    st.sampled_from(["'''", '"""', "```", "# ", "A_model = 'GRU'", "A_model: ", "", "\x00", "\u2028", "²"]),
)
CELLS = st.lists(
    st.tuples(
        st.sampled_from(list(CellKind)),
        st.lists(LINES, max_size=8).map("\n".join),
        st.lists(st.sampled_from(["theory-1", "theory-2-answer", "cells", "x"]), max_size=2).map(tuple),
    ),
    max_size=10,
)


def record(cells: list[tuple[CellKind, str, tuple[str, ...]]]) -> NotebookRecord:
    made = tuple(
        NotebookCell(index=i, kind=kind, source=text, labels=names) for i, (kind, text, names) in enumerate(cells)
    )
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=made)


@given(CELLS)
def test_any_notebook_is_read_to_the_end_and_twice_the_same(cells: list[tuple[CellKind, str, tuple[str, ...]]]) -> None:
    notebook = record(cells)
    outline = outline_of(TEMPLATE)
    first, again = _located(notebook, outline), _located(notebook, outline)
    assert (first.sections, first.disputes, first.headings) == (again.sections, again.disputes, again.headings)
    heights = [cell.source.count("\n") + 1 for cell in notebook.cells]
    for one in first.sections:
        assert one.text.strip()
        assert 1 <= one.first_line <= one.last_line <= heights[one.cell]
    for question, after, before in places(RUBRIC):
        found = prose(notebook, TEMPLATE, after=after, before=before, question=question)
        assert bool(found.text) == bool(found.places)
        assert not (found.text and found.lost)
    fenced_regions(notebook, TEMPLATE)
    loosely_written(notebook, TEMPLATE, ("A_model", "B_model"))


@given(CELLS)
def test_no_line_is_read_for_two_questions(cells: list[tuple[CellKind, str, tuple[str, ...]]]) -> None:
    taken: set[tuple[int, int]] = set()
    for one in locate(record(cells), TEMPLATE).sections:
        lines = {(one.cell, line) for line in range(one.first_line, one.last_line + 1)}
        assert len(lines & taken) <= 1  # a line with a heading and an answer may end the place above
        taken |= lines


@given(st.text(max_size=200), st.booleans())
def test_any_line_has_at_most_a_few_readings(line: str, free: bool) -> None:
    found = candidates(shape_of(line).text, {"theory", "t"}, free=free)
    assert len(found) <= 6
    assert all(one.key and all(part for part in one.key) for one in found)


def test_ten_thousand_cells_with_headings_are_read() -> None:
    cells = [(CellKind.MARKDOWN, f"Theory question {i % 5}: words {i}", ()) for i in range(10_000)]
    notebook = record(cells)
    question, after, before = next(iter(places(RUBRIC)))
    found = prose(notebook, TEMPLATE, after=after, before=before, question=question)
    assert found.text == "words 9996"
    assert len(found.whole) <= TEXT_CHARS


def test_cells_of_a_megabyte_are_read_and_cut() -> None:
    heading = next(cell.source for cell in TEMPLATE.notebook.cells if "Theory question 2" in cell.source)
    for text in ("word " * 200_000, "word\n" * 200_000, "**" * 500_000, "1." * 500_000, "<b" * 500_000):
        notebook = record([(CellKind.MARKDOWN, heading, ()), (CellKind.MARKDOWN, text, ())])
        found = prose(notebook, TEMPLATE, after=r"\*\*Theory question 2:")
        assert len(found.text) <= TEXT_CHARS
