"""Choices, identifications, numbers and texts: forgiving in form, strict in substance; and answers without a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.evidence_files import notebook
from helpers.judged_answers import judged, question, verdicts

from grader.errors import RubricError
from grader.records import Outcome
from grader.score.kinds import Verdict

PROSE = {"after": "Question 4", "before": "Question 5"}
OPTIONS = {"a": ["the first one"], "b": ["the second one"], "c": []}
PASSED, FAILED, MANUAL, UNANSWERED = Outcome.PASSED, Outcome.FAILED, Outcome.MANUAL, Outcome.UNANSWERED


def in_prose(folder: Path, kind: str, parameters: dict[str, Any], text: str) -> Verdict:
    return judged(folder, kind, PROSE | parameters, notebook(("markdown", f"Question 4\n{text}\nQuestion 5")))


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("b", PASSED),
        ("B.", PASSED),
        ("(b)", PASSED),
        ("b)", PASSED),
        ("[b]", PASSED),
        ("**b**", PASSED),
        ("$b$", PASSED),
        ("`b`", PASSED),
        ("b?", PASSED),
        ("option b", PASSED),
        ("Option B: because it is so", PASSED),
        ("Answer: b", PASSED),
        ("The answer is (b).", PASSED),
        ("My answer: **(b)** since a is too small", PASSED),
        ("b) because a is wrong", PASSED),
        ("b, because I like it", PASSED),
        ("b - the second one", PASSED),
        ("The second one.", PASSED),
        ("- [ ] a\n- [x] b\n- [ ] c", PASSED),
        ("- [X] (b)", PASSED),
        ("a", FAILED),
        ("a) and not b", FAILED),
        ("a, b", FAILED),
        ("b and c", FAILED),
        ("- [x] a\n- [x] b", FAILED),
        ("the first one", FAILED),
        ("not b", MANUAL),
        ("a or b", MANUAL),
        ("bb", MANUAL),
        ("d", MANUAL),
        ("b" * 5_000, MANUAL),
        ("- [x] d", MANUAL),
        ("", UNANSWERED),
    ],
)
def test_a_choice_in_prose_may_be_written_in_many_ways(tmp_path: Path, text: str, outcome: Outcome) -> None:
    assert in_prose(tmp_path, "choice", {"answer": "b", "options": OPTIONS}, text).outcome is outcome


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("pick = 'Answer: (b)'", PASSED),
        ("pick = 'b) because it cancels'", PASSED),
        ("pick = ('b',)", PASSED),
        ("pick = 'something else'", MANUAL),
        ("pick = 'a'", FAILED),
    ],
)
def test_a_choice_in_a_variable_that_names_no_option_goes_to_a_person(
    tmp_path: Path, source: str, outcome: Outcome
) -> None:
    parameters = {"variable": "pick", "answer": "b", "options": OPTIONS}
    assert judged(tmp_path, "choice", parameters, notebook(source)).outcome is outcome


def test_options_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    alike = {"answer": "x^{(i)<t>}", "options": ["x^{(i)<t>}", "x^{<i>(t)}"]}
    with pytest.raises(RubricError) as caught:
        in_prose(tmp_path, "choice", alike, "a")
    assert caught.value.code == "rubric-bad-parameter"
    assert 'is a form of both "x^{(i)<t>}" and "x^{<i>(t)}"' in str(caught.value)


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("'alpha'", PASSED),
        ("' ALPHA.'", PASSED),
        ("'the alpha'", PASSED),
        ("'It is an alpha'", PASSED),
        ("'Answer: alpha'", PASSED),
        ("'\"alpha\"'", PASSED),
        ("'vanilla alpha'", PASSED),
        ("'alphabet'", FAILED),
        ("'not alpha'", FAILED),
        ("'beta'", FAILED),
        ("'the'", FAILED),
        ("''", UNANSWERED),
    ],
)
def test_an_identification_forgives_form_and_no_substance(tmp_path: Path, written: str, outcome: Outcome) -> None:
    parameters = {"answers": {"A": "alpha"}, "forgive": ["vanilla", "the", "it", "is", "an", "answer"]}
    verdict = judged(tmp_path, "identification", parameters, notebook(f"A = {written}"), template=notebook("A = ''"))
    assert verdict.outcome is outcome


def test_words_that_are_forgiven_count_where_they_are_the_answer(tmp_path: Path) -> None:
    parameters = {"answers": {"A": "a", "B": "b"}}
    verdict = judged(tmp_path, "identification", parameters, notebook("A = 'a'\nB = 'a'"))
    assert verdict.reason == "1 of 2 are right. Not right: `B`."


def test_names_that_are_exchanged_where_a_cohort_decides_are_refused(tmp_path: Path) -> None:
    answers = {"B": "alpha", "A": "beta"}
    with pytest.raises(RubricError) as caught:
        judged(tmp_path, "identification", {"answers": answers, "cohort": ["A", "B"]}, notebook(""))
    assert "names exchanged in `answers` would change nothing" in str(caught.value)
    unordered = judged(tmp_path, "identification", {"answers": answers}, notebook("A = 'beta'\nB = 'alpha'"))
    assert unordered.outcome is PASSED


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("20,224 parameters", PASSED),
        ("20 224", PASSED),
        ("2.0224e4", PASSED),
        ("20.224 k", PASSED),
        ("20.224", PASSED),
        ("about **20224** weights", PASSED),
        ("20224 for n = 128, m = 20, k = 10", PASSED),
        ("128 * (128 + 30) = 20224", PASSED),
        ("20225", FAILED),
        ("20.224 M", FAILED),
        ("16384 + 3840", MANUAL),
        ("1e999", MANUAL),
        ("٢٠٢٢٤", MANUAL),
        ("NaN", MANUAL),
        ("", UNANSWERED),
    ],
)
def test_a_number_in_prose_may_be_written_in_many_ways(tmp_path: Path, text: str, outcome: Outcome) -> None:
    verdict = in_prose(tmp_path, "number", {"answer": 20224, "unit": "parameters"}, text)
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("text", "outcome", "cut"),
    [
        ("0.3292", PASSED, False),
        ("0.329", PASSED, False),
        ("0.33", PASSED, False),
        ("0.3291", PASSED, True),
        ("0.32", PASSED, True),
        ("0.3", FAILED, False),
        ("0.34", FAILED, False),
        ("0.3293", FAILED, False),
        ("32.9 %", PASSED, False),
    ],
)
def test_a_rounded_number_is_right_to_enough_digits(tmp_path: Path, text: str, outcome: Outcome, *, cut: bool) -> None:
    verdict = in_prose(tmp_path, "number", {"answer": 0.32919, "rounded": 2}, text)
    assert verdict.outcome is outcome
    assert ("cut off, not rounded" in verdict.reason) is cut


@pytest.mark.parametrize("kind", ["choice", "number", "text"])
def test_an_answer_without_a_key_is_kept_and_earns_and_costs_nothing(tmp_path: Path, kind: str) -> None:
    asked = question("X", {"kind": kind, "key": "none", "marks": 0, **PROSE})
    text = {"choice": "b", "number": "7", "text": "because"}[kind]
    answered = verdicts(tmp_path, notebook(("markdown", f"Question 4\n{text}")), asked)[f"X/{kind}"]
    empty = verdicts(tmp_path, notebook(("markdown", "Question 4")), asked)[f"X/{kind}"]
    assert (answered.outcome, answered.mark) == (PASSED, 0)
    assert "no key to this question yet" in answered.reason
    assert (empty.outcome, empty.mark) == (UNANSWERED, 0)


@pytest.mark.parametrize("kind", ["choice", "number", "text"])
def test_without_a_key_there_are_no_marks(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RubricError) as caught:
        verdicts(tmp_path, notebook(""), question("X", {"kind": kind, "key": "none", "marks": 2, **PROSE}))
    assert caught.value.code == "rubric-no-key-with-marks"


@pytest.mark.parametrize("kind", ["choice", "number"])
def test_a_key_that_was_forgotten_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RubricError) as caught:
        in_prose(tmp_path, kind, {}, "b")
    assert caught.value.code == "rubric-bad-parameter"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It cancels out.", "A person marks this answer (3 words)."),
        ("It", "A person marks this answer (1 word; 2 to 4 were asked for)."),
        ("word " * 1_200, "A person marks this answer (1,200 words; 2 to 4 were asked for)."),
    ],
)
def test_the_words_of_a_text_are_counted(tmp_path: Path, text: str, said: str) -> None:
    verdict = in_prose(tmp_path, "text", {"words": [2, 4]}, text)
    assert (verdict.outcome, verdict.mark, verdict.reason) == (MANUAL, None, said)


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("why = '''it cancels\nout'''", MANUAL),
        ("why = ['it', 'cancels']", MANUAL),
        ("why = ''", UNANSWERED),
        ("why = '...'", UNANSWERED),
        ("", UNANSWERED),
        ("why = reasons()", MANUAL),
    ],
)
def test_a_text_may_be_assigned_to_a_variable(tmp_path: Path, source: str, outcome: Outcome) -> None:
    assert judged(tmp_path, "text", {"variable": "why"}, notebook(source)).outcome is outcome


def test_a_text_of_fewer_words_than_make_an_answer_is_none(tmp_path: Path) -> None:
    assert in_prose(tmp_path, "text", {"fewest_words": 3}, "no idea").outcome is UNANSWERED
