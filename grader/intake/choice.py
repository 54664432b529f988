"""Picks the notebook to grade among the files of a hand-in, and says which and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from grader.errors import NotebookFormatError
from grader.intake.entries import Problem, shown
from grader.intake.expectation import Expectation, Fit, fit_of
from grader.intake.handins import Candidate, Unpacked
from grader.intake.kinds import TEXTS, FileKind, is_set_aside, kind_by_name
from grader.intake.modules import Joined, Module, join
from grader.intake.notebook_file import read_notebook
from grader.intake.script_file import read_script, read_text
from grader.intake.slugs import natural_key
from grader.intake.text_file import read_texts
from grader.limits import IntakeLimits
from grader.records import NotebookCell, NotebookRecord, Reason

_MAX_COMPARED = 60
"""Files of one hand-in that are read; nobody writes more, but a packed environment holds thousands."""
_NOTEBOOK_BONUS = 0.25
"""By how much a script must fit better than a notebook: scripts are mostly exports or helpers of the notebook."""
_NEAR = 0.2
"""Who fills in a notebook replaces lines of the student version: by so much a notebook with more work may fit less."""
_FITS = 0.5
"""Beside a student version that nobody has touched, a notebook that fits so well is the work."""
_MAX_NAMED = 3
_TEXT_WANTED = "Save it as plain text or Markdown, and hand in that file."
_NOTEBOOK_WANTED = "Hand in the .ipynb file itself; in Jupyter or Colab: File, Download, .ipynb."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The notebook that is graded, or the reason why none is; one of the two is None."""

    notebook: NotebookRecord | None = None
    refused: Reason | None = None
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    candidate: Candidate
    notebook: NotebookRecord
    fit: Fit

    @property
    def rank(self) -> tuple[bool, float, int, int, tuple[tuple[int, int, str], ...]]:
        """Sorts the best first: own files before leavings, then what fits, then what holds more work."""
        bonus = _NOTEBOOK_BONUS if self.candidate.kind is FileKind.NOTEBOOK else 0.0
        path = self.candidate.path
        return (
            is_set_aside(path),
            -(round(self.fit.share, 1) + bonus),
            -self.fit.own_chars,
            path.count("/"),
            natural_key(path),
        )


def choose(unpacked: Unpacked, expectation: Expectation, limits: IntakeLimits) -> Choice:
    """The notebook that fits the coursework best among those that can be read."""
    texts = sorted((one for one in unpacked.candidates if one.kind in TEXTS), key=_reading_order)
    ordered = sorted((one for one in unpacked.candidates if one.kind not in TEXTS), key=_reading_order)
    read, failed = _readings(ordered, expectation, limits)
    read = _most_work_first(sorted(read, key=lambda one: one.rank)) if read else []
    if expectation.texts and not any(one.fit.own_chars for one in read):
        answers, unread = _readings(texts, expectation, limits)
        read = [*sorted((one for one in answers if one.fit.own_chars or not read), key=lambda one: one.rank), *read]
        failed += unread
    hostile = tuple(problem for _, problem in unpacked.problems if problem.hostile)
    flags = ("hostile-archive",) if hostile else ()
    if not read:
        found = replace(unpacked, other=[*unpacked.other, *(one.path for one in texts)])
        return Choice(refused=_refusal(found, failed), flags=flags)
    read = _report_first(read, expectation)
    joined = _joined(read, expectation, limits)
    report = _report(read[0], joined, texts, limits)
    read = _without(read, joined, expectation)
    used = {one.candidate.path for one in read} | ({report.source_name} if report is not None else set())
    beside = [*unpacked.other, *(one.path for one in texts if one.path not in used)]
    notes, more_flags = _explain(read, failed, replace(unpacked, other=beside), joined)
    if len(ordered) > _MAX_COMPARED:
        notes.append(f"Of {len(ordered):,} notebooks and scripts, {_MAX_COMPARED} were looked at.")
    notebook = read[0].notebook if joined is None else joined.notebook
    if report is not None:
        notebook = notebook.model_copy(update={"cells": _after(notebook, report)})
        notes.append(f'The text of "{report.source_name}" was read as the report.')
    return Choice(notebook=notebook, notes=tuple(notes), flags=flags + more_flags)


def _readings(
    candidates: list[Candidate], expectation: Expectation, limits: IntakeLimits
) -> tuple[list[_Read], list[tuple[Candidate, NotebookFormatError]]]:
    """What can be read of the first candidates, and why the others cannot."""
    read: list[_Read] = []
    failed: list[tuple[Candidate, NotebookFormatError]] = []
    for candidate in candidates[:_MAX_COMPARED]:
        try:
            notebook = _read(candidate, limits)
        except NotebookFormatError as error:
            failed.append((candidate, error))
        else:
            read.append(_Read(candidate=candidate, notebook=notebook, fit=fit_of(notebook, expectation)))
    return read, failed


