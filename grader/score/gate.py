"""What stands between a test and its evidence: which definitions there are, and whether their probes left anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from grader.evidence import Definition, Part, ProbeRun, RunOutline
from grader.records import Outcome, cell_name
from grader.rubric import Check
from grader.score.case import FAULT_REASON, NEEDS_EVIDENCE, Case
from grader.score.checks import CheckSpec, ProbeNeed
from grader.score.kinds import Verdict
from grader.score.kinds.definitions import held_by_markers, said
from grader.score.marks import ZERO
from grader.score.probe_view import ProbeView
from grader.score.wording import NOTHING_WRITTEN, code_was_no_code, probe_failure, syntax_error_in
from grader.score.written import cells_of, code_in_text_cell, nothing_written

_ON_STUDENTS_CODE = (Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED, Outcome.BLOCKED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A check on one definition."""

    definition: int
    verdict: Verdict


def definitions_to_judge(case: Case, spec: CheckSpec) -> list[int]:
    """Indices of the definitions of the check's subject that were probed; [0] without a subject or without evidence."""
    need = _subject_need(spec)
    part = None if need is None else part_of(case, need)
    if need is None or part is None:
        return [0]
    return sorted(part.probed(need.probe.id)) or [0]


Ending = tuple[ProbeNeed, Part | None, RunOutline | ProbeRun | None]
"""What a check needs, where it is stored, and how it ended."""


def runs(case: Case, spec: CheckSpec, definition: int) -> list[Ending]:
    """How the run of each probe that a check needs has ended; None where there is no evidence."""
    subject = _subject_need(spec)
    found = []
    for need in spec.needs:
        part = part_of(case, need)
        run = None
        if part is not None:
            same = subject is not None and need.probe.subject == subject.probe.subject
            run = part.ending(need.probe.id, definition if same else _final_definition(part, need))
        found.append((need, part, run))
    return found


def looked_at(case: Case, spec: CheckSpec, definition: int) -> list[Ending]:
    """The same without what is not needed, since the probes that it stands in for were done, or not needed either."""
    settled: set[str] = set()
    needed = []
    for need, part, run in runs(case, spec, definition):
        if need.instead_of and settled.issuperset(need.instead_of):
            settled.add(need.probe.id)
            continue
        if run is not None and run.status == "done":
            settled.add(need.probe.id)
        needed.append((need, part, run))
    return needed


def closed_gate(case: Case, spec: CheckSpec, endings: Iterable[Ending]) -> Verdict | None:
    """The verdict where a probe left nothing that the test could look at; None if the test is to be run."""
    for need, part, ending in endings:
        if part is None or ending is None:
            case.evidence.ask(part_name(need))
            return Verdict(outcome=Outcome.FAULT, mark=None, reason=FAULT_REASON, flags=(NEEDS_EVIDENCE,))
        if ending.status in need.statuses:
            continue
        evidence = (need.probe.id,)
        if ending.status == "skipped":
            reason = "This was not tried, because something that it builds on did not end."
            return Verdict(outcome=Outcome.BLOCKED, mark=ZERO, reason=reason, evidence=evidence)
        rubric = case.coursework.rubric
        run = cast(ProbeRun, part.probe(ending.probe, ending.definition))
        reason, next_step = probe_failure(run, need.probe, show=spec.question.show, limits=rubric.execution.limits)
        return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=reason, next_step=next_step, evidence=evidence)
    return None


def views(endings: Iterable[Ending]) -> dict[str, ProbeView]:
    """What the test sees of its probes, by id, in the order in which they were declared."""
    found: dict[str, ProbeView] = {}
    for need, part, run in endings:
        if part is not None and run is not None:
            found[need.probe.id] = ProbeView(run, part, found)
    return found


def counting(case: Case, spec: CheckSpec, attempts: list[Attempt]) -> Verdict:
    """The verdict on the definition between its question's markers, else the best; the reason says which counts."""
    need = _subject_need(spec)
    if len(attempts) == 1 or need is None or need.probe.subject is None:
        return attempts[0].verdict
    definitions = case.evidence.part("student").definitions(need.probe.subject)
    held = _held(case, spec, definitions)
    among = [attempt for attempt in attempts if attempt.definition in held] or attempts
    best = max(among, key=lambda attempt: (_rank(attempt.verdict), attempt.definition))
    sentence = said(need.probe.subject, definitions, best.definition)
    return replace(best.verdict, reason=" ".join(part for part in (best.verdict.reason, sentence) if part))


def unless_blank(case: Case, spec: CheckSpec, verdict: Verdict) -> Verdict:
    """The verdict, unless the student wrote nothing, or nothing that parses: then that is said instead.

    What the template already does earns nothing, so this also holds for a check that passed; but work that earns marks
    may stand in the region of another question.
    """
    judged = verdict.outcome in _ON_STUDENTS_CODE or (verdict.outcome is Outcome.MANUAL and bool(spec.subjects))
    if not judged:
        return verdict
    notebook, template = case.evidence.notebook, case.coursework.template
    earns = verdict.mark is None or verdict.mark > ZERO
    if nothing_written(spec.question.id, spec.subjects, notebook, template, anywhere=earns):
        cell = code_in_text_cell(spec.question.id, spec.subjects, notebook, template)
        if cell is not None:
            reason = code_was_no_code(cell_name(cell))
            return Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=reason, evidence=verdict.evidence)
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=NOTHING_WRITTEN, evidence=verdict.evidence)
    missing = _missing_names(case, spec) if verdict.outcome is Outcome.FAILED else []
    if missing:
        error = syntax_error_in(case.evidence, cells_of(spec.question.id, spec.subjects, notebook, template))
        if error:
            names = " and ".join(f"`{name}`" for name in missing)
            return replace(
                verdict,
                reason=f"{error} So {names} could not be defined.",
                next_step="Run that cell on its own and correct the line that Python points at.",
            )
    return verdict


def _missing_names(case: Case, spec: CheckSpec) -> list[str]:
    """Names of the check that were looked for and never defined."""
    if not case.evidence.has("student"):
        return []
    part = case.evidence.part("student")
    defined = {definition.name for definition in part.outline.definitions}
    unmet = {need.probe.id for need, _, run in runs(case, spec, 0) if run is not None and run.status == "missing-name"}
    tracked = case.coursework.plan.subjects
    return [name for name in spec.subjects if name not in defined and (name in tracked or unmet)]


def part_of(case: Case, need: ProbeNeed) -> Part | None:
    """The evidence part in which a probe's runs are stored; None if it was not taken."""
    name = part_name(need)
    return case.evidence.part(name) if case.evidence.has(name) else None


def part_name(need: ProbeNeed) -> str:
    """The name of that part."""
    return "stand-ins" if need.probe.stand_ins else "student"


def _subject_need(spec: CheckSpec) -> ProbeNeed | None:
    return next((need for need in spec.needs if need.probe.subject is not None), None)


def _final_definition(part: Part, need: ProbeNeed) -> int:
    return max(part.probed(need.probe.id), default=0)


def _held(case: Case, spec: CheckSpec, definitions: Iterable[Definition]) -> tuple[int, ...]:
    check = Check(id=spec.name, kind="test", marks=spec.marks)
    return held_by_markers(case.context(spec.question, check), list(definitions))


def _rank(verdict: Verdict) -> tuple[int, float]:
    """Better verdicts are larger; a mark that waits lies between full marks and less."""
    if verdict.mark is None:
        return (0, 0.0) if verdict.outcome is Outcome.FAULT else (2, 0.0)
    return (3, 0.0) if verdict.outcome is Outcome.PASSED else (1, float(verdict.mark))
