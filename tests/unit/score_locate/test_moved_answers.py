"""Answers are found wherever students put them, and no answer is taken for that of a neighbour."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from helpers.transformed import TEXTS, WORD, HandedIn, places, steps, theory

from grader.records import NotebookRecord
from grader.score.answer_text import prose
from grader.score.kinds.identification import written_answers
from grader.score.locate import Way, locate

Change = Callable[[HandedIn], HandedIn]


def words_found(handed_in: NotebookRecord, made: HandedIn) -> dict[str, set[str]]:
    """Question -> which of the answers' words stand in what was read for it."""
    return {
        question: set(re.findall(r"word\w+", prose(handed_in, made.template, after=after, before=before).text))
        for question, after, before in places(made.rubric)
    }


def own_words(made: HandedIn) -> dict[str, set[str]]:
    return {question: {WORD[question]} for question, _, _ in places(made.rubric)}


def cut_at(made: HandedIn, identifier: str, where: str) -> HandedIn:
    """Split a cell in two, the second without an id that is known."""
    head, found, tail = made.cell(identifier)["source"].partition(where)
    assert found
    after = made.cells[made.cells.index(made.cell(identifier)) + 1]["id"]
    return made.write(identifier, head).add(where + tail, before=after)


def joined(made: HandedIn, *identifiers: str) -> HandedIn:
    """Merge cells into the first of them."""
    text = "\n\n".join(made.cell(identifier)["source"] for identifier in identifiers)
    return made.write(identifiers[0], text).delete(*identifiers[1:])


def questions_retyped(made: HandedIn, form: str) -> HandedIn:
    for number in "1234":
        made.write(f"theory-{number}", form.format(number))
    return made


def appended(made: HandedIn, form: str) -> HandedIn:
    """All answers in one cell at the end, the given cells left as they were."""
    fresh = HandedIn("imperial_cw3")
    labels = {"T1": "1", "T2": "2", "T3": "3", "T4": "4"}
    text = "\n\n".join(form.format(labels[question], TEXTS[question]) for question in labels)
    return fresh.add(text)


