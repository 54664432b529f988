"""The level `none`: a plain local process, for one's own code only. The evidence says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.execute.command_process import run_command, start_process
from grader.execute.isolation import Command, Finished
from grader.execute.layout import Launch, Paths, files, variables
from grader.execute.process import KernelProcess
from grader.scratch import ScratchFolder


class NoSandbox:
    """Starts processes without any isolation, in a temporary folder of their own.

    A rubric's mounts are not made, and only the limits of a process hold.
    """

    level = "none"

    def __init__(self) -> None:
        self.paths = Paths()

    async def start(self, launch: Launch) -> KernelProcess:
        """Start a kernel; see `Isolation.start`."""
        return await start_process(self, launch)

    def run(
        self, launch: Launch, program: Sequence[str], *, seconds: float, around: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a program in the place of a kernel; see `Isolation.run`."""
        return run_command(self, launch, program, seconds=seconds, around=around or {})

    def expect(self, launch: Launch) -> None:
        """Nothing is loaded ahead of a kernel."""

    async def close(self) -> None:
        """Nothing is kept for kernels to come."""

    def command(self, launch: Launch, program: Sequence[str], *, ready: int | None) -> Command:
        """The command for one process; see `CommandLevel.command`."""
        scratch = ScratchFolder("kernel")
        root = scratch.path
        paths = Paths(
            environment=str(launch.environment.path),
            agent=str(root / "agent"),
            job=str(root / "job"),
            evidence=str(root / "evidence"),
            sockets=str(root / "sockets"),
            work=str(root / "work"),
            temporary=str(root / "tmp"),
        )
        for folder in (paths.evidence, paths.sockets, paths.work, paths.temporary):
            Path(folder).mkdir()
        inside = files(launch, paths, ready_fd=-1 if ready is None else ready, count_processes=False)
        for name, content in inside.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(content)
        moved = [self._moved(argument, paths) for argument in program]
        return Command(
            argv=[str(launch.environment.interpreter), *moved],
            variables=variables(launch, paths),
            descriptors=[],
            new_session=True,
            folder=paths.work,
            forget=scratch.remove,
        )

    def _moved(self, argument: str, paths: Paths) -> str:
        """A path of the sandbox's as this process knows it."""
        for here, there in ((self.paths.agent, paths.agent), (self.paths.job, paths.job)):
            if argument.startswith(f"{here}/"):
                return there + argument.removeprefix(here)
        return argument
