"""The fixed sentences, word for word: they are the product."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.records import Outcome, SubmissionStatus
from grader.report import wording

ONE, TWO = Decimal("1.00"), Decimal("2.00")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        pytest.param(
            wording.manual(TWO, uncertain=False),
            "A person reads this answer. 2 marks are open until then.",
            id="manual",
        ),
        pytest.param(
            wording.manual(ONE, uncertain=True),
            "We could not tell for certain what this part of your code does, so a person looks at it. "
            "1 mark is open until then.",
            id="uncertain",
        ),
        pytest.param(
            wording.fault(TWO),
            "A fault of ours: this could not be judged, and that says nothing about your work. "
            "2 marks are open until a person has looked.",
            id="fault",
        ),
        pytest.param(
            wording.blocked(TWO, ["2b (Both ways)"]),
            "Not judged, because it builds on 2b (Both ways), which could not be used. This costs 2 marks.",
            id="blocked",
        ),
        pytest.param(
            wording.blocked(ONE, []),
            "Not judged, because it builds on another part, which could not be used. This costs 1 mark.",
            id="blocked-unknown",
        ),
        pytest.param(
            wording.follow_through(Decimal("3.50"), Decimal("4.00"), ["1b (The step)", "1d (The other)"]),
            "This part builds on your 1b (The step) and 1d (The other). A mistake there was carried through, "
            "not charged again: for what this part itself does you get 3.5 of 4.",
            id="follow-through",
        ),
        pytest.param(
            wording.follow_through(ONE, TWO, []),
            "This part builds on an earlier part of yours. A mistake there was carried through, not charged again: "
            "for what this part itself does you get 1 of 2.",
            id="follow-through-unknown",
        ),
        pytest.param(
            wording.convention("reset before the product."),
            "We read your code as: reset before the product. This form is accepted.",
            id="convention",
        ),
        pytest.param(wording.provisional(ONE), "Provisional: 1 mark still waits for a person.", id="provisional-one"),
        pytest.param(wording.provisional(TWO), "Provisional: 2 marks still wait for a person.", id="provisional"),
        pytest.param(wording.all_met(1), "The check is met.", id="one-met"),
        pytest.param(wording.all_met(2), "Both checks are met.", id="both-met"),
        pytest.param(wording.all_met(4), "All 4 checks are met.", id="all-met"),
    ],
)
def test_sentence(said: str, wanted: str) -> None:
    assert said == wanted


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        (None, ""),
        (-5.0, "on time"),
        (0.0, "on time"),
        (0.4, "less than an hour late"),
        (3.25, "3.2 hours late"),
        (72.0, "3.0 days late"),
    ],
)
def test_lateness_in_words(hours: float | None, wanted: str) -> None:
    assert wording.lateness(hours) == wanted


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-18T16:02:00+00:00", "18 November 2026, 16:02 UTC"),
        ("2026-03-01T09:05:00", "1 March 2026, 09:05"),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_the_time_of_a_hand_in_in_words(moment: str, wanted: str) -> None:
    assert wording.received(moment) == wanted


def test_every_outcome_and_status_has_words() -> None:
    assert set(wording.OUTCOME_WORDS) == set(wording.QUESTION_WORDS) == set(Outcome)
    assert set(wording.STATUS_WORDS) == set(SubmissionStatus)


@pytest.mark.parametrize(
    ("items", "wanted"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_reads_as_a_sentence(items: list[str], wanted: str) -> None:
    assert wording.listed(items) == wanted
