"""What a kernel costs at each level of isolation: CPU seconds, memory of its own, kernels a second.

    python benchmarks/kernels.py [--rubric FOLDER] [--kernels 20] [--side-by-side 2] [--levels sealed bubblewrap]

A kernel starts, runs one line, and ends; nothing is graded. All levels are measured in one run, turn by turn, since a
machine that others use is slower at times. CPU seconds are those of everything that is started, the grader's own share
included, and are read from a control group that is made for this run; that needs root. Memory is what would be free
again if the kernel ended (USS): of all its processes, in MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from grader.execute import detect, locate
from grader.execute.inside.preload import OPTIMISERS
from grader.execute.isolation import Isolation
from grader.execute.kernel import Kernel
from grader.execute.layout import Launch
from grader.execute.watch import Patience
from grader.limits import Limits
from grader.rubric import load_rubric

NOTHING = "None"
IMPORT = "import torch"
TRAINING = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(20, 50), torch.nn.Tanh(), torch.nn.Linear(50, 1))
optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(50):
    optimiser.zero_grad()
    model(torch.randn(32, 20)).square().mean().backward()
    optimiser.step()
"""
WORK = {"nothing": NOTHING, "import torch": IMPORT, "50 steps of SGD": TRAINING}
_PATIENCE = Patience(step_s=120.0, whole_s=120.0)
_GROUPS = Path("/sys/fs/cgroup")


@dataclass(slots=True)
class Figures:
    """What was measured of one level and one kind of work."""

    cpu_s: list[float] = field(default_factory=list)
    """One figure for each turn, divided by its kernels."""
    own_mib: list[float] = field(default_factory=list)


class Meter:
    """CPU seconds of a control group of either version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seconds(self) -> float:
        """What the group has used so far."""
        old = self._folder / "cpuacct.usage"
        if old.exists():
            return int(old.read_text()) / 1e9
        lines = (self._folder / "cpu.stat").read_text().splitlines()
        return next(int(line.split()[1]) / 1e6 for line in lines if line.startswith("usage_usec"))


@contextmanager
def metered() -> Iterator[Meter]:
    """A control group that holds this process and all that it starts."""
    above = next((path for path in (_GROUPS / "cpuacct", _GROUPS) if (path / "cgroup.procs").exists()), None)
    if above is None:
        raise SystemExit("there is no control group here whose CPU time could be read")
    folder = above / f"grader-benchmark-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / "cgroup.procs").write_text(str(os.getpid()))
    except OSError as error:
        raise SystemExit(f"cannot make a control group ({error}); run this as root") from error
    try:
        yield Meter(folder)
    finally:
        (above / "cgroup.procs").write_text(str(os.getpid()))
        folder.rmdir()


async def one(isolation: Isolation, launch: Launch, code: str) -> float:
    """Start a kernel, run some code, end it; gives the memory of its own, in MiB."""
    kernel = Kernel(isolation, replace(launch, needs=(OPTIMISERS,) if code == TRAINING else ()))
    try:
        await kernel.start()
        answer = await kernel.request(code, _PATIENCE)
        if not answer.well or answer.error is not None:
            raise SystemExit(f"{isolation.level}: {code.strip()[:40]} ended with {answer.error or answer.cause.value}")
        return own_mib(kernel.process.pid)
    finally:
        await kernel.stop()
        kernel.close()


def own_mib(pid: int) -> float:
    """Memory that no other process shares, of a process and all of its descendants."""
    process = psutil.Process(pid)
    return sum(each.memory_full_info().uss for each in [process, *process.children(recursive=True)]) / 2**20


async def rate(isolation: Isolation, launch: Launch, kernels: int, side_by_side: int) -> float:
    """Kernels a second that do nothing, so many at a time."""
    left = iter(range(kernels))

    async def worker() -> None:
        for _ in left:
            await one(isolation, launch, NOTHING)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(side_by_side)))
    return kernels / (time.perf_counter() - begun)


async def measure(levels: list[str], launch: Launch, kernels: int, side_by_side: int) -> None:
    """Measure and print."""
    isolations = {level: detect(level) for level in levels}
    figures = {(level, work): Figures() for level in levels for work in WORK}
    starts, rates = {}, {}
    with metered() as meter:
        for level, isolation in isolations.items():
            before = meter.seconds()
            await one(isolation, launch, NOTHING)
            starts[level] = meter.seconds() - before
        for _ in range(kernels):
            for (level, work), found in figures.items():
                before = meter.seconds()
                found.own_mib.append(await one(isolations[level], launch, WORK[work]))
                found.cpu_s.append(meter.seconds() - before)
        for level, isolation in isolations.items():
            rates[level] = await rate(isolation, launch, kernels, side_by_side)
            await isolation.close()
    print(f"{'level':12s} {'work':18s} {'CPU s':>8s} {'least':>8s} {'own MiB':>8s}   medians of {kernels} kernels")
    for (level, work), found in figures.items():
        cpu = statistics.median(found.cpu_s)
        print(f"{level:12s} {work:18s} {cpu:8.3f} {min(found.cpu_s):8.3f} {statistics.median(found.own_mib):8.1f}")
    for level in levels:
        print(
            f"{level}: first kernel {starts[level]:.2f} CPU s; "
            f"{rates[level]:.1f} kernels a second, {side_by_side} at a time"
        )


def main() -> None:
    """Measure both levels for the kernels of a rubric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rubric", type=Path, default=Path("rubrics/first_steps"))
    parser.add_argument("--kernels", type=int, default=20)
    parser.add_argument("--side-by-side", type=int, default=2)
    parser.add_argument("--levels", nargs="+", default=["sealed", "bubblewrap"])
    arguments = parser.parse_args()
    execution = load_rubric(arguments.rubric).execution
    launch = Launch(
        environment=locate(arguments.rubric),
        limits=Limits(),
        job={},
        key="",
        threads=execution.threads,
        preload=execution.preload,
    )
    asyncio.run(measure(arguments.levels, launch, arguments.kernels, arguments.side_by_side))


if __name__ == "__main__":
    main()
