"""The launcher's side of the nursery: starts it, asks it for workers, and hears how they ended."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from pydantic import ValidationError

from grader.errors import RubricError
from grader.forked import ForkedChild, is_single_threaded
from grader.score.worker_records import (
    NURSERY_LINE,
    BatchRequest,
    CannotForkLine,
    EndedLine,
    ErrorLine,
    NurserySpec,
    ReadyLine,
    StopRequest,
)

GONE = "the parent of the workers ended"
"""How a worker ended of which nothing else is known."""
_GRACE_S = 10.0
"""From the order to end a worker to the news that it has ended."""
_LOG_CHARS = 20_000
_START = (
    # Modules that load leave no garbage; looking for it, and taking all apart in the end, takes a fifth of the time.
    "import gc, os, sys; gc.disable()\n"
    "from grader.score.nursery_main import main; code = main(sys.argv[1:])\n"
    "sys.stderr.flush(); os._exit(code)"
)


def _fork(spec: NurserySpec, scratch: Path, log: IO[bytes], environment: Mapping[str, str]) -> ForkedChild:
    """A nursery that has what this process has."""

    def work() -> int:
        from grader.score.nursery_main import serve  # in the child: it loads pytest, which a launcher does without

        return serve(spec)

    return ForkedChild(work, errors=log.fileno(), environment=environment, folder=scratch)


def _start_afresh(spec: NurserySpec, scratch: Path, log: IO[bytes], environment: Mapping[str, str]) -> _Process:
    """A nursery that loads everything by itself."""
    (scratch / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-c", _START, str(scratch / "spec.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=dict(environment),
        cwd=scratch,
    )


_Process = subprocess.Popen[bytes] | ForkedChild


class Nursery:
    """A nursery that loads or runs; its methods may be called from several threads.

    It is forked from this process where that has a single thread, so that what is loaded here is not loaded again.

    Args:
        spec: what it has to load.
        scratch: a folder to make, for its log.
        environment: what it inherits.
        start_s: seconds that may be waited until it is ready.
    """

    def __init__(self, spec: NurserySpec, scratch: Path, environment: Mapping[str, str], *, start_s: float) -> None:
        scratch.mkdir()
        self._start_s = start_s
        self._log = scratch / "nursery.log"
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[str]] = {}
        self._count = 0
        self._gone = False
        self._first: queue.SimpleQueue[ReadyLine | CannotForkLine | ErrorLine | None] = queue.SimpleQueue()
        with self._log.open("wb") as log:
            start = _fork if is_single_threaded() else _start_afresh
            self._process: _Process = start(spec, scratch, log, environment)
        self._listener = threading.Thread(target=self._listen, name="scoring-nursery", daemon=True)
        self._listener.start()

    @cached_property
    def forks(self) -> bool:
        """False if it must not fork, or ended before it was ready: workers are started afresh. Waits until it knows.

        Raises:
            RubricError: if the rubric cannot be used.
        """
        try:
            first = self._first.get(timeout=self._start_s)
        except queue.Empty:
            return False
        if isinstance(first, ErrorLine):
            raise RubricError(first.code, first.what, where=first.where, next_step=first.next_step)
        return isinstance(first, ReadyLine)

    def run(self, make: Callable[[int], BatchRequest], *, deadline_s: float) -> str:
        """Have a batch scored; returns how its worker ended, in words.

        Args:
            make: the request, given its number.
            deadline_s: seconds after which the worker is ended.
        """
        ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        with self._lock:
            if self._gone:
                return GONE
            self._count += 1
            number = self._count
            self._waiting[number] = ended
            self._send(make(number))
        try:
            return ended.get(timeout=deadline_s)
        except queue.Empty:
            with self._lock:
                self._send(StopRequest(stop=number))
        try:
            ended.get(timeout=_GRACE_S)
        except queue.Empty:
            self.close()
        return f"stopped after {deadline_s:.0f} s"

    def close(self) -> None:
        """End it, and with it every worker that still runs."""
        with suppress(OSError):
            cast(IO[bytes], self._process.stdin).close()
        try:
            self._process.wait(timeout=_GRACE_S)
        except (subprocess.TimeoutExpired, TimeoutError):
            self._process.kill()
            self._process.wait(timeout=_GRACE_S)
        self._listener.join(timeout=_GRACE_S)
        with suppress(OSError):
            cast(IO[bytes], self._process.stdout).close()

    def _send(self, request: BatchRequest | StopRequest) -> None:
        stream = cast(IO[bytes], self._process.stdin)
        with suppress(OSError, ValueError):  # it has ended: the listener says so to everyone who waits
            stream.write(request.model_dump_json().encode() + b"\n")
            stream.flush()

    def _listen(self) -> None:
        """Pass on what the nursery says, until it says no more."""
        for raw in cast(IO[bytes], self._process.stdout):
            try:
                line = NURSERY_LINE.validate_json(raw)
            except ValidationError:
                break  # not ours: what follows cannot be trusted either
            if isinstance(line, EndedLine):
                with self._lock:
                    waiting = self._waiting.pop(line.number, None)
                if waiting is not None:
                    waiting.put(line.ending)
            else:
                self._first.put(line)
        with self._lock:
            self._gone = True
            for waiting in self._waiting.values():
                waiting.put(GONE)
        self._first.put(None)


def tail(log: Path) -> str:
    """The end of a log."""
    try:
        size = log.stat().st_size
        with log.open("rb") as stream:
            stream.seek(max(0, size - _LOG_CHARS))
            return stream.read(_LOG_CHARS).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
