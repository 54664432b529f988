"""The recorded curves are whole and plausible, and the script that recorded them works."""

from __future__ import annotations

import csv
import math
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from grader.execute.environment import locate

ROOT = Path(__file__).resolve().parents[3]
RUBRIC = ROOT / "rubrics" / "imperial_cw3"
MODELS = ("GRU", "LSTM", "RNN")
SEEDS, LAST, EVERY = 10, 540, 10
HELD_BACK = 24
"""Words in the validation set."""


def rows(path=RUBRIC / "figure" / "curves.csv"):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def in_kernels_environment(tmp_path_factory):
    """Run a script where librosa is installed; what it compiles is kept for the next call, outside the checkout."""
    cache = tmp_path_factory.mktemp("numba")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": ""}

    def run(*arguments):
        command = [str(locate(RUBRIC).interpreter), "-B", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_every_model_has_a_record_for_every_seed_and_iteration():
    found = Counter((row["model"], int(row["seed"]), int(row["iteration"])) for row in rows())

    wanted = {(m, s, i) for m in MODELS for s in range(SEEDS) for i in range(0, LAST + 1, EVERY)}
    assert set(found) == wanted
    assert set(found.values()) == {1}


def test_accuracies_are_parts_of_the_words_that_were_held_back():
    for row in rows():
        right = float(row["accuracy"]) * HELD_BACK / 100
        assert 0 <= right <= HELD_BACK
        assert right == pytest.approx(round(right), abs=0.002)


def test_losses_are_finite_and_begin_at_that_of_a_guess_among_three_words():
    for row in rows():
        loss = float(row["loss"])
        assert 0 <= loss < math.inf
        if row["iteration"] == "0":
            assert loss == pytest.approx(math.log(3), abs=0.1)


def test_runs_from_different_seeds_differ():
    curves = {}
    for row in rows():
        curves.setdefault((row["model"], row["seed"]), []).append(row["loss"])

    assert len({tuple(curve) for curve in curves.values()}) == len(MODELS) * SEEDS


def test_no_model_gets_all_right_before_it_was_trained():
    assert max(float(row["accuracy"]) for row in rows() if row["iteration"] == "0") < 75


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(900)
def test_a_short_training_gives_the_same_records_twice_and_those_that_are_stored(tmp_path, in_kernels_environment):
    script = RUBRIC / "figure" / "train.py"
    options = ["--seeds", "2", "--iterations", "20", "--every", "10", "--out"]

    runs = [in_kernels_environment(script, *options, tmp_path / name) for name in ("a.csv", "b.csv")]

    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    short = rows(tmp_path / "a.csv")
    assert [(row["model"], row["seed"], row["iteration"]) for row in short] == [
        (model, seed, iteration) for model in MODELS for seed in "01" for iteration in ("0", "10", "20")
    ]
    stored = {(row["model"], row["seed"], row["iteration"]): float(row["loss"]) for row in rows()}
    for row in short:  # another processor adds in another order: close, not equal
        assert float(row["loss"]) == pytest.approx(stored[row["model"], row["seed"], row["iteration"]], abs=0.02)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.timeout(900)
def test_data_and_models_of_the_training_are_those_of_the_notebook(in_kernels_environment):
    run = in_kernels_environment(ROOT / "tests" / "helpers" / "figure_in_kernel.py", RUBRIC)

    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["data", *MODELS]
