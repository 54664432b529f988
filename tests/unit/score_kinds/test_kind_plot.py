"""A picture is found among stored outputs, in texts and in the source; what it shows is for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.evidence_files import notebook
from helpers.judged_answers import judged

from grader.records import NotebookCell, NotebookRecord, Outcome, Picture
from grader.score.kinds import Verdict
from grader.score.kinds.plot_calls import drawing_in

REGION = {"after": "Question 3", "before": "Question 4"}
PNG = Picture(type="image/png", bytes=24_000, width=640, height=480)
DRAWN = "plt.plot(losses)\nplt.xlabel('step')\nplt.ylabel('loss')\nplt.show()"


def with_pictures(handed_in: NotebookRecord, pictures: dict[int, Picture]) -> NotebookRecord:
    cells = [
        NotebookCell(**{**dict(cell), "pictures": (pictures[cell.index],) if cell.index in pictures else ()})
        for cell in handed_in.cells
    ]
    return handed_in.model_copy(update={"cells": tuple(cells)})


def of(folder: Path, source: str, picture: Picture | None = None, **parameters: Any) -> Verdict:
    """The verdict on a code cell between the headings, with a stored picture or without."""
    handed_in = notebook(("markdown", "Question 3"), source, ("markdown", "Question 4"))
    pictures = {} if picture is None else {1: picture}
    return judged(folder, "plot", REGION | parameters, with_pictures(handed_in, pictures))


def test_a_stored_picture_goes_to_a_person_with_its_place(tmp_path: Path) -> None:
    verdict = of(tmp_path, DRAWN, PNG)
    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, False)
    assert verdict.reason == (
        "A person marks this picture. It is in the output of cell 2 (PNG, 640 x 480). "
        'Labels in the source: x axis: "step"; y axis: "loss".'
    )


def test_presence_alone_has_full_marks_where_the_rubric_says_so(tmp_path: Path) -> None:
    stored = of(tmp_path, "show(curves)", PNG, by="presence")
    called = of(tmp_path, DRAWN, by="presence")
    assert (stored.mark, called.mark) == (3, 3)
    assert called.reason.startswith("No picture is stored; it is drawn in cell 2, line 1.")


def test_a_call_alone_waits_for_a_person_where_calls_do_not_count(tmp_path: Path) -> None:
    assert of(tmp_path, DRAWN, by="presence", calls_count=False).outcome is Outcome.MANUAL


def test_axes_without_labels_are_noted_and_cost_nothing(tmp_path: Path) -> None:
    verdict = of(tmp_path, "ax.plot(x)\nax.set(ylabel=name)", PNG, by="presence")
    assert verdict.mark == 3
    assert 'y axis: "(computed)". No label was found for the x axis.' in verdict.reason


@pytest.mark.parametrize(
    ("source", "picture", "outcome"),
    [
        pytest.param("losses", None, Outcome.UNANSWERED, id="nothing"),
        pytest.param("# plt.plot(losses)", None, Outcome.UNANSWERED, id="a comment"),
        pytest.param("plot = 3", None, Outcome.UNANSWERED, id="a name"),
        pytest.param("x", Picture(type="image/png", bytes=90, width=1, height=1), Outcome.MANUAL, id="one pixel"),
        pytest.param("x", Picture(type="image/svg+xml", bytes=90), Outcome.MANUAL, id="of unknown size"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, source: str, picture: Picture | None, outcome: Outcome) -> None:
    assert of(tmp_path, source, picture).outcome is outcome


def test_a_picture_elsewhere_goes_to_a_person_if_the_heading_is_gone(tmp_path: Path) -> None:
    handed_in = with_pictures(notebook("show()"), {0: PNG})
    verdict = judged(tmp_path, "plot", REGION, handed_in)
    assert (verdict.outcome, verdict.mark) == (Outcome.MANUAL, None)
    assert "heading of this question is not in your notebook" in verdict.reason
    assert judged(tmp_path, "plot", REGION, notebook("x")).outcome is Outcome.UNANSWERED


def test_a_picture_that_the_text_names_waits_for_a_person_even_where_presence_counts(tmp_path: Path) -> None:
    handed_in = notebook(("markdown", "Question 3\n![curve](curve.png)\nQuestion 4"))
    verdict = judged(tmp_path, "plot", REGION | {"by": "presence"}, handed_in)
    assert verdict.outcome is Outcome.MANUAL
    assert verdict.reason.startswith("A person will look at this. The text names a picture in cell 1.")


def test_an_attached_picture_is_one(tmp_path: Path) -> None:
    handed_in = with_pictures(notebook(("markdown", "Question 3\n![a](attachment:a.png)\nQuestion 4")), {0: PNG})
    assert judged(tmp_path, "plot", REGION | {"by": "presence"}, handed_in).mark == 3


def test_what_given_cells_draw_is_not_the_students(tmp_path: Path) -> None:
    handed_in = notebook(("markdown", "Question 3"), DRAWN, ("markdown", "Question 4"))
    assert judged(tmp_path, "plot", REGION, handed_in, template=handed_in).outcome is Outcome.UNANSWERED


def test_a_picture_without_marks_is_reported_only(tmp_path: Path) -> None:
    handed_in = with_pictures(notebook(("markdown", "Question 3"), "x"), {1: PNG})
    verdict = judged(tmp_path, "plot", {"after": "Question 3", "marks": 0}, handed_in)
    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 0)


def test_calls_are_found_in_whatever_parses() -> None:
    found = drawing_in(
        "def broken(:\n\nfig, ax = plt.subplots()\nfor c in curves:\n    ax.semilogy(c)\nax.set_title('t')"
    )
    assert (found.lines, found.labels) == ((5,), (("title", "t"),))
    assert drawing_in("[" * 5_000).lines == ()
    assert drawing_in("plt.plot(x)\n" * 40_000).lines == ()
