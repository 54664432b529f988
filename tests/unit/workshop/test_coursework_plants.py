"""What the courseworks that come with the grader plant: no mistake of the oracle's is left out without a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.coursework import normalise
from grader.rubric import Rubric, load_rubric, rubric_files
from grader.score import load_oracle
from grader.workshop.planted import Planted
from grader.workshop.planting import hand_in, planted_of, planted_trials
from reference.mistakes import all_mistakes

ROOT = Path(__file__).resolve().parents[3]
RUBRICS = sorted(path.parent for path in (ROOT / "rubrics").glob("*/mutants"))
FAMILIES = ("lstm", "gru", "cell", "model", "bidir")
LEFT_OUT = {
    "model.skips_first_step": "named in models that keep their cell inside; here the edge is said, and has no name",
    "model.state_not_reset": "named in models that keep their cell inside, and planted in `uva_a2`",
    "bidir.both_at_t0": "another name for bidir.fwd_first_step: no output and no gradient tells them apart",
}
"""Mistakes of these families that cannot be planted in the first coursework. Those of the plain recurrent cell are no
family of it: that cell is given complete."""
NOT_SHOWN = dict.fromkeys(("model.correct", "bidir.correct"), "what the model solution itself is")
"""Equivalent forms that cannot be written in it."""

every_rubric = pytest.mark.parametrize("folder", RUBRICS, ids=lambda folder: folder.name)


def imperial() -> tuple[Rubric, tuple[Planted, ...]]:
    rubric = load_rubric(ROOT / "rubrics" / "imperial_cw3")
    return rubric, planted_of(rubric, load_oracle(rubric))


def of_the_families(effect: str) -> set[str]:
    return {name for name, item in all_mistakes().items() if item.family in FAMILIES and item.effect == effect}


def test_every_mistake_is_planted_in_the_first_coursework_or_left_out_for_a_reason() -> None:
    planted = {item.name for item in imperial()[1] if item.kind == "mutants"}

    assert of_the_families("wrong") - planted == LEFT_OUT.keys()


def test_every_equivalent_form_is_written_in_the_first_coursework_or_left_out_for_a_reason() -> None:
    shown = {name for item in imperial()[1] for name in item.shows}

    assert of_the_families("equivalent") - shown == NOT_SHOWN.keys()


def test_a_mistake_keeps_its_own_name_in_the_first_coursework() -> None:
    renamed = {item.title for item in imperial()[1] if "." in item.name and item.named != (item.name,)}

    assert not renamed


@every_rubric
def test_all_hand_ins_of_a_coursework_can_be_made_and_differ_from_each_other(folder: Path) -> None:
    rubric = load_rubric(folder)

    trials = list(planted_trials(rubric, planted_of(rubric, load_oracle(rubric))))

    assert len(trials) >= 8
    assert len({trial.notebook for trial in trials}) == len(trials)
    assert len({trial.expectation.submission for trial in trials}) == len(trials)


@every_rubric
def test_every_hand_in_of_a_coursework_compiles(folder: Path) -> None:
    rubric = load_rubric(folder)

    for item in planted_of(rubric, load_oracle(rubric)):
        for cell in hand_in(rubric, item).cells:
            if cell["cell_type"] == "code":
                compile("".join(cell["source"]), f"{item.where} {cell['id']}", "exec")


@every_rubric
def test_no_kernel_and_no_digest_sees_what_is_planted(folder: Path) -> None:
    rubric = load_rubric(folder)
    private = [folder / "mutants", folder / "alternatives"]

    for path in [*rubric_files(folder), *((folder / mount.source).resolve() for mount in rubric.execution.mounts)]:
        assert not any(path == place or path in place.parents or place in path.parents for place in private)


@every_rubric
def test_a_mutant_plants_more_than_another_spelling(folder: Path) -> None:
    rubric = load_rubric(folder)
    solution = [normalise("".join(cell["source"])) for cell in hand_in(rubric, _unchanged()).cells]

    for item in planted_of(rubric, load_oracle(rubric)):
        assert [normalise("".join(cell["source"])) for cell in hand_in(rubric, item).cells] != solution, item.where


def _unchanged() -> Planted:
    return Planted(kind="alternatives", title="", name="", where="", edits=())
