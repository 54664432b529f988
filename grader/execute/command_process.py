"""Kernels that are commands of their own, as those of every level but `sealed`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from grader.errors import SandboxError
from grader.execute.descriptors import last_words, until_readable
from grader.execute.isolation import Command, Finished
from grader.execute.layout import Launch, Paths
from grader.execute.process import FOLDERS, Folders, Holder, KernelProcess, not_started, reap_if_ours

_LAST_WORDS_S = 2.0
_BY_SIGKILL = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""Exit status of a process that was killed, and of bubblewrap around one."""


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
            _reap_first_process(command.status)
        command.forget()
    return Finished(output=process.stdout, errors=process.stderr)


def _reap_first_process(status: int) -> None:
    with suppress(ValueError, ProcessLookupError), os.fdopen(status) as told:
        init = os.pidfd_open(json.load(told)["child-pid"])
        try:
            reap_if_ours(init)
        finally:
            os.close(init)


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