def _most_work_first(read: list[_Read]) -> list[_Read]:
    """Of the notebooks that fit about as well as the best, the one with most work goes first; an untouched one last."""
    best = read[0]
    least = _FITS if not best.fit.own_chars else best.fit.share - _NEAR
    near = [
        one
        for one in read
        if one.candidate.kind is FileKind.NOTEBOOK
        and is_set_aside(one.candidate.path) == is_set_aside(best.candidate.path)
        and one.fit.share >= min(least, best.fit.share - _NEAR)
    ]
    if best.candidate.kind is not FileKind.NOTEBOOK or len(near) < 2:
        return read
    most = max(near, key=lambda one: one.fit.own_chars)
    return [most, *(one for one in read if one is not most)]


def _report_first(read: list[_Read], expectation: Expectation) -> list[_Read]:
    """With a script in front, a notebook that has answers of its own goes before it: the report beside the code."""
    if read[0].notebook.format != "py":
        return read
    there = set(_module(read[0]).names)
    for one in read:
        own = one.notebook.format == "ipynb" and not is_set_aside(one.candidate.path)
        if own and (expectation.names & set(_module(one).names)) - there:
            return [one, *(other for other in read if other is not one)]
    return read


def _module(one: _Read) -> Module:
    return Module(path=one.candidate.path, notebook=one.notebook)


def _joined(read: list[_Read], expectation: Expectation, limits: IntakeLimits) -> Joined | None:
    """The file that fits best with the scripts that belong to it."""
    own = [_module(one) for one in read if not is_set_aside(one.candidate.path)]
    if not own or is_set_aside(read[0].candidate.path):
        return None
    return join(own[0], own[1:], expectation.names, expectation.markers, most_cells=limits.cells)


def _without(read: list[_Read], joined: Joined | None, expectation: Expectation) -> list[_Read]:
    """The best file and those that are not joined to it: what is joined is no rival."""
    if joined is None:
        return read
    taken = replace(read[0], fit=fit_of(joined.notebook, expectation))
    return [taken, *(one for one in read[1:] if one.candidate.path not in joined.paths)]


def _report(taken: _Read, joined: Joined | None, texts: list[Candidate], limits: IntakeLimits) -> NotebookRecord | None:
    """The report beside scripts: the longest text, where no notebook is the report."""
    own = [one for one in texts if one.kind is FileKind.TEXT and not is_set_aside(one.path)]
    if taken.notebook.format != "py" or not own:
        return None
    longest = max(own, key=lambda one: (len(one.data), one.path))
    try:
        return read_text(longest.data, source_name=longest.path, limits=limits)
    except NotebookFormatError:
        return None


def _after(notebook: NotebookRecord, report: NotebookRecord) -> tuple[NotebookCell, ...]:
    count = len(notebook.cells)
    return (*notebook.cells, *(cell.model_copy(update={"index": count + cell.index}) for cell in report.cells))


def _reading_order(candidate: Candidate) -> tuple[bool, bool, int, tuple[tuple[int, int, str], ...]]:
    path = candidate.path
    return is_set_aside(path), candidate.kind is not FileKind.NOTEBOOK, path.count("/"), natural_key(path)


def _read(candidate: Candidate, limits: IntakeLimits) -> NotebookRecord:
    reader = read_notebook if candidate.kind is FileKind.NOTEBOOK else read_script
    if candidate.kind in TEXTS:
        reader = read_texts
    return reader(candidate.data, source_name=candidate.path, limits=limits)


def _explain(
    read: list[_Read],
    failed: list[tuple[Candidate, NotebookFormatError]],
    unpacked: Unpacked,
    joined: Joined | None = None,
) -> tuple[list[str], tuple[str, ...]]:
    """Notes for the student's page and flags for the instructor."""
    taken = read[0]
    path = shown(taken.candidate.path)
    notes: list[str] = []
    flags: list[str] = []
    rivals = _rivals(read)
    if joined is not None:
        names = ", ".join(
            f'"{shown(name)}" ({_cells(first, last)})'
            for name, (first, last) in zip(joined.paths, joined.cells, strict=True)
        )
        notes.append(f"{len(joined.paths)} files were read together, in this order: {names}.")
    if rivals:
        names = ", ".join(f'"{shown(rival.candidate.path)}"' for rival in rivals[:_MAX_NAMED])
        notes.append(f'"{path}" was graded, not {names}{_and_more(len(rivals))}: {_why(taken, rivals[0])}.')
        if any(rival.candidate.kind is FileKind.NOTEBOOK for rival in rivals):
            flags.append("several-notebooks")
    elif is_set_aside(taken.candidate.path):
        notes.append(f'Only an automatic copy was there: "{path}" was graded.')
    for candidate, error in failed:
        if not is_set_aside(candidate.path):
            place = f" at {error.where}" if error.where else ""
            notes.append(f'"{shown(candidate.path)}" could not be read{place}: {error.what}')
            flags.append("unreadable-file")
    for where, problem in unpacked.problems[:_MAX_NAMED]:
        notes.append(f'"{shown(where)}" was left out. {problem.what}')
    if len(unpacked.problems) > _MAX_NAMED:
        notes.append(f"{len(unpacked.problems) - _MAX_NAMED:,} more entries were left out for such reasons.")
    beside = [other for other in unpacked.other if not is_set_aside(other)]
    if beside:
        names = ", ".join(f'"{shown(other)}"' for other in beside[:_MAX_NAMED])
        notes.append(f"Files beside the notebook were not used: {names}{_and_more(len(beside))}.")
    if taken.fit.wanted and not taken.fit.found:
        notes.append("Nothing that this coursework asks for was found in the notebook. Is it the right one?")
        flags.append("nothing-expected-found")
    return notes, tuple(dict.fromkeys(flags))


