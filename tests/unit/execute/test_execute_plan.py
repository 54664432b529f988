"""What a submission's parts consist of."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import RubricError
from grader.execute.environment import KernelEnvironment
from grader.execute.inside.preload import LIBROSA, OPTIMISERS
from grader.execute.plan import (
    PartName,
    agent_digest,
    cells_to_train,
    conditions_of,
    in_order,
    limits_for_agent,
    mounts_of,
    needs_of,
    part_key,
    parts_wanted,
    training_cells,
)
from grader.limits import Limits
from grader.probes import Let, Probe
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Execution, Mount, Training

TRAINS = "loss.backward()\noptimiser.step()"
CELLS = (
    NotebookCell(index=0, kind=CellKind.CODE, source="x = 1"),
    NotebookCell(index=1, kind=CellKind.CODE, source=TRAINS, outputs=("epoch 1",)),
    NotebookCell(index=2, kind=CellKind.MARKDOWN, source=TRAINS, outputs=()),
    NotebookCell(index=3, kind=CellKind.CODE, source=TRAINS),
    NotebookCell(index=4, kind=CellKind.CODE, source="loss.backward()"),
)
NOTEBOOK = NotebookRecord(source_name="a.ipynb", format="ipynb", cells=CELLS)
PROBE = Probe(id="p", steps=(Let(save="x", value=1),))


def test_a_cell_trains_if_it_is_code_with_all_the_texts() -> None:
    assert training_cells(NOTEBOOK, Training()) == (1, 3)


def test_no_texts_make_no_cell_a_training_cell() -> None:
    assert training_cells(NOTEBOOK, Training(contains=())) == ()


@pytest.mark.parametrize(("when", "cells"), [("never", ()), ("executed", (1,)), ("always", (1, 3))])
def test_the_rubric_says_which_training_cells_run(when: str, cells: tuple[int, ...]) -> None:
    assert cells_to_train(NOTEBOOK, Training.model_validate({"when": when})) == cells


@pytest.mark.parametrize(
    ("source", "part", "needs"),
    [
        pytest.param("best = torch.optim.Adam(weights)", "student", {OPTIMISERS}, id="where it is run"),
        pytest.param("from torch import optim", "stand-ins", {OPTIMISERS}, id="imported"),
        pytest.param(f"best = torch.optim.Adam(weights)\n{TRAINS}", "student", set(), id="in a cell that trains"),
        pytest.param(f"best = torch.optim.Adam(weights)\n{TRAINS}", "training", {OPTIMISERS}, id="training is run"),
        pytest.param("x = 'an optimal answer'", "student", set(), id="another word"),
        pytest.param("from scipy.io import wavfile", "student", {"scipy.io.wavfile"}, id="a module"),
        pytest.param("import scipy.io as files", "student", set(), id="a part of its name"),
        pytest.param("import pandas", "student", set(), id="a module that is not preloaded"),
        pytest.param("import librosa\ndef f(x):\n    return librosa.load(x)", "student", {"librosa"}, id="defined"),
        pytest.param("import librosa as lib, librosa.core", "student", {"librosa"}, id="only imported"),
        pytest.param("import librosa\nx = librosa.load('a')", "student", {"librosa", LIBROSA}, id="called"),
        pytest.param(
            f"import librosa\ndef f(x):\n    return librosa.load(x)\n{TRAINS}",
            "training",
            {"librosa", LIBROSA},
            id="called in training, perhaps",
        ),
    ],
)
def test_what_templates_load_on_demand_is_seen_in_the_part_that_runs_it(
    source: str, part: PartName, needs: set[str]
) -> None:
    notebook = NOTEBOOK.model_copy(update={"cells": (NotebookCell(index=0, kind=CellKind.CODE, source=source),)})
    execution = Execution(preload=("librosa", "scipy.io.wavfile"))

    assert set(needs_of(notebook, execution, part)) == needs


def test_librosa_is_not_called_ahead_where_the_rubric_does_not_preload_it() -> None:
    cells = (NotebookCell(index=0, kind=CellKind.CODE, source="x = librosa.load('a')"),)

    assert needs_of(NOTEBOOK.model_copy(update={"cells": cells}), Execution(), "student") == ()


def test_a_plain_submission_has_one_part() -> None:
    assert parts_wanted(NOTEBOOK, Execution(), [PROBE]) == ("student",)


def test_stand_ins_and_training_are_parts_of_their_own() -> None:
    execution = Execution(stand_ins={"Cell": "torch.nn.LSTMCell"}, training=Training(when="always"))

    assert parts_wanted(NOTEBOOK, execution, [PROBE]) == ("student", "stand-ins", "training")
    assert parts_wanted(NOTEBOOK, execution, []) == ("student", "training")


def test_probes_run_by_their_order_and_otherwise_as_the_rubric_has_them() -> None:
    probes = [Probe(id=name, steps=(), order=order) for name, order in [("a", 1), ("b", 0), ("c", 1), ("d", 0)]]

    assert [probe.id for probe in in_order(probes)] == ["b", "d", "a", "c"]


def test_the_agent_is_told_only_the_limits_that_it_keeps() -> None:
    assert limits_for_agent(Limits(probe_s=3.0))["probe_s"] == 3.0
    assert "memory_bytes" not in limits_for_agent(Limits())


def test_mounts_lie_in_the_rubrics_folder(tmp_path: Path) -> None:
    execution = Execution(mounts=(Mount(source="data", target="/content/data"),))

    (tmp_path / "data").mkdir()
    assert mounts_of(execution, tmp_path) == ((tmp_path / "data", "/content/data"),)


def test_a_mount_that_is_not_there_is_named_before_anything_runs(tmp_path: Path) -> None:
    execution = Execution.model_validate({"mounts": [{"source": "dtaa", "target": "/content/data"}]})
    with pytest.raises(RubricError, match="no folder dtaa"):
        mounts_of(execution, tmp_path)


def key(submission: str = "s", part: str = "student", **changes: object) -> str:
    arguments: dict[str, object] = {
        "probes": [PROBE],
        "subjects": ["A"],
        "seed": "1",
        "environment": KernelEnvironment(path=Path("e"), digest="e"),
        "execution": Execution(),
    }
    return part_key(submission, conditions_of(part, **(arguments | changes)))  # type: ignore[arg-type]


def test_a_key_does_not_change_by_itself() -> None:
    assert key() == key()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"submission": "t"}, id="submission"),
        pytest.param({"part": "training"}, id="part"),
        pytest.param({"probes": []}, id="probes"),
        pytest.param({"subjects": ["B"]}, id="subjects"),
        pytest.param({"seed": "2"}, id="seed"),
        pytest.param({"environment": KernelEnvironment(path=Path("e"), digest="f")}, id="environment"),
        pytest.param({"execution": Execution(limits=Limits(probe_s=3.0))}, id="limits"),
    ],
)
def test_a_key_changes_with_everything_on_which_a_part_depends(changes: dict[str, object]) -> None:
    assert key(**changes) != key()


def test_the_agents_digest_is_that_of_its_files() -> None:
    assert len(agent_digest()) == 64
