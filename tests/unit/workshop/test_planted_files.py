"""Files of mutants and alternatives are read with errors that an author can act on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from grader.errors import RubricError
from grader.workshop.planted import Edit, Kind, Planted, read_planted

MUTANTS = """\
What stands above the first block is a comment.

@@ step.early in one
y = x
@# A comment between blocks.

@@ typo in two: a name that is not there
@ loses: one 1.5, two
secnd = first

@@ step.late in one: renamed
@ named: step.other, step.more
@ because: nothing tells the three apart
@ also: two step.late, why step.early
@ replace in steps
y = x + 1

return y
@ with
return x
@ in two

second = None

@ cell before more
helper = 1

@@ step.harmless in one
@ loses: nothing
y = x
"""


def read(tmp_path: Path, text: str, kind: Kind = "mutants") -> tuple[Planted, ...]:
    (tmp_path / "course" / kind).mkdir(parents=True)
    (tmp_path / "course" / kind / "file.txt").write_text(text, encoding="utf-8")
    return read_planted(tmp_path / "course", kind)


def test_a_mutant_is_code_for_the_question_that_it_is_planted_in(tmp_path: Path) -> None:
    planted = read(tmp_path, MUTANTS)[0]

    assert planted.title == "step.early in one"
    assert (planted.name, planted.question) == ("step.early", "one")
    assert planted.edits == (Edit(what="answer", target="one", text="y = x"),)
    assert planted.named == ("step.early",)
    assert planted.loses == {"one": None}
    assert planted.where == "course/mutants/file.txt:3"


def test_a_name_without_a_dot_has_to_be_caught_only(tmp_path: Path) -> None:
    planted = read(tmp_path, MUTANTS)[1]

    assert planted.title == "typo in two: a name that is not there"
    assert planted.name == "typo"
    assert planted.named == ()
    assert planted.loses == {"one": Decimal("1.5"), "two": None}


def test_a_mutant_may_be_named_otherwise_and_consist_of_several_edits(tmp_path: Path) -> None:
    planted = read(tmp_path, MUTANTS)[2]

    assert planted.named == ("step.other", "step.more")
    assert planted.also == (("two", "step.late"), ("why", "step.early"))
    assert planted.edits == (
        Edit(what="replace", target="steps", old="y = x + 1\n\nreturn y", text="return x"),
        Edit(what="answer", target="two", text="second = None"),
        Edit(what="insert", target="more", text="helper = 1"),
    )


def test_a_mutant_may_keep_all_marks(tmp_path: Path) -> None:
    assert read(tmp_path, MUTANTS)[3].loses == {}


def test_an_alternative_says_what_it_shows_and_how_it_is_recognised(tmp_path: Path) -> None:
    options = "@ shows: a.b, c.d\n@ convention: two words, more words\n"
    text = f"@@ the other way in which to write it\n{options}@ in one\ny = 0\n"

    (planted,) = read(tmp_path, text, "alternatives")

    assert planted.title == planted.name == "the other way in which to write it"
    assert planted.question == ""
    assert planted.loses == {}
    assert planted.shows == ("a.b", "c.d")
    assert planted.conventions == (("two", "words, more words"),)


def test_a_coursework_without_such_a_folder_plants_nothing(tmp_path: Path) -> None:
    assert read_planted(tmp_path, "mutants") == ()


def test_code_may_be_replaced_by_nothing(tmp_path: Path) -> None:
    (planted,) = read(tmp_path, "@@ typo in one\n@ replace in steps\nLAST = 1\n@ with\n")

    assert planted.edits == (Edit(what="replace", target="steps", old="LAST = 1", text=""),)


@pytest.mark.parametrize(
    ("text", "line", "what", "next_step"),
    [
        pytest.param("no block\n", "", "there is no block in the file", '"@@ "', id="no block"),
        pytest.param("@@ typo\ny = x\n", ":1", "does not say where it is planted", "in QUESTION", id="no place"),
        pytest.param("\n@@ typo in one\n\n", ":2", "changes nothing", "add the code", id="no code"),
        pytest.param("@@ typo in one\n@ lose: one\ny\n", ":1", '"@ lose: one" is not', '"@ loses:"', id="key"),
        pytest.param("@@ typo in one\n@ shows: a.b\ny\n", ":1", "is not understood in mutants", "known are", id="kind"),
        pytest.param("@@ typo in one\n@ loses:\ny\n", ":1", '"@ loses:" says nothing', "with a value", id="no value"),
        pytest.param(
            "@@ typo in one\n@ loses: one\n@ loses: two\ny\n", ":1", '"@ loses:" stands there twice', "once", id="twice"
        ),
        pytest.param("@@ typo in one\ny\n@ loses: one\n", ":1", "stands below code", "options come first", id="late"),
        pytest.param("@@ typo in one\n@ loses: one six\ny\n", ":1", '"six" is no number', "@ loses: 1b 6", id="number"),
        pytest.param("@@ typo in one\n@ loses: one NaN\ny\n", ":1", '"NaN" is no number', "@ loses:", id="no number"),
        pytest.param("@@ typo in one\n@ in two\n\n", ":1", 'there is no code for "two"', "`pass`", id="empty region"),
        pytest.param("@@ typo in one\n@ also: two\ny\n", ":1", '"@ also: two" lacks a part', "QUESTION", id="also"),
        pytest.param("@@ a.b in one\n@ named: c.d\ny\n", ":1", "has no reason", "@ because:", id="no reason"),
        pytest.param("@@ a.b in one\n@ because: so\ny\n", ":1", "explains nothing", "@ named:", id="reason alone"),
        pytest.param("@@ typo in one\ny\n@ with\nz\n", ":1", '"@ with" stands alone', "@ replace in CELL", id="with"),
        pytest.param("@@ typo in one\n@ replace in steps\n@ with\nz\n", ":1", "stands alone", "old text", id="no old"),
        pytest.param("@@ typo in one\n@ replace in steps\ny\n", ":1", 'has no "@ with"', "instead below", id="no with"),
        pytest.param("@@ a in one\ny\n\n@@ a in one\nz\n", ":4", "file.txt:1, too", "words after a colon", id="same"),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, text: str, line: str, what: str, next_step: str
) -> None:
    with pytest.raises(RubricError) as caught:
        read(tmp_path, text)

    assert caught.value.code in ("planted-malformed", "planted-twice")
    assert what in str(caught.value)
    assert caught.value.where.endswith(f"file.txt{line}")
    assert next_step in caught.value.next_step


def test_code_of_an_alternative_has_to_belong_to_a_question(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match='"y = 0" belongs to no question'):
        read(tmp_path, "@@ words\ny = 0\n", "alternatives")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "mutants").mkdir()
    (tmp_path / "mutants" / "file.txt").write_bytes(b"\xff\xfe@@")

    with pytest.raises(RubricError, match="cannot be read") as caught:
        read_planted(tmp_path, "mutants")

    assert caught.value.code == "planted-malformed"
