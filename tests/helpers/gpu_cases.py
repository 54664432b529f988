"""Runs training cells of plain sources, on a GPU if one is given, with the real agent."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from helpers.execute_cases import environment, notebook

from grader.errors import GraderError
from grader.evidence import PartRecord
from grader.execute import Job, PartOutcome, execute_batch
from grader.execute.devices import Gpus
from grader.limits import MIB, Limits
from grader.records import Submission
from grader.rubric import Execution, Question, Rubric, Training

LIMITS = Limits(training_s=120.0, statement_s=60.0, memory_bytes=8 * 1024 * MIB)


class Trained:
    """What a batch has left, by the key of the submission: s0, s1 and so on."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, str], PartOutcome] = {}
        self.faults: list[GraderError] = []
        self.wall_s = 0.0

    def on_part(self, job: Job, outcome: PartOutcome) -> None:
        self.parts[job.submission.key, outcome.part] = outcome

    def on_done(self, job: Job, fault: GraderError | None) -> None:
        self.faults += [] if fault is None else [fault]

    def record(self, key: str = "s0") -> PartRecord:
        return self.parts[key, "training"].record

    def device(self, key: str = "s0") -> str:
        """Where the cell trained."""
        return self.record(key).environment["training_device"]

    def printed(self, key: str = "s0") -> Any:
        """The last line that the last cell with output printed, read as JSON."""
        executed = self.parts[key, "training"].executed
        assert executed is not None
        texts = [output["text"] for cell in json.loads(executed)["cells"] for output in cell.get("outputs", ())]
        return json.loads(texts[-1].strip().split("\n")[-1])


def train(
    folder: Path,
    *notebooks: Sequence[str],
    gpus: Gpus,
    fraction: float = 1.0,
) -> Trained:
    """Run notebooks of these cells at the same time; a cell with the word TRAIN trains."""
    taken = Trained()
    training = Training(contains=("TRAIN",), when="always", device="gpu", fraction=fraction)
    question = Question.model_validate({"id": "1", "title": "One", "marks": 1})
    jobs = [
        Job(
            submission=Submission(
                student=f"s{number}",
                name=f"s{number}",
                submission=f"s{number}.ipynb",
                key=f"s{number}",
                notebook=notebook(*sources),
            ),
            parts=("training",),
        )
        for number, sources in enumerate(notebooks)
    ]
    begun = perf_counter()
    asyncio.run(
        execute_batch(
            jobs,
            rubric=Rubric(
                title="One",
                folder=folder,
                questions=(question,),
                execution=Execution(training=training, limits=LIMITS),
            ),
            seed="seed",
            environment=environment(),
            on_part=taken.on_part,
            on_done=taken.on_done,
            concurrency=len(notebooks),
            gpus=gpus,
        )
    )
    taken.wall_s = perf_counter() - begun
    if taken.faults:
        raise taken.faults[0]
    return taken


def used_mib(uuid: str | None) -> int:
    """Memory in use on a card, as the driver tells the host."""
    which = [] if uuid is None else ["-i", uuid]
    done = subprocess.run(
        ["nvidia-smi", *which, "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[0])


@contextmanager
def watching_memory(uuid: str | None) -> Iterator[list[int]]:
    """A list that grows by the memory in use while the context lasts."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.append(used_mib(uuid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
