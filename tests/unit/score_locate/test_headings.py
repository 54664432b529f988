"""Lines that name a question are read in the many forms in which students write them, and other lines are not."""

from __future__ import annotations

import pytest

from grader.coursework import Asked, StudentVersion
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.score.answer_text import prose
from grader.score.locate.headings import candidates, parts_of, shape_of
from grader.score.locate.outline import is_heading, outline_of
from grader.score.locate.scan import Does, scan

VOCABULARY = {"theory", "t", "softmax"}


def read(line: str) -> tuple[str, ...] | None:
    """The longest number that a line is a heading of."""
    shape = shape_of(line)
    fits = [one.key for one in candidates(shape.text, VOCABULARY) if is_heading(one, shape)]
    return fits[-1] if fits else None


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("### Question 1.2 b)", ("1", "2", "b")),
        ("Q1.2(b)", ("1", "2", "b")),
        ("Q1.2(b): the answer is 4", ("1", "2", "b")),
        ("1.2 b", ("1", "2", "b")),
        ("1.2b) because", ("1", "2", "b")),
        ("**(b)** because", ("b",)),
        ("**1.2 (b)**", ("1", "2", "b")),
        ("Exercise 1 – 2b", ("1", "2", "b")),
        ("Exercise 1-2 b:", ("1", "2", "b")),
        ("## 3. (ii)", ("3", "ii")),
        ("Answer to question 3b.", ("3", "b")),
        ("My answer for Q4:", ("4",)),
        ("_Question 4_", ("4",)),
        ("> #### question no. 4", ("4",)),
        ("- **Question 4:** it cancels", ("4",)),
        ("<h3>Question 4</h3>", ("4",)),
        ("<b>Q4</b> it cancels", ("4",)),
        ("Aufgabe 2a: weil", ("2", "a")),
        ("Ejercicio 2 a)", ("2", "a")),
        ("第2题", ("2",)),
        ("问题 2：", ("2",)),
        ("Вопрос 2.", ("2",)),
        ("Qestion 04", ("4",)),
        ("T1: because", ("t", "1")),
        ("**T1.** because", ("t", "1")),
        ("Theory question 1: What is it?", ("theory", "1")),
        ("THEORY Q 1", ("theory", "1")),
        ("### Softmax", ("softmax",)),
    ],
)
def test_headings_are_read(line: str, key: tuple[str, ...]) -> None:
    assert read(line) == key


@pytest.mark.parametrize(
    "line",
    [
        "1. First of all, the slope.",
        "2) Second, the sum.",
        "4",
        "3.5",
        "(b) is what I would choose",
        "a) it grows",
        "A is the first model.",
        "Question 4 asks whether it cancels.",
        "In question 4 we saw that it cancels.",
        "Questions about this are many.",
        "12 numbers were drawn.",
        "2 layers are enough",
        "softmax is stable",
        "2024: a year",
        "x = 1a",
        "12345) a number",
        "t is the time",
        "",
        "**bold**",
        "#hashtag",
    ],
)
def test_other_lines_are_no_headings(line: str) -> None:
    assert read(line) is None


def test_ids_of_questions_are_read_in_parts() -> None:
    assert [parts_of(one) for one in ("1a", "q1.2b", "grad_b", "T1", "Softmax")] == [
        ("1", "a"),
        ("1", "2", "b"),
        ("grad", "b"),
        ("t", "1"),
        ("softmax",),
    ]


def notebook(*sources: str) -> NotebookRecord:
    cells = tuple(NotebookCell(index=i, kind=CellKind.MARKDOWN, source=text) for i, text in enumerate(sources))
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=cells)


GIVEN = StudentVersion(
    notebook(
        "## Question 1\nTwo parts follow.",
        "**(a)** What is the count?",
        "*Your answer*",
        "**(b)** What is the sum?",
        "*Your answer*",
        "## Question 2: Why?",
        "*Your answer*",
    ),
    None,
    tuple(Asked(question=one, title="") for one in ("1a", "1b", "2")),
)