def _cells(first: int, last: int) -> str:
    """How the cells of a file are counted in what is said about them."""
    if last < first:
        return "no cells"
    return f"cell {first}" if first == last else f"cells {first} to {last}"


def _rivals(read: list[_Read]) -> list[_Read]:
    """The other files that might have been meant; copies of the same bytes and leavings of programs are none."""
    seen = {hashlib.sha256(read[0].candidate.data).digest()}
    rivals = []
    for one in read[1:]:
        digest = hashlib.sha256(one.candidate.data).digest()
        if digest not in seen and not is_set_aside(one.candidate.path):
            rivals.append(one)
        seen.add(digest)
    return rivals


def _why(taken: _Read, rival: _Read) -> str:
    if not rival.fit.own_chars and taken.fit.own_chars and rival.fit.found:
        return "the other one holds nothing but the notebook that was given out"
    if taken.fit.wanted and taken.fit.found > rival.fit.found:
        return (
            f"it has {taken.fit.found} of the {taken.fit.wanted} names and marks of this coursework, "
            f"the other one {rival.fit.found}"
        )
    if taken.candidate.kind is not rival.candidate.kind:
        return "the notebook counts where both fit" if taken.candidate.kind is FileKind.NOTEBOOK else "it fits better"
    if round(taken.fit.share, 1) > round(rival.fit.share, 1):
        return "it has more in common with the notebook that was given out"
    return "both fit, and it holds more work" if taken.fit.own_chars > rival.fit.own_chars else "both fit alike"


def _and_more(count: int) -> str:
    return f" and {count - _MAX_NAMED:,} more" if count > _MAX_NAMED else ""


def _refusal(unpacked: Unpacked, failed: list[tuple[Candidate, NotebookFormatError]]) -> Reason:
    """The reason that helps most: a damaged notebook before a rejected entry before a missing one."""
    if failed:
        candidate, error = failed[0]
        where = f"{shown(candidate.path)}, {error.where}" if error.where else shown(candidate.path)
        return Reason(code=error.code, what=error.what, where=where, next_step=error.next_step)
    if unpacked.problems:
        where, problem = min(unpacked.problems, key=_weight)
        return Reason(code=problem.code, what=problem.what, where=shown(where), next_step=problem.next_step)
    kinds = {_as_export(kind_by_name(path)): path for path in reversed(unpacked.other)}
    texts = [path for path in unpacked.other if kind_by_name(path) in TEXTS] if unpacked.readable >= TEXTS else []
    if texts:  # what is a text by its content, too, was read
        what = "The file is called a text, but it holds a web page, a PDF or what a word processor writes."
        return Reason(code="export-renamed", what=what, where=shown(texts[0]), next_step=_TEXT_WANTED)
    if FileKind.NOTEBOOK in kinds:
        what = "The file is called a notebook, but it holds a web page or a PDF."
        where = shown(kinds[FileKind.NOTEBOOK])
        return Reason(code="export-renamed", what=what, where=where, next_step=_NOTEBOOK_WANTED)
    for kind, code, what in (
        (FileKind.FOREIGN_ARCHIVE, "archive-foreign", "The hand-in is packed in a format that is not read here."),
        (
            FileKind.EXPORT,
            "export-only",
            "The hand-in holds only an export (HTML, PDF, text or a picture), no notebook.",
        ),
    ):
        if kind in kinds:
            step = "Pack your notebook as .zip." if kind is FileKind.FOREIGN_ARCHIVE else _NOTEBOOK_WANTED
            return Reason(code=code, what=what, where=shown(kinds[kind]), next_step=step)
    what = "There is no notebook in the hand-in." if unpacked.other else "The hand-in is empty."
    return Reason(code="no-notebook", what=what, next_step=_NOTEBOOK_WANTED)


def _as_export(kind: FileKind) -> FileKind:
    """A report alone is as little to go by as a printed notebook."""
    return FileKind.EXPORT if kind is FileKind.TEXT else kind


def _weight(found: tuple[str, Problem]) -> tuple[bool, bool]:
    """Entries that might have been the notebook come first, leavings of programs last."""
    path = found[0]
    return is_set_aside(path), kind_by_name(path) not in (FileKind.NOTEBOOK, FileKind.SCRIPT, FileKind.ZIP)
