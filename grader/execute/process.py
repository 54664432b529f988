"""A kernel's process from start to death, seen from outside: it is ours to start, to kill and to outlive."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
from dataclasses import dataclass

from grader.errors import SandboxError
from grader.execute.isolation import Command, Isolation
from grader.execute.layout import Launch

_SAID_BYTES = 4096
_FOLDERS = 5
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

    def all(self) -> tuple[int, ...]:
        """Every writable place."""
        return self.evidence, self.sockets, self.work, self.temporary, self.shared

    def close(self) -> None:
        """Let go of the places, and so of their memory."""
        for descriptor in self.all():
            os.close(descriptor)


class KernelProcess:
    """A running kernel. Use `start_process`."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes], init: int, folders: Folders) -> None:
        self._command = command
        self._process = process
        self._init = init
        self._killed = False
        self.folders = folders
        self.pid = process.pid
        """On this host: bubblewrap's own, of which all processes of the kernel are descendants."""

    @property
    def shares_files(self) -> bool:
        """True if its folders are the host's, so that counting their files says nothing about the kernel."""
        return self._command.new_session

    @property
    def dead(self) -> bool:
        """True once no process of the kernel runs any more."""
        return _readable(self._init)

    async def wait(self) -> None:
        """Return when no process of the kernel runs any more."""
        await _until_readable(self._init)

    def kill(self) -> None:
        """Kill all processes of the kernel; they may take a moment."""
        if self._command.new_session:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
        elif not self.dead:
            signal.pidfd_send_signal(self._init, signal.SIGKILL)

    @property
    def killed(self) -> bool:
        """True if something else than us has killed it; known when it was ended."""
        return self._killed

    async def end(self) -> None:
        """Kill all processes and return when they are gone; the folders stay readable until `close`."""
        already_dead = self.dead
        self.kill()
        await self.wait()
        if already_dead and self._process.poll() is None:
            await self._outer_end()
        self._process.kill()
        status = self._process.wait()
        self._killed = self._killed or (already_dead and status in _BY_SIGKILL)

    async def _outer_end(self) -> None:
        """Give bubblewrap, which ends after the last process inside, a moment to tell how that ended."""
        outer = os.pidfd_open(self.pid)
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                await _until_readable(outer)
        except TimeoutError:
            return
        finally:
            os.close(outer)

    def close(self) -> None:
        """Forget the folders and everything else that was held for the kernel."""
        self.folders.close()
        os.close(self._init)
        self._command.forget()


async def start_process(isolation: Isolation, launch: Launch) -> KernelProcess:
    """Start a kernel; returns when its sockets are bound and before it has run anything.

    Raises:
        SandboxError: if it does not come up in the time that the limits allow.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            program = [_launcher(isolation), f"{isolation.paths.job}/start.json"]
            command = isolation.command(launch, program, ready=theirs.fileno())
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
    return KernelProcess(command, process, init, folders)


def _launcher(isolation: Isolation) -> str:
    return f"{isolation.paths.agent}/launcher.py"


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
    waits = [asyncio.create_task(_until_readable(descriptor)) for descriptor in (channel.fileno(), process_end)]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        os.close(process_end)
    descriptors: list[int] = []
    if waits[0] in done:
        _, descriptors, _, _ = socket.recv_fds(channel, 16, _FOLDERS)
    if len(descriptors) != _FOLDERS:
        for descriptor in descriptors:
            os.close(descriptor)
        what = "the kernel ended while it started" if done else f"the kernel was not up after {seconds:g} s"
        raise SandboxError(
            "kernel-not-started",
            what,
            where=_said(said),
            next_step="grader doctor shows what this host can isolate",
        )
    evidence, sockets, work, temporary, shared = descriptors
    return Folders(evidence=evidence, sockets=sockets, work=work, temporary=temporary, shared=shared)


def _said(descriptor: int) -> str:
    """The last words of a kernel that did not come up."""
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


def _readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def _until_readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    copy = os.dup(descriptor)  # an event loop knows one callback for each descriptor, and several may wait
    arrived: asyncio.Future[None] = loop.create_future()
    loop.add_reader(copy, _resolve, arrived)
    try:
        await arrived
    finally:
        loop.remove_reader(copy)
        os.close(copy)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
