"""Runs one cell, statement by statement, and records how each of them ended."""

from __future__ import annotations

import ast
import linecache
from typing import Any

from .control import Refused
from .guard import Attempt, attempt, cell_file, clean_text
from .reading import Reading, read_cell
from .session import FUTURE_FLAGS, Session
from .statements import Unit, units_of

READING = -1
"""The ordinal under which reading a cell stands in the journal: source can be made to crash Python's own parser."""


def run_cell(session: Session, cell: int) -> None:
    """Run what is to be run of a cell and write `cell-<i>.json` and `definitions.json`."""
    session.notes.clear()
    session.let_print()
    reading = _read(session, cell)
    units, cut = units_of(reading.statements, training=cell in session.job.training_cells)
    records = [_run_unit(session, cell, ordinal, unit) for ordinal, unit in enumerate(units)]
    if cut:
        session.note(f"Only the first {len(units)} statements of this cell were looked at.")
    if session.stdout.dropped or session.stderr.dropped:
        session.note(f"Output beyond {session.job.limits.cell_output_bytes} bytes was dropped.")
    status = "run" if any(record["status"] != "not-run" for record in records) else "nothing-to-run"
    write_cell(
        session,
        {
            "index": cell,
            "status": "syntax-error" if reading.error else status,
            "syntax_error": reading.error,
            "statements": records,
            "notes": [clean_text(note, 300) for note in reading.notes + session.notes],
        },
    )
    session.sink.write_short_json("definitions", session.definitions.as_json())


def write_cell(session: Session, record: dict[str, Any]) -> None:
    """Write a `CellRun`, without its statements where they do not fit."""
    name = f"cell-{record['index']}"
    try:
        session.sink.write_json(name, record)
    except Refused:
        note = "The record of this cell was too large to be kept."
        session.sink.write_short_json(name, {**record, "statements": [], "notes": [note]})


def _read(session: Session, cell: int) -> Reading:
    """The cell's statements; what crashed or hung an earlier kernel is not read again."""
    reading = Reading(error={"type": "SyntaxError", "message": "Python cannot read this cell", "cell": cell})
    if (cell, READING) in session.job.skip_statements:
        return reading
    text = session.job.cells[cell]
    found: list[Reading] = []
    session.sink.journal({"begin": "statement", "cell": cell, "ordinal": READING, "line": 1})
    ended = attempt(
        lambda: found.append(read_cell(text, cell=cell, sources=session.sources)),
        seconds=session.job.limits.statement_s,
        sources=session.sources,
    )
    session.sink.journal({"end": "statement", "cell": cell, "ordinal": READING, "status": ended.status})
    linecache.cache[cell_file(cell)] = (len(text), None, text.splitlines(keepends=True), cell_file(cell))
    return found[0] if found else reading


def _run_unit(session: Session, cell: int, ordinal: int, unit: Unit) -> dict[str, Any]:
    """Run a unit if it is to be run; JSON of `StatementRun`."""
    record: dict[str, Any] = {
        "kind": unit.kind,
        "line": unit.node.lineno,
        "end_line": unit.node.end_lineno or unit.node.lineno,
        "names": [clean_text(name, 100) for name in unit.names],
        "status": "not-run",
        "raised": None,
    }
    if not unit.runs:
        return record
    if (cell, ordinal) in session.job.skip_statements:
        return {**record, "status": "killed"}
    session.sink.journal({"begin": "statement", "cell": cell, "ordinal": ordinal, "line": unit.node.lineno})
    ended = execute(session, cell, [unit.node], session.job.limits.statement_s)
    session.sink.journal({"end": "statement", "cell": cell, "ordinal": ordinal, "status": ended.status})
    _look_for_definitions(session, cell, unit.node)
    return {**record, "status": ended.status, "raised": ended.raised}


def execute(session: Session, cell: int, statements: list[ast.stmt], seconds: float) -> Attempt:
    """Compile and run statements in the student's namespace."""

    def run() -> None:
        tree = ast.Module(body=statements, type_ignores=[])
        code = compile(tree, cell_file(cell), "exec", flags=session.compile_flags, dont_inherit=True)
        session.compile_flags |= code.co_flags & FUTURE_FLAGS
        exec(code, session.namespace)  # noqa: S102 - this process exists to run the student's code

    return attempt(run, seconds=seconds, sources=session.sources)


def _look_for_definitions(session: Session, cell: int, node: ast.stmt) -> None:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    session.definitions.look(node, cell, session.sources.text(cell, first, node.end_lineno or first))
