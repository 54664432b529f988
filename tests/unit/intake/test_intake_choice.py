"""Of several files in a hand-in the one that fits the coursework is graded, and the page says which and why."""

from __future__ import annotations

import pytest
from helpers.notebooks import notebook_bytes

from grader.intake.choice import Choice, choose
from grader.intake.entries import Problem
from grader.intake.expectation import Expectation, fit_of
from grader.intake.handins import Candidate, Unpacked
from grader.intake.kinds import kind_by_name
from grader.intake.notebook_file import read_notebook
from grader.limits import IntakeLimits

LIMITS = IntakeLimits()
GIVEN = ("import maths", "class Net:\n    # YOUR CODE HERE\n    pass", "answer = ''")
EXPECTED = Expectation(names=frozenset({"Net", "answer", "train"}), markers=("YOUR CODE HERE",), cells=GIVEN)

BLANK = notebook_bytes([("code", source) for source in GIVEN])
HALF = notebook_bytes([("code", source) for source in (*GIVEN, "def train():\n    return 1")])
FULL = notebook_bytes([("code", source) for source in (*GIVEN, "def train():\n    return sum(range(10, 20))")])
OTHER = notebook_bytes([("markdown", "Shopping list"), ("code", "eggs = 12")])
SCRIPT = b"class Net:\n    pass\nanswer = 3\ndef train():\n    pass\n# YOUR CODE HERE\nimport maths\n"
BROKEN = b'{"cells": [ {"a" "b"} ]}'


def chosen(files: dict[str, bytes], expectation: Expectation = EXPECTED, **more: object) -> Choice:
    unpacked = Unpacked(
        candidates=[Candidate(path=path, kind=kind_by_name(path), data=data) for path, data in files.items()]
    )
    for name, value in more.items():
        setattr(unpacked, name, value)
    return choose(unpacked, expectation, LIMITS)


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        pytest.param({"a.ipynb": OTHER, "b.ipynb": FULL}, "b.ipynb", id="the-fitting-one"),
        pytest.param({"a.ipynb": BLANK, "b.ipynb": FULL}, "b.ipynb", id="filled-before-blank"),
        pytest.param({"a.ipynb": HALF, "b.ipynb": FULL}, "b.ipynb", id="more-work"),
        pytest.param({"b.ipynb": FULL, "a.ipynb": FULL}, "a.ipynb", id="equal-copies-by-name"),
        pytest.param({"deep/a.ipynb": FULL, "b.ipynb": FULL}, "b.ipynb", id="equal-copies-by-depth"),
        pytest.param({".ipynb_checkpoints/a-checkpoint.ipynb": FULL, "a.ipynb": OTHER}, "a.ipynb", id="checkpoint"),
        pytest.param({"__MACOSX/._a.ipynb": FULL, "a.ipynb": OTHER}, "a.ipynb", id="macosx"),
        pytest.param({"a-checkpoint.ipynb": FULL}, "a-checkpoint.ipynb", id="checkpoint-alone"),
        pytest.param({"a.py": SCRIPT, "a.ipynb": FULL}, "a.ipynb", id="notebook-before-its-export"),
        pytest.param({"a.py": SCRIPT, "scratch.ipynb": OTHER}, "a.py", id="script-before-unrelated-notebook"),
        pytest.param({"a.ipynb": BROKEN, "a.py": SCRIPT}, "a.py", id="script-before-broken-notebook"),
        pytest.param({"venv/x.py": SCRIPT, "a.py": b"x = 1"}, "a.py", id="own-before-installed"),
    ],
)
def test_the_fitting_file_is_taken(files: dict[str, bytes], taken: str) -> None:
    choice = chosen(files)

    assert choice.notebook is not None
    assert choice.notebook.source_name == taken


