"""A child of this process that has all that is loaded here and nothing else of ours. Linux only.

A process that has loaded torch, the oracle and the rubric can be forked in milliseconds, where a fresh one loads them
again for two seconds. Only a process with a single thread is forked: what another thread holds would be held for ever.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_KEPT: list[object] = []
"""Streams of the parent's in a child: to drop them would close descriptors that are the child's own by now."""


def can_fork() -> bool:
    """True on systems where a single-threaded process that has loaded torch can be forked safely."""
    return sys.platform == "linux"


def is_single_threaded() -> bool:
    """True if a fork of this process is safe."""
    return sum(1 for _ in Path("/proc/self/task").iterdir()) == 1


class ForkedChild:
    """A forked process that is talked to like a `subprocess.Popen`.

    Args:
        work: what the child does; its answer is the exit status, and the parent's code never goes on in it.
        errors: descriptor of the child's standard error.
        environment: all of its environment variables.
        folder: its working folder.
    """

    def __init__(self, work: Callable[[], int], *, errors: int, environment: Mapping[str, str], folder: Path) -> None:
        requests, write = os.pipe()
        read, answers = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what is left in them would be written twice
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # a child that is interrupted here would be us
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _be_child(work, (requests, answers, errors), environment, folder)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(requests)
        os.close(answers)
        self.stdin = os.fdopen(write, "wb")
        self.stdout = os.fdopen(read, "rb")
        self._end = os.pidfd_open(self.pid)
        self._ended = False
        self._lock = threading.Lock()

    def wait(self, timeout: float) -> None:
        """Wait for the child's end.

        Raises:
            TimeoutError: if it does not end in these seconds.
        """
        with self._lock:
            if self._ended:
                return
            if not select.select([self._end], [], [], timeout)[0]:
                raise TimeoutError(f"a forked process has not ended in {timeout:g} s")
            self._ended = True
            os.close(self._end)
            with suppress(ChildProcessError):  # somebody else has waited for all children
                os.waitpid(self.pid, 0)

    def kill(self) -> None:
        """End it at once."""
        with self._lock:
            if not self._ended:
                signal.pidfd_send_signal(self._end, signal.SIGKILL)


def _be_child(
    work: Callable[[], int], streams: tuple[int, int, int], environment: Mapping[str, str], folder: Path
) -> NoReturn:
    """Do the work in the state of a process that has just started, and end."""
    code = 1
    try:
        gc.disable()
        _forget_signals()
        _take_streams(streams)
        os.environ.clear()
        os.environ.update(environment)
        sys.dont_write_bytecode = True
        os.chdir(folder)
        code = work()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - nothing may return into the parent's code
        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _forget_signals() -> None:
    """Every signal that the parent answers itself does again what it does by nature."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _take_streams(streams: tuple[int, int, int]) -> None:
    """Make these descriptors the standard streams and close all others: the parent's files, sockets and pipes."""
    safe = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, len(streams)) for descriptor in streams]
    for number, descriptor in enumerate(safe):
        os.dup2(descriptor, number)
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if descriptor > 2:
            with suppress(OSError):  # it was the listing's own
                os.close(descriptor)
    _KEPT.extend((sys.stdin, sys.stdout, sys.stderr))
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww"))
