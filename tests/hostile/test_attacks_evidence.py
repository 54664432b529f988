"""Attacks on what is read and judged after a kernel: evidence and answers that no honest hand-in holds.

Each is scored by the same workers as any hand-in, in one batch with an honest hand-in behind all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.hostile_attacks import Answer, Payload, attacks_of
from helpers.hostile_batch import BASES, LAST, Batch, Way, graded
from helpers.hostile_coursework import hand_in
from helpers.hostile_grade import SEED
from helpers.hostile_payloads import leave_evidence, take_evidence

from grader.evidence import PartRecord
from grader.intake import Expectation, take_in
from grader.limits import IntakeLimits
from grader.pipeline.course import Course
from grader.score import ScoredSubmission, ScoreItem, score_evidence

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]
MOST_RUNS = 60
PAYLOADS, ANSWERS = attacks_of(Payload), attacks_of(Answer)


@dataclass(frozen=True)
class Scored:
    """What scoring made of all attacks."""

    found: Mapping[str, ScoredSubmission]
    records: Mapping[str, PartRecord]

    def marks(self, name: str) -> dict[str, tuple[str, object]]:
        """Outcome and mark by question, of checks that agree."""
        return {
            check.id: (check.outcome.value, check.mark)
            for question in self.found[name].questions
            for check in question.checks
        }


@pytest.fixture(scope="module")
def honest_batch() -> Iterator[Batch]:
    with graded(Way(None, None), {}) as batch:
        yield batch


@pytest.fixture(scope="module")
def scored(honest_batch: Batch, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    folder = tmp_path_factory.mktemp("evidence")
    wrong = honest_batch.of(BASES["wrong"])
    course = Course.load(honest_batch.run.parent / "rubric")
    records = {}
    for name, payload in PAYLOADS.items():
        left = folder / "left" / name
        leave_evidence(left, wrong.record, wrong.tensors_file)
        payload.craft(left)
        records[name], tensors = take_evidence(left, wrong.record, course.plan.student)
        _store(folder / name, records[name], tensors, (wrong.folder / "notebook.json").read_bytes())
    for name, answer in ANSWERS.items():
        notebook = _notebook(folder / "hand-ins", name, answer)
        _store(folder / name, wrong.record, wrong.tensors, notebook)
    last = honest_batch.of(LAST)
    _store(folder / LAST, last.record, last.tensors, (last.folder / "notebook.json").read_bytes())
    items = [ScoreItem(key=name, folder=folder / name) for name in [*PAYLOADS, *ANSWERS, LAST]]
    return Scored(score_evidence(items, course.rubric, seed=SEED, workers=1), records)


def _store(folder: Path, record: PartRecord, tensors: bytes, notebook: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "student.json").write_text(record.model_dump_json())
    (folder / "student.safetensors").write_bytes(tensors)
    (folder / "notebook.json").write_bytes(notebook)


def _notebook(folder: Path, name: str, answer: Answer) -> bytes:
    """Taken in as any hand-in is."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_bytes(hand_in("wrong", answers=answer.answers))
    (row,) = take_in(folder / f"{name}.ipynb", limits=IntakeLimits(), expectation=Expectation())
    assert row.notebook is not None
    return row.notebook.model_dump_json().encode()


@pytest.mark.parametrize("name", PAYLOADS)
def test_evidence_that_was_forged_is_refused_or_judged_like_any_other(name: str, scored: Scored) -> None:
    payload, record = PAYLOADS[name], scored.records[name]

    (first,) = [run for run in record.probes if run.probe == "softmax" and run.definition == 0]
    assert first.status == payload.status
    assert len(record.probes) <= MOST_RUNS
    assert any(re.search(payload.refusal, sentence) for sentence in record.limits_met) == bool(payload.refusal)
    assert set(payload.flags) <= set(scored.found[name].flags)
    for check, (outcome, mark) in scored.marks(name).items():
        assert outcome not in ("passed", "partial"), check
        assert mark == 0 or (mark is None and check.split("/")[0] in payload.waits), check


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_fights_its_reader_ends_as_it_should(name: str, scored: Scored) -> None:
    assert "scoring-fault" not in scored.found[name].flags
    for check, (outcome, mark) in scored.marks(name).items():
        expected = ANSWERS[name].outcomes.get(check.split("/")[0], ("failed", "unanswered"))
        assert outcome in expected, check
        assert mark == (None if outcome == "manual" else 0), check


def test_the_hand_in_behind_all_of_them_has_its_marks(scored: Scored, honest_batch: Batch) -> None:
    last = honest_batch.of(LAST)

    assert {name: outcome for name, (outcome, _) in scored.marks(LAST).items()} == last.outcomes
    assert {name: mark for name, (_, mark) in scored.marks(LAST).items()} == last.marks
    assert scored.found[LAST].flags == ()
