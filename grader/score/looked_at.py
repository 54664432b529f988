"""Where the answer to a check stands, for the page and for `grader explain`: cell, way, and how the text begins."""

from __future__ import annotations

from typing import Any

from grader.coursework import StudentVersion
from grader.records import LookedAt, NotebookRecord
from grader.score.answer_text import assigned_all, prose
from grader.score.kinds.answer_region import AnswerRegion, pieces_of
from grader.score.locate import Place, locate
from grader.score.locate.loose import loosely_written
from grader.score.locate.outline import line_key, outline_of

MOST_PLACES = 4
TEXT_CHARS = 600
_LINE_CHARS = 200


def looked_at(
    parameters: Any, question: str, notebook: NotebookRecord, template: StudentVersion
) -> tuple[tuple[LookedAt, ...], str]:
    """The places of an answer that is read and not run, and a sentence where several differ.

    Works for every kind of answer that says with the shared parameters where to look: `variable`, `answers`, `after`.
    Of a part of a notebook those cells are told in which the student wrote, drew or printed something.

    Args:
        parameters: of the check's kind.
        question: its id.
        notebook: the hand-in.
        template: the student version.
    """
    names = _names(parameters)
    if names:
        places, said = _of_names(names, notebook, template)
    elif isinstance(parameters, AnswerRegion):
        places, said = _of_region(parameters, question, notebook, template), ""
    elif hasattr(parameters, "after"):
        before = getattr(parameters, "before", "")
        found = prose(notebook, template, after=parameters.after, before=before, question=question)
        places = [_of_prose(place, counts=True) for place in found.places]
        places += [_of_prose(place, counts=False) for place in found.passed_over]
        said = found.said
    else:
        return (), ""
    return tuple(places[:MOST_PLACES]), said


def places_of(question: str, notebook: NotebookRecord, template: StudentVersion) -> tuple[LookedAt, ...]:
    """Every place that was found for a question, code and prose, the most trusted way first."""
    found = locate(notebook, template).places(question)
    return tuple(_of_prose(place, counts=True) for place in found)


def _names(parameters: Any) -> tuple[str, ...]:
    answers = getattr(parameters, "answers", None)
    if isinstance(answers, dict):
        return tuple(answers)
    variable = getattr(parameters, "variable", "")
    return (variable,) if isinstance(variable, str) and variable else ()


def _of_prose(place: Place, *, counts: bool) -> LookedAt:
    return LookedAt(cell=place.cell, how=place.how, text=_beginning(place.text), counts=counts)


def _of_region(
    region: AnswerRegion, question: str, notebook: NotebookRecord, template: StudentVersion
) -> list[LookedAt]:
    """The cells with something of the student's in the part of a notebook; none where all of it is looked at."""
    given = outline_of(template, region.after, region.before).given
    found = []
    for piece in pieces_of(notebook, region, template, question):
        lines = piece.source.split("\n")
        own = [line for line in lines if line_key(line) not in given]
        text = "\n".join(own).strip("\n") or "\n".join(piece.outputs)
        if piece.how and (text.strip() or (piece.ends and piece.cell.pictures)):
            found.append(LookedAt(cell=piece.cell.index, how=piece.how, text=_beginning(text)))
    return found


def _beginning(text: str) -> str:
    return text if len(text) <= TEXT_CHARS else f"{text[:TEXT_CHARS].rstrip()} …"


def _of_names(names: tuple[str, ...], notebook: NotebookRecord, template: StudentVersion) -> tuple[list[LookedAt], str]:
    """The line that gives each name its value; where several give it another, that is said."""
    given, found = assigned_all(template.notebook), assigned_all(notebook)
    sources = {cell.index: cell.source.split("\n") for cell in notebook.cells}
    lines: dict[tuple[int, str], list[str]] = {}
    several = []
    missing = []
    for name in names:
        known = {one.value for one in given.get(name, ())}
        own = [one for one in found.get(name, ()) if one.value not in known]
        if not own:
            missing.append(name)
            continue
        if len({repr(one.value) for one in own}) > 1:
            several.append(name)
        line = sources[own[-1].cell][own[-1].line - 1][:_LINE_CHARS].strip()
        written = lines.setdefault((own[-1].cell, name), [])
        written.append(line)
    places = _together(lines)
    for name, loose in loosely_written(notebook, template, missing).items():
        how = f"behind the name `{name}`, outside of running code"
        places.append(LookedAt(cell=loose.cell, how=how, text=loose.text))
    last = {name: cell for cell, name in lines}
    said = [f"`{name}` is set more than once; the last, in cell {last[name] + 1}, counts." for name in several]
    return places, " ".join(said)


def _together(lines: dict[tuple[int, str], list[str]]) -> list[LookedAt]:
    """One entry for each cell, with the lines that set names in it."""
    found = []
    for cell in dict.fromkeys(cell for cell, _ in lines):
        names = [f"`{name}`" for where, name in lines if where == cell]
        written = dict.fromkeys(line for (where, _), some in lines.items() if where == cell for line in some)
        how = f"where {', '.join(names)} {'is' if len(names) == 1 else 'are'} set"
        found.append(LookedAt(cell=cell, how=how, text="\n".join(written)))
    return found
