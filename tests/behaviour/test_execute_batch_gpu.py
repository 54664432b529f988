"""Training cells that a rubric sends to a GPU get a share of one, and nothing else does; the nodes are false ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.batch_fakes import Stage, cards, job
from helpers.execute_cases import QUICK, environment, notebook, probe

from grader.errors import GraderError
from grader.execute import Job, PartOutcome, execute_batch
from grader.execute.devices import Gpus
from grader.execute.layout import Devices
from grader.execute.session import PartPlan
from grader.records import Submission
from grader.rubric import Execution, Question, Rubric, Training

ON_GPU = {"device": "gpu"}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def visible(plan: PartPlan) -> str | None:
    return plan.launch.devices.variables.get("CUDA_VISIBLE_DEVICES")


def test_only_training_gets_a_gpu(stage: Stage) -> None:
    stage.run([job("s1", "student", "stand-ins", "training")], training=ON_GPU, gpus=cards(1))

    assert stage.plans["s1", "student"].launch.devices == Devices()
    assert stage.plans["s1", "stand-ins"].launch.devices == Devices()
    training = stage.plans["s1", "training"]
    assert visible(training) == "GPU-0"
    assert [target for _, target in training.launch.devices.nodes] == ["/dev/nvidia0"]
    assert training.gpu_fraction == 1.0
    assert training.notes == ()


def test_a_rubric_that_wants_none_gets_none(stage: Stage) -> None:
    stage.run([job("s1", "training")], gpus=cards(1))

    assert stage.plans["s1", "training"].launch.devices == Devices()
    assert stage.plans["s1", "training"].notes == ()


def test_without_a_gpu_training_runs_on_the_cpu_and_the_evidence_says_why(stage: Stage) -> None:
    stage.run([job("s1", "student", "training")], training=ON_GPU, gpus=Gpus(absent="the cards are on holiday"))

    plan = stage.plans["s1", "training"]
    assert plan.launch.devices == Devices()
    assert plan.gpu_fraction is None
    assert plan.notes == ("Training ran on the CPU: the cards are on holiday.",)
    assert stage.plans["s1", "student"].notes == ()


@pytest.mark.parametrize(("fraction", "kernels"), [(1.0, 2), (0.5, 4), (0.3, 6)])
def test_no_more_kernels_share_the_cards_than_the_fraction_allows(fraction: float, kernels: int, stage: Stage) -> None:
    on_card: dict[str, int] = {}
    most: dict[str, int] = {}

    async def play(key: str, plan: PartPlan) -> None:
        card = str(visible(plan))
        on_card[card] = on_card.get(card, 0) + 1
        most[card] = max(most.get(card, 0), on_card[card])
        for _ in range(2000):  # so that as many as may come do come, however slow this machine is
            if most[card] >= kernels // 2:
                break
            await asyncio.sleep(0.001)
        for _ in range(5):
            await asyncio.sleep(0)
        on_card[card] -= 1

    jobs = (job(f"s{number}", "training") for number in range(30))
    stage.run(jobs, play, training=ON_GPU | {"fraction": fraction}, gpus=cards(2), concurrency=12)

    assert most == {"GPU-0": kernels // 2, "GPU-1": kernels // 2}
    assert len(stage.done) == 30


def test_a_submission_that_waits_for_a_gpu_holds_no_slot_of_the_cpu(stage: Stage) -> None:
    quick_done = asyncio.Event()

    async def play(key: str, plan: PartPlan) -> None:
        if plan.part == "training":
            await quick_done.wait()
        elif key == "quick":
            quick_done.set()

    jobs = [job("s1", "student", "training"), job("s2", "student", "training"), job("quick")]
    stage.run(jobs, play, training=ON_GPU, gpus=cards(1), concurrency=1)

    assert stage.done[0] == "quick"
    assert sorted(stage.done) == ["quick", "s1", "s2"]


def test_submissions_do_not_pile_up_before_a_gpu(stage: Stage) -> None:
    most = 0

    def jobs() -> Iterator[Job]:
        nonlocal most
        for number in range(40):
            most = max(most, number - len(stage.done))
            yield job(f"s{number}", "student", "training")

    async def play(key: str, plan: PartPlan) -> None:
        for _ in range(20 if plan.part == "training" else 1):
            await asyncio.sleep(0)

    stage.run(jobs(), play, training=ON_GPU, gpus=cards(1), concurrency=1)

    assert len(stage.done) == 40
    assert most <= 4


def test_a_share_comes_back_however_its_kernel_ends(stage: Stage) -> None:
    async def play(key: str, plan: PartPlan) -> None:
        if key != "last":
            raise OSError("the kernel could not be started")

    jobs = [*(job(f"s{number}", "training") for number in range(5)), job("last", "training")]
    stage.run(jobs, play, training=ON_GPU, gpus=cards(1), concurrency=3)

    assert len(stage.faults) == 5
    assert stage.stored == [("last", "training")]


def test_an_interrupted_batch_ends_while_others_wait_for_a_gpu(stage: Stage) -> None:
    async def interrupted() -> None:
        at_work = asyncio.Event()

        async def play(key: str, plan: PartPlan) -> None:
            at_work.set()
            await asyncio.Event().wait()

        jobs = [job(f"s{number}", "training") for number in range(9)]
        task = asyncio.create_task(stage.arun(jobs, play, training=ON_GPU, gpus=cards(1), concurrency=4))
        await at_work.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(interrupted())
    assert stage.done == []


# -- in a real kernel, whose nodes are the host's /dev/null under the names of a card's

LOOK = """\
import json, os, stat, glob
node = os.stat('/dev/nvidia3')
with open('/dev/nvidia3', 'r+b', buffering=0) as file:
    file.write(b'x')
