"""The coursework's own test passes for ours, and says where it fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT, Finished, grader, rows_by_submission, table

from grader.draws import draw
from grader.workshop.check import SEEDS

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]
FIRST_STEPS = ROOT / "rubrics" / "first_steps"
IMPERIAL = ROOT / "rubrics" / "imperial_cw3"
THEORY = ROOT / "rubrics" / "rnn_theory"


def altered(tmp_path: Path, source: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of a coursework with texts of one file replaced."""
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    text = (folder / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def checked(folder: Path, only: str, output_format: str = "json") -> Finished:
    """`grader check` of a few hand-ins; one process scores them, since each has to load torch."""
    return grader("check", folder, "--only", only, "--jobs", "1", "--format", output_format)


def failed(finished: Finished) -> list[dict[str, Any]]:
    """The findings that do not hold, of a check that found some."""
    assert finished.code == 1, finished.err
    return [finding for finding in json.loads(finished.out) if not finding["ok"]]


def places(findings: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(finding["code"], finding["hand_in"], finding["where"]) for finding in findings]


def test_the_first_steps_pass_their_own_test() -> None:
    finished = grader("check", FIRST_STEPS)

    assert finished.code == 0, finished.out
    lines = finished.out.strip().split("\n")
    assert lines[-1].endswith(" hold, 0 do not")
    assert (
        "ok    no relu in network: mutant-caught, mutant-loses-nothing-else, mutant-named, same-outcome-twice" in lines
    )
    assert len(lines) == 2 + 8 + 3 + 1


def test_a_part_of_the_first_coursework_passes_its_own_test() -> None:
    finished = checked(IMPERIAL, "lstm.forget_inverted")

    assert finished.code == 0, finished.out + finished.err
    findings = json.loads(finished.out)
    named = [finding["text"] for finding in findings if finding["code"] == "mutant-named"]
    assert named == ["1b:lstm.forget_inverted"]
    assert {finding["hand_in"] for finding in findings} == {
        *("model solution", "blank student version", "lstm.forget_inverted in 1b")
    }


def test_a_part_of_the_exercise_sheet_passes_its_own_test() -> None:
    finished = checked(THEORY, "count.no_recurrent")

    assert finished.code == 0, finished.out + finished.err
    named = [finding["text"] for finding in json.loads(finished.out) if finding["code"] == "mutant-named"]
    assert named == ["1.1a:count.no_recurrent", "1.1a:count.no_recurrent"]


@pytest.mark.slow
def test_the_exercise_sheet_passes_its_own_test() -> None:
    finished = grader("check", THEORY)

    assert finished.code == 0, finished.out
    assert "FAIL" not in finished.out


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_first_coursework_passes_its_own_test() -> None:
    finished = grader("check", IMPERIAL)

    assert finished.code == 0, finished.out
    assert "FAIL" not in finished.out


def test_a_wrong_key_is_found_at_its_question_and_by_the_mutant_that_gives_it(tmp_path: Path) -> None:
    folder = altered(tmp_path, FIRST_STEPS, "rubric.yaml", ("answer: b,", "answer: c,"))

    findings = failed(checked(folder, "another option"))

    assert places(findings) == [
        ("solution-full-marks", "model solution", "dying"),
        ("mutant-caught", "another option in dying", "dying"),
    ]
    assert findings[0]["checks"] == ["dying/choice"]
    assert "dying/choice: 1 of 1, passed" in findings[1]["text"]
    assert findings[1]["at"].startswith("first_steps/mutants/mistakes.txt:")


def test_marks_that_a_blank_notebook_earns_are_found(tmp_path: Path) -> None:
    question = "questions:\n  - {id: free, title: Marks for nothing, marks: 1}\n"
    folder = altered(tmp_path, FIRST_STEPS, "rubric.yaml", ("questions:\n", question))
    tests = folder / "test_first_steps.py"
    free = (
        '\n\n@pytest.mark.question("free", marks=1)\ndef test_nothing(check):\n    check.award(reason="For nothing.")\n'
    )
    tests.write_text(tests.read_text(encoding="utf-8") + free, encoding="utf-8")

    finished = checked(folder, "no relu", "junit")

    assert finished.code == 1, finished.err
    suite = ElementTree.fromstring(finished.out)
    broken = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("name")) for case in broken] == [
        ("blank-earns-nothing", "blank student version, free")
    ]


def test_a_weakened_check_is_found_with_question_check_and_mutant(tmp_path: Path) -> None:
    assertion = 'assert allclose(probe.tensor("large"), probe.draw("x", (3, 4), scale=1000).softmax(dim=1))'
    folder = altered(tmp_path, FIRST_STEPS, "test_first_steps.py", (assertion, 'assert probe.tensor("large").numel()'))

    finished = checked(folder, "overflow", "text")

    assert finished.code == 1, finished.err
    text = "FAIL  overflow in softmax: mutant-caught softmax: should lose 1 marks, loses 0. "
    line = next(line for line in finished.out.split("\n") if line.startswith(text))
    assert "softmax/large: 1 of 1, passed" in line
    assert "      at first_steps/mutants/mistakes.txt:4" in finished.out.split("\n")


def test_a_check_that_depends_on_the_numbers_drawn_is_found(tmp_path: Path) -> None:
    one, other = (draw(f"{seed}/softmax", "x", (3, 4)).flatten()[0].item() for seed in SEEDS)
    assertion = 'assert allclose(probe.tensor("small"), probe.draw("x", (3, 4)).softmax(dim=1))'
    chance = (
        f'{assertion}\n    assert probe.draw("x", (3, 4))[0, 0] {"<" if one < other else ">"} {(one + other) / 2!r}'
    )
    folder = altered(tmp_path, FIRST_STEPS, "test_first_steps.py", (assertion, chance))

    findings = failed(checked(folder, "no relu"))

    assert places(findings) == [
        ("same-outcome-twice", "model solution", "softmax"),
        ("same-outcome-twice", "no relu in network", "softmax"),
    ]
    assert findings[0]["checks"] == ["softmax/values"]