@pytest.mark.parametrize(
    ("files", "note", "flags"),
    [
        pytest.param(
            {"a.ipynb": OTHER, "b.ipynb": FULL},
            '"b.ipynb" was graded, not "a.ipynb": it has 4 of the 4 names and marks of this coursework, '
            "the other one 0.",
            ("several-notebooks",),
            id="fits",
        ),
        pytest.param(
            {"a.ipynb": FULL, "b.ipynb": HALF},
            '"a.ipynb" was graded, not "b.ipynb": both fit, and it holds more work.',
            ("several-notebooks",),
            id="work",
        ),
        pytest.param(
            {"a.ipynb": BLANK, "b.ipynb": BLANK.replace(b"''", b"'train = 1'")},
            '"b.ipynb" was graded, not "a.ipynb": the other one holds nothing but the notebook that was given out.',
            ("several-notebooks",),
            id="blank",
        ),
        pytest.param(
            {"a.py": SCRIPT, "a.ipynb": FULL},
            '"a.ipynb" was graded, not "a.py": the notebook counts where both fit.',
            (),
            id="export",
        ),
        pytest.param(
            {"a-checkpoint.ipynb": FULL},
            'Only an automatic copy was there: "a-checkpoint.ipynb" was graded.',
            (),
            id="checkpoint",
        ),
        pytest.param(
            {"a.ipynb": BROKEN, "b.ipynb": FULL},
            '"a.ipynb" could not be read at line 1, column 18: '
            "The file is damaged and no notebook program can open it: Expecting ':' delimiter.",
            ("unreadable-file",),
            id="broken",
        ),
        pytest.param(
            {"a.ipynb": OTHER},
            "Nothing that this coursework asks for was found in the notebook. Is it the right one?",
            ("nothing-expected-found",),
            id="unrelated",
        ),
    ],
)
def test_the_note_says_which_was_taken_and_why(files: dict[str, bytes], note: str, flags: tuple[str, ...]) -> None:
    choice = chosen(files)

    assert note in choice.notes
    assert choice.flags == flags


def test_equal_copies_and_leavings_are_no_rivals() -> None:
    choice = chosen({"a.ipynb": FULL, "copy.ipynb": FULL, ".ipynb_checkpoints/a-checkpoint.ipynb": HALF})

    assert choice.notes == ()
    assert choice.flags == ()


def test_without_an_expectation_the_notebook_with_more_code_is_taken() -> None:
    choice = chosen({"a.ipynb": OTHER, "b.ipynb": FULL}, Expectation())

    assert choice.notebook is not None
    assert choice.notebook.source_name == "b.ipynb"
    assert "both fit" in choice.notes[0]


def test_alike_notebooks_are_told_apart_by_name_and_said() -> None:
    choice = chosen({"a.ipynb": FULL, "b.ipynb": FULL + b"\n"})

    assert "both fit alike" in choice.notes[0]


def test_what_is_closer_to_the_version_given_out_is_said() -> None:
    expectation = Expectation(cells=GIVEN)

    choice = chosen({"a.ipynb": OTHER, "b.ipynb": FULL}, expectation)

    assert "more in common with the notebook that was given out" in choice.notes[0]


def test_files_beside_the_notebook_are_named() -> None:
    choice = chosen({"a.ipynb": FULL}, other=["1.csv", "2.csv", "3.csv", "4.csv", ".DS_Store"])

    assert choice.notes == ('Files beside the notebook were not used: "1.csv", "2.csv", "3.csv" and 1 more.',)


def test_of_a_packed_environment_only_some_files_are_read() -> None:
    files = {f"venv/lib/{number}.py": b"x = 1" for number in range(100)} | {"a.ipynb": FULL}

    choice = chosen(files)

    assert choice.notebook is not None
    assert choice.notebook.source_name == "a.ipynb"
    assert choice.notes == ("Of 101 notebooks and scripts, 60 were looked at.",)


HOSTILE = Problem(code="archive-bomb", what="A bomb.", next_step="Leave it out.", hostile=True)
LOCKED = Problem(code="archive-encrypted", what="Locked.", next_step="Unlock it.", hostile=False)


def test_hostile_entries_are_left_out_and_flagged_if_a_notebook_remains() -> None:
    choice = chosen({"a.ipynb": FULL}, problems=[("z", HOSTILE)] * 5)

    assert choice.notebook is not None
    assert choice.notes[0] == '"z" was left out. A bomb.'
    assert choice.notes[-1] == "2 more entries were left out for such reasons."
    assert choice.flags == ("hostile-archive",)


