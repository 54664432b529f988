"""The parent of scoring workers, started by `grader.score.nursery`, or forked by it. Linux only.

It loads torch, the rubric and its tests once and then forks a disposable worker for each batch that it is asked for. It
has a single thread, reads no evidence and differentiates nothing, so that a fork of it is a fresh worker without the
seconds that a fresh start takes. Requests come on standard input, endings go to what was standard output.
"""

from __future__ import annotations

import os
import selectors
import signal
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import torch

from grader.errors import ConfigError
from grader.score.case import Coursework
from grader.score.session import Scorer, open_session
from grader.score.worker_limits import Guard, Lines, settle
from grader.score.worker_records import (
    REQUEST,
    BatchRequest,
    CannotForkLine,
    EndedLine,
    EndLine,
    ErrorLine,
    NurserySpec,
    ReadyLine,
)

_CHUNK_BYTES = 65_536


def main(arguments: list[str]) -> int:
    """Serve in a process that was started afresh; see `serve`."""
    return serve(NurserySpec.model_validate_json(Path(arguments[0]).read_bytes()))


def serve(spec: NurserySpec) -> int:
    """Fork workers until the requests end; 0 then, 2 if the rubric cannot be used."""
    # What tests print goes to the log; the channel is nobody else's.
    channel = os.dup(1)
    os.dup2(2, 1)
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the launcher is interrupted, too, and closes the requests
    try:
        coursework = Coursework.load(spec.rubric, spec.template)
        open_session(coursework, seed=spec.seed, work=lambda score: _Nursery(channel, score).serve())
    except ConfigError as error:
        _say(channel, ErrorLine(code=error.code, what=error.what, where=error.where, next_step=error.next_step))
        return error.exit_code
    return 0


def _say(channel: int, line: ReadyLine | CannotForkLine | EndedLine | ErrorLine) -> None:
    os.write(channel, line.model_dump_json().encode() + b"\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    """A worker that runs."""

    number: int
    pid: int
    life: int
    """The reading end of a pipe that the worker alone can write to: it closes when the worker ends, however it does."""


class _Nursery:
    """Forks, waits and tells."""

    def __init__(self, channel: int, score: Scorer) -> None:
        self._channel = channel
        self._score = score
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, _Child] = {}
        self._unread = b""

    def serve(self) -> None:
        """Answer requests until there are no more, then end every worker that is left."""
        settle()
        threads = sum(1 for _ in Path("/proc/self/task").iterdir())
        if threads > 1:
            _say(self._channel, CannotForkLine(threads=threads))
            return
        _say(self._channel, ReadyLine())
        self._selector.register(0, selectors.EVENT_READ)
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fd == 0 and not self._read():
                        return
                    if isinstance(key.data, _Child):
                        self._bury(key.data)
        finally:
            for child in self._children.values():
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)

    def _read(self) -> bool:
        """Take in requests; False when there are no more."""
        chunk = os.read(0, _CHUNK_BYTES)
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            request = REQUEST.validate_json(line)
            if isinstance(request, BatchRequest):
                self._fork(request)
            elif request.stop in self._children:
                os.kill(self._children[request.stop].pid, signal.SIGKILL)
        return bool(chunk)

    def _fork(self, request: BatchRequest) -> None:
        life, kept_open = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._be_worker(request, life)
        os.close(kept_open)
        child = _Child(number=request.number, pid=pid, life=life)
        self._children[child.number] = child
        self._selector.register(life, selectors.EVENT_READ, child)

    def _bury(self, child: _Child) -> None:
        self._selector.unregister(child.life)
        os.close(child.life)
        _, status = os.waitpid(child.pid, 0)
        del self._children[child.number]
        code = os.waitstatus_to_exitcode(status)
        ending = f"exit status {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
        _say(self._channel, EndedLine(number=child.number, ending=ending))

    def _be_worker(self, request: BatchRequest, life: int) -> NoReturn:
        """Score a batch in the forked process and end it, whatever happens."""
        code = 1
        try:
            self._selector.close()
            os.close(self._channel)
            for child in self._children.values():
                os.close(child.life)
            os.close(life)
            log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            self._score_batch(request)
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may return into the parent's loop
            os.write(2, traceback.format_exc().encode("utf-8", "replace"))
        finally:
            os._exit(code)

    def _score_batch(self, request: BatchRequest) -> None:
        with request.output.open("w", encoding="utf-8") as stream:
            lines = Lines(stream)
            guard = Guard(lines, cpu_s=request.cpu_s, memory_bytes=request.memory_bytes)
            for item in request.items:
                guard.before(item)
                lines.write(self._score(item))
            lines.write(EndLine())
