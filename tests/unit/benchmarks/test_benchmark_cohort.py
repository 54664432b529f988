"""The generated hand-ins: the same each time, all different, right and wrong in equal parts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from peers.cohort import NAME, Generated, cohort, with_data_at, write_cohort

from grader.execute.plan import cells_to_train, training_cells
from grader.intake.notebook_file import read_notebook
from grader.records import NotebookRecord
from grader.rubric import Rubric, load_rubric
from grader.workshop.planted import read_planted

RUBRIC = Path(__file__).resolve().parents[3] / "rubrics" / "imperial_cw3"


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return load_rubric(RUBRIC)


def members(rubric: Rubric, size: int, *, training: bool = False) -> list[Generated]:
    return list(cohort(rubric, size, training=training))


def notebook_of(member: Generated, rubric: Rubric) -> NotebookRecord:
    return read_notebook(member.notebook, source_name=NAME, limits=rubric.execution.limits.intake)


def code(member: Generated) -> str:
    cells = json.loads(member.notebook)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("training", [False, True])
def test_the_same_number_makes_the_same_bytes(rubric: Rubric, training: bool) -> None:
    assert members(rubric, 6, training=training) == members(rubric, 6, training=training)


def test_a_larger_cohort_begins_like_a_smaller_one(rubric: Rubric) -> None:
    assert members(rubric, 9)[:4] == members(rubric, 4)


def test_no_two_hand_ins_have_the_same_content_or_key(rubric: Rubric) -> None:
    made = members(rubric, 80)  # more than there are alternatives
    assert len({member.notebook for member in made}) == len({member.key for member in made}) == 80


def test_each_shard_has_half_of_the_right_and_half_of_the_wrong_ones(rubric: Rubric) -> None:
    counts = Counter((member.key[0], member.right) for member in members(rubric, 40))
    assert counts == {(shard, right): 10 for shard in "ab" for right in (True, False)}


def test_the_first_one_is_the_model_solution(rubric: Rubric) -> None:
    first = members(rubric, 1)[0]
    assert (first.right, first.what) == (True, "")


def test_every_mutant_and_every_alternative_comes_before_one_comes_again(rubric: Rubric) -> None:
    mutants = {planted.title for planted in read_planted(RUBRIC, "mutants")}
    alternatives = {planted.title for planted in read_planted(RUBRIC, "alternatives")}
    made = members(rubric, 2 * max(len(mutants), len(alternatives) + 1))
    assert {member.what for member in made if not member.right} == mutants
    assert {member.what for member in made if member.right} == alternatives | {""}


def test_without_training_there_is_nothing_that_the_rubric_would_train(rubric: Rubric) -> None:
    for member in members(rubric, 4):
        notebook = notebook_of(member, rubric)
        assert training_cells(notebook, rubric.execution.training) == ()


def test_with_training_the_rubric_has_one_cell_run(rubric: Rubric) -> None:
    for member in members(rubric, 4, training=True):
        notebook = notebook_of(member, rubric)
        assert len(cells_to_train(notebook, rubric.execution.training)) == 1


def test_the_short_training_ends_before_the_rubric_stops_it(rubric: Rubric) -> None:
    """Otherwise the peers, which stop nothing, would have more to do."""
    data = RUBRIC / "data" / "data_speech_commands_v0.02"
    held_back = sum(len((data / name).read_text().split()) for name in ("validation_list.txt", "testing_list.txt"))
    recordings = len(list(data.glob("*/*.wav"))) - held_back
    names: dict[str, int] = {}
    text = code(members(rubric, 1, training=True)[0])
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        if name in ("batch_size", "num_epochs"):
            names[name] = int(value)
    steps = names["num_epochs"] * -(-recordings // names["batch_size"])
    assert 0 < steps < rubric.execution.limits.training_steps


def test_the_data_move_and_nothing_else_changes(rubric: Rubric) -> None:
    member = members(rubric, 1)[0]
    moved = json.loads(with_data_at(member.notebook, Path("/elsewhere/data")))
    kept = json.loads(member.notebook)
    different = [
        (before["source"], after["source"])
        for before, after in zip(kept["cells"], moved["cells"], strict=True)
        if before != after
    ]
    assert len(different) == 1
    assert "".join(different[0][1]) == "".join(different[0][0]).replace("/content/", "/elsewhere/data/")
    assert different[0][0] != different[0][1]


def test_notebooks_are_written_under_their_keys(rubric: Rubric, tmp_path: Path) -> None:
    written = write_cohort(cohort(rubric, 3, training=False), tmp_path / "handed-in")
    found = {path.stem: path.read_bytes() for path in (tmp_path / "handed-in").iterdir()}
    assert found == {member.key: member.notebook for member in written}