def test_what_cannot_be_used_is_told_before_anything_runs(tmp_path: Path) -> None:
    folder = altered(tmp_path, FIRST_STEPS, "mutants/mistakes.txt", ("@@ overflow in softmax", "@@ overflow in softmx"))

    finished = grader("check", folder)
    unknown = grader("check", FIRST_STEPS, "--only", "overflw")

    assert finished.code == unknown.code == 2
    assert 'error[rubric-unknown-question]: there is no question "softmx"' in finished.err
    assert "at   first_steps/mutants/mistakes.txt:4" in finished.err
    assert 'did you mean "overflow"?' in unknown.err


def test_a_host_that_cannot_run_kernels_is_no_fault_of_the_coursework(tmp_path: Path) -> None:
    finished = grader("check", FIRST_STEPS, GRADER_KERNELS=str(tmp_path))

    assert finished.code == 3
    assert "error[kernel-environment-missing]" in finished.err


def test_what_is_read_is_checked_on_a_host_that_cannot_run_kernels(tmp_path: Path) -> None:
    finished = grader("check", FIRST_STEPS, "--read-only", GRADER_KERNELS=str(tmp_path))

    assert finished.code == 0, finished.out + finished.err
    assert "ok    another option in dying: mutant-caught, mutant-loses-nothing-else, mutant-named" in finished.out
    assert "overflow in softmax" not in finished.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new", "only", "wanted"),
    [
        pytest.param(
            "test_cells.py",
            "    assert all(math.prod(parameter.shape) >= INPUT * HIDDEN for parameter in unbiased.parameters)\n"
            "    assert 0 < elements(unbiased) < elements(made.facts(\"cell\"))\n",
            "    assert 0 < elements(unbiased)\n",
            "bias ignored in 1a",
            [("mutant-caught", "bias ignored in 1a", "1a")],
            id="assertions are gone",
        ),
        pytest.param(
            "rubric.yaml",
            "forget_bias: accept",
            "forget_bias: mistake",
            "a constant added",
            [
                ("alternative-full-marks", "a constant added to the forget gate", "1b"),
                ("alternative-not-named", "a constant added to the forget gate", ""),
                ("alternative-convention", "a constant added to the forget gate", "1b"),
            ],
            id="a policy refuses what is right",
        ),
        pytest.param(
            "rubric.yaml",
            "realigned_reverse: free",
            "realigned_reverse: charge",
            "rev_not_realigned",
            [("mutant-loses-nothing-else", "bidir.rev_not_realigned in 2g", "2g")],
            id="a trap is charged",
        ),
    ],
)  # fmt: skip
def test_a_weakened_first_coursework_is_found(
    tmp_path: Path, name: str, old: str, new: str, only: str, wanted: list[tuple[str, str, str]]
) -> None:
    folder = altered(tmp_path, IMPERIAL, name, (old, new))

    assert places(failed(checked(folder, only))) == wanted


@pytest.mark.slow
def test_exchanged_labels_are_found_in_the_first_coursework(tmp_path: Path) -> None:
    text = (IMPERIAL / "rubric.yaml").read_text(encoding="utf-8")
    line = next(line for line in text.split("\n") if "answers: {A_model: " in line)
    exchanged = line.replace("GRU", "?").replace("LSTM", "GRU").replace("?", "LSTM")
    folder = altered(tmp_path, IMPERIAL, "rubric.yaml", (line, exchanged))

    findings = failed(checked(folder, "forget_inverted"))

    assert places(findings) == [("solution-full-marks", "model solution", "T3")]
    assert findings[0]["checks"] == ["T3/labels"]


@pytest.mark.parametrize(
    "rubric",
    [
        "first_steps",
        *(
            pytest.param(name, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])
            for name in ("imperial_cw3", "sequence_models_w1", "rnn_theory", "uva_a2", "tau_hw2")
        ),
    ],
)
def test_planted_hand_ins_earn_what_their_files_say(tmp_path: Path, rubric: str) -> None:
    hand_ins, run = tmp_path / "planted", tmp_path / "run"
    maker = ROOT / "submissions" / rubric / "make_samples.py"
    subprocess.run([sys.executable, maker, "--mutants", hand_ins], check=True)

    finished = grader("grade", ROOT / "rubrics" / rubric, hand_ins, "--out", run, "--seed", "planted")

    assert finished.code == 0, finished.out + finished.err
    found = {row["submission"]: row for row in table(run / "marks.csv")}
    named = rows_by_submission(run)
    for row in table(hand_ins / "expected.csv"):
        submission, diagnoses = row["submission"], row.pop("diagnoses")
        assert differences(row, found[submission]) == {}, submission
        assert diagnosed(named[submission]) == set(diagnoses.split()), submission
    assert len(found) == len(list(hand_ins.glob("*.zip")))


def differences(expected: dict[str, str], found: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Columns that are written down and differ."""
    return {
        column: (value, found[column]) for column, value in expected.items() if value and not same(value, found[column])
    }


def same(expected: str, found: str) -> bool:
    try:
        return Decimal(expected) == Decimal(found)
    except ArithmeticError:
        return expected == found


def diagnosed(row: dict[str, Any]) -> set[str]:
    checks = [check for question in row["questions"] for check in question["checks"]]
    return {f"{check['id'].split('/')[0]}:{name}" for check in checks for name in check["diagnosis"]}
