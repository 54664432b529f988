"""A kernel's process from start to death, seen from outside: it is ours to start, to kill and to outlive."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from grader.errors import SandboxError
from grader.execute.isolation import Command, Finished
from grader.execute.layout import Launch, Paths

FOLDERS = 5
_SAID_BYTES = 4096
_TOLD_CHARS = 200
_LAST_WORDS_S = 2.0
_BY_SIGKILL = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""Exit status of a process that was killed, and of bubblewrap around one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Descriptors of a kernel's writable places, usable when the kernel is dead and its mounts are gone."""

    evidence: int
    sockets: int
    work: int
    temporary: int
    shared: int

    @classmethod
    def of(cls, descriptors: Sequence[int]) -> Folders:
        """In the order in which a launcher sends them."""
        evidence, sockets, work, temporary, shared = descriptors
        return cls(evidence=evidence, sockets=sockets, work=work, temporary=temporary, shared=shared)

    def all(self) -> tuple[int, ...]:
        """Every writable place."""
        return self.evidence, self.sockets, self.work, self.temporary, self.shared

    def close(self) -> None:
        """Let go of the places, and so of their memory."""
        for descriptor in self.all():
            os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What a level of isolation keeps for one kernel, beside its first process and its folders."""

    pid: int
    """On this host: the process of which all processes of the kernel are descendants."""
    reap: Callable[[], Awaitable[bool]]
    """Awaited when the kernel is dead; True if it seems to have been killed."""
    group: int | None = None
    """The process group to kill where there is no namespace; its folders are then the host's, too."""
    forget: Callable[[], None] = lambda: None
    """Removes what was made for the kernel on the host."""
    out_of_memory: Callable[[], bool] = lambda: False
    """True if the host ended a process of the kernel because it had too much memory."""


class KernelProcess:
    """A running kernel.

    Args:
        init: descriptor of the process with which all others of the kernel end.
        folders: its writable places.
        holder: what else there is of it.
    """

    def __init__(self, init: int, folders: Folders, holder: Holder) -> None:
        self._init = init
        self._holder = holder
        self._ended = False
        self._killed = False
        self.folders = folders
        self.pid = holder.pid
        """On this host: the process of which all processes of the kernel are descendants."""

    @property
    def shares_files(self) -> bool:
        """True if its folders are the host's, so that counting their files says nothing about the kernel."""
        return self._holder.group is not None

    @property
    def dead(self) -> bool:
        """True once no process of the kernel runs any more."""
        return is_readable(self._init)

    @property
    def killed(self) -> bool:
        """True if something else than us has killed it; known when it was ended."""
        return self._killed

    @property
    def out_of_memory(self) -> bool:
        """True if the host itself ended a process of it for its memory."""
        return self._holder.out_of_memory()

    async def wait(self) -> None:
        """Return when no process of the kernel runs any more."""
        await until_readable(self._init)

    def kill(self) -> None:
        """Kill all processes of the kernel; they may take a moment."""
        if self._holder.group is not None:
            try:
                os.killpg(self._holder.group, signal.SIGKILL)
            except ProcessLookupError:
                return
        elif not self.dead:
            try:
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            except ProcessLookupError:
                return  # it ended meanwhile

    async def end(self) -> None:
        """Kill all processes and return when they are gone; the folders stay readable until `close`."""
        if self._ended:
            return
        already_dead = self.dead
        self.kill()
        await self.wait()
        self._killed = await self._holder.reap() and already_dead
        self._ended = True

    def close(self) -> None:
        """Forget the folders and everything else that was held for the kernel."""
        self.folders.close()
        os.close(self._init)
        self._holder.forget()


class CommandLevel(Protocol):
    """A level at which each kernel is a command of its own."""

    @property
    def paths(self) -> Paths:
        """The places of a kernel."""

    def command(self, launch: Launch, program: Sequence[str], *, ready: int | None) -> Command:
        """The command that runs `program` (arguments of the kernels' interpreter) apart from everything else.

        Args:
            launch: what the process may see and use.
            program: for example the path of the launcher, and its arguments.
            ready: descriptor of ours that the program inherits; None if it needs none.
        """


