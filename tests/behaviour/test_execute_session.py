"""A part is taken kernel after kernel: what hangs or dies is left out, everything else is evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers import execute_cases
from helpers.execute_cases import LEVELS, QUICK, AtLevel, notebook, opened, plan, probe, status_of
from helpers.stored import load

from grader.errors import SandboxError
from grader.execute import session
from grader.execute.layout import Launch
from grader.execute.unsafe import NoSandbox
from grader.rubric import Execution, Training

pytestmark = pytest.mark.sandbox
ANSWER = "def answer():\n    return 4.5"


@pytest.fixture(scope="module", params=LEVELS)
def take(request: pytest.FixtureRequest) -> Iterator[AtLevel]:
    with opened(request.param) as isolation:
        yield AtLevel(isolation)


def test_cells_run_in_order_and_probes_leave_their_evidence(take: AtLevel) -> None:
    outcome = take(plan(notebook("x = 4.5\nprint('printed', x)", "def answer():\n    return x"), probes=[probe("p")]))

    record = outcome.record
    assert (record.part, record.level, record.seed, record.kernels) == ("student", take.isolation.level, "seed", 1)
    assert [run.index for run in record.cells] == [0, 1]
    assert status_of(record) == {"p": "done"}
    assert load(outcome.tensors)["p@0/value"].item() == 4.5
    assert record.limits_met == ()
    assert outcome.executed is not None
    assert json.loads(outcome.executed)["cells"][0]["outputs"][0]["text"] == "printed 4.5\n"


def test_the_same_part_taken_twice_is_the_same(take: AtLevel) -> None:
    wanted = plan(notebook("import random\nx = {'a', 'b'}", ANSWER), probes=[probe("p")])

    assert take(wanted) == take(wanted)


def test_a_statement_that_loops_for_ever_is_cut_off_and_the_next_one_still_runs(take: AtLevel) -> None:
    outcome = take(plan(notebook("while True: pass\ny = 1", ANSWER), probes=[probe("p")]))

    assert [statement.status for statement in outcome.record.cells[0].statements] == ["timeout", "ok"]
    assert status_of(outcome.record) == {"p": "done"}
    assert outcome.record.kernels == 2
    assert "cell 1, line 1," in outcome.record.limits_met[0]


def test_a_probe_that_hangs_or_dies_costs_itself_and_what_builds_on_it(take: AtLevel) -> None:
    source = "def slow():\n    while True: pass\ndef dies():\n    import os\n    os._exit(1)"
    probes = [
        probe("first"),
        probe("slow", "slow"),
        probe("dies", "dies"),
        probe("builds", "answer", after=["slow"]),
        probe("last"),
        probe("nothing", "nowhere"),
    ]

    outcome = take(plan(notebook(ANSWER, source), probes=probes))

    assert status_of(outcome.record) == {
        "first": "done",
        "slow": "timeout",
        "dies": "killed",
        "builds": "skipped",
        "last": "done",
        "nothing": "missing-name",
    }
    assert set(load(outcome.tensors)) == {"first@0/value", "last@0/value"}
    assert outcome.record.kernels == 3


def test_a_notebook_that_kills_every_kernel_comes_to_an_end(take: AtLevel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_KERNELS", 3)
    hand_in = notebook(ANSWER, *["import os\nos._exit(1)"] * 4)

    outcome = take(plan(hand_in, probes=[probe("p")]))

    assert outcome.record.kernels == 3
    assert status_of(outcome.record) == {"p": "skipped"}
    assert "3 kernels had to be given up" in outcome.record.limits_met[-1]


def test_the_time_of_the_whole_notebook_is_a_limit_of_its_own(take: AtLevel) -> None:
    limits = QUICK.model_copy(update={"statement_s": 60.0, "notebook_s": 1.5})

    outcome = take(plan(notebook("while True: pass", ANSWER), probes=[probe("p")], limits=limits))

    assert status_of(outcome.record) == {"p": "skipped"}
    assert any("1.5 s" in sentence for sentence in outcome.record.limits_met)


def test_stand_ins_answer_in_place_of_the_students_names(take: AtLevel) -> None:
    wanted = plan(notebook("def answer():\n    return 0"), probes=[probe("p")])
    execution = Execution(limits=QUICK, stand_ins={"answer": "torch.nn.LSTMCell"})

    outcome = take(replace(wanted, part="stand-ins", execution=execution))

    assert outcome.record.part == "stand-ins"
    assert outcome.record.probes[0].values["value"].scalar == 42


@pytest.mark.parametrize(("definitions_after", "printed"), [(False, "before"), (True, "after")])
def test_training_runs_last_and_tells_how_it_ended(take: AtLevel, definitions_after: bool, printed: str) -> None:
    hand_in = notebook("word = 'before'", "print(word)", "word = 'after'")
    training = Training(when="always", definitions_after=definitions_after)
    wanted = replace(
        plan(hand_in), part="training", train=(1,), training_cells=(1,), execution=Execution(training=training)
    )

    outcome = take(wanted)

    assert outcome.executed is not None
    assert json.loads(outcome.executed)["cells"][1]["outputs"][0]["text"] == f"{printed}\n"
    assert outcome.record.cells[1].statements[0].kind == "training"
    assert outcome.record.cells[1].statements[0].status == "ok"
    assert "stopped by us after 40 steps" in outcome.record.limits_met[0]


def test_training_that_kills_its_kernel_is_not_repeated(take: AtLevel) -> None:
    wanted = replace(plan(notebook("import os\nos._exit(1)")), part="training", train=(0,), training_cells=(0,))

    record = take(wanted).record

    assert record.kernels == 1
    assert record.cells[0].statements[0].status == "killed"
    assert "training in cell 1 was ended" in record.limits_met[0]


def test_a_kernel_that_does_not_start_is_our_fault() -> None:
    class Broken(NoSandbox):
        def command(self, launch: Launch, program: object, *, ready: int | None) -> object:  # type: ignore[override]
            return super().command(launch, ["-c", "import sys; sys.exit('words for the log')"], ready=ready)

    with pytest.raises(SandboxError) as caught:
        execute_cases.take(plan(notebook(ANSWER)), Broken())  # type: ignore[arg-type]

    assert caught.value.code == "kernel-not-started"
    assert "words for the log" in caught.value.where


def test_without_a_sandbox_the_level_says_so() -> None:
    outcome = execute_cases.take(plan(notebook(ANSWER), probes=[probe("p")]), NoSandbox())

    assert outcome.record.level == "none"
    assert status_of(outcome.record) == {"p": "done"}
