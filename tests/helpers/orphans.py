"""Finds what outlives its parent: while `adopting`, this process inherits every orphan among its descendants."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_SECONDS = 20.0


class Adopter:
    """Knows which children were there before."""

    def __init__(self) -> None:
        self._before = {child.pid for child in psutil.Process().children()}

    def alive(self) -> list[str]:
        """Descendants that still run after a while in which they should have ended; those that ended are reaped."""
        until = monotonic() + _SECONDS
        while (found := list(self._running())) and monotonic() < until:
            threading.Event().wait(0.02)
        return found

    def _running(self) -> Iterator[str]:
        for child in psutil.Process().children():
            if child.pid in self._before:
                continue
            try:
                if os.waitpid(child.pid, os.WNOHANG)[0] == child.pid:
                    continue
                yield f"{child.pid} {' '.join(child.cmdline())[:200]}"
            except (ChildProcessError, psutil.NoSuchProcess):
                continue


@contextmanager
def adopting() -> Iterator[Adopter]:
    """Inherit orphans for as long as the context lasts."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    try:
        yield Adopter()
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
