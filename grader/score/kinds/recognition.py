"""What the oracle says about each definition of a cell's class; found out once for a submission, whoever asks first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import torch

from grader.evidence import Part, ProbeRun
from grader.oracle import CellVerdict, Oracle
from grader.score.kinds.base import JudgeContext
from grader.score.kinds.cell_probes import CellPlan
from grader.score.kinds.cohort import recognised
from grader.score.kinds.observations import cell_observation, flatten, tensors_of
from grader.score.kinds.troubles import Trouble, trouble_of
from grader.values import Value

STATES = ("h", "c")
RIGHT = ("exact", "equivalent")
_Ask = Callable[[str, Mapping[str, Any], Mapping[str, str]], CellVerdict]
_CLOSE = {"float64": (1e-8, 1e-9), "float32": (1e-4, 1e-5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFinding:
    """One definition of a cell; either judged or in trouble."""

    verdict: CellVerdict | None = None
    trouble: Trouble | None = None
    notes: tuple[str, ...] = ()
    """Sentences for the student; nothing in them is charged."""
    default_state: str = ""
    """What is wrong with a call without a state, as a sentence; empty if nothing is."""
    probe: str = ""
    """The probe that it rests on; empty if there is none."""

    @property
    def right(self) -> bool:
        """True if the cell earns full marks."""
        return self.verdict is not None and self.verdict.status in RIGHT

    @property
    def replayable(self) -> bool:
        """True if a formula reproduces the cell, right or wrong."""
        return self.verdict is not None and self.verdict.formula is not None


def memo_key(target: str, definition: int | None = None) -> str:
    """Where the memo keeps the verdict of a definition, or of the one that counts."""
    return f"cell:{target}" if definition is None else f"cell:{target}:{definition}"


def recognise(context: JudgeContext, plan: CellPlan, definition: int, names: Sequence[str] = STATES) -> CellFinding:
    """What the oracle says about one definition, memoised.

    Args:
        context: with an oracle.
        plan: how the class was probed.
        definition: index among the definitions of the class.
        names: what the student calls the tensors that a step returns.
    """
    oracle = cast(Oracle, context.oracle)
    return _memoised(context, plan, definition, names, oracle.recognise_cell)


def recognise_last(context: JudgeContext, plan: CellPlan) -> CellFinding:
    """What the oracle says about the last definition that was probed: the one that other classes use.

    A cell that no question has judged before is nobody's answer, and most likely the template's.
    """
    probed = [run.definition for run in context.evidence.part("student").probe_runs(plan.probe)]
    ask = partial(recognised, context.cohort, cast(Oracle, context.oracle))
    return _memoised(context, plan, max(probed, default=0), STATES, ask)


def _memoised(context: JudgeContext, plan: CellPlan, definition: int, names: Sequence[str], ask: _Ask) -> CellFinding:
    key = f"finding:{plan.probe}:{plan.fixed_sizes}:{definition}"
    if key not in context.memo:
        finding = _recognise(context, plan, definition, names, ask)
        context.memo[key] = finding
        if context.memo.get(memo_key(plan.target, definition)) is None:
            context.memo[memo_key(plan.target, definition)] = finding.verdict
    return cast(CellFinding, context.memo[key])


def _recognise(context: JudgeContext, plan: CellPlan, definition: int, names: Sequence[str], ask: _Ask) -> CellFinding:
    finding = _tried(context, plan, definition, names, ask)
    fixed = plan.fixed
    if finding.verdict is not None or fixed is None:
        return finding
    run = context.evidence.part("student").probe(fixed.probe, definition)
    if run is None or run.status != "done":
        return finding
    at_own_sizes = _tried(context, fixed, definition, names, ask)
    sizes = f"input size {fixed.input_size} and hidden size {fixed.hidden_size}"
    note = f"`{plan.target}` does not work at the sizes that it is given, so its step was tried at {sizes}."
    return replace(at_own_sizes, notes=(note, *at_own_sizes.notes))


def _tried(context: JudgeContext, plan: CellPlan, definition: int, names: Sequence[str], ask: _Ask) -> CellFinding:
    part = context.evidence.part("student")
    run = part.probe(plan.probe, definition)
    trouble = trouble_of(context, run, plan.target)
    if run is None or trouble is not None:
        return CellFinding(trouble=trouble, probe=plan.probe)
    observed = cell_observation(part, run, plan, names)
    if isinstance(observed, Trouble):
        return CellFinding(trouble=observed, probe=plan.probe)
    verdict = ask(plan.family, observed.content, context.rubric.policies)
    return CellFinding(
        verdict=verdict,
        notes=observed.notes,
        default_state=_default_state(part, run, plan),
        probe=plan.probe,
    )


def _default_state(part: Part, run: ProbeRun, plan: CellPlan) -> str:
    """What is wrong with a call without a state."""
    without, zeros = run.values.get("no_state"), run.values.get("zero_state")
    if without is None or zeros is None:
        raised = _text(run.values.get("default_state"))
        return f"Called without a state, `{plan.target}` raises {raised or 'an error'}."
    found, wanted = tensors_of(part, without), tensors_of(part, zeros)
    if found is None or wanted is None or not _agree(found, wanted, run.dtype):
        return f"Called without a state, `{plan.target}` does not do what it does with a state of zeros."
    return ""


def _text(value: Value | None) -> str:
    return next((leaf.text for leaf in flatten(value) if leaf.kind == "text" and leaf.text), "")[:60]


def _agree(found: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor], dtype: Any) -> bool:
    rtol, atol = _CLOSE[dtype]
    return len(found) == len(wanted) and all(
        torch.equal(one, other)  # the usual case, at a tenth of the cost
        or (
            one.shape == other.shape
            and torch.allclose(one.to(torch.float64), other.to(torch.float64), rtol=rtol, atol=atol)
        )
        for one, other in zip(found, wanted, strict=True)
    )