def answers(handed_in: NotebookRecord) -> dict[str, str]:
    return {one: prose(handed_in, GIVEN, question=one).text for one in ("1a", "1b", "2")}


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(("1a) seven", "1b) nine", "Q2: because"), id="labels"),
        pytest.param(("## Q1", "**(a)** seven", "**(b)** nine", "## Q2\nbecause"), id="letters below a number"),
        pytest.param(("## Question 1", "(a) seven", "(b) nine", "**Question 2** because"), id="letters in cells"),
        pytest.param(("### Part one\n#### 1 (a)\nseven\n#### 1 (b)\nnine\n#### 2\nbecause",), id="one cell"),
        pytest.param(("## Aufgabe 1a", "seven", "## Aufgabe 1b", "nine", "## Aufgabe 2", "because"), id="translated"),
        pytest.param(("Q2. because", "1b) nine", "1a) seven"), id="in another order"),
    ],
)
def test_answers_are_found_by_numbers_in_any_form(cells: tuple[str, ...]) -> None:
    assert answers(notebook(*cells)) == {"1a": "seven", "1b": "nine", "2": "because"}


def test_a_list_with_letters_in_an_answer_is_no_row_of_questions() -> None:
    found = answers(notebook("## Question 1", "**(a)** seven, since\n(a) one\n(b) six", "**(b)** nine"))
    assert found == {"1a": "seven, since\n(a) one\n(b) six", "1b": "nine", "2": ""}


def test_an_id_is_found_where_the_student_version_spells_its_letter_out() -> None:
    given = StudentVersion(
        notebook("**Theory question 1:** Why?", "*Here*", "**Theory question 2:** When?", "*Here*"),
        None,
        (Asked(question="T1"), Asked(question="T2")),
    )
    outline = outline_of(given)
    assert [outline.openers[key].target for key in outline.openers] == ["T1", "T2"]
    assert outline.cell_owners == ["T1", "T1", "T2", "T2"]
    assert prose(notebook("T2: never", "T1: it is so"), given, question="T2").text == "never"


def test_a_question_is_found_by_its_title_where_its_id_is_nowhere() -> None:
    given = StudentVersion(
        notebook("## Why the sum converges", "*Here*"), None, (Asked(question="conv", title="Why the sum converges"),)
    )
    found = prose(notebook("## Why the sum converges", "It is bounded."), given, question="conv")
    assert (found.text, found.places[0].how) == (
        "It is bounded.",
        "below the heading “Why the sum converges”",
    )


def test_an_id_with_a_word_for_a_question_is_its_number() -> None:
    given = StudentVersion(notebook("## Question 1", "*Here*"), None, (Asked(question="q1"),))
    assert prose(notebook("Exercise 1: seven"), given, question="q1").text == "seven"


def test_two_checks_below_one_line_read_the_same_answer() -> None:
    given = StudentVersion(
        notebook("**Count.** How many?", "*Here*", "**Sum.** What is it?", "*Here*"),
        None,
        (
            Asked(question="a", places=((r"\*\*Count", ""), (r"\*\*Count", r"\*\*Sum"))),
            Asked(question="b", places=((r"\*\*Count", ""),)),
            Asked(question="c", places=((r"\*\*Sum", ""),)),
        ),
    )
    handed_in = notebook("**Count.** How many?", "seven", "**Sum.** What is it?", "nine")
    read = [
        prose(handed_in, given, after=after, before=before, question=question).text
        for question, after, before in (
            ("a", r"\*\*Count", ""),
            ("a", r"\*\*Count", r"\*\*Sum"),
            ("b", r"\*\*Count", ""),
            ("c", r"\*\*Sum", ""),
        )
    ]
    assert read == ["seven", "seven", "seven", "nine"]


def test_a_given_cell_that_occurs_twice_does_not_say_whose_what_follows_is() -> None:
    handed_in = notebook("*Your answer*", "## Question 2: Why?", "*Your answer*", "because")
    assert answers(handed_in) == {"1a": "", "1b": "", "2": "because"}


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("**Question 3b:** twelve of them", "twelve of them"),
        ("## Question 3b: -5", "-5"),
        ("Question 3b .5", ".5"),
        ("### Question 3b) **12**", "12**"),
        ("*Question 3b* – a reason", "a reason"),
        ("Question 3bis is another one", None),
    ],
)
def test_what_stands_behind_a_given_heading_on_its_line_is_read_whole(line: str, rest: str | None) -> None:
    outline = outline_of(StudentVersion(notebook("## Question 3b"), None, (Asked(question="3b"),)))
    events = scan(notebook(line), outline).get(0, [])
    assert [event.rest for event in events if event.does is Does.OPENS] == ([] if rest is None else [rest])
