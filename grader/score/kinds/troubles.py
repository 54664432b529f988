"""Why a probe left nothing to judge, as data and in words for the student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.evidence import ProbeRun, Raised
from grader.records import Outcome, cell_name
from grader.score.kinds.base import JudgeContext

MESSAGE_CHARS = 160
"""Of an error's message or a line of code; the middle of a longer one is cut."""

Stage = Literal["evidence", "name", "construct", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What stood in the way."""

    outcome: Outcome
    """`FAILED` where the student's code is at fault for certain, `MANUAL` or `FAULT` where it may not be."""
    stage: Stage
    """How far the probe came."""
    reason: str
    next_step: str = ""
    flags: tuple[str, ...] = ()


def shorten(text: str, most: int = MESSAGE_CHARS) -> str:
    """One line of at most about `most` characters, cut in the middle; says how much was cut."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    half = most // 2
    return f"{line[:half]} … ({len(line) - 2 * half} characters cut) … {line[-half:]}"


def raised_in_words(raised: Raised | None, *, show_message: bool) -> str:
    """ "raised TypeError in your cell 4, line 12: `...`", with as much of it as is known."""
    if raised is None:
        return "raised an error"
    words = f"raised {shorten(raised.type, 60)}"
    if raised.cell is not None and raised.line is not None:
        words += f" in your {cell_name(raised.cell)}, line {raised.line}"
    if raised.source.strip():
        words += f": `{shorten(raised.source)}`"
    if show_message and raised.message.strip():
        words += f" ({shorten(raised.message)})"
    return words


def needs_evidence(what: str) -> Trouble:
    """The trouble of evidence that was never taken."""
    return Trouble(
        outcome=Outcome.FAULT,
        stage="evidence",
        reason=f"This could not be judged: the evidence about {what} was not taken.",
        next_step="Nothing to do for you; the course staff will look at it.",
        flags=("needs-evidence",),
    )


def inconsistent(what: str) -> Trouble:
    """The trouble of evidence that contradicts itself, so that a person has to look."""
    return Trouble(
        outcome=Outcome.MANUAL,
        stage="run",
        reason=f"A person will look at this: {what}.",
        flags=("evidence-inconsistent",),
    )


def trouble_of(context: JudgeContext, run: ProbeRun | None, name: str) -> Trouble | None:
    """The trouble of a probe's run, or None if it was done.

    Args:
        context: for the limits and for what may be shown.
        run: the run, or None if it is not stored.
        name: the class under test.
    """
    if run is None:
        return needs_evidence(f"`{name}`")
    stage: Stage = "construct" if run.step == 0 else "run"
    doing = f"Creating `{name}`" if stage == "construct" else f"Calling your `{name}`"
    match run.status:
        case "done":
            return None
        case "raised":
            words = raised_in_words(run.raised, show_message=context.question.show != "none")
            return Trouble(
                outcome=Outcome.FAILED,
                stage=stage,
                reason=f"{doing} {words}.",
                next_step="Run that line alone and print what each name in it holds.",
            )
        case "timeout":
            limit = context.rubric.execution.limits.probe_s
            return Trouble(
                outcome=Outcome.FAILED,
                stage=stage,
                reason=f"{doing} did not finish within {limit:g} s.",
                next_step="Look for a loop whose end is never reached.",
            )
        case "killed":
            return Trouble(
                outcome=Outcome.FAILED,
                stage=stage,
                reason=f"{doing} ended the whole kernel: it exits, or takes more memory than there is.",
                next_step="Look for exit calls and for tensors that grow with each call.",
            )
        case "missing-name":
            return Trouble(
                outcome=Outcome.FAILED,
                stage="name",
                reason=f"`{name}` is not defined after your notebook was read.",
                next_step="Restart the kernel, run all cells from the top and look for the first error.",
            )
        case "skipped":
            return Trouble(
                outcome=Outcome.MANUAL,
                stage="run",
                reason=f"`{name}` was not tried, because something that comes before it did not end.",
            )
        case "refused":
            return Trouble(
                outcome=Outcome.MANUAL,
                stage="run",
                reason=f"A person will look at this: `{name}` has more parameters or outputs than can be examined.",
                flags=("evidence-refused",),
            )
