"""The `grader` command whose kernels are forks of its own process: no sandbox, no interpreter to start.

    python -m helpers.forked_grader check RUBRIC --format json        with the two seeds of the command
    python -m helpers.forked_grader --once check RUBRIC               with the first of them

For hand-ins that we wrote ourselves. Torch is loaded once and each part of a hand-in costs a fork; the agent, the
probes, the reading back of evidence, scoring and all that follows are those of the command.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import importlib
import os
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from helpers.agent_kernel import load, ship

from grader import cli, execute
from grader.errors import GraderError, SandboxError
from grader.evidence import PartRecord
from grader.execute import session
from grader.execute.batch import Job, OnDone, OnPart, Setting, execute_job
from grader.execute.kernel import Answer
from grader.execute.layout import Launch, job_text
from grader.execute.watch import Cause
from grader.workshop import check as coursework_check

_REQUEST = re.compile(r'__import__\("_grader_agent"\)\.(\w+)\((.*)\)')
_GIVES_UP = "ProbeTimeUp"
_LOADED_BY_TORCH = "torch.fx.experimental.symbolic_shapes"
"""By the first derivative of a process, with sympy: a second that every child would spend."""
_FILES = ("record.json", "tensors.safetensors", "executed.ipynb")


class NoIsolation:
    """What is stored with the evidence about its isolation."""

    level = "none"


class ForkedKernel:
    """Stands for a kernel: the agent, in a process that was forked for it."""

    agent: ModuleType

    def __init__(self, isolation: object, launch: Launch) -> None:
        folder = Path(tempfile.mkdtemp(prefix="kernel-"))
        self._evidence = folder / "evidence"
        self._evidence.mkdir()
        self._job = folder / "job.json"
        self._job.write_text(job_text(launch.job), encoding="utf-8")
        self._names: dict[str, Any] = {}
        descriptor = os.open(self._evidence, os.O_RDONLY | os.O_DIRECTORY)
        self.process = SimpleNamespace(folders=SimpleNamespace(evidence=descriptor))

    async def start(self) -> None:
        """Start the agent; the process is there."""
        self.agent.start(self._names, job=str(self._job), evidence=str(self._evidence))

    async def request(self, code: str, patience: object) -> Answer:
        """Call the agent as the line of code would."""
        try:
            for call in code.split("; "):
                self._call(call)
        except BaseException as error:
            if type(error).__name__ != _GIVES_UP:
                raise
            return Answer(cause=Cause.GAVE_UP)
        return Answer(cause=Cause.NONE)

    def _call(self, code: str) -> None:
        parsed = _REQUEST.fullmatch(code)
        if parsed is None:
            raise SandboxError("agent-not-asked", f"{code!r} is no request to the agent")
        name, argument = parsed.groups()
        getattr(self.agent, name)(*(ast.literal_eval(f"({argument},)") if argument else ()))

    async def stop(self) -> None:
        """Nothing: the process ends with its part."""

    def close(self) -> None:
        """Let go of the evidence."""
        os.close(self.process.folders.evidence)


async def execute_by_forking(
    jobs: Iterable[Job],
    *,
    rubric: Any,
    seed: str,
    environment: Any,
    on_part: OnPart,
    on_done: OnDone,
    concurrency: int,
    **_: object,
) -> None:
    """Stands for `grader.execute.execute_batch`."""
    setting = Setting(rubric=rubric, seed=seed, environment=environment, isolation=NoIsolation())  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory(prefix="grader-forked-") as temporary:
        waiting = [(job, part) for job in jobs for part in execute.PARTS if part in job.parts]
        left = {job.submission.key: len(job.parts) for job, _ in waiting}
        faults: dict[str, GraderError] = {}
        running: dict[int, tuple[Job, Path]] = {}
        while waiting or running:
            while waiting and len(running) < concurrency:
                job, part = waiting.pop(0)
                folder = Path(temporary) / f"{job.submission.key}.{part}"
                folder.mkdir()
                running[_fork(replace(job, parts=(part,)), setting, folder)] = (job, folder)
            child, status = os.wait()
            job, folder = running.pop(child)
            if status:
                said = (folder / "error.txt").read_text(encoding="utf-8") if (folder / "error.txt").exists() else status
                faults[job.submission.key] = SandboxError("fork-failed", f"a forked kernel ended: {said}")
            else:
                on_part(job, _outcome(folder))
            left[job.submission.key] -= 1
            if not left[job.submission.key]:
                on_done(job, faults.get(job.submission.key))


def _fork(job: Job, setting: Setting, folder: Path) -> int:
    """Start a child that takes one part and writes it down; returns its process id."""
    gc.freeze()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        os.chdir(folder)
        asyncio.set_event_loop(None)
        asyncio.run(execute_job(job, setting, lambda _, outcome: _write(outcome, folder)))
        status = 0
    except BaseException:  # noqa: BLE001 - the child may not return into its parent's code
        (folder / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(status)


def _write(outcome: execute.PartOutcome, folder: Path) -> None:
    contents = (outcome.record.model_dump_json().encode(), outcome.tensors, outcome.executed)
    for name, content in zip(_FILES, contents, strict=True):
        if content is not None:
            (folder / name).write_bytes(content)


def _outcome(folder: Path) -> execute.PartOutcome:
    record, tensors, executed = (folder / name for name in _FILES)
    return execute.PartOutcome(
        part=folder.name.rpartition(".")[2],
        record=PartRecord.model_validate_json(record.read_bytes()),
        tensors=tensors.read_bytes(),
        executed=executed.read_bytes() if executed.exists() else None,
    )


def main() -> None:
    """The command line of `grader`, with forks for kernels."""
    importlib.import_module(_LOADED_BY_TORCH)
    with tempfile.TemporaryDirectory(prefix="grader-agent-") as shipped:
        ForkedKernel.agent = load(ship(Path(shipped)))
        session.Kernel = ForkedKernel  # type: ignore[assignment,misc]
        execute.execute_batch = execute_by_forking  # type: ignore[assignment]
        execute.Isolations.expect = lambda *_, **__: None  # type: ignore[method-assign]
        if "--once" in sys.argv[1:2]:
            del sys.argv[1]
            coursework_check.SEEDS = coursework_check.SEEDS[:1]
        cli.main()


if __name__ == "__main__":
    sys.exit(main())
