"""Whether a rubric says, for every answer that is read, where in the student version it stands."""

from __future__ import annotations

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.rubric import Check, Rubric
from grader.score.kinds import kind_of
from grader.score.locate.outline import outline_of


def require_places(rubric: Rubric, template: StudentVersion) -> None:
    """Nothing, if every check that names neither a variable nor a line has a heading or a cell of its own.

    Raises:
        RubricError: for the first that has none.
    """
    outline = outline_of(template)
    owned = {(target or "").partition("#")[0] for target in outline.cell_owners}
    for question in rubric.questions:
        for check in question.checks:
            if question.id not in owned and _needs_a_place(check, rubric):
                raise RubricError(
                    "rubric-no-place",
                    f'nothing in the student version says where the answer to question "{question.id}" stands',
                    where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
                    next_step=f'name a line with `after`, or write a heading such as "Question {question.id}"',
                )


def _needs_a_place(check: Check, rubric: Rubric) -> bool:
    """True for a check whose kind reads prose, and that says neither below which line nor behind which name."""
    _, parameters = kind_of(check, rubric)
    reads = hasattr(parameters, "after") and hasattr(parameters, "before")
    return reads and not parameters.after and not getattr(parameters, "variable", "")
