"""One run over all samples serves every end-to-end test that only looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import ROOT, Finished, grader

SEED = "samples"


class SampleRun:
    """A finished run of a coursework's samples."""

    def __init__(self, rubric: str, folder: Path, finished: Finished) -> None:
        self.rubric = rubric
        self.folder = folder
        self.finished = finished


def _run(rubric: str, factory: pytest.TempPathFactory) -> SampleRun:
    folder = factory.mktemp(rubric) / "run"
    finished = grader(
        "grade", ROOT / "rubrics" / rubric, ROOT / "submissions" / rubric, "--out", folder, "--seed", SEED
    )
    return SampleRun(rubric, folder, finished)


@pytest.fixture(scope="session")
def imperial(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    return _run("imperial_cw3", tmp_path_factory)


@pytest.fixture(scope="session")
def first_steps(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    return _run("first_steps", tmp_path_factory)


@pytest.fixture(scope="session")
def sequence_models_w1(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    return _run("sequence_models_w1", tmp_path_factory)


@pytest.fixture(scope="session")
def rnn_theory(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    return _run("rnn_theory", tmp_path_factory)


@pytest.fixture(scope="session")
def tau_hw2(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    return _run("tau_hw2", tmp_path_factory)


@pytest.fixture(scope="session")
def uva_a2(tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    return _run("uva_a2", tmp_path_factory)
