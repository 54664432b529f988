"""A training log is checked against itself and set beside our re-run; what does not fit is a flag, never a mark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.evidence_files import notebook, write_evidence

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.evidence import CellRun, Evidence, Raised, StatementRun
from grader.records import Outcome
from grader.rubric import Check, Question, Rubric, load_rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of
from reference.oracle import ORACLE

ROOT = Path(__file__).resolve().parents[3]
PATTERN = r"step (?P<iteration>[-\d]+) loss (?P<loss>\S+) V (?P<valid>\S+) T (?P<test>\S+)"
LOG: dict[str, Any] = {
    "pattern": PATTERN,
    "columns": {"valid": "V", "test": "T"},
    "every": 20,
    "last": 100,
    "classes": 3,
    "last_loss": [0, 0.6],
    "integer": ["valid", "test"],
    "within": {"valid": [0, 100], "test": [0, 100]},
    "changes_only_at_new_maximum": {"of": "test", "when": "valid"},
    "close": {"of": "test", "to": "valid", "within": 20},
    "rerun_factor": 2,
}
TRUE = [
    (20, "1.1405", 52, 53),
    (40, "0.9011", 61, 60),
    (60, "0.7733", 58, 60),
    (80, "0.5120", 61, 63),
    (100, "0.4007", 80, 77),
]
"""At 60 the validation accuracy is below its maximum; at 80 it reaches it again, so the other may change."""
NOTED = "The course staff see this; it changes no mark."
Line = tuple[Any, Any, Any, Any]


def printed(rows: Sequence[Line]) -> str:
    return "\n".join(f"step {step} loss {loss} V {valid} T {test}" for step, loss, valid, test in rows)


def changed(place: int, **new: Any) -> list[Line]:
    """The true log with one row changed."""
    rows = list(TRUE)
    step, loss, valid, test = rows[place]
    rows[place] = (new.get("step", step), new.get("loss", loss), new.get("valid", valid), new.get("test", test))
    return rows


def judged(
    folder: Path, *outputs: str, parameters: dict[str, Any] | None = None, base: dict[str, Any] = LOG
) -> Verdict:
    """The verdict on a notebook with a cell for each output."""
    folder.mkdir(exist_ok=True)
    handed_in = notebook(*["train()"] * max(1, len(outputs)), outputs={i: [text] for i, text in enumerate(outputs)})
    (folder / "notebook.json").write_text(handed_in.model_dump_json(), encoding="utf-8")
    check = Check(id="log", kind="log", marks=Decimal(0), parameters=base | (parameters or {}), line=9)
    question = Question(id="1", title="", marks=Decimal(0), checks=(check,))
    rubric = Rubric(title="T", folder=folder, questions=(question,))
    found, validated = kind_of(check, rubric)
    context = JudgeContext(
        rubric=rubric,
        question=question,
        check=check,
        evidence=Evidence(folder),
        student_version=StudentVersion(notebook(""), None),
        oracle=None,
    )
    return found.judge(context, validated)


def test_a_true_log_raises_no_flag(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "noise\n" + printed(TRUE) + "\n0:12:18")
    assert (verdict.outcome, verdict.mark, verdict.flags) == (Outcome.PASSED, 0, ())
    assert verdict.reason == "Your log has 5 rows; the loss goes from 1.1405 to 0.4007."


@pytest.mark.parametrize(
    ("rows", "flags", "sentence"),
    [
        pytest.param(
            [*TRUE[:2], *TRUE[3:]], ("log-rows-missing",),
            "It has no row at 60, with one every 20 from 20 to 100.", id="a gap",
        ),
        pytest.param(
            [*TRUE[:2], TRUE[3], TRUE[2], TRUE[4]], ("log-not-increasing", "log-changed-below-maximum"),
            "Its row at 60 stands behind one that comes later.", id="a row that goes back",
        ),
        pytest.param(
            [*TRUE[:2], (53, *TRUE[2][1:]), *TRUE[3:]], ("log-uneven-steps",), "Its rows do not lie at even steps.",
            id="a row off the grid",
        ),
        pytest.param(
            [(step + 5, *rest) for step, *rest in TRUE], ("log-other-steps", "log-other-end"),
            "Its rows are at 25, 45, ...; the given code prints one every 20 steps.", id="another beginning",
        ),
        pytest.param(
            [(step // 2, *rest) for step, *rest in TRUE], ("log-other-steps", "log-other-end"),
            "Its rows are at 10, 20, ...; the given code prints one every 20 steps.", id="another step",
        ),
        pytest.param(
            [*TRUE[:4], (120, *TRUE[4][1:])], ("log-rows-missing",),
            "It has no row at 100, with one every 20 from 20 to 120.", id="a jump",
        ),
        pytest.param(
            [*TRUE, (120, "0.3001", 79, 77)], ("log-other-end",),
            "Its last row is at 120; the given code ends at 100.", id="too long",
        ),
        pytest.param(
            changed(0, loss="4.2001"), ("log-first-loss",),
            "Its first loss, 4.2001, is not between 0.366 and 3.3 (a guess among 3 has 1.1).", id="first loss",
        ),
        pytest.param(
            changed(4, loss="0.9002"), ("log-last-loss",), "Its last loss, 0.9002, is not between 0 and 0.6.",
            id="last loss",
        ),
        pytest.param(
            changed(2, loss="nan"), ("log-not-finite",), "Some losses are not finite.", id="not finite"
        ),
        pytest.param(
            changed(2, valid="58.5"), ("log-not-integer",),
            "V is 58.5 at 60; the given code prints whole numbers.", id="not whole",
        ),
        pytest.param(
            changed(2, valid="-3"), ("log-out-of-range",), "V is -3 at 60, which is not between 0 and 100.", id="range"
        ),
        pytest.param(
            changed(2, test=62), ("log-changed-below-maximum",),
            "T changes at 60, where V is below its maximum so far; the given code changes it only where the maximum is "
            "reached.", id="changed below the maximum",
        ),
        pytest.param(
            changed(4, test=41), ("log-far-apart",),
            "T is 41 at 100, where the best V so far is 80; they should lie within 20.", id="far apart",
        ),
        pytest.param(
            changed(2, loss="0.90110"), (), "", id="losses that agree in few digits",
        ),
        pytest.param(
            changed(2, loss="1.14050"), (), "", id="losses that agree in value and not as printed",
        ),
        pytest.param(
            [TRUE[0], *changed(2, loss="0.90113")[1:3], (80, "0.90113", 61, 63), TRUE[4]], ("log-repeated-rows",),
            "The loss 0.90113 stands in more than one row.", id="a copied loss",
        ),
        pytest.param(
            [*TRUE[:2], TRUE[1], *TRUE[2:]], ("log-repeated-rows",),
            "The row of iteration 40 stands twice.", id="a copied row",
        ),
    ],
)  # fmt: skip
def test_each_rule_finds_the_log_that_breaks_it_and_no_other_rule_does(
    tmp_path: Path, rows: list[Line], flags: tuple[str, ...], sentence: str
) -> None:
    verdict = judged(tmp_path, printed(rows))
    assert (verdict.outcome, verdict.mark, verdict.flags) == (Outcome.PASSED, 0, flags)
    assert (f" {sentence} " in verdict.reason) is bool(sentence)
    assert verdict.reason.endswith(NOTED) is bool(flags)


@pytest.mark.parametrize(
    "name",
    ["every", "last", "classes", "last_loss", "integer", "within", "changes_only_at_new_maximum", "close"],
)  # fmt: skip
def test_a_rule_that_is_not_given_is_not_applied(tmp_path: Path, name: str) -> None:
    breaking = {
        "every": [(step + 5, *rest) for step, *rest in TRUE],
        "last": TRUE[:4],
        "classes": changed(0, loss="9.1001"),
        "last_loss": changed(4, loss="0.9002"),
        "integer": changed(2, valid="58.5"),
        "within": changed(2, valid="-3"),
        "changes_only_at_new_maximum": changed(2, test=62),
        "close": changed(4, test=41),
    }[name]
    blank: dict[str, Any] = {"integer": [], "within": {}}
    without = {name: blank.get(name)} | ({"last": None} if name == "every" else {})
    assert judged(tmp_path, printed(breaking), parameters=without).flags == ()


def test_what_cannot_be_read_as_a_row_is_passed_over(tmp_path: Path) -> None:
    text = printed(TRUE[:1]) + "\nstep 30 loss ten V 1 T 1\n" + printed(TRUE[1:]) + "\nstep - loss 1 V 1 T 1"
    assert judged(tmp_path, text).flags == ()


def test_a_log_of_one_row_is_a_log(tmp_path: Path) -> None:
    verdict = judged(tmp_path, printed(TRUE[:1]), parameters={"last": None, "last_loss": None})
    assert verdict.flags == ()
    assert judged(tmp_path, printed(changed(0, step=7)[:1]), parameters={"last_loss": None}).flags == (
        "log-other-steps", "log-other-end",
    )  # fmt: skip


def test_several_runs_are_each_checked(tmp_path: Path) -> None:
    again = judged(tmp_path, printed(TRUE) + "\n" + printed(TRUE), printed(TRUE))
    odd = judged(tmp_path, printed(TRUE), printed(changed(2, test=62)))
    assert again.flags == ()
    assert again.reason == "Of your 3 logs the last has 5 rows; the loss goes from 1.1405 to 0.4007."
    assert odd.flags == ("log-changed-below-maximum",)


def test_without_a_log_nothing_was_answered(tmp_path: Path) -> None:
    verdict = judged(tmp_path)
    assert (verdict.outcome, verdict.flags) == (Outcome.UNANSWERED, ())


# ------------------------------------------------------------------------------------------- the re-run


def rerun(folder: Path, document: Any, **fields: Any) -> None:
    """The evidence of a training run, with what its notebook printed."""
    write_evidence(folder, part="training", **fields)
    (folder / "executed-training.ipynb").write_text(json.dumps(document), encoding="utf-8")


def showing(*texts: str) -> Any:
    return {"cells": [{"outputs": [{"text": text.splitlines(keepends=True)}]} for text in texts]}


def test_a_re_run_that_printed_the_same_first_rows_raises_no_flag(tmp_path: Path) -> None:
    rerun(tmp_path, showing("", printed(TRUE[:2])), environment={"training_steps": "40", "training_stopped": "steps"})
    verdict = judged(tmp_path, printed(TRUE))
    assert verdict.flags == ()
    assert verdict.reason.endswith("Our re-run: 40 steps, stopped by us, loss 1.1405 to 0.9011.")


@pytest.mark.parametrize(
    ("ours", "flags", "sentence"),
    [
        pytest.param(
            [(10, "1.1405", 52, 53), (20, "1.0", 52, 53)], ("log-other-grid",),
            "Your log begins with iteration 20, 40, our re-run of your code with 10, 20.", id="another grid",
        ),
        pytest.param(
            [(20, "2.5", 52, 53)], ("log-other-first-loss",),
            "Its first loss is 1.1405, that of our re-run of your code 2.5.", id="another first loss",
        ),
        pytest.param([(20, "0.6", 52, 53)], (), "", id="a comparable first loss"),
        pytest.param([(20, "nan", 52, 53)], (), "", id="a first loss that is no number"),
    ],
)  # fmt: skip
def test_a_log_is_set_beside_the_re_run(
    tmp_path: Path, ours: list[Line], flags: tuple[str, ...], sentence: str
) -> None:
    rerun(tmp_path, showing(printed(ours)))
    verdict = judged(tmp_path, printed(TRUE))
    assert verdict.flags == flags
    assert sentence in verdict.reason


def test_first_losses_are_compared_only_where_the_rubric_says_how(tmp_path: Path) -> None:
    rerun(tmp_path, showing(printed(changed(0, loss="2.9")[:1])))
    assert judged(tmp_path, printed(TRUE)).flags == ("log-other-first-loss",)
    assert judged(tmp_path, printed(TRUE), parameters={"rerun_factor": None}).flags == ()


def test_a_re_run_that_was_cut_off_before_its_first_row_is_not_compared(tmp_path: Path) -> None:
    rerun(tmp_path, showing("starting"))
    verdict = judged(tmp_path, printed(TRUE))
    assert verdict.flags == ()
    assert verdict.reason.endswith("Our re-run left no log.")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (showing(printed(TRUE[:2])), "Our re-run: 40 steps, stopped by us, loss 1.1405 to 0.9011."),
        ({"cells": [{"outputs": [{"text": None}]}]}, "Our re-run: 40 steps, stopped by us."),
        ([], "Our re-run: 40 steps, stopped by us."),
    ],
)
def test_without_a_log_the_re_run_is_told_as_far_as_it_can_be_read(tmp_path: Path, document: Any, words: str) -> None:
    rerun(tmp_path, document, environment={"training_steps": "40", "training_stopped": "steps"})
    assert judged(tmp_path).reason == f"No training log is stored in your notebook. {words}"


def test_a_re_run_that_raised_is_said(tmp_path: Path) -> None:
    raised = StatementRun(kind="training", line=1, end_line=1, status="raised", raised=Raised(type="OSError"))
    write_evidence(tmp_path, part="training", cells=[CellRun(index=0, status="run", statements=(raised,))])
    assert judged(tmp_path).reason.endswith("Our re-run: ended by OSError.")


# ------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"pattern": "("}, "not a regular expression"),
        ({"pattern": "step (?P<iteration>.)"}, "no group (?P<loss>...)"),
        ({"columns": {"train": "A"}}, "no group (?P<train>...)"),
        ({"integer": ["vaild"]}, '"vaild" is not among the `columns`'),
        ({"close": {"of": "test", "to": "best", "within": 3}}, '"best" is not among'),
        ({"changes_only_at_new_maximum": {"of": "T", "when": "valid"}}, '"T" is not among'),
        ({"first_loss": [0, 1]}, "either `first_loss` or `classes`"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(tmp_path: Path, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(RubricError) as caught:
        judged(tmp_path, printed(TRUE), parameters=parameters)
    assert caught.value.code == "rubric-bad-parameter"
    assert words in caught.value.what
    assert caught.value.where.endswith(":9")


# ------------------------------------------------------------------------------------------- the shipped coursework

SHIPPED = load_rubric(ROOT / "rubrics" / "imperial_cw3").question("TR").checks[0].parameters
LOGS = sorted((ROOT / "submissions" / "imperial_cw3" / "_variants").glob("*.log"))


@pytest.mark.parametrize("path", LOGS, ids=lambda path: str(path.stem))
def test_logs_that_the_training_cell_printed_raise_no_flag(tmp_path: Path, path: Path) -> None:
    verdict = judged(tmp_path, path.read_text(encoding="utf-8"), parameters=SHIPPED, base={})
    assert (verdict.outcome, verdict.flags) == (Outcome.PASSED, ())


@pytest.mark.parametrize(
    ("old", "new", "flag"),
    [
        ("Iteration: 15.", "Iteration: 16.", "log-uneven-steps"),
        ("Iteration: 10. Loss: 0.49631816148757935. V-Accuracy: 66 T-Accuracy: 83",
         "Iteration: 10. Loss: 0.49631816148757935. V-Accuracy: 66 T-Accuracy: 85", "log-changed-below-maximum"),
        ("V-Accuracy: 66", "V-Accuracy: 66.7", "log-not-integer"),
        ("V-Accuracy: 66", "V-Accuracy: -1", "log-out-of-range"),
        ("Loss: 1.121338129043579", "Loss: 0.021338129043579", "log-first-loss"),
        ("Loss: 0.0037865331396460533", "Loss: 2.5", "log-last-loss"),
        ("Loss: 0.38427814841270447", "Loss: 0.49631816148757935", "log-repeated-rows"),
        ("Loss: 0.38427814841270447", "Loss: nan", "log-not-finite"),
        ("V-Accuracy: 75 T-Accuracy: 91", "V-Accuracy: 75 T-Accuracy: 20", "log-far-apart"),
    ],
)  # fmt: skip
def test_a_log_of_the_shipped_coursework_that_was_altered_raises_its_flag(
    tmp_path: Path, old: str, new: str, flag: str
) -> None:
    text = LOGS[0].read_text(encoding="utf-8")
    assert old in text
    verdict = judged(tmp_path, text.replace(old, new), parameters=SHIPPED, base={})
    assert verdict.flags == (flag,)


def test_of_many_missing_rows_the_first_are_named(tmp_path: Path) -> None:
    rows = [
        (step, f"{2 - step / 40000:.4f}", 50, 50) for step in range(1000, 31000, 1000) if not 5 <= step // 1000 < 15
    ]
    rules = {"every": 1000, "last": None, "last_loss": None, "classes": 9}
    verdict = judged(tmp_path, printed(rows), parameters=rules)
    assert verdict.flags == ("log-rows-missing",)
    assert "no row at 5000, 6000, 7000, 8000, 9000, 10000 and 4 more, with" in verdict.reason


def test_steps_that_would_need_endless_rows_are_uneven_and_not_counted(tmp_path: Path) -> None:
    rows = [(step, "1.0", 50, 50) for step in (1, 2, 3, 10**15)]
    verdict = judged(tmp_path, printed(rows), parameters={"every": None, "last": None, "last_loss": None})
    assert verdict.flags == ("log-uneven-steps",)


BY_ORACLE: dict[str, Any] = {
    "pattern": r"epoch (?P<epoch>\d+) loss (?P<loss>\S+) lr (?P<rate>\S+)",
    "iteration": "epoch",
    "columns": {"rate": "rate"},
    "known_as": {"epoch": "epoch", "rate": "learning_rate"},
}


def by_oracle(folder: Path, oracle: Any, expectation: dict[str, Any], text: str) -> Verdict:
    """The verdict on one output where the rubric's oracle is asked."""
    (folder / "notebook.json").write_text(notebook("train()", outputs={0: [text]}).model_dump_json(), encoding="utf-8")
    parameters = BY_ORACLE | {"oracle": expectation}
    check = Check(id="log", kind="log", marks=Decimal(0), parameters=parameters, line=9)
    question = Question(id="1", title="", marks=Decimal(0), checks=(check,))
    rubric = Rubric(title="T", folder=folder, questions=(question,))
    found, validated = kind_of(check, rubric)
    list(found.probes(rubric, check, validated, oracle))
    context = JudgeContext(
        rubric=rubric,
        question=question,
        check=check,
        evidence=Evidence(folder),
        student_version=StudentVersion(notebook(""), None),
        oracle=oracle,
    )
    return found.judge(context, validated)