THEORY: dict[str, Change] = {
    "as given": lambda made: made,
    "without the ids of cells": lambda made: made.without_ids(),
    "the answer cells moved to the end": lambda made: made.move("theory-2-answer").move("theory-1-answer"),
    "a question moved with its answer": lambda made: made.move("theory-4", before="theory-1").move(
        "theory-4-answer", before="theory-1"
    ),
    "the answer moved above its question": lambda made: made.move("theory-2-answer", before="theory-2"),
    "the answer moved among the code": lambda made: made.move("theory-2-answer", before="models"),
    "an answer split over two cells": lambda made: cut_at(made, "theory-2-answer", "by a sum"),
    "an answer split by a cell of code": lambda made: cut_at(made, "theory-2-answer", "by a sum").add(
        "print(1 + 1)", kind="code", before="new"
    ),
    "question and answer merged": lambda made: joined(made, "theory-2", "theory-2-answer"),
    "three cells merged": lambda made: joined(made, "theory-1-answer", "theory-2", "theory-2-answer").without_ids(),
    "all theory merged into one cell": lambda made: joined(
        made.convert("theory-3-labels", "markdown"),
        *(f"theory-{n}" for n in ("1", "1-answer", "2", "2-answer", "3", "3-figure", "3-labels", "3-reasons", "4")),
        "theory-4-answer",
    ),
    "headings retyped": lambda made: questions_retyped(made, "### Theory Q{}").without_ids(),
    "headings as numbers of the rubric": lambda made: questions_retyped(made, "**T{}**").without_ids(),
    "headings of another level": lambda made: made.everywhere(
        lambda s: s.replace("**Theory question", "#### **Theory question")
    ),
    "headings in capitals": lambda made: questions_retyped(made, "THEORY QUESTION {}").without_ids(),
    "headings in HTML": lambda made: questions_retyped(made, "<h3>Theory question {}</h3>").without_ids(),
    "headings with other signs": lambda made: questions_retyped(made, "## Theory – question ({})").without_ids(),
    "headings typed badly": lambda made: made.everywhere(
        lambda s: s.replace(
            "Theory question 2: Why do LSTMs help against", "Theory qestion 2 Why does LSTM help agianst"
        ).replace("Theory question 2:** Why do LSTMs help against", "Theory qestion 2:** Why do LSTM help agianst")
    ).without_ids(),
    "a heading deleted": lambda made: made.delete("theory-2"),
    "a heading deleted, without ids": lambda made: made.delete("theory-2").without_ids(),
    "a heading and the scaffold deleted": lambda made: made.delete("theory-1").write("theory-1-answer", TEXTS["T1"]),
    "answers below the untouched cell": lambda made: made.write("theory-2-answer", "*Write your answer here.*").add(
        TEXTS["T2"], before="theory-3"
    ),
    "an answer on the line of the question": lambda made: made.write(
        "theory-2", made.cell("theory-2")["source"] + " " + TEXTS["T2"]
    ).delete("theory-2-answer"),
    "an answer in a raw cell": lambda made: made.convert("theory-2-answer", "raw"),
    "an answer in a comment": lambda made: made.write("theory-2-answer", "*Write your answer here.*").add(
        f"# {TEXTS['T2']}", kind="code", before="theory-3"
    ),
    "an answer in a string": lambda made: made.write("theory-2-answer", "*Write your answer here.*").add(
        f'"""\n{TEXTS["T2"]}\n"""', kind="code", before="theory-3"
    ),
    "an answer printed": lambda made: made.write("theory-2-answer", "*Write your answer here.*").add(
        f'print("{TEXTS["T2"]}")', kind="code", before="theory-3"
    ),
    "an answer typed into a code cell": lambda made: made.write("theory-2-answer", "").add(
        TEXTS["T2"], kind="code", before="theory-3"
    ),
    "the given cell copied and filled in": lambda made: (
        made.write("theory-2-answer", "*Write your answer here.*")
        .add(made.cell("theory-2")["source"], before="theory-3")
        .add(TEXTS["T2"], before="theory-3")
    ),
    "a draft above, a copy below": lambda made: made.write("theory-2-answer", "Not sure yet.").add(
        made.cell("theory-2")["source"] + "\n\n" + TEXTS["T2"], before="theory-3"
    ),
    "answers appended with labels": lambda made: appended(made, "Theory question {}: {}"),
    "answers appended with short labels": lambda made: appended(made, "**T{}.** {}"),
    "answers appended below headings": lambda made: appended(made, "## Answer to theory question {}\n{}"),
    "an answer as a picture": lambda made: made.write("theory-2-answer", f"![{TEXTS['T2']}](attachment:image.png)"),
    "an answer in a list with numbers": lambda made: made.write(
        "theory-2-answer", f"1. First of all.\n2. {TEXTS['T2']}\n3. That is all, see question 1 and 4."
    ),
    "a heading inside an answer": lambda made: made.write("theory-2-answer", f"#### My reasons\n{TEXTS['T2']}"),
    "spaces and line ends changed": lambda made: made.everywhere(lambda s: s.replace(" ", "  ").replace("\n", " \n")),
    "given cells of code moved between": lambda made: made.move("imports", before="theory-2-answer"),
    "a cell of the student's above all": lambda made: made.add("Name: somebody. I worked alone.", before="title"),
}


@pytest.mark.parametrize("change", THEORY)
def test_every_answer_is_found_and_none_is_taken_for_another(change: str) -> None:
    made = THEORY[change](theory())
    assert words_found(made.record(), made) == own_words(made)


KNOWN_BY_ID = {
    "the answer cells moved to the end",
    "the answer moved above its question",
    "the answer moved among the code",
    "a heading and the scaffold deleted",
    "an answer split by a cell of code",
}
"""A script has no ids, and nothing else says whose these cells are."""


@pytest.mark.parametrize("change", [name for name in THEORY if name not in KNOWN_BY_ID])
def test_answers_are_found_in_a_script_made_from_the_notebook(change: str) -> None:
    made = THEORY[change](theory())
    assert words_found(made.script(), made) == own_words(made)


STEPS: dict[str, Change] = {
    "as given": lambda made: made,
    "another language": lambda made: made.write("shift-task", "**Aufgabe 4.** Warum ändert das nichts?").without_ids(),
    "a third language": lambda made: made.write("shift-task", "# 问题4\n为什么?").without_ids(),
    "a heading of another level": lambda made: made.write("shift-task", "###### Exercise 4").without_ids(),
    "a question moved to the front": lambda made: made.move("shift", before="imports").move(
        "shift-task", before="shift"
    ),
    "a code cell turned to text": lambda made: made.convert("dying", "markdown"),
    "the label kept, the text lost": lambda made: made.write("shift-task", "Q4)").without_ids(),
    "the heading deleted": lambda made: made.delete("shift-task"),
    "the answer in a comment below the variable": lambda made: made.delete("shift-task", "shift").write(
        "dying", f'dying = "b"\n\n# Question 4. {TEXTS["shift"]}'
    ),
}


