"""How the cells that train ended, in the words of a part's record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from grader.evidence import CellRun, StatementRun
from grader.execute.collect import TrainingRun, shortened
from grader.limits import Limits
from grader.records import NotebookRecord


def describe_training(
    training: TrainingRun | None, notebook: NotebookRecord, cells: Sequence[int], limits: Limits
) -> tuple[list[CellRun], list[str], dict[str, str]]:
    """The runs of the training cells, sentences about how they were ended, and facts for information.

    Args:
        training: what the agent noted; None if it noted nothing.
        notebook: the hand-in.
        cells: the cells that were to train.
        limits: by which training was ended.
    """
    if not cells:
        return [], [], {}
    status: Literal["ok", "raised", "killed"] = "ok" if training is not None else "killed"
    raised = shortened(training.raised) if training is not None else None
    runs = []
    for index in cells:
        lines = next(cell.source.count("\n") + 1 for cell in notebook.cells if cell.index == index)
        failed = raised is not None and raised.cell in (index, None)
        statement = StatementRun(
            kind="training",
            line=1,
            end_line=lines,
            status="raised" if failed else status,
            raised=raised if failed else None,
        )
        runs.append(CellRun(index=index, status="run", statements=(statement,)))
    if training is None:
        return runs, [], {}
    sentences = []
    if training.stopped == "steps":
        sentences.append(f"training was stopped by us after {limits.training_steps} steps of the optimiser")
    elif training.stopped == "seconds":
        sentences.append(f"training was stopped by us after {limits.training_s:g} s")
    facts = {"training_steps": str(training.steps), "training_stopped": training.stopped or ""}
    return runs, sentences, facts
