"""A disposable scoring worker of its own: `python -m grader.score.worker_main SPEC.json`.

Stored evidence is hostile data. The worker limits its own address space and CPU before it reads any, writes one line
for each submission, and may die at any point: the launcher then knows which submission it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from grader.errors import ConfigError
from grader.score.case import Coursework
from grader.score.session import Hooks, score_chunk
from grader.score.worker_limits import Guard, Lines, settle
from grader.score.worker_records import EndLine, ErrorLine, WorkerSpec


def main(arguments: list[str]) -> int:
    """Score the submissions of a specification; 0 if all were done, 2 if the rubric cannot be used."""
    spec = WorkerSpec.model_validate_json(Path(arguments[0]).read_bytes())
    torch.set_num_threads(1)
    with spec.output.open("w", encoding="utf-8") as stream:
        lines = Lines(stream)
        guard = Guard(lines, cpu_s=spec.cpu_s, memory_bytes=spec.memory_bytes)
        try:
            coursework = Coursework.load(spec.rubric)
            settle()
            score_chunk(coursework, spec.items, seed=spec.seed, hooks=Hooks(before=guard.before, done=lines.write))
        except ConfigError as error:
            lines.write(ErrorLine(code=error.code, what=error.what, where=error.where, next_step=error.next_step))
            return error.exit_code
        lines.write(EndLine())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
