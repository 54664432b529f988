"""What a rubric's test does decides the mark; a test that decides nothing gives none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import torch
from helpers.evidence_files import (
    ANSWER,
    MARKERS,
    SEED,
    notebook,
    only_check,
    raised_run,
    run_of,
    run_with,
    score_here,
    tensor_value,
    write_evidence,
    write_rubric,
)

from grader import draws
from grader.errors import RubricError
from grader.evidence import Definition
from grader.records import Outcome
from grader.values import Value

HEAD = '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'


def rubric_test(body: str, arguments: str = "check, probe") -> str:
    """A rubric's test with that body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{HEAD}def test_scale({arguments}):\n{lines}\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    run, tensors = run_with(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    return write_evidence(tmp_path / "s001", runs=[run], tensors=tensors)


@pytest.mark.parametrize(
    ("body", "outcome", "mark"),
    [
        pytest.param("check.award()", Outcome.PASSED, "2.00", id="all of it"),
        pytest.param("check.award(2)", Outcome.PASSED, "2.00", id="the full mark"),
        pytest.param("check.award(1.005)", Outcome.PARTIAL, "1.01", id="a half is rounded up"),
        pytest.param("check.award('0.10')", Outcome.PARTIAL, "0.10", id="a part"),
        pytest.param("check.award(0)", Outcome.FAILED, "0.00", id="nothing"),
        pytest.param("assert False, 'hidden'", Outcome.FAILED, "0.00", id="an assertion"),
        pytest.param("check.award()\nassert False", Outcome.FAILED, "0.00", id="an assertion after the award"),
        pytest.param("check.blocked('because of 0')", Outcome.BLOCKED, "0.00", id="blocked"),
        pytest.param("check.manual('a person looks')", Outcome.MANUAL, None, id="manual"),
        pytest.param("pass", Outcome.FAULT, None, id="nothing awarded"),
        pytest.param("raise ValueError('ours')", Outcome.FAULT, None, id="another exception"),
        pytest.param("raise SystemExit(0)", Outcome.FAULT, None, id="an exit"),
        pytest.param("pytest.skip('no')", Outcome.FAULT, None, id="a skip is no pass"),
        pytest.param("check.award(3)", Outcome.FAULT, None, id="too much"),
        pytest.param("check.award(-1)", Outcome.FAULT, None, id="below nothing"),
        pytest.param("check.award(float('nan'))", Outcome.FAULT, None, id="not a number"),
        pytest.param("check.award('much')", Outcome.FAULT, None, id="a word"),
        pytest.param("check.award(1)\ncheck.award(2)", Outcome.FAULT, None, id="twice"),
        pytest.param(
            "check.award(1)\ntry:\n    check.award(2)\nexcept Exception:\n    pass", Outcome.FAULT, None, id="hidden"
        ),
        pytest.param("probe.value('other')", Outcome.FAULT, None, id="a value that the probe never records"),
        pytest.param("probe.probe('other')", Outcome.FAULT, None, id="a probe that the test does not declare"),
        pytest.param("probe.gradient('y', 'x')", Outcome.FAULT, None, id="a gradient that was not recorded"),
    ],
)
def test_the_outcome_follows_from_what_the_test_did(
    tmp_path: Path, good: Path, body: str, outcome: Outcome, mark: str | None
) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body))

    check = only_check(rubric, good)

    assert check.id == "1/scale"
    assert (check.outcome, check.mark) == (outcome, None if mark is None else Decimal(mark))


def test_assertion_texts_never_reach_marks_but_expectations_do(tmp_path: Path, good: Path) -> None:
    body = "check.expect('`y` should be positive.', next_step='Print `y`.')\nassert False, 'the secret is 42'"
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body))

    line = score_here(rubric, good)["s001"]

    (check,) = line.questions[0].checks
    assert (check.reason, check.next_step) == ("`y` should be positive.", "Print `y`.")
    assert "42" not in line.model_dump_json()


def test_without_an_expectation_the_reason_is_general(tmp_path: Path, good: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("assert False, 'secret'"))
    assert only_check(rubric, good).reason == "The property was not met."


def test_a_fault_keeps_its_traceback_for_the_log_only(tmp_path: Path, good: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("raise ValueError('our own trouble')"))

    line = score_here(rubric, good)["s001"]

    assert "our own trouble" in line.faults
    assert "our own trouble" not in line.questions[0].checks[0].reason
    assert line.flags == ("scoring-fault",)