async def start_process(level: CommandLevel, launch: Launch) -> KernelProcess:
    """Start a kernel as a command; see `Isolation.start`.

    Raises:
        SandboxError: if it does not come up in the time that the limits allow.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            program = [f"{level.paths.agent}/launcher.py", f"{level.paths.job}/start.json"]
            command = level.command(launch, program, ready=theirs.fileno())
            said_read, said_write = os.pipe()
            try:
                process = subprocess.Popen(
                    command.argv,
                    env=command.variables,
                    pass_fds=[*command.descriptors, theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said_write,
                    start_new_session=command.new_session,
                    process_group=None if command.new_session else 0,  # Ctrl-C at a terminal is for the grader
                    cwd=command.folder,
                )
            except OSError as error:
                os.close(said_read)
                _abandon(command, None)
                raise SandboxError("kernel-not-started", f"cannot start a kernel: {error}") from error
            finally:
                os.close(said_write)
                command.close()
        folders: Folders | None = None
        try:
            folders = await _handed_over(ours, process, launch.limits.start_s, said_read)
            init = _init_of(command, process)
        except BaseException:
            if folders is not None:
                folders.close()
            _abandon(command, process)
            raise
        finally:
            os.close(said_read)

    group = process.pid if command.new_session else None
    holder = Holder(pid=process.pid, reap=lambda: _was_killed(process), group=group, forget=command.forget)
    return KernelProcess(init, folders, holder)


async def _was_killed(process: subprocess.Popen[bytes]) -> bool:
    """Give bubblewrap, which ends after the last process inside, a moment to tell how that ended."""
    if process.poll() is None:
        outer = os.pidfd_open(process.pid)
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                await until_readable(outer)
        except TimeoutError:
            process.kill()
        finally:
            os.close(outer)
    return process.wait() in _BY_SIGKILL


def run_command(
    level: CommandLevel, launch: Launch, program: Sequence[str], *, seconds: float, around: Mapping[str, str]
) -> Finished:
    """Run a program as a command; see `Isolation.run`.

    Raises:
        SandboxError: if it does not start, or does not end in time.
    """
    command = level.command(launch, program, ready=None)
    try:
        process = subprocess.run(
            command.argv,
            env={**command.variables, **around},
            pass_fds=command.descriptors,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError("contract-no-answer", "the contract suite did not run", where=str(error)[:500]) from error
    finally:
        command.close()
        if command.status is not None:
            os.close(command.status)
        command.forget()
    return Finished(output=process.stdout, errors=process.stderr)


def _abandon(command: Command, process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait()
    if command.status is not None:
        os.close(command.status)
    command.forget()


async def _handed_over(channel: socket.socket, process: subprocess.Popen[bytes], seconds: float, said: int) -> Folders:
    """The folders that the launcher sends when the kernel is up."""
    process_end = os.pidfd_open(process.pid)
    waits = [asyncio.create_task(until_readable(descriptor)) for descriptor in (channel.fileno(), process_end)]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        os.close(process_end)
    descriptors: list[int] = []
    if waits[0] in done:
        _, descriptors, _, _ = socket.recv_fds(channel, 16, FOLDERS)
    if len(descriptors) != FOLDERS:
        for descriptor in descriptors:
            os.close(descriptor)
        what = "the kernel ended while it started" if done else f"the kernel was not up after {seconds:g} s"
        raise not_started(what, last_words(said))
    return Folders.of(descriptors)


def not_started(what: str, where: str) -> SandboxError:
    """A kernel that did not come up, which is never a fault of a hand-in; the end of what it said is told at once."""
    step = "grader doctor shows what this host can isolate"
    said = f"{what} ({where[-_TOLD_CHARS:]})" if where else what
    return SandboxError("kernel-not-started", said, where=where, next_step=step)


def last_words(descriptor: int) -> str:
    """What stands in a pipe now, shortened to a line."""
    os.set_blocking(descriptor, False)
    try:
        text = os.read(descriptor, 65536).decode(errors="replace")
    except BlockingIOError:
        text = ""
    return " ".join(text[-_SAID_BYTES:].split())


def _init_of(command: Command, process: subprocess.Popen[bytes]) -> int:
    """A descriptor that tells the end of the sandbox's first process, with which all others end."""
    if command.status is None:
        return os.pidfd_open(process.pid)
    try:
        return os.pidfd_open(int(json.loads(os.read(command.status, 4096))["child-pid"]))
    except (ValueError, ProcessLookupError) as error:
        raise SandboxError("kernel-not-started", "the kernel ended while it started") from error
    finally:
        os.close(command.status)
        command.status = None


def is_readable(descriptor: int) -> bool:
    """True if there is something to read, or to learn, at once."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def until_readable(descriptor: int) -> None:
    """Return when there is something to read."""
    loop = asyncio.get_running_loop()
    copy = os.dup(descriptor)  # an event loop knows one callback for each descriptor, and several may wait
    arrived: asyncio.Future[None] = loop.create_future()
    loop.add_reader(copy, resolve, arrived)
    try:
        await arrived
    finally:
        loop.remove_reader(copy)
        os.close(copy)


def resolve(future: asyncio.Future[None]) -> None:
    """Let whoever waits for it go on."""
    if not future.done():
        future.set_result(None)
