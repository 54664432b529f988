"""Tables made from what a coursework plants: what each hand-in must earn, and which mistakes stand where."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from decimal import Decimal

from grader import pipeline
from grader.rubric import Question, Rubric
from grader.workshop.expectations import Expectation
from grader.workshop.planted import Planted

_ZERO = Decimal(0)


def expected_csv(rubric: Rubric, expectations: Iterable[Expectation]) -> str:
    """What hand-ins must earn, from the files that describe them and not from a run: the form of `expected.csv`.

    A cell is empty where it waits for a person or where nothing was said about the marks.
    """
    questions = [question.id for question in rubric.questions]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", "status", *questions, "total", "open", "max", "flags", "diagnoses"])
    waiting = pipeline.marks_by_hand(rubric)
    opened = sum(waiting.values(), _ZERO)
    for item in expectations:
        known = None not in item.loses.values()
        total = rubric.max - opened - sum((loss for loss in item.loses.values() if loss is not None), _ZERO)
        named = [f"{question}:{name}" for question, name in sorted(item.diagnoses)]
        cells = ["" if waiting[question.id] else _mark(question, item) for question in rubric.questions]
        status = "open" if opened else "graded"
        ends = [_plain(total) if known else "", _plain(opened), _plain(rubric.max), "", " ".join(named)]
        writer.writerow([item.submission, status, *cells, *ends])
    return text.getvalue()


def planted_table(planted: Iterable[Planted], title_of: Callable[[str], str]) -> str:
    """The mistakes that a coursework plants, as a table in Markdown, by question.

    Args:
        planted: as `read_planted` returns it; alternatives are passed over.
        title_of: what a mistake is called in words.
    """
    mutants = sorted((item for item in planted if item.kind == "mutants"), key=lambda item: (item.question, item.name))
    rows = [f"| {item.question} | {_name(item)} | {_named(item, title_of)} | {_loses(item)} |" for item in mutants]
    head = ["| planted in | mistake | named | loses |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])


def _name(item: Planted) -> str:
    return f"`{item.name}`" if "." in item.name else item.name


def _named(item: Planted, title_of: Callable[[str], str]) -> str:
    if not item.named:
        return "nothing"
    return ", ".join(title_of(name) if name == item.name else f"`{name}`" for name in item.named)


def _loses(item: Planted) -> str:
    if not item.loses:
        return "nothing"
    parts = [question if marks is None else f"{question} {_plain(marks)}" for question, marks in item.loses.items()]
    return ", ".join(parts) if parts != [item.question] else "there"


def _mark(question: Question, item: Expectation) -> str:
    loss = item.loses.get(question.id, _ZERO)
    return "" if loss is None else _plain(question.marks - loss)


def _plain(mark: Decimal) -> str:
    """A mark without needless zeros."""
    return f"{mark.normalize():f}"
