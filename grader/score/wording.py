"""Sentences for the student about code that did not get as far as being judged. They name the student's own line."""

from __future__ import annotations

import json
from typing import Any

from grader.evidence import Evidence, ProbeRun, Raised
from grader.limits import Limits
from grader.probes import Call, Construct, Jacobian, Probe, Step, Trace
from grader.records import cell_name
from grader.rubric import Show

NOTHING_WRITTEN = "Nothing was written here."
_SHOWN_CHARS = 120


def code_was_no_code(cell: str) -> str:
    """Why an answer in a text cell has no mark yet."""
    return f"Your code for this stands in {cell}, which is no code cell, so it was not run; a person will look at it."


def shortened(text: str, chars: int = _SHOWN_CHARS) -> str:
    """A text in one line, cut in the middle; says how much was cut."""
    line = " ".join(text.split())
    if len(line) <= chars:
        return line
    half = chars // 2
    return f"{line[:half]} … ({len(line) - 2 * half} characters cut) … {line[-half:]}"


def raised_in_words(raised: Raised, *, show: Show = "gap") -> str:
    """ "TypeError in your cell 4, line 12: `self.x = ...`"; with the message where inputs may be shown."""
    place = ""
    if raised.cell is not None and raised.line is not None:
        place = f" in your {cell_name(raised.cell)}, line {raised.line}"
        if raised.source.strip():
            place += f": `{shortened(raised.source)}`"
    text = f"{shortened(raised.type, 60)}{place}"
    if raised.message and show == "gap":
        text += f' ("{shortened(raised.message, 200)}")'
    return text


def probe_failure(run: ProbeRun, probe: Probe, *, show: Show, limits: Limits) -> tuple[str, str]:
    """Why a probe gave nothing to judge, and what to do next: a reason and a next step for the student."""
    step = probe.steps[run.step] if run.step is not None and run.step < len(probe.steps) else None
    doing = f"`{step_in_words(step)}`" if step is not None else f"`{probe.subject or probe.id}`"
    if run.status == "raised" and run.raised is not None:
        return (
            f"{doing} raised {raised_in_words(run.raised, show=show)}.",
            "Run this call in a new cell of your own.",
        )
    if run.status == "timeout":
        return (
            f"{doing} did not finish within {limits.probe_s:g} s.",
            "Look for a loop that never ends, and try the call with small sizes.",
        )
    if run.status == "killed":
        return f"{doing} ended the whole kernel.", "Look for an exit, or for memory that grows without bound."
    if run.status == "missing-name":
        names = f"`{probe.subject}`" if probe.subject else "A name that this question asks for"
        return (
            f"{names} is not defined after your notebook was read.",
            "Restart the kernel and run all cells in order.",
        )
    if run.status == "refused":
        return f"What {doing} gave back was too large to be kept.", "Compare the shapes of what you return."
    return f"{doing} could not be run.", ""


def syntax_error_in(evidence: Evidence, cells: set[int]) -> str:
    """ "Cell 5 has a syntax error in line 12." for the first of the cells that does not parse; else empty."""
    for run in evidence.part("student").record.cells:
        if run.index in cells and run.status == "syntax-error" and run.syntax_error is not None:
            line = f" in line {run.syntax_error.line}" if run.syntax_error.line is not None else ""
            return f"{cell_name(run.index).capitalize()} has a syntax error{line}."
    return ""


def step_in_words(step: Step) -> str:
    """A probe's step as the call that it makes."""
    if isinstance(step, Construct):
        return f"{step.target}({_arguments(step.args, step.kwargs)})"
    if isinstance(step, Call | Jacobian | Trace):
        method = f".{step.method}" if isinstance(step, Call) and step.method else ""
        return f"{expression_in_words(step.target)}{method}({_arguments(step.args, step.kwargs)})"
    return step.do


def expression_in_words(expression: Any) -> str:
    """An expression of the probe language, as Python would print the call; drawn tensors by their names."""
    if isinstance(expression, dict):
        for key in ("ref", "name", "draw", "integers"):
            if key in expression:
                return str(expression[key])
        if "zeros" in expression:
            return f"zeros({', '.join(str(size) for size in expression['zeros'])})"
        if "tuple" in expression:
            return f"({', '.join(expression_in_words(item) for item in expression['tuple'])})"
        if "numpy" in expression:
            return expression_in_words(expression["numpy"])
        return "{...}"
    if isinstance(expression, list | tuple):
        return f"[{', '.join(expression_in_words(item) for item in expression)}]"
    if expression is None or isinstance(expression, bool):
        return repr(expression)
    return json.dumps(expression)


def _arguments(positional: tuple[Any, ...], named: dict[str, Any]) -> str:
    parts = [expression_in_words(argument) for argument in positional]
    parts += [f"{name}={expression_in_words(argument)}" for name, argument in named.items()]
    return ", ".join(parts)
