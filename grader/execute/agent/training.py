"""Runs a cell that trains, as it stands, up to a number of optimiser steps and seconds."""

from __future__ import annotations

import time
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook

from .cells import execute, write_cell
from .control import StepsUp
from .guard import Attempt, clean_text
from .reading import read_cell
from .session import Session, number_from, seed_everything


def train(session: Session, cell: int) -> None:
    """Run a whole cell; write `training.json` (sums over all such cells) and the cell's record."""
    session.notes.clear()
    session.let_print()
    reading = read_cell(session.job.cells[cell], cell=cell, sources=session.sources)
    seed_everything(number_from(f"{session.job.seed}/training/{cell}"))
    lines = session.job.cells[cell].count("\n") + 1
    session.sink.journal({"begin": "training", "cell": cell})
    began = time.monotonic()
    if reading.error:
        ended, stopped = Attempt("raised", reading.error), None
    else:
        ended, stopped = _run(session, cell, reading.statements)
    session.training_seconds += time.monotonic() - began
    session.sink.journal({"end": "training", "cell": cell, "status": ended.status})
    if stopped:
        session.note("Training was stopped by us after the agreed " + stopped + ".")
    statement = {
        "kind": "training",
        "line": 1,
        "end_line": lines,
        "status": ended.status,
        "raised": ended.raised,
    }
    write_cell(
        session,
        {
            "index": cell,
            "status": "syntax-error" if reading.error else "run",
            "syntax_error": reading.error,
            "statements": [] if reading.error else [statement],
            "notes": [clean_text(note, 300) for note in reading.notes + session.notes],
        },
    )
    _write(session, ended, stopped)


def _run(session: Session, cell: int, statements: Any) -> Any:
    """How the cell ended, and by which limit it was stopped, if any."""
    limits = session.job.limits

    def count(*_: object) -> None:
        session.training_steps += 1
        if session.training_steps >= limits.training_steps:
            raise StepsUp

    seconds = limits.training_s - session.training_seconds
    if seconds <= 0:
        return Attempt("ok"), "seconds"
    if session.training_steps >= limits.training_steps:
        return Attempt("ok"), "steps"
    hook = register_optimizer_step_post_hook(count)
    try:
        ended = execute(session, cell, statements, seconds)
    except StepsUp:
        return Attempt("ok"), "steps"
    finally:
        hook.remove()
    return (Attempt("ok"), "seconds") if ended.status == "timeout" else (ended, None)


def _write(session: Session, ended: Attempt, stopped: str | None) -> None:
    before: dict[str, Any] = session.training
    session.training = {
        "steps": session.training_steps,
        "stopped": stopped or before.get("stopped"),
        "raised": before.get("raised") or ended.raised,
        "seconds": round(session.training_seconds, 3),
    }
    session.sink.write_short_json("training", session.training)
