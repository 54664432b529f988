"""Mutants and alternatives -> hand-ins with what they have to earn; identifiers are checked against the oracle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Protocol

from grader.coursework import student_version
from grader.errors import RubricError
from grader.rubric import Check, Rubric
from grader.workshop.expectations import BLANK, SOLUTION, Expectation
from grader.workshop.hand_in import HandIn
from grader.workshop.planted import Edit, Planted, read_planted

_UNSAFE = re.compile(r"[^\w.]+", re.ASCII)
_PREFIX = {"mutants": "m", "alternatives": "a"}


class Described(Protocol):
    """What is asked of the text of a mistake."""

    @property
    def effect(self) -> str: ...


class Catalogue(Protocol):
    """What is asked of an oracle here."""

    def describe(self, mistake: str) -> Described: ...

    def nearest_mistakes(self, prefix: str) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A hand-in of ours, and what it has to earn."""

    expectation: Expectation
    notebook: bytes
    """An .ipynb file."""


def trials_of(rubric: Rubric, oracle: Catalogue | None, *, only: str = "") -> tuple[Trial, ...]:
    """The model solution, the blank student version, and every mutant and alternative.

    Args:
        rubric: the coursework.
        oracle: knows the mistakes; None if the rubric names no oracle.
        only: mutants and alternatives whose heading has this text; all if it is empty.

    Raises:
        RubricError: if a file cannot be read or names what does not exist, or nothing has the text.
    """
    planted = planted_of(rubric, oracle)
    chosen = [item for item in planted if only in item.title]
    if only and not chosen:
        near = get_close_matches(only, [item.name for item in planted], n=1, cutoff=0.5)
        raise RubricError(
            "check-only-nothing",
            f'no mutant and no alternative has "{only}" in its heading',
            where=str(rubric.folder),
            next_step=f'did you mean "{near[0]}"?' if near else f"there are {len(planted)} of them",
        )
    return (*_ends(rubric), *planted_trials(rubric, chosen))


def planted_of(rubric: Rubric, oracle: Catalogue | None) -> tuple[Planted, ...]:
    """Every mutant and alternative of a coursework, checked.

    Raises:
        RubricError: with file and line where something is named that does not exist.
    """
    found = (*read_planted(rubric.folder, "mutants"), *read_planted(rubric.folder, "alternatives"))
    for planted in found:
        _check_questions(rubric, planted)
        _check_mistakes(oracle, planted)
    return found


def planted_trials(rubric: Rubric, planted: Iterable[Planted]) -> Iterator[Trial]:
    """The hand-ins of mutants and alternatives.

    Raises:
        RubricError: with file and line where the model solution has no such place.
    """
    for number, item in enumerate(planted, start=1):
        slug = _UNSAFE.sub("-", item.title).strip("-")[:80]
        expectation = Expectation(
            kind="mutant" if item.kind == "mutants" else "alternative",
            submission=f"{_PREFIX[item.kind]}{number:03}-{slug}.ipynb",
            name=item.title,
            where=item.where,
            question=item.question,
            loses={question: _loss(rubric, item, question, marks) for question, marks in item.loses.items()},
            diagnoses=frozenset([*((item.question, name) for name in item.named), *item.also]),
            conventions=item.conventions,
        )
        yield Trial(expectation=expectation, notebook=hand_in(rubric, item).bytes())


def hand_in(rubric: Rubric, planted: Planted) -> HandIn:
    """The model solution with the edits of a mutant or an alternative.

    Raises:
        RubricError: with file and line where the model solution has no such place.
    """
    notebook = HandIn(rubric, where=planted.where)
    for number, edit in enumerate(planted.edits, start=1):
        apply(notebook, edit, f"more-{number}")
    return notebook


def apply(notebook: HandIn, edit: Edit, identifier: str) -> None:
    """Make one edit; a cell that it adds gets that id.

    Raises:
        RubricError: if the model solution has no such place.
    """
    match edit.what:
        case "answer":
            notebook.answer(edit.target, edit.text)
        case "replace":
            notebook.replace(edit.target, edit.old, edit.text)
        case "insert":
            notebook.insert(identifier, edit.text + "\n", before=edit.target)


def blank_hand_in(rubric: Rubric) -> HandIn:
    """The student version as it is given out."""
    notebook = HandIn(rubric)
    for cell, given in zip(notebook.cells, student_version(rubric).notebook.cells, strict=True):
        cell["source"] = given.source.splitlines(keepends=True)
    return notebook


def _ends(rubric: Rubric) -> Iterator[Trial]:
    """What all others are compared with."""
    where = f"{rubric.name}/rubric.yaml"
    solution = Expectation(kind="solution", submission="model-solution.ipynb", name=SOLUTION, where=where)
    yield Trial(expectation=solution, notebook=HandIn(rubric).bytes())
    blank = Expectation(kind="blank", submission="blank-student-version.ipynb", name=BLANK, where=where)
    yield Trial(expectation=blank, notebook=blank_hand_in(rubric).bytes())


def _loss(rubric: Rubric, planted: Planted, question: str, stated: Decimal | None) -> Decimal | None:
    """The marks that a mutant loses: as stated, else by the rubric's shares; None where neither says it."""
    checks = [check for check in rubric.question(question).checks if "credit" in check.parameters]
    if stated is not None or question != planted.question or len(checks) != 1:
        return stated
    keeps = [_share(checks[0], name) for name in planted.named or ("unnamed",)]
    return None if None in keeps else checks[0].marks * (1 - min(share for share in keeps if share is not None))


def _share(check: Check, mistake: str) -> Decimal | None:
    """What a mistake keeps of a check's marks, where the rubric says it."""
    charge, shares = check.parameters.get("charge", {}).get(mistake), check.parameters["credit"]
    if charge in ("none", "full"):
        return Decimal(charge == "none")
    share = shares.get(mistake if charge is None else "named", shares.get("named"))
    share = shares.get("unnamed") if mistake == "unnamed" else share
    return None if share is None else Decimal(str(share))


def _check_questions(rubric: Rubric, planted: Planted) -> None:
    named = [planted.question] if planted.question else []
    for question in [*named, *planted.loses, *(pair[0] for pair in (*planted.also, *planted.conventions))]:
        try:
            rubric.question(question)
        except RubricError as error:
            raise RubricError(error.code, error.what, where=planted.where, next_step=error.next_step) from error


def _check_mistakes(oracle: Catalogue | None, planted: Planted) -> None:
    """Names with a dot are the oracle's; what an alternative shows is one that earns full marks."""
    title = [planted.name] if planted.kind == "mutants" and "." in planted.name else []
    for mistake in [*title, *planted.named, *(name for _, name in planted.also), *planted.shows]:
        effect = _effect(oracle, mistake, planted)
        if mistake in planted.shows and effect != "equivalent":
            raise RubricError(
                "planted-shows-mistake",
                f'"{mistake}" is no equivalent form: the oracle calls it {effect}',
                where=planted.where,
                next_step="plant it in mutants/",
            )


def _effect(oracle: Catalogue | None, mistake: str, planted: Planted) -> str:
    try:
        if oracle is not None:
            return oracle.describe(mistake).effect
    except KeyError:
        pass
    known = [] if oracle is None else list(oracle.nearest_mistakes(""))
    near = get_close_matches(mistake, known, n=1)
    advice = "the rubric names no oracle: use a name without a dot" if oracle is None else "use a name without a dot"
    raise RubricError(
        "planted-unknown-mistake",
        f'the oracle knows no mistake "{mistake}"',
        where=planted.where,
        next_step=f'did you mean "{near[0]}"?' if near else advice,
    )
