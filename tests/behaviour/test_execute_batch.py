"""A batch goes through all of its submissions, each in kernels of its own, and leaves nothing running."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from helpers.execute_cases import QUICK, environment, notebook, probe, status_of

from grader.errors import GraderError, SandboxUnavailableError
from grader.execute import Isolations, Job, PartOutcome, detect, execute_batch, kept
from grader.execute import batch as batch_module
from grader.execute.isolation import Isolation
from grader.records import NotebookRecord, Submission
from grader.rubric import Execution, Mount, Question, Rubric, Training

pytestmark = pytest.mark.sandbox
ANSWER = "import torch\ndef answer():\n    return torch.tensor([4.5])"


def rubric(folder: Path, execution: Execution) -> Rubric:
    question = Question.model_validate({"id": "1", "title": "One", "marks": 1})
    return Rubric(title="One", folder=folder, questions=(question,), execution=execution)


def job(key: str, hand_in: NotebookRecord | None, *parts: str) -> Job:
    submission = Submission(student=key, name=key, submission=f"{key}.ipynb", key=key, notebook=hand_in)
    return Job(submission=submission, parts=parts or ("student",), probes=(probe("p"),), subjects=("answer",))


class Taken:
    """Remembers what a batch reports."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, str], PartOutcome] = {}
        self.done: dict[str, GraderError | None] = {}

    def on_part(self, done: Job, outcome: PartOutcome) -> None:
        self.parts[done.submission.key, outcome.part] = outcome

    def on_done(self, done: Job, fault: GraderError | None) -> None:
        self.done[done.submission.key] = fault

    def run(self, jobs: Iterator[Job], of: Rubric) -> None:
        asyncio.run(self.arun(jobs, of))

    async def arun(self, jobs: Iterator[Job], of: Rubric, isolations: Isolations | None = None) -> None:
        await execute_batch(
            jobs,
            rubric=of,
            seed="seed",
            environment=environment(),
            on_part=self.on_part,
            on_done=self.on_done,
            isolations=isolations,
        )


@pytest.fixture
def one(tmp_path: Path) -> Rubric:
    return rubric(tmp_path, Execution(limits=QUICK.model_copy(update={"probe_s": 10.0, "statement_s": 10.0})))


def test_each_submission_is_done_once_and_its_evidence_is_its_own(one: Rubric) -> None:
    taken = Taken()
    jobs = [job("s001", notebook(ANSWER)), job("s002", notebook("x = 1")), job("s003", None)]

    taken.run(iter(jobs), one)

    assert taken.done == {"s001": None, "s002": None, "s003": None}
    assert {key: status_of(part.record) for (key, _), part in taken.parts.items()} == {
        "s001": {"p": "done"},
        "s002": {"p": "missing-name"},
    }


def test_batches_share_what_was_started_for_kernels_until_it_is_closed(one: Rubric) -> None:
    taken, isolations, us = Taken(), Isolations(), psutil.Process()
    before = us.children()

    asyncio.run(taken.arun(iter([job("s001", notebook(ANSWER))]), one, isolations))
    level, started = isolations.get(), us.children()
    asyncio.run(taken.arun(iter([job("s002", notebook(ANSWER))]), one, isolations))
    again = us.children()
    asyncio.run(isolations.close())

    assert taken.done == {"s001": None, "s002": None}
    assert isolations.get() is not level
    assert again == started
    assert (len(started) > len(before)) == (level.level == "sealed")
    assert us.children() == before
    asyncio.run(isolations.close())


def test_kernels_come_from_what_was_started_while_they_were_only_expected(
    one: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "locate", lambda folder: environment())
    taken, isolations, us = Taken(), Isolations(), psutil.Process()
    before = us.children()

    isolations.expect(one)
    expected = us.children()
    asyncio.run(taken.arun(iter([job("s001", notebook(ANSWER))]), one, isolations))
    used = us.children()
    asyncio.run(isolations.close())

    assert taken.done == {"s001": None}
    assert (len(expected) > len(before)) == (detect().level == "sealed")
    assert used == expected
    assert us.children() == before


def test_a_host_that_cannot_isolate_is_told_so_when_something_is_to_be_run(
    one: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(level: str | None, *, unsafe: bool) -> Isolation:
        raise SandboxUnavailableError("sandbox-no-namespaces", "no")

    monkeypatch.setattr(kept, "detect", cannot)
    isolations, taken = Isolations(), Taken()

    isolations.expect(one)

    with pytest.raises(SandboxUnavailableError):
        asyncio.run(taken.arun(iter([job("s001", notebook(ANSWER))]), one, isolations))


def test_a_fault_of_ours_stays_with_its_submission(one: Rubric, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Taken()
    real = batch_module.execute_job

    async def fails(this: Job, *arguments: object) -> None:
        if this.submission.key == "s001":
            raise KeyError("ours")
        await real(this, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(batch_module, "execute_job", fails)

    taken.run(iter([job("s001", notebook(ANSWER)), job("s002", notebook(ANSWER))]), one)

    fault = taken.done["s001"]
    assert fault is not None
    assert (fault.code, fault.where) == ("execute-fault", "s001")
    assert taken.done["s002"] is None
    assert ("s002", "student") in taken.parts


def test_jobs_are_taken_only_when_there_is_room(one: Rubric) -> None:
    taken = Taken()
    most = 0

    def jobs() -> Iterator[Job]:
        nonlocal most
        for number in range(5):
            most = max(most, number - len(taken.done))
            yield job(f"s{number}", None)

    taken.run(jobs(), one)

    assert len(taken.done) == 5
    assert most <= 2


def test_an_interrupted_batch_leaves_nothing_running(one: Rubric) -> None:
    taken = Taken()

    async def interrupted() -> None:
        task = asyncio.create_task(taken.arun(iter([job("s001", notebook("while True: pass"))]), one))
        while not _kernels():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())

    assert taken.done == {}
    assert _kernels() == []


def _kernels() -> list[psutil.Process]:
    """The processes that the grader has started, and theirs."""
    return psutil.Process().children(recursive=True)


def test_all_parts_of_a_submission_are_taken_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "words.txt").write_text("one two")
    execution = Execution(
        mounts=(Mount(source="data", target="/content/speech/data"),),
        stand_ins={"answer": "torch.nn.Identity"},
        training=Training(contains=("TRAIN",), when="always"),
        limits=QUICK.model_copy(update={"statement_s": 10.0}),
    )
    hand_in = notebook(ANSWER, "x = 1", "print(open('/content/speech/data/words.txt').read())  # TRAIN")
    taken = Taken()

    taken.run(iter([job("s001", hand_in, "training", "stand-ins", "student")]), rubric(tmp_path, execution))

    assert taken.done == {"s001": None}
    assert [part for _, part in taken.parts] == ["student", "stand-ins", "training"]
    executed = taken.parts["s001", "training"].executed
    assert executed is not None
    assert json.loads(executed)["cells"][2]["outputs"][0]["text"] == "one two\n"


def test_no_sandbox_is_used_only_if_that_was_asked_for() -> None:
    with pytest.raises(SandboxUnavailableError) as caught:
        detect("none")

    assert caught.value.code == "sandbox-refused"
    assert detect(unsafe=True).level == "none"


def test_a_level_that_there_is_not_is_refused() -> None:
    with pytest.raises(SandboxUnavailableError) as caught:
        detect("glass")

    assert caught.value.code == "sandbox-unknown-level"