def test_what_a_test_says_is_kept(tmp_path: Path, good: Path) -> None:
    body = (
        "check.flag('odd-case')\n"
        "check.award(1, reason='r', next_step='n', diagnosis=('a.b',), convention='c', uncertain=True)"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body))

    line = score_here(rubric, good)["s001"]

    (check,) = line.questions[0].checks
    assert (check.reason, check.next_step, check.diagnosis, check.convention) == ("r", "n", ("a.b",), "c")
    assert check.uncertain
    assert check.evidence == ("made",)
    assert line.flags == ("odd-case",)


def test_inputs_are_recomputed_from_the_seed(tmp_path: Path) -> None:
    x = draws.draw(f"{SEED}/made", "x", [3])
    run, tensors = run_with(2 * x)
    body = "assert torch.equal(probe.tensor('y'), 2 * probe.draw('x', [3]))\ncheck.award()"
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body))

    check = only_check(rubric, write_evidence(tmp_path / "s001", runs=[run], tensors=tensors))

    assert check.outcome is Outcome.PASSED


def test_a_flood_of_nan_is_a_wrong_answer_and_no_fault(tmp_path: Path) -> None:
    run, tensors = run_with(torch.full((3,), float("nan"), dtype=torch.float64))
    body = "assert torch.allclose(probe.tensor('y'), 2 * probe.draw('x', [3]))\ncheck.award()"
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body))

    check = only_check(rubric, write_evidence(tmp_path / "s001", runs=[run], tensors=tensors))

    assert check.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("value", "asked", "reason"),
    [
        pytest.param(
            Value(kind="none"), "probe.tensor('y')", "`y` should be a tensor; it is `None`.", id="no return value"
        ),
        pytest.param(
            Value(kind="tuple", items=(Value(kind="none"),)),
            "probe.tensor('y')",
            "`y` should be a tensor; it is a tuple of 1 values.",
            id="a tuple",
        ),
        pytest.param(
            Value(kind="tuple", items=()),
            "probe.tensor('y', 0)",
            "`y` should hold at least 1 values; it is a tuple of 0 values.",
            id="an empty tuple",
        ),
        pytest.param(
            Value(kind="text", text="a"), "probe.scalar('y')", "`y` should be a number; it is a text.", id="text"
        ),
        pytest.param(
            Value(kind="list"), "probe.text('y')", "`y` should be a text; it is a list of 0 values.", id="list"
        ),
        pytest.param(
            Value(kind="other", text="set"),
            "probe.facts('y')",
            "`y` should be an object; it is of type `set`.",
            id="set",
        ),
    ],
)
def test_a_value_of_another_kind_is_the_students_mistake_in_words(
    tmp_path: Path, value: Value, asked: str, reason: str
) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(f"{asked}\ncheck.award()"))

    check = only_check(rubric, write_evidence(tmp_path / "s001", runs=[run_of(values={"y": value})]))

    assert (check.outcome, check.reason) == (Outcome.FAILED, reason)


def test_scalars_that_are_not_finite_come_back_as_they_were(tmp_path: Path) -> None:
    values = {
        "a": Value(kind="scalar", text="inf"),
        "b": Value(kind="scalar", scalar=3),
        "c": tensor_value("made@0/c", torch.tensor(1.5)),
        "d": Value(kind="text", text="ValueError"),
        "e": Value(kind="none"),
    }
    body = (
        "assert probe.scalar('a') == float('inf') and probe.scalar('b') == 3 and probe.scalar('c') == 1.5\n"
        "assert probe.text('d') == 'ValueError' and probe.text('e') == ''\n"
        "assert probe.has('a') and not probe.has('z')\n"
        "assert probe.parameter('m', 'w', [2, 2]).shape == (2, 2)\n"
        "assert probe.integers('k', [2], below=3).max() < 3\n"
        "assert probe.status == 'done' and probe.raised is None\n"
        "check.award()"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body))

    folder = write_evidence(tmp_path / "s001", runs=[run_of(values=values)], tensors={"made@0/c": torch.tensor(1.5)})

    assert only_check(rubric, folder).outcome is Outcome.PASSED


