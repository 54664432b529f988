"""What `grader grade` begins before it loads the pipeline: what kernels come from takes even longer to load."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from grader.errors import GraderError
from grader.execute import Isolations
from grader.rubric import load_rubric


def kernels_ahead(rubric: Path, run: Path, *, unsafe: bool) -> Isolations:
    """The isolation of a command's kernels; those of a new run are expected already.

    Nothing is refused here: what is wrong with the rubric or this host is met again by whoever can tell it.
    """
    isolations = Isolations()
    if not run.exists():
        with suppress(GraderError):
            isolations.expect(load_rubric(rubric), unsafe=unsafe)
    return isolations
