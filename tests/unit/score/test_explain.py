"""What lies behind a mark: probe, evidence, verdict, nearest formulas, and a script that repeats it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from helpers.evidence_files import (
    SEED,
    notebook,
    run_with,
    score_here,
    tensor_value,
    write_evidence,
    write_rubric,
)

from grader import draws
from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.evidence import Evidence
from grader.probes import Probe
from grader.records import Submission
from grader.rubric import load_rubric
from grader.score import ScoredSubmission, explain, finish
from grader.score.case import Case, Coursework
from grader.score.explain import in_short
from grader.score.planning import ProbePlan
from grader.score.repeat_script import repeat_script
from grader.score.session import nearest_of
from grader.values import Facts, Value

TESTS = (
    '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'
    "def test_scale(check, probe):\n    check.award(1, reason='Half of it.', diagnosis=('scale.half',))\n"
)


@pytest.fixture
def scored(tmp_path: Path) -> tuple[Path, Path]:
    """A rubric's folder and an evidence folder."""
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS)
    run, tensors = run_with(2 * draws.draw(f"{SEED}/made", "x", [3]))
    return rubric, write_evidence(tmp_path / "evidence" / "s001", runs=[run], tensors=tensors)


def row_of(rubric: Path, folder: Path) -> Any:
    line = score_here(rubric, folder)["s001"]
    submission = Submission(student="s001", name="S", submission="s", key="s001", notebook=notebook())
    return finish(submission, ScoredSubmission(questions=line.questions), load_rubric(rubric))


def test_a_mark_is_explained_from_probe_to_verdict(scored: tuple[Path, Path]) -> None:
    rubric, folder = scored

    (found,) = explain(Evidence(folder), load_rubric(rubric), "1", row_of(rubric, folder), None)

    text = found.as_text()
    assert "1/scale  partial  1.00 of 2.00" in text
    assert "named: scale.half" in text
    assert '"do": "construct"' in text
    assert "y = tensor (3): " in text
    assert found.probes[0].seed == f"{SEED}/made"
    assert found.model_validate_json(found.model_dump_json()) == found


def test_an_unknown_question_is_refused(scored: tuple[Path, Path]) -> None:
    rubric, folder = scored
    with pytest.raises(RubricError):
        explain(Evidence(folder), load_rubric(rubric), "9", row_of(rubric, folder), None)


def test_the_script_rebuilds_the_inputs(scored: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    rubric, folder = scored
    (probe,) = load_rubric(rubric).probes
    monkeypatch.chdir(folder.parent.parent)
    names: dict[str, Any] = {}

    exec(compile(repeat_script("s001", probe), "script", "exec"), names)

    assert torch.equal(2 * names["x"], names["part"].tensor(names["run"].values["y"]))


def test_the_script_names_every_kind_of_input() -> None:
    probe = Probe.model_validate(
        {
            "id": "p",
            "stand_ins": True,
            "steps": [
                {"do": "let", "save": "h.0", "value": {"tuple": [{"draw": "h", "shape": [2]}, {"zeros": [1]}]}},
                {"do": "let", "save": "tokens", "value": {"integers": "t", "shape": [2], "below": 9}},
                {
                    "do": "repeat",
                    "times": 2,
                    "steps": [
                        {
                            "do": "call",
                            "save": "o",
                            "target": {"ref": "m"},
                            "args": [{"draw": "x", "shape": [1], "scale": 2}],
                        }
                    ],
                },
                {"do": "let", "save": "f", "value": {"numpy": {"draw": "f", "shape": [3], "between": [0.1, 0.9]}}},
            ],
        }
    )
    script = repeat_script("s001", probe)
    assert "part = evidence.part('stand-ins')" in script
    assert 'h_0 = draw(run.seed, "h", [2])' in script
    assert 'tokens = draw_integers(run.seed, "t", [2], below=9)' in script
    assert 'x = draw(run.seed, "x", [1], scale=2)' in script
    assert 'f = draw_between(run.seed, "f", [3], low=0.1, high=0.9)' in script
    compile(script, "script", "exec")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Value(kind="scalar", scalar=2.5), "2.5"),
        (Value(kind="scalar", text="nan"), "scalar 'nan'"),
        (Value(kind="none"), "none"),
        (Value(kind="text", text="a"), "text 'a'"),
        (Value(kind="tuple", items=(Value(kind="none"),)), "tuple(none)"),
        (Value(kind="object", facts=Facts(class_name="Own", is_module=True)), "Own with 0 parameters"),
        (Value(kind="tensor", key="lost", shape=(2,)), "tensor (2)"),
        (tensor_value("made@0/y", torch.zeros(9)), "tensor (9): 0 0 0 0 0 0 …"),
    ],
)
def test_values_are_shown_in_one_line(tmp_path: Path, value: Value, words: str) -> None:
    run, tensors = run_with(torch.zeros(9))
    folder = write_evidence(tmp_path / "s001", runs=[run], tensors=tensors)
    assert in_short(value, Evidence(folder).part("student")) == words


@dataclass
class Found:
    nearest: tuple[tuple[str, float], ...]


def test_what_the_oracle_found_nearest_is_kept_by_name(tmp_path: Path) -> None:
    course: Any = SimpleNamespace(plan=ProbePlan(student=(), stand_ins=(), subjects=(), parts=()))
    case = Case(key="s001", evidence=Evidence(tmp_path), coursework=course)
    near, far = Found((("a.b", 0.25),)), Found((("a.c", 2.0),))
    case.memo.update({"cell:A:0": near, "cell:A": near, "cell:A:1": far, "cell:B": Found(()), "other": 3})
    assert nearest_of(case) == {"A": (("a.b", 0.25),), "A definition 2": (("a.c", 2.0),)}


def test_distances_come_from_a_worker_where_there_is_an_oracle(
    scored: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    rubric, folder = scored
    near = {"Scale": (("scale.half", 0.5),)}
    monkeypatch.setattr(
        sys.modules["grader.score.explain"],
        "score_evidence",
        lambda items, rubric, seed: {items[0].key: ScoredSubmission(questions=(), nearest=near)},
    )
    oracle: Any = SimpleNamespace()

    (found,) = explain(Evidence(folder), load_rubric(rubric), "1", row_of(rubric, folder), oracle)

    assert found.nearest == near
    assert "nearest to Scale: scale.half 0.5" in found.as_text()


def test_a_part_that_is_not_there_is_left_out(scored: tuple[Path, Path], tmp_path: Path) -> None:
    rubric, folder = scored
    row = row_of(rubric, folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    (found,) = explain(Evidence(empty), load_rubric(rubric), "1", row, None)
    assert found.probes == ()


def test_coursework_is_loaded_once_for_all_submissions(scored: tuple[Path, Path]) -> None:
    course = Coursework.load(load_rubric(scored[0]))
    assert isinstance(course.template, StudentVersion)
    assert course.plan.subjects == ("Scale",)
