"""Judges a model that keeps its cell inside: which step it makes, in which loop, and what its last layer reads.

As with cells that stand alone, nothing is called right unless outputs of all runs and all derivatives agree, and
nothing is called wrong that has no name: what no formula explains is "unrecognised", and a person reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reference.mistakes import all_mistakes
from reference.recognition.conventions import refused
from reference.recognition.verdicts import CellVerdict, Status
from reference.sequences.case import Case, SequenceHit
from reference.sequences.evidence import Run, SequenceEvidence, SequenceEvidenceError, read_sequence_evidence
from reference.sequences.families import SEQUENCES, SequenceFamily
from reference.sequences.loops import LOOPS, READS_ONE_STEP, last
from reference.sequences.readout import NoReadoutError, Readout, Seen, read_out

MAX_NAMED = 3
"""Names among which an ambiguous verdict says that the mistake is."""

LINKS = {"softmax": "model.softmax_applied", "log softmax": "model.log_softmax_applied"}


def recognise_sequence(family_name: str, raw: Mapping[str, Any], policy: Mapping[str, str]) -> CellVerdict:
    """Judge one model.

    Raises:
        ValueError: if the family is unknown.
    """
    if family_name not in SEQUENCES:
        raise ValueError(f"family must be one of {', '.join(SEQUENCES)}; found {family_name!r}")
    with np.errstate(all="ignore"):
        try:
            seen = read_sequence_evidence(raw)
            verdict = _judge(SEQUENCES[family_name], seen, policy)
        except np.linalg.LinAlgError:
            return CellVerdict(status="unrecognised", notes=("numbers of very different sizes",))
        except (SequenceEvidenceError, NoReadoutError) as error:
            return CellVerdict(status="unrecognised", notes=(f"{error}",))
        except KeyError as error:
            return CellVerdict(status="unrecognised", notes=(f"the evidence lacks {error}",))
    return _with(verdict, "model.state_not_reset") if _keeps_state(seen) else verdict


def _keeps_state(seen: SequenceEvidence) -> bool:
    return any(_changed(run, seen.tolerances.value) for run in seen.runs)


def _changed(run: Run, tolerance: float) -> bool:
    if run.repeated is None or run.repeated.shape != run.outputs.shape:
        return False
    return float(np.abs(run.repeated - run.outputs).max()) > tolerance * max(1.0, float(np.abs(run.outputs).max()))


def _with(verdict: CellVerdict, name: str) -> CellVerdict:
    """The verdict with one more mistake; what a person has to read stays with a person."""
    if verdict.status in ("unrecognised", "ambiguous"):
        return replace(verdict, notes=(*verdict.notes, all_mistakes()[name].title))
    return replace(verdict, status="mistake", mistakes=(*verdict.mistakes, name))


def _judge(family: SequenceFamily, seen: SequenceEvidence, policy: Mapping[str, str]) -> CellVerdict:
    readout = read_out(seen)
    verdict = _in_the_loop(family, seen, readout, policy)
    return _with(verdict, LINKS[readout.link]) if readout.link in LINKS else verdict


def _in_the_loop(
    family: SequenceFamily, seen: SequenceEvidence, readout: Readout, policy: Mapping[str, str]
) -> CellVerdict:
    runs = readout.runs
    verdict = _verdict(Case.of(family, seen, runs, policy))
    if verdict.status == "unrecognised":  # units that are shut may hide which way round a map of the state is applied
        about = _verdict(Case.of(family, seen, runs, policy, turned=True))
        verdict = verdict if about.status == "unrecognised" else about
    if verdict.status == "unrecognised" and _nothing_at_first(runs[0], seen):
        for name, kept in (("model.skips_last_step", slice(None, -1)), ("model.skips_first_step", slice(1, None))):
            shorter = [replace(run, x=run.x[:, kept]) for run in runs[1:]]
            found = _verdict(Case.of(family, seen, shorter, policy))
            if found.status in ("exact", "equivalent"):
                return _with(found, name)
    return verdict


def _nothing_at_first(run: Seen, seen: SequenceEvidence) -> bool:
    """True if a run of one step gives what no step would give."""
    return run.steps == 1 and float(np.abs(run.state).max()) <= seen.tolerances.value


def _verdict(case: Case) -> CellVerdict:
    """What the model does."""
    if case.notes or not case.units:
        return _said(case, "unrecognised", notes=case.notes)
    formulas = case.family.formulas()
    rights = [formula for formula in formulas if formula.right]
    straight = case.hits(rights, {"": last})
    complete = [hit for hit in straight if not hit.missing]
    agreeing = next((hit for hit in complete if case.agrees(hit)), None)
    if agreeing is not None:
        return _accepted(case, agreeing)
    named = case.hits([one for one in formulas if not one.right], {"": last})
    named = [hit for hit in named if not hit.missing and case.agrees(hit)]
    if named:
        return _named(case, named)
    looped = [
        hit
        for hit in case.hits(rights[:1] if not case.family.vectors else rights, LOOPS)
        if (not hit.missing or hit.loop in READS_ONE_STEP) and case.agrees(hit)
    ]
    if looped:
        return _said(case, "mistake", mistakes=tuple(dict.fromkeys(hit.loop for hit in looped))[:1], hit=looped[0])
    if complete:
        return _cut_off(case, complete[0])
    if straight:
        sources = "".join(sorted({source for _, source in straight[0].missing}))
        return _said(case, "mistake", mistakes=(f"cell.dead_block_{sources}",), hit=straight[0])
    late = tuple(f"parameter {name} enters in a way that is not known" for name in case.cut.late)
    return _said(case, "unrecognised", notes=late)


def _accepted(case: Case, hit: SequenceHit) -> CellVerdict:
    name = hit.formula.id
    against = refused(name, case.policy)
    plain = case.family.formulas()[0].id
    return _said(
        case,
        "mistake" if against else "exact" if name == plain and not hit.formula.said else "equivalent",
        mistakes=(name,) if against else (),
        hit=hit,
        convention=hit.formula.said,
    )


def _named(case: Case, hits: Sequence[SequenceHit]) -> CellVerdict:
    names = tuple(dict.fromkeys(hit.formula.id for hit in hits))
    harmless = [name for name in names if all_mistakes()[name].effect == "equivalent"]
    if harmless and not any(refused(name, case.policy) for name in harmless):
        return _said(case, "equivalent", hit=hits[0], convention=all_mistakes()[harmless[0]].title)
    status: Status = "mistake" if len(names) == 1 else "ambiguous"
    return _said(case, status, mistakes=names[:MAX_NAMED], hit=hits[0])


def _cut_off(case: Case, hit: SequenceHit) -> CellVerdict:
    """The outputs agree and the derivatives do not."""
    if case.agrees(hit, detached=True):
        return _said(case, "mistake", mistakes=("model.detached_state",), hit=hit)
    return _said(case, "unrecognised", notes=("the outputs agree, the gradients do not",))


def _said(
    case: Case,
    status: Status,
    *,
    mistakes: tuple[str, ...] = (),
    hit: SequenceHit | None = None,
    convention: str = "",
    notes: tuple[str, ...] = (),
) -> CellVerdict:
    return CellVerdict(
        status=status,
        mistakes=mistakes,
        convention=convention,
        notes=(*notes, *(f"parameter {name} has no effect" for name in case.cut.unused)),
        formula=hit.formula.id if hit is not None else None,
    )
