"""A part is taken kernel after kernel: what hangs or dies is left out, everything else is evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil
import pytest
from helpers import execute_cases
from helpers.execute_cases import LEVELS, QUICK, AtLevel, notebook, opened, plan, probe, status_of
from helpers.stored import load

from grader.errors import SandboxError
from grader.execute import session
from grader.execute.bubblewrap import Bubblewrap
from grader.execute.client import Outputs
from grader.execute.kernel import Answer, Kernel
from grader.execute.layout import Launch
from grader.execute.provisioner import BubblewrapProvisioner
from grader.execute.session import Clock, PartSession
from grader.execute.unsafe import NoSandbox
from grader.execute.watch import Patience
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


@pytest.mark.parametrize("request_of_ours", [".start()", ".cell(0)", ".probe('p')", ".finish()"])
def test_a_kernel_that_someone_else_kills_costs_nothing_and_is_told(
    request_of_ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Kernel.request
    victims: list[psutil.Process] = []

    async def request(self: Kernel, code: str, patience: Patience) -> Answer:
        if code.endswith(request_of_ours) and not victims:
            victims.append(psutil.Process(self.process.pid).children(recursive=True)[-1])
            victims[0].kill()
        return await real(self, code, patience)

    monkeypatch.setattr(Kernel, "request", request)

    record = take(plan(notebook("x = 1", ANSWER), probes=[probe("p")])).record

    assert status_of(record) == {"p": "done"}
    assert [statement.status for cell in record.cells for statement in cell.statements] == ["ok", "ok"]
    assert record.limits_met == ()
    assert record.kernels == 2
    assert record.notes == ("The system or a person killed a kernel at work; what it was doing was done once more.",)


def test_code_that_kills_its_own_kernel_is_given_one_more_try_and_no_third() -> None:
    hand_in = notebook(ANSWER, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")

    record = take(plan(hand_in, probes=[probe("p")])).record

    assert [statement.status for statement in record.cells[1].statements] == ["ok", "killed"]
    assert status_of(record) == {"p": "done"}
    assert record.kernels == 3
    assert "cell 2, line 2, was ended: the process was killed" in record.limits_met[0]


def test_code_that_only_ends_its_kernel_is_given_no_second_try() -> None:
    record = take(plan(notebook(ANSWER, "import os\nos._exit(1)"), probes=[probe("p")])).record

    assert record.kernels == 2
    assert record.notes == ()


def test_what_is_known_beforehand_is_told_with_the_evidence() -> None:
    assert take(replace(plan(notebook("x = 1")), notes=("A sentence.",))).record.notes == ("A sentence.",)


@pytest.mark.parametrize("source", [ANSWER, "import os\nos._exit(1)"], ids=["ends well", "dies"])
def test_evidence_is_read_when_the_kernel_is_dead_and_through_a_folder_that_was_held(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Kernel] = []
    read: list[tuple[bool, bool]] = []
    start, collect = Kernel.start, session.collect

    async def remembered(self: Kernel) -> None:
        await start(self)
        started.append(self)

    def looked_at(folder: int, **arguments: Any) -> Any:
        process = started[-1].process
        read.append((process.dead, folder == process.folders.evidence))
        return collect(folder, **arguments)

    monkeypatch.setattr(Kernel, "start", remembered)
    monkeypatch.setattr(session, "collect", looked_at)

    take(plan(notebook(source), probes=[probe("p")]))

    assert read == [(True, True)] * len(started)


@pytest.mark.timeout(90)
def test_a_kernel_that_is_killed_before_it_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    launch_kernel = BubblewrapProvisioner.launch_kernel
    launched: list[BubblewrapProvisioner] = []

    async def killed_at_first(self: BubblewrapProvisioner, cmd: list[str], **more: Any) -> Any:
        connection = await launch_kernel(self, cmd, **more)
        launched.append(self)
        if len(launched) == 1:
            await self.send_signal(9)
        return connection

    monkeypatch.setattr(BubblewrapProvisioner, "launch_kernel", killed_at_first)
    limits = QUICK.model_copy(update={"start_s": 600.0})

    record = take(plan(notebook(ANSWER), probes=[probe("p")], limits=limits)).record

    assert status_of(record) == {"p": "done"}
    assert (len(launched), record.kernels) == (2, 1)


def test_a_flood_of_messages_lets_other_kernels_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Outputs.add
    since_turn, most, messages = 0, 0, 0

    def counted(self: Outputs, kind: str, content: dict[str, Any], size: int) -> None:
        nonlocal since_turn, most, messages
        since_turn, messages = since_turn + 1, messages + 1
        most = max(most, since_turn)
        add(self, kind, content, size)

    async def beside() -> None:
        nonlocal since_turn
        while True:
            since_turn = 0
            await asyncio.sleep(0)

    async def both() -> None:
        other = asyncio.create_task(beside())
        flood = "from IPython.display import display\nfor _ in range(400):\n    display(1)"
        await PartSession(Bubblewrap(), plan(notebook(flood)), Clock(60.0)).run()
        other.cancel()

    monkeypatch.setattr(Outputs, "add", counted)
    asyncio.run(both())

    assert messages > 400
    assert most <= 4