print(json.dumps({
    'nodes': sorted(glob.glob('/dev/nvidia*')),
    'device': stat.S_ISCHR(node.st_mode),
    'visible': os.environ['CUDA_VISIBLE_DEVICES'],
}))  # TRAIN
"""


class Taken:
    def __init__(self) -> None:
        self.parts: dict[str, PartOutcome] = {}
        self.faults: list[GraderError] = []

    def on_part(self, done: Job, outcome: PartOutcome) -> None:
        self.parts[outcome.part] = outcome

    def on_done(self, done: Job, fault: GraderError | None) -> None:
        self.faults += [] if fault is None else [fault]

    def run(self, folder: Path, *sources: str) -> None:
        hand_in = notebook(*sources)
        training = Training(contains=("TRAIN",), when="always", device="gpu", fraction=0.5)
        question = Question.model_validate({"id": "1", "title": "One", "marks": 1})
        execution = Execution(training=training, limits=QUICK.model_copy(update={"statement_s": 10.0, "probe_s": 10.0}))
        submission = Submission(student="s", name="s", submission="s.ipynb", key="s", notebook=hand_in)
        card = cards(4).cards[3]
        asyncio.run(
            execute_batch(
                [Job(submission=submission, parts=("student", "training"), probes=(probe("p"),), subjects=("answer",))],
                rubric=Rubric(title="One", folder=folder, questions=(question,), execution=execution),
                seed="seed",
                environment=environment(),
                on_part=self.on_part,
                on_done=self.on_done,
                gpus=Gpus(cards=(card,)),
            )
        )


@pytest.mark.sandbox
def test_a_kernel_that_trains_sees_the_nodes_of_its_card_and_a_probe_sees_none(tmp_path: Path) -> None:
    taken = Taken()
    answer = "import glob, os, torch\ndef answer():\n    return torch.tensor([float(len(glob.glob('/dev/nvidia*')))])\n"

    taken.run(tmp_path, answer, LOOK)

    assert taken.faults == []
    executed = taken.parts["training"].executed
    assert executed is not None
    seen = json.loads(json.loads(executed)["cells"][1]["outputs"][0]["text"])
    assert seen == {"nodes": ["/dev/nvidia3"], "device": True, "visible": "GPU-3"}
    assert b"\0" * 4 in taken.parts["student"].tensors, "the probe has counted no node"
    value = taken.parts["student"].record.probes[0].values["value"]
    assert value.shape == (1,)


@pytest.mark.sandbox
def test_a_card_that_the_kernels_torch_cannot_use_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    taken = Taken()

    taken.run(tmp_path, "import torch", "x = torch.ones(2).cuda().sum()\nprint(x.item(), x.device)  # TRAIN")

    record = taken.parts["training"].record
    assert record.notes == ("A GPU was lent to the kernel, but its torch could not use it: training ran on the CPU.",)
    assert record.environment["training_device"] == "cpu"
    executed = taken.parts["training"].executed
    assert executed is not None
    assert json.loads(executed)["cells"][1]["outputs"][0]["text"] == "2.0 cpu\n"
    assert taken.parts["student"].record.notes == ()
