"""Generated texts have marks for being there; their statistics are flags for a person."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.evidence_files import notebook, write_evidence
from helpers.judged_answers import judged

from grader.errors import RubricError
from grader.records import Outcome
from grader.score.kinds.text_statistics import compared, statistics

PATTERN = r"^(?:T|step) ?= ?(?P<label>[\d.]+): (?P<text>.*)$"
SAMPLES: dict[str, Any] = {"pattern": PATTERN, "wanted": {"0.5": 2, "1": 2, "2": 2}, "more_varied": [["0.5", "2"]]}
COLD = ["the man the man the man the man th", "the sea the sea the sea the sea th"]
WARM = ["qzj! kvwe, pol9 mxbd?yhg rtuc fsan", "vX;3 bnqp ogz(kd) whelm Jutry 7fic-"]


def lines(*samples: tuple[str, str]) -> str:
    return "\n".join(f"T = {label}: {text}" for label, text in samples)


ALL = lines(*(("0.50", text) for text in COLD), *(("1.0", text) for text in COLD), *(("2", text) for text in WARM))


@pytest.mark.parametrize("place", ["printed", "written", "printed elsewhere"])
def test_samples_that_are_there_have_full_marks_wherever_they_stand(tmp_path: Path, place: str) -> None:
    region = {"after": "Samples", "before": "End"}
    handed_in = {
        "printed": notebook(("markdown", "Samples"), "go()", ("markdown", "End"), outputs={1: [ALL]}),
        "written": notebook(("markdown", f"Samples\n{ALL}\nEnd")),
        "printed elsewhere": notebook("go()", ("markdown", "Samples\nsee above"), outputs={0: [ALL]}),
    }[place]
    verdict = judged(tmp_path, "samples", SAMPLES | region, handed_in)
    assert (verdict.outcome, verdict.mark, verdict.flags) == (Outcome.PASSED, 3, ())
    assert verdict.reason == "6 generated texts were found."


def test_the_mark_is_the_share_of_the_wanted_samples(tmp_path: Path) -> None:
    text = lines(("0.5", COLD[0]), ("0.5", COLD[1]), ("0.5", "more"), ("1", COLD[0]))
    verdict = judged(tmp_path, "samples", SAMPLES, notebook("go()", outputs={0: [text]}))
    assert (verdict.outcome, verdict.mark) == (Outcome.PARTIAL, Decimal("1.50"))
    assert verdict.reason == "4 generated texts were found. Missing: 1 of 1, 2 of 2."


def test_without_samples_there_is_no_mark(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "samples", SAMPLES, notebook("go()", outputs={0: ["T = : \nnothing"]}))
    assert (verdict.outcome, verdict.mark) == (Outcome.UNANSWERED, 0)


def test_samples_of_our_own_run_count_where_none_are_stored(tmp_path: Path) -> None:
    write_evidence(tmp_path, part="training")
    cells = [{"outputs": [{"text": ALL.splitlines(keepends=True)}]}]
    (tmp_path / "executed-training.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    verdict = judged(tmp_path, "samples", SAMPLES, notebook("go()"))
    assert (verdict.mark, verdict.evidence) == (3, ("training",))
    assert "in our run of your training" in verdict.reason


def test_a_higher_temperature_that_is_not_more_varied_is_a_flag(tmp_path: Path) -> None:
    text = lines(*(("0.5", t) for t in WARM), *(("1", t) for t in COLD), *(("2", t) for t in COLD))
    verdict = judged(tmp_path, "samples", SAMPLES, notebook("go()", outputs={0: [text]}))
    assert (verdict.mark, verdict.flags) == (3, ("samples-not-more-varied",))
    assert "The texts of 2 are not more varied than those of 0.5" in verdict.reason
    assert "changes no mark" in verdict.reason


def test_few_characters_are_not_compared(tmp_path: Path) -> None:
    text = lines(("0.5", "abcdef"), ("2", "aaaaaa"))
    verdict = judged(tmp_path, "samples", SAMPLES | {"wanted": ["0.5", "2"]}, notebook("go()", outputs={0: [text]}))
    assert (verdict.mark, verdict.flags) == (3, ())


STEPS = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the the the tttttttttttt the the", "the man went down to the sea aga"]


@pytest.mark.parametrize(("order", "flags"), [((0, 1, 2), ()), ((2, 1, 0), ("samples-no-better",))])
def test_later_samples_should_repeat_less(tmp_path: Path, order: tuple[int, ...], flags: tuple[str, ...]) -> None:
    text = "\n".join(f"step = {1000 * number}: {STEPS[place]}" for number, place in enumerate(order))
    parameters = {"pattern": PATTERN, "later_better": True}
    verdict = judged(tmp_path, "samples", parameters, notebook("go()", outputs={0: [text]}))
    assert (verdict.mark, verdict.flags) == (3, flags)


def test_samples_that_are_all_the_same_are_a_flag(tmp_path: Path) -> None:
    text = lines(*((label, COLD[0]) for label in ("0.5", "0.5", "1", "1", "2", "2")))
    verdict = judged(tmp_path, "samples", SAMPLES, notebook("go()", outputs={0: [text]}))
    assert verdict.flags == ("samples-identical", "samples-not-more-varied")


@pytest.mark.parametrize("pattern", ["(", "no group"])
def test_a_pattern_without_a_text_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(RubricError) as caught:
        judged(tmp_path, "samples", {"pattern": pattern}, notebook(""))
    assert caught.value.code == "rubric-bad-parameter"


def test_statistics_of_texts_over_the_same_number_of_characters() -> None:
    one, other = compared(["aaaa"], ["abcdabcd"])
    assert (one.characters, one.distinct, one.entropy, one.longest_run) == (4, 1, 0.0, 1.0)
    assert (other.characters, other.distinct, round(other.entropy, 4)) == (4, 4, 1.3863)
    assert statistics([]).characters == 0
    assert statistics(["", "ab"]).longest_run == 0.5


def test_endless_outputs_are_read_within_bounds(tmp_path: Path) -> None:
    generator = random.Random(5)
    text = "\n".join(f"T = {generator.random()}: " + "x" * 3_000 for _ in range(200))
    verdict = judged(tmp_path, "samples", {"pattern": PATTERN}, notebook("go()", outputs={0: [text] * 20}))
    assert verdict.reason.startswith("2000 generated texts were found.")