def test_all_fixtures_are_those_of_the_submission(tmp_path: Path, good: Path) -> None:
    arguments = "check, probe, evidence, notebook, student_version, oracle, verdicts"
    body = (
        "assert evidence.folder.name == 's001' and notebook.cells and oracle is None and verdicts == {}\n"
        "assert student_version.notebook.cells\n"
        "check.award()"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test(body, arguments))
    assert only_check(rubric, good).outcome is Outcome.PASSED


def test_missing_evidence_is_a_fault_with_its_own_flag(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("check.award()"))

    line = score_here(rubric, write_evidence(tmp_path / "s001"))["s001"]

    assert line.questions[0].checks[0].outcome is Outcome.FAULT
    assert line.questions[0].mark is None
    assert line.flags == ("needs-evidence",)


def test_a_part_that_was_never_taken_is_missing_evidence(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("check.award()"))
    folder = tmp_path / "s001"
    folder.mkdir()
    (folder / "notebook.json").write_text(notebook(ANSWER).model_dump_json(), encoding="utf-8")

    line = score_here(rubric, folder)["s001"]

    assert line.flags == ("needs-evidence",)


def test_malformed_evidence_is_a_fault_and_stops_nothing(tmp_path: Path, good: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("check.award()"))
    broken = write_evidence(tmp_path / "s000")
    (broken / "student.json").write_text("{", encoding="utf-8")

    lines = score_here(rubric, broken, good)

    assert lines["s000"].questions[0].checks[0].outcome is Outcome.FAULT
    assert "scoring-fault" in lines["s000"].flags
    assert lines["s001"].questions[0].checks[0].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("run", "outcome", "reason"),
    [
        pytest.param(
            raised_run(),
            Outcome.FAILED,
            '`Scale()` raised TypeError in your cell 1, line 2: `x = [` ("no").',
            id="raised",
        ),
        pytest.param(
            run_of(status="timeout", step=1), Outcome.FAILED, "`scale(x)` did not finish within 10 s.", id="timeout"
        ),
        pytest.param(run_of(status="killed"), Outcome.FAILED, "`Scale` ended the whole kernel.", id="killed"),
        pytest.param(
            run_of(status="missing-name"),
            Outcome.FAILED,
            "`Scale` is not defined after your notebook was read.",
            id="missing",
        ),
        pytest.param(
            run_of(status="refused", step=1),
            Outcome.FAILED,
            "What `scale(x)` gave back was too large to be kept.",
            id="refused",
        ),
        pytest.param(
            run_of(status="skipped"),
            Outcome.BLOCKED,
            "This was not tried, because something that it builds on did not end.",
            id="skipped",
        ),
        pytest.param(run_of(status="raised"), Outcome.FAILED, "`Scale` could not be run.", id="raised without a word"),
    ],
)
def test_a_probe_that_did_not_end_gives_a_plain_reason(
    tmp_path: Path, run: object, outcome: Outcome, reason: str
) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("check.award()"))

    check = only_check(rubric, write_evidence(tmp_path / "s001", runs=[run]))  # type: ignore[list-item]

    assert (check.outcome, check.reason) == (outcome, reason)


def test_a_test_may_ask_to_see_a_probe_that_raised(tmp_path: Path) -> None:
    tests = (
        '@pytest.mark.question("1", marks=2)\n@pytest.mark.probe("made", statuses=("done", "raised"))\n'
        "def test_refuses(check, probe):\n    assert probe.raised.type == 'TypeError'\n    check.award()\n"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=tests)

    check = only_check(rubric, write_evidence(tmp_path / "s001", runs=[raised_run()]))

    assert (check.id, check.outcome) == ("1/refuses", Outcome.PASSED)


SEVERAL = """
probes:
  - {id: one, subject: Scale, steps: &made [{do: construct, save: scale, target: Scale}]}
  - {id: two, subject: Scale, steps: *made}
  - {id: alone, subject: Scale, unless: [one, two], steps: *made}
  - {id: otherwise, subject: Scale, unless: alone, steps: *made}
"""