def test_what_the_oracle_expects_of_a_log_is_looked_at_too(tmp_path: Path) -> None:
    text = "\n".join(f"epoch {epoch} loss {3 / epoch:.4f} lr 1.0" for epoch in range(1, 5))
    steady = by_oracle(tmp_path, ORACLE, {"rows": 4}, text)
    decaying = {"schedule": {"first": 1.0, "constant_epochs": 2, "decay": 0.5}}
    other = by_oracle(tmp_path, ORACLE, decaying, text)
    assert (steady.flags, other.flags) == ((), ("log-learning-rate",))
    assert "The learning rate in epochs 3, 4 is not that of the schedule" in other.reason
    assert other.mark == 0


def test_what_the_rules_have_said_the_oracle_does_not_say_again(tmp_path: Path) -> None:
    text = "epoch 1 loss 2.5 lr 1\nepoch 2 loss 2.25 lr 1\nepoch 4 loss 2 lr 1"
    verdict = by_oracle(tmp_path, ORACLE, {"rows": 4}, text)
    assert verdict.flags == ("log-rows-missing", "log-row-count")
    assert verdict.reason.count("no row at 3") == 1


@pytest.mark.parametrize("oracle", [None, ORACLE], ids=["no oracle", "another key"])
def test_an_expectation_that_no_oracle_knows_is_refused(tmp_path: Path, oracle: Any) -> None:
    with pytest.raises(RubricError) as caught:
        by_oracle(tmp_path, oracle, {"rowz": 4}, "")
    assert caught.value.code == "rubric-unknown-to-oracle"