@pytest.mark.parametrize("change", STEPS)
def test_answers_to_the_small_coursework_are_found(change: str) -> None:
    made = STEPS[change](steps())
    assert words_found(made.record(), made) == own_words(made)
    assert written_answers(made.record(), made.template, ("dying",)) == {"dying": "b"}


NAMES: dict[str, Change] = {
    "in a comment": lambda made: made.write("dying", 'dying = ""\n# dying = "b"'),
    "in a text cell": lambda made: made.write("dying", 'dying = ""').add("My answer: `dying` = **b**"),
    "in a raw cell": lambda made: made.convert("dying", "raw"),
    "under a name in capitals": lambda made: made.write("dying", 'Dying = "b"'),
    "with a colon": lambda made: made.write("dying", 'dying = ""').add("dying: b"),
    "at the end": lambda made: made.write("dying", 'dying = ""').add('dying = "b"', kind="code"),
    "twice": lambda made: made.write("dying", 'dying = "a"').add('dying = "b"', kind="code"),
    "below the heading of another question": lambda made: made.move("dying", before="softmax"),
}


@pytest.mark.parametrize("change", NAMES)
def test_an_answer_under_a_name_is_found(change: str) -> None:
    made = NAMES[change](steps())
    assert written_answers(made.record(), made.template, ("dying",)) == {"dying": "b"}
    assert words_found(made.record(), made) == own_words(made)


def test_outputs_are_no_answer_and_the_place_is_known_all_the_same() -> None:
    made = theory()
    made.write("theory-2-answer", "*Write your answer here.*")
    made.add("explain()", kind="code", before="theory-3")
    made.cell("new")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": TEXTS["T2"]}]
    found = prose(made.record(), made.template, after=r"\*\*Theory question 2:", before=r"\*\*Theory question 3:")
    assert (found.found, found.text) == (True, "")


def test_what_a_program_prints_is_no_answer() -> None:
    made = theory().write("theory-2-answer", "*Write your answer here.*")
    printing = 'print(f"The loss of this step is {loss}")\nprint("The mean loss is now %s" % loss)'
    made.add(printing, kind="code", before="theory-3")
    assert prose(made.record(), made.template, after=r"\*\*Theory question 2:").text == ""


def test_what_was_found_says_where_and_how() -> None:
    made = theory().move("theory-2-answer")
    found = prose(made.record(), made.template, after=r"\*\*Theory question 2:")
    assert [(place.cell, place.way, place.how) for place in found.places] == [
        (len(made.cells) - 1, Way.METADATA, "in the cell that was given for it")
    ]
    made = questions_retyped(theory(), "### Theory Q{}").without_ids()
    found = prose(made.record(), made.template, after=r"\*\*Theory question 2:")
    assert [place.how for place in found.places] == ["below your heading “Theory Q2”"]


def test_of_two_answers_that_differ_the_last_counts_and_both_are_named() -> None:
    made = theory().add("Theory question 2: wordlast, after all.")
    found = prose(made.record(), made.template, after=r"\*\*Theory question 2:")
    assert "wordlast" in found.text
    assert "wordtwo" not in found.text
    assert "wordtwo" in found.whole
    assert found.said == "Your answer stands in cell 19 and cell 26, and not the same; that in cell 26 counts."


def test_the_same_answer_twice_is_said_once() -> None:
    made = theory().add(f"Theory question 2: {TEXTS['T2']}")
    found = prose(made.record(), made.template, after=r"\*\*Theory question 2:")
    assert found.said == ""
    assert found.whole.count("wordtwo") == 1


def test_a_place_with_two_claims_goes_to_the_heading_above_and_that_is_said() -> None:
    made = theory().move("theory-1-answer", before="theory-3").move("theory-2-answer", before="theory-2")
    found = words_found(made.record(), made)
    assert (found["T1"], found["T2"]) == ({"wordtwo"}, {"wordone"})
    said = prose(made.record(), made.template, after=r"\*\*Theory question 1:").said
    assert "stands below the heading of question T1 and was given for question T2; it was read for T1." in said


def test_prose_that_belongs_to_no_question_sends_a_lost_one_to_a_person() -> None:
    made = HandedIn("first_steps").delete("shift-task", "shift").add(TEXTS["shift"], before="imports").without_ids()
    found = prose(made.record(), made.template, after="Question 4")
    assert (found.found, found.text, found.lost) == (False, "", True)


def test_the_untouched_student_version_answers_nothing() -> None:
    for name in ("imperial_cw3", "first_steps"):
        made = HandedIn(name)
        assert set().union(*words_found(made.record(), made).values()) == set()
        for _, after, before in places(made.rubric):
            assert prose(made.record(), made.template, after=after, before=before).text == ""
        assert not locate(made.record(), made.template).unowned
