"""Kind `plot`: a picture that was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from grader.coursework import normalise
from grader.records import CellKind, Outcome, Picture, cell_name
from grader.score.kinds.answer_region import AnswerRegion, Piece, pieces_of
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.credit import joined
from grader.score.kinds.plot_calls import MARKDOWN_PICTURE, Drawing, drawing_in
from grader.score.marks import ZERO

_MOST_NAMED = 4
_NO_HEADING = "The heading of this question is not in your notebook"


class PlotParameters(AnswerRegion):
    """Where a picture is expected, and who marks it."""

    by: Literal["person", "presence"] = "person"
    """`presence`: a picture that is there has full marks; else a person gives them."""
    least: tuple[int, int] = (64, 64)
    """Smallest width and height of a picture that counts; those of unknown size count."""
    calls_count: bool = True
    """Whether a call in the source that draws counts as a picture where none is stored."""
    key_points: tuple[str, ...] = ()
    """What a good picture shows; for the marker, never for the student."""
    axes: tuple[Literal["x", "y", "title"], ...] = Field(default=("x", "y"))
    """What the source should label; said if it does not, and never charged."""


@kind("plot", parameters=PlotParameters, by_hand=lambda parameters: parameters.by == "person")
def judge(context: JudgeContext, parameters: PlotParameters) -> Verdict:
    """Finds a picture and leaves it to a person, or marks that it is there.

    Looks at: pictures among the stored outputs of the cells between `after` and `before`, or in the question's own
        place, pictures in the text there, and calls in the student's source that draw. The first bytes of a picture
        tell its size; no more is decoded.
    Why: what a picture shows is for eyes.
    Passes: with `by: presence`, a picture that is large enough, or a call that draws; else a person marks it, and the
        reason says where it is.
    Does not pass: nothing there, which has mark 0 at once. Labels of axes that are in the source are noted, and so is
        their absence; neither changes a mark.
    Limits: a picture that the text only names, by a link to a file, is not at hand and goes to a person.
    """
    mine = pieces_of(context.evidence.notebook, parameters, context.student_version, context.question.id)
    stored = [(piece, picture) for piece in mine for picture in _pictures(piece) if _counts(picture, parameters)]
    drawn = [(piece, drawing) for piece in mine for drawing in _drawings(piece, context) if drawing.lines]
    named = [piece for piece in mine if piece.cell.kind is not CellKind.CODE and MARKDOWN_PICTURE.search(piece.source)]
    if not (stored or drawn or named):
        return _nothing(context, mine, parameters)
    said = [_where(stored, drawn, named), _axes(drawn, parameters)]
    if parameters.by == "presence" and (stored or (drawn and parameters.calls_count)):
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason=joined(said))
    if not context.check.marks:
        return Verdict(outcome=Outcome.PASSED, mark=ZERO, reason=joined(said))
    who = "A person marks this picture." if parameters.by == "person" else "A person will look at this."
    return Verdict(outcome=Outcome.MANUAL, mark=None, reason=joined([who, *said]))


def _pictures(piece: Piece) -> tuple[Picture, ...]:
    return piece.cell.pictures if piece.ends or piece.cell.kind is not CellKind.CODE else ()


def _drawings(piece: Piece, context: JudgeContext) -> list[Drawing]:
    """What the student's own source draws; given cells draw nothing of theirs."""
    if piece.cell.kind is not CellKind.CODE:
        return []
    source = normalise(piece.cell.source)
    given = any(normalise(cell.source) == source for cell in context.student_version.notebook.cells)
    return [] if given else [drawing_in(piece.source)]


def _counts(picture: Picture, parameters: PlotParameters) -> bool:
    sides = zip((picture.width, picture.height), parameters.least, strict=True)
    return all(side is None or side >= least for side, least in sides)


def _nothing(context: JudgeContext, mine: Sequence[Piece], parameters: PlotParameters) -> Verdict:
    small = [picture for piece in mine for picture in _pictures(piece)]
    elsewhere = any(cell.pictures for cell in context.evidence.notebook.cells)
    if mine and not small and (parameters.after or parameters.before or not elsewhere):
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="There is no picture here.")
    if small or elsewhere:
        lost = "No picture stands in this question's place, but elsewhere" if mine else _NO_HEADING
        what = "The picture here is very small" if small else lost
        return Verdict(outcome=Outcome.MANUAL, mark=None, reason=f"{what}; a person will look.")
    return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="There is no picture.")


def _where(
    stored: Sequence[tuple[Piece, Picture]], drawn: Sequence[tuple[Piece, Drawing]], named: Sequence[Piece]
) -> str:
    """Where the picture is, for the person who looks for it."""
    if stored:
        places = [f"{cell_name(piece.cell.index)} ({_size(picture)})" for piece, picture in stored[:_MOST_NAMED]]
        more = f" and {len(stored) - _MOST_NAMED} more" if len(stored) > _MOST_NAMED else ""
        return f"It is in the output of {', '.join(places)}{more}."
    if drawn:
        places = [f"{cell_name(piece.cell.index)}, line {drawing.lines[0]}" for piece, drawing in drawn[:_MOST_NAMED]]
        return f"No picture is stored; it is drawn in {', '.join(places)}."
    return f"The text names a picture in {cell_name(named[0].cell.index)}."


def _size(picture: Picture) -> str:
    kind_of_file = picture.type.removeprefix("image/").removesuffix("+xml").upper()
    return kind_of_file if picture.width is None else f"{kind_of_file}, {picture.width} x {picture.height}"


def _axes(drawn: Sequence[tuple[Piece, Drawing]], parameters: PlotParameters) -> str:
    labels = [label for _, drawing in drawn for label in drawing.labels]
    if not drawn or not parameters.axes:
        return ""
    missing = [name for name in parameters.axes if name not in {name for name, _ in labels}]
    words = {"x": "x axis", "y": "y axis", "title": "title"}
    there = "; ".join(f'{words[name]}: "{text}"' for name, text in labels[:_MOST_NAMED])
    lacking = f"No label was found for the {' and the '.join(words[name] for name in missing)}." if missing else ""
    return joined([f"Labels in the source: {there}." if there else "", lacking])