@pytest.mark.parametrize(
    ("files", "more", "code", "where"),
    [
        pytest.param({}, {}, "no-notebook", "", id="empty"),
        pytest.param({}, {"other": ["a.csv"]}, "no-notebook", "", id="data-alone"),
        pytest.param({}, {"other": ["a.csv", "b.html", "c.pdf"]}, "export-only", "b.html", id="export"),
        pytest.param({}, {"other": ["a.rar"]}, "archive-foreign", "a.rar", id="foreign-archive"),
        pytest.param({"a.ipynb": BROKEN}, {}, "notebook-broken-json", "a.ipynb, line 1, column 18", id="broken"),
        pytest.param({"a.ipynb": b""}, {}, "notebook-empty-file", "a.ipynb", id="no-bytes"),
        pytest.param(
            {}, {"problems": [("x.csv", HOSTILE), ("a.ipynb", LOCKED)]}, "archive-encrypted", "a.ipynb", id="locked"
        ),
        pytest.param(
            {"a.ipynb": BROKEN}, {"problems": [("x", HOSTILE)]}, "notebook-broken-json", "a.ipynb", id="broken-first"
        ),
    ],
)
def test_a_hand_in_without_a_notebook_is_refused_with_the_best_reason(
    files: dict[str, bytes], more: dict[str, object], code: str, where: str
) -> None:
    refused = chosen(files, **more).refused

    assert refused is not None
    assert refused.code == code
    assert where in refused.where
    assert refused.what
    assert refused.next_step


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("class Net(Base):", 1),
        ("async def train(): pass", 1),
        ("answer: int = 3", 1),
        ("answer = Net = 3", 1),
        ("answer == 3", 0),
        ("print(Net)", 0),
        ("# class Net", 0),
        ("    def train(self): pass", 1),
    ],
)
def test_names_count_where_they_are_defined(code: str, found: int) -> None:
    record = read_notebook(notebook_bytes([("code", code)]), source_name="a.ipynb", limits=LIMITS)

    assert fit_of(record, Expectation(names=EXPECTED.names)).found == found


SHEET = (
    "## Question 1\nWhy does the gradient vanish?",
    "*Write your answer here.*",
    "## Question 2\nHow many weights?",
    "*Write your second answer here.*",
    "Hand in by Friday.",
)
ON_PAPER = Expectation(cells=SHEET)


def sheet(*answers: str, keep: int = 5) -> bytes:
    """The exercise sheet without markers, with answers in place of the lines that ask for them."""
    cells = list(SHEET)
    for place, answer in zip((1, 3), answers, strict=False):
        cells[place] = answer
    return notebook_bytes([("markdown", source) for source in cells[:keep]])


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        pytest.param({"a.ipynb": sheet(), "b.ipynb": sheet("A product of slopes.")}, "b.ipynb", id="one-answer"),
        pytest.param(
            {"a.ipynb": sheet(), "b.ipynb": sheet("A product of slopes.", "Twenty", keep=4)},
            "b.ipynb",
            id="lines-deleted",
        ),
        pytest.param(
            {"a.ipynb": sheet("A product."), "b.ipynb": sheet("A product of slopes.", "Twenty")},
            "b.ipynb",
            id="half-and-whole",
        ),
        pytest.param(
            {"a.ipynb": sheet(), "notes.ipynb": notebook_bytes([("markdown", "Notes of the lecture. " * 40)])},
            "a.ipynb",
            id="much-work-on-something-else",
        ),
        pytest.param(
            {".ipynb_checkpoints/a-checkpoint.ipynb": sheet("A product", "Twenty"), "a.ipynb": sheet()},
            "a.ipynb",
            id="an-automatic-copy",
        ),
    ],
)
def test_the_student_version_as_it_was_given_out_does_not_win_over_work(files: dict[str, bytes], taken: str) -> None:
    choice = chosen(files, ON_PAPER)

    assert choice.notebook is not None
    assert choice.notebook.source_name == taken
    assert ("several-notebooks" in choice.flags) == all("checkpoint" not in path for path in files)
