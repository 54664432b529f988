"""What the requests to one kernel share."""

from __future__ import annotations
import __future__

import os
import random
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NoReturn, Protocol

import torch

from .definitions import Definitions
from .guard import Sources
from .job import Job
from .sink import Sink
from .streams import BoundedStream

_END_OF_CELL = "grader_end_of_cell"
FUTURE_FLAGS = 0
for _feature in __future__.all_feature_names:
    FUTURE_FLAGS |= getattr(__future__, _feature).compiler_flag


class Channel(Protocol):
    """What IPython has for sending to the host."""

    session: Any
    """Counts in `message_count` all messages that were made, whatever they are about."""

    def publish(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Send data and metadata."""


@dataclass
class Session:
    """One kernel's work."""

    job: Job
    sink: Sink
    namespace: dict[str, Any]
    """Where the student's code runs."""
    definitions: Definitions
    sources: Sources
    stdout: BoundedStream
    stderr: BoundedStream
    channel: Channel | None = None
    """To the host; None where there is no IPython."""
    notes: list[str] = field(default_factory=list)
    """What shims have said since the cell began; moved into its record."""
    compile_flags: int = 0
    """`from __future__` imports met so far; they hold for later cells, as in a notebook."""
    training_seconds: float = 0.0
    training_steps: int = 0
    ended: dict[str, str] = field(default_factory=dict)
    """Status of the probes that this kernel has run, by `<probe>@<definition>`."""
    training: dict[str, Any] = field(default_factory=dict)
    """training.json as written last."""
    _heard: int = 0
    """How many messages there were when a cell ended that had sent some."""

    def note(self, sentence: str) -> None:
        """Say something about the cell that runs, once."""
        if sentence not in self.notes and len(self.notes) < 50:
            self.notes.append(sentence)

    def begin_cells(self) -> None:
        """What is sent from here on belongs to the next cell that ends."""
        if self.channel is not None:
            self._heard = self.channel.session.message_count

    def end_of_cell(self, index: int) -> None:
        """Tell the host that what was sent since another cell ended belongs to this one, if something was."""
        for stream in (self.stdout, self.stderr):
            if stream.written:
                stream.flush()
        if self.channel is not None and self.channel.session.message_count != self._heard:
            self.channel.publish({}, {_END_OF_CELL: index})
            self.begin_cells()

    def let_print(self) -> None:
        """Pass on what a cell prints."""
        self.stdout.allow(self.job.limits.cell_output_bytes)
        self.stderr.allow(self.job.limits.cell_output_bytes)
        sys.stdout, sys.stderr = self.stdout, self.stderr

    def mute(self) -> None:
        """Drop what a probe prints."""
        self.stdout.mute()
        self.stderr.mute()
        sys.stdout, sys.stderr = self.stdout, self.stderr


def seed_everything(value: int) -> None:
    """Seed random, NumPy (if it is there) and torch."""
    random.seed(value)
    torch.default_generator.manual_seed(value)
    if os.environ.get("CUDA_VISIBLE_DEVICES"):
        torch.cuda.manual_seed_all(value)  # where there is no GPU this only takes time: it keeps a stack for later
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(value % 2**32)


def number_from(seed: str) -> int:
    """A seed for generators out of a textual one."""
    return int.from_bytes(sha256(seed.encode("utf-8", "replace")).digest()[:4], "little")


def leave(*arguments: object) -> NoReturn:
    """Stands for IPython's `exit` and `quit`, which would end the kernel behind our back."""
    raise SystemExit(*arguments)
