"""One card: states in words, sentences for each outcome, named mistakes and one next step."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.marks_builders import Mistake, check_mark, described, question_mark, rubric_for

from grader.records import LookedAt, QuestionMark
from grader.report import wording
from grader.report.question_view import QuestionView, question_view

NO_MISTAKES = described()


def card(
    question: QuestionMark, *others: QuestionMark, describe: Any = NO_MISTAKES, answer: str = "", **rest: Any
) -> QuestionView:
    return question_view(question, rubric_for([*others, question], **rest), describe, answer)


@pytest.mark.parametrize(
    ("checks", "state", "words"),
    [
        pytest.param([check_mark("1/a")], "Full marks", "2 of 2", id="passed"),
        pytest.param([check_mark("1/a", "1", outcome="partial")], "Part marks", "1 of 2", id="partial"),
        pytest.param([check_mark("1/a", outcome="failed")], "No marks", "0 of 2", id="failed"),
        pytest.param([check_mark("1/a", outcome="unanswered")], "Not answered", "0 of 2", id="unanswered"),
        pytest.param([check_mark("1/a", outcome="blocked")], "Not judged", "0 of 2", id="blocked"),
        pytest.param([check_mark("1/a", outcome="manual")], "Waits for a person", "open, of 2", id="manual"),
        pytest.param([check_mark("1/a", outcome="fault")], "A fault of ours", "open, of 2", id="fault"),
        pytest.param(
            [check_mark("1/a"), check_mark("1/b", outcome="manual")], "Part open", "2 of 4, 2 open", id="part-open"
        ),
        pytest.param(
            [check_mark("1/a", "1", outcome="partial"), check_mark("1/b", outcome="manual")],
            "Part marks, part open",
            "1 of 4, 2 open",
            id="part-marks-part-open",
        ),
        pytest.param(
            [check_mark("1/a", outcome="failed"), check_mark("1/b", outcome="unanswered")],
            "No marks",
            "0 of 4",
            id="none",
        ),
        pytest.param(
            [check_mark("1/a", "2", outcome="partial")], "Full marks", "2 of 2", id="full-marks-though-partly-met"
        ),
        pytest.param([check_mark("1/a", maximum="0")], "Reported only", "0 of 0", id="no-marks-at-stake"),
    ],
)
def test_state_and_mark_in_words(checks: list[Any], state: str, words: str) -> None:
    view = card(question_mark("1", *checks))

    assert (view.state, view.mark_words) == (state, words)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        pytest.param(check_mark("1/a"), (), id="passed-says-nothing-more"),
        pytest.param(
            check_mark("1/a", reason="Judged on its own."), ("Judged on its own.",), id="passed-with-a-reason"
        ),
        pytest.param(check_mark("1/a", outcome="failed"), (wording.NOT_MET,), id="failed-without-a-reason"),
        pytest.param(check_mark("1/a", "1", outcome="partial"), ("This was met in part.",), id="partial"),
        pytest.param(
            check_mark("1/a", outcome="failed", reason="It is 3."), ("It is 3.",), id="failed-with-its-reason"
        ),
        pytest.param(check_mark("1/a", outcome="unanswered"), (wording.UNANSWERED,), id="unanswered"),
        pytest.param(
            check_mark("1/a", outcome="unanswered", reason=wording.UNANSWERED),
            (wording.UNANSWERED,),
            id="not-said-twice",
        ),
        pytest.param(
            check_mark("1/a", outcome="fault", reason="KeyError in our code"),
            (
                "A fault of ours: this could not be judged, and that says nothing about your work. "
                "2 marks are open until a person has looked.",
            ),
            id="fault-without-internals",
        ),
        pytest.param(
            check_mark("1/a", outcome="manual", uncertain=True, reason="Two forms fit."),
            (
                "We could not tell for certain what this part of your code does, so a person looks at it. "
                "2 marks are open until then.",
                "Two forms fit.",
            ),
            id="uncertain",
        ),
        pytest.param(check_mark("1/a", by="person"), (wording.BY_PERSON,), id="by-a-person"),
        pytest.param(check_mark("1/a", by="policy"), (wording.BY_POLICY,), id="by-policy"),
    ],
)
def test_sentences_of_a_check(check: Any, said: tuple[str, ...]) -> None:
    assert card(question_mark("1", check)).checks[0].said == said


@pytest.mark.parametrize(
    ("reasons", "show", "said"),
    [
        pytest.param(["Right."], "gap", (), id="the-reason-says-it"),
        pytest.param([""], "gap", (wording.all_met(1),), id="nothing-else-does"),
        pytest.param(["Right."], "misconception", (wording.all_met(1),), id="the-reason-is-not-shown"),
        pytest.param(["Right.", "Right."], "gap", (wording.all_met(2),), id="of-several"),
    ],
)
def test_that_all_is_met_is_said_once(reasons: list[str], show: str, said: tuple[str, ...]) -> None:
    checks = [check_mark(f"1/{number}", reason=reason) for number, reason in enumerate(reasons)]

    assert card(question_mark("1", *checks), shows={"1": show}).said == said


def test_follow_through_and_blocks_name_the_question_behind_them() -> None:
    first = question_mark("1", check_mark("1/a", outcome="failed"), title="The cell")
    carried = check_mark("2/a", "1.5", outcome="partial", follow_through=True, reason="It reads the input.")
    barred = check_mark("2/b", outcome="blocked", follow_through=True)

    view = card(question_mark("2", carried, barred), first, uses={"2": ["1"]})

    assert view.checks[0].said == (
        "It reads the input.",
        "This part builds on your 1 (The cell). A mistake there was carried through, not charged again: for what this "
        "part itself does you get 1.5 of 2.",
    )
    assert view.checks[1].said == (
        "Not judged, because it builds on 1 (The cell), which could not be used. This costs 2 marks.",
    )


def test_a_mistake_is_named_once_and_charged_if_any_check_lost_marks_by_it() -> None:
    free = check_mark("1/a", diagnosis=("m.one",))
    charged = check_mark("1/b", outcome="failed", diagnosis=("m.one", "m.form", "m.unknown", "m.fourth"))
    describe = described(Mistake(id="m.one"), Mistake(id="m.form", effect="equivalent"))

    view = card(question_mark("1", free, charged), describe=describe)

    assert [(m.id, m.title, m.charged, m.accepted) for m in view.mistakes] == [
        ("m.one", "gate applied twice", True, False),
        ("m.form", "gate applied twice", True, True),
        ("m.unknown", "", True, False),
    ]


def test_what_the_reason_says_already_is_not_said_again_by_the_mistake() -> None:
    describe = described(Mistake(id="m.one", what_you_did="You did this."))
    question = question_mark("1", check_mark("1/a", outcome="failed", diagnosis=("m.one",), reason="You did this."))

    whole = card(question, describe=describe)
    without_reason = card(question, describe=describe, shows={"1": "misconception"})

    assert (whole.checks[0].said, whole.mistakes[0].what_you_did) == (("You did this.",), "")
    assert without_reason.mistakes[0].what_you_did == "You did this."


@pytest.mark.parametrize(
    ("checks", "wanted"),
    [
        pytest.param([check_mark("1/a", outcome="failed", diagnosis=("m.one",))], "from the mistake", id="mistake"),
        pytest.param(
            [
                check_mark("1/a", outcome="failed", diagnosis=("m.one",), next_step="small"),
                check_mark("1/b", maximum="5", outcome="failed", next_step="large"),
            ],
            "large",
            id="check-that-lost-most",
        ),
        pytest.param([check_mark("1/a", next_step="go on")], "go on", id="passed"),
        pytest.param([check_mark("1/a")], "", id="nothing-to-do"),
    ],
)
def test_there_is_one_next_step(checks: list[Any], wanted: str) -> None:
    describe = described(Mistake(id="m.one", next_step="from the mistake"))

    assert card(question_mark("1", *checks), describe=describe).next_step == wanted


def test_the_students_own_answer_is_cut() -> None:
    view = card(question_mark("1", check_mark("1/a", outcome="manual")), answer="line\n" * 60)

    assert view.answer is not None
    assert view.answer.more == "20 more lines"


def test_a_blank_answer_is_left_out() -> None:
    assert card(question_mark("1", check_mark("1/a", outcome="manual")), answer=" \n").answer is None


def test_places_that_were_looked_at_are_sentences_with_the_beginning_of_what_stands_there() -> None:
    place = LookedAt(cell=8, how="below your heading “Q3 b”", text="n = 12\n<b>\u202e")
    other = LookedAt(cell=2, how="where `n` is set", text="n = 13", counts=False)
    view = card(question_mark("1", check_mark("1/a", looked_at=(place, place, other))))
    assert [(one.where, one.text.text if one.text else None) for one in view.looked_at] == [
        ("Found in cell 9, below your heading “Q3 b”.", "n = 12\n<b>\ufffd"),
        ("Also found, and passed over: cell 3, where `n` is set.", "n = 13"),
    ]


def test_a_text_that_is_shown_as_the_answer_is_not_shown_again() -> None:
    place = LookedAt(cell=8, how="by its place between the given cells", text="It cancels …")
    other = LookedAt(cell=3, how="where `n` is set", text="n = 13")
    checks = check_mark("1/a", looked_at=(other,)), check_mark("1/b", outcome="manual", looked_at=(place,))
    view = card(question_mark("1", *checks), answer="It cancels out.")
    assert [(one.where, one.text is None) for one in view.looked_at] == [
        ("Found in cell 9, by its place between the given cells.", True),
        ("Found in cell 4, where `n` is set.", False),
    ]


def test_a_check_that_passed_below_its_maximum_is_partly_met() -> None:
    check = card(question_mark("1", check_mark("1/a", "1"))).checks[0]

    assert check.state == "Partly met"


def test_names_of_checks_are_made_readable() -> None:
    view = card(question_mark("1", check_mark("1/reset-range"), check_mark("1/xW_map"), check_mark("extra")))

    assert [check.name for check in view.checks] == ["Reset range", "xW map", "Extra"]
