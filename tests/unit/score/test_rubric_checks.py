"""A rubric whose checks cannot be used is refused when it is loaded, with the place and the difference."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.evidence_files import MARKERS, PROBES, score_here, write_rubric

from grader.errors import RubricError
from grader.rubric import load_rubric
from grader.score import planning
from grader.score.planning import load_oracle, probe_plan

TEST = '@pytest.mark.question("1", marks={marks})\n@pytest.mark.probe("made")\ndef test_scale(check, probe): ...\n'


@pytest.mark.parametrize(
    ("tests", "code", "what"),
    [
        pytest.param(TEST.format(marks=1.5), "rubric-marks-do-not-add-up", "0.5 too few", id="too few marks"),
        pytest.param(TEST.format(marks=3), "rubric-marks-do-not-add-up", "1 too many", id="too many marks"),
        pytest.param("", "rubric-question-without-checks", 'question "1"', id="no check"),
        pytest.param(
            '@pytest.mark.question("l", marks=2)\ndef test_a(check): ...\n',
            "rubric-unknown-question",
            'no question "l"',
            id="no such question",
        ),
        pytest.param(
            TEST.format(marks=2).replace('"made"', '"maid"'), "rubric-unknown-probe", '"maid"', id="undeclared probe"
        ),
        pytest.param("def test_a(check): ...\n", "rubric-test-without-question", "test_a", id="no marker"),
        pytest.param(
            '@pytest.mark.question("1", marks=2)\ndef test_a(check, probe): ...\n',
            "rubric-test-without-probe",
            "declares none",
            id="looks at a probe without declaring one",
        ),
        pytest.param(
            '@pytest.mark.question("1")\ndef test_a(check): ...\n', "rubric-bad-marker", "`marks`", id="no marks"
        ),
        pytest.param(
            '@pytest.mark.question("1", marks="many")\ndef test_a(check): ...\n',
            "rubric-bad-marker",
            "'many'",
            id="marks that are no number",
        ),
        pytest.param(
            '@pytest.mark.question("1", marks=2)\n@pytest.mark.probe(id="made")\ndef test_a(check): ...\n',
            "rubric-bad-marker",
            "`probe`",
            id="a probe marker with a wrong key",
        ),
        pytest.param(
            TEST.format(marks=2).replace('"made"', '"made", instead_of="maid"'),
            "rubric-bad-marker",
            'instead of "maid"',
            id="a probe instead of one that is not asked for",
        ),
        pytest.param(
            TEST.format(marks=1)
            + TEST.format(marks=1).replace("test_scale", "test_other").replace("marks=1", 'marks=1, name="scale"'),
            "rubric-duplicate-check",
            '"1/scale"',
            id="the same id twice",
        ),
        pytest.param("import nothing_like_this\n", "rubric-test-broken", "ModuleNotFoundError", id="a broken file"),
    ],
)
def test_a_wrong_test_file_is_refused(tmp_path: Path, tests: str, code: str, what: str) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=tests)

    with pytest.raises(RubricError) as caught:
        score_here(rubric)

    assert caught.value.code == code
    assert what in caught.value.what


def test_near_names_are_suggested(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TEST.format(marks=2).replace('"made"', '"maed"'))
    with pytest.raises(RubricError) as caught:
        score_here(rubric)
    assert caught.value.next_step == 'did you mean "made"?'


def test_a_parameter_set_can_bring_its_own_question_and_probe(tmp_path: Path) -> None:
    tests = (
        '@pytest.mark.parametrize("k", [\n'
        '    pytest.param(k, marks=[pytest.mark.question("1", marks=1, name=f"k{k}"), pytest.mark.probe("made")])\n'
        "    for k in (1, 2)\n])\ndef test_k(check, probe, k): ...\n"
    )
    assert score_here(write_rubric(tmp_path / "rubric", tests=tests)) == {}


def test_the_plan_holds_probes_subjects_and_parts(tmp_path: Path) -> None:
    extra = MARKERS + PROBES + "  - {id: swapped, subject: Scale, stand_ins: true, steps: []}\n"
    rubric = load_rubric(write_rubric(tmp_path / "rubric", extra=extra))

    plan = probe_plan(rubric, None)

    assert [probe.id for probe in plan.student] == ["made"]
    assert [probe.id for probe in plan.stand_ins] == ["swapped"]
    assert plan.subjects == ("Scale",)
    assert plan.parts == ("student", "stand-ins")
    assert plan.probe("made") is plan.student[0]
    assert plan.probe("other") is None


def test_training_is_a_part_where_the_rubric_lets_cells_train(tmp_path: Path) -> None:
    extra = MARKERS + PROBES + "execution: {training: {when: executed}}\n"
    rubric = load_rubric(write_rubric(tmp_path / "rubric", extra=extra))
    assert probe_plan(rubric, None).parts == ("student", "training")


@pytest.mark.parametrize("on", ["after: [maed]", "unless: maed"])
def test_a_probe_that_builds_on_none_is_refused(tmp_path: Path, on: str) -> None:
    extra = MARKERS + PROBES + f"  - {{id: later, {on}, steps: []}}\n"
    with pytest.raises(RubricError, match="maed") as caught:
        probe_plan(load_rubric(write_rubric(tmp_path / "rubric", extra=extra)), None)
    assert caught.value.code == "rubric-unknown-probe"


def test_wrong_parameters_of_a_kind_are_refused_with_the_line(tmp_path: Path) -> None:
    questions = "questions:\n  - {id: '1', title: T, marks: 1, kind: number, variable: n, answr: 3}\n"
    with pytest.raises(RubricError) as caught:
        probe_plan(load_rubric(write_rubric(tmp_path / "rubric", questions=questions)), None)
    assert caught.value.code == "rubric-bad-parameter"


def test_two_different_probes_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = "questions:\n  - {id: '1', title: T, marks: 1, kind: number, variable: n, answer: 3}\n"
    rubric = load_rubric(write_rubric(tmp_path / "rubric", questions=questions))
    other = rubric.probes[0].model_copy(update={"order": 5})
    fake = SimpleNamespace(subjects=lambda _: (), parts=(), probes=lambda *_: (other,))
    monkeypatch.setattr(planning, "kind_of", lambda *_: (fake, None))

    with pytest.raises(RubricError) as caught:
        probe_plan(rubric, None)

    assert caught.value.code == "rubric-duplicate-probe"


def test_an_unknown_oracle_is_refused_with_a_near_name(tmp_path: Path) -> None:
    rubric = load_rubric(write_rubric(tmp_path / "rubric", extra=MARKERS + PROBES + "oracle: recurent\n"))
    with pytest.raises(RubricError) as caught:
        load_oracle(rubric)
    assert (caught.value.code, caught.value.next_step) == ("rubric-unknown-oracle", 'did you mean "recurrent"?')


@pytest.mark.parametrize("target", ["not_installed_anywhere:ORACLE", "math:no_such_thing", "math:pi"])
def test_an_oracle_that_cannot_be_used_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    rubric = load_rubric(write_rubric(tmp_path / "rubric", extra=MARKERS + PROBES + "oracle: field\n"))
    entry = importlib.metadata.EntryPoint(name="field", value=target, group="grader.oracles")
    monkeypatch.setattr(planning, "entry_points", lambda group: [entry])

    with pytest.raises(RubricError) as caught:
        load_oracle(rubric)

    assert caught.value.code == "rubric-oracle-broken"


def test_a_rubric_without_an_oracle_has_none(tmp_path: Path) -> None:
    assert load_oracle(load_rubric(write_rubric(tmp_path / "rubric"))) is None