@pytest.mark.parametrize(
    ("statuses", "seen"),
    [
        pytest.param({"one": "done", "two": "done", "alone": "skipped"}, ["one", "two"], id="all were done"),
        pytest.param({"one": "done", "two": "raised", "alone": "done"}, ["alone", "one", "two"], id="one was not"),
        pytest.param(
            {"one": "killed", "two": "done", "alone": "raised", "otherwise": "done"},
            ["alone", "one", "otherwise", "two"],
            id="nor what stands in for them",
        ),
    ],
)
def test_a_probe_that_stands_in_for_several_is_looked_at_where_one_was_not_done(
    tmp_path: Path, statuses: dict[str, str], seen: list[str]
) -> None:
    tests = (
        '@pytest.mark.question("1", marks=2)\n@pytest.mark.probe("one", "two", statuses=("done", "raised", "killed"))\n'
        '@pytest.mark.probe("alone", instead_of=("one", "two"), statuses=("done", "raised"))\n'
        '@pytest.mark.probe("otherwise", instead_of="alone")\n'
        "def test_scale(check, probe):\n"
        "    known = probe._others  # what a test can reach\n"
        "    check.award(reason=' '.join(sorted(known)))\n"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=tests, extra=MARKERS + SEVERAL)
    runs = [run_of(name, status=status) for name, status in statuses.items()]

    check = only_check(rubric, write_evidence(tmp_path / "s001", runs=runs))

    assert (check.outcome, check.reason) == (Outcome.PASSED, " ".join(seen))


def test_what_stands_in_for_a_probe_has_to_come_after_it(tmp_path: Path) -> None:
    tests = (
        '@pytest.mark.question("1", marks=2)\n@pytest.mark.probe("alone", instead_of="one")\n'
        '@pytest.mark.probe("one")\n'
        "def test_scale(check, probe):\n    check.award()\n"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=tests, extra=MARKERS + SEVERAL)

    with pytest.raises(RubricError, match="not asked for before"):
        only_check(rubric, write_evidence(tmp_path / "s001", runs=[]))


def test_of_several_definitions_the_one_between_the_markers_counts(tmp_path: Path) -> None:
    wrong, right = torch.zeros(3), torch.ones(3)
    first, tensors = run_with(wrong)
    second, more = run_with(right, definition=1)
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("assert probe.tensor('y').sum() > 0\ncheck.award()"))
    elsewhere = "class Scale:\n    def __call__(self, x):\n        return x\n"
    folder = write_evidence(
        tmp_path / "s001",
        handed_in=notebook(ANSWER, elsewhere),
        runs=[first, second],
        tensors=tensors | more,
        definitions=[Definition(name="Scale", cell=0, line=1), Definition(name="Scale", cell=1, line=1)],
    )

    check = only_check(rubric, folder)

    assert check.outcome is Outcome.FAILED
    assert "`Scale` is defined twice" in check.reason


def test_without_markers_the_best_definition_counts(tmp_path: Path) -> None:
    first, tensors = run_with(torch.zeros(3))
    second, more = run_with(torch.ones(3), definition=1)
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("assert probe.tensor('y').sum() > 0\ncheck.award()"))
    one, other = ("class Scale:\n    def __call__(self, x):\n        return x\n",) * 2
    folder = write_evidence(
        tmp_path / "s001",
        handed_in=notebook(one, other),
        runs=[first, second],
        tensors=tensors | more,
        definitions=[Definition(name="Scale", cell=0, line=1), Definition(name="Scale", cell=1, line=1)],
    )

    check = only_check(rubric, folder)

    assert check.outcome is Outcome.PASSED
    assert "`Scale` is defined twice" in check.reason


def test_no_fixture_carries_one_submission_into_the_next(tmp_path: Path) -> None:
    tests = "@pytest.fixture(scope='session')\ndef seen():\n    return []\n\n" + rubric_test(
        "seen.append(1)\nassert len(seen) == 1\ncheck.award()", "check, probe, seen"
    )
    rubric = write_rubric(tmp_path / "rubric", tests=tests)
    run, tensors = run_with(torch.ones(3))
    folders = [write_evidence(tmp_path / key, runs=[run], tensors=tensors) for key in ("s001", "s002")]

    lines = score_here(rubric, *folders)

    assert [line.questions[0].outcome for line in lines.values()] == [Outcome.PASSED, Outcome.PASSED]


def test_evidence_of_another_seed_is_flagged(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=rubric_test("check.award()"))
    old = write_evidence(tmp_path / "s001", runs=[run_of(seed="old/made")], seed="old")
    forged = write_evidence(tmp_path / "s002", runs=[run_of(seed="mine/made")])

    lines = score_here(rubric, old, forged)

    assert lines["s001"].flags == ("needs-evidence",)
    assert lines["s002"].flags == ("tampering:seed",)
