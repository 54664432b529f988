"""The runs that a model is put through."""

from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from grader.score.kinds.covering import MOST_MODES, MOST_RUNS, RunSpec, covering_runs

COUNTS = range(1, MOST_MODES + 1)


def modes(count: int) -> list[str]:
    return [f"M{index}" for index in range(count)]


def factors(run: RunSpec) -> dict[str, object]:
    return {
        "layers": run.layers,
        "bias": run.bias,
        "equal": run.input_size == run.hidden_size,
        "several": run.batch > 2,
    }


@pytest.mark.parametrize("count", COUNTS)
def test_every_pair_of_factors_other_than_the_mode_is_tried(count: int) -> None:
    levels = {"layers": (1, 2, 3), "bias": (True, False), "equal": (True, False), "several": (False, True)}
    runs = [factors(run) for run in covering_runs(modes(count))]

    for one, other in itertools.combinations(levels, 2):
        tried = {(run[one], run[other]) for run in runs}
        assert tried == set(itertools.product(levels[one], levels[other]))


@pytest.mark.parametrize("count", COUNTS)
def test_there_are_at_most_sixteen_runs(count: int) -> None:
    assert len(covering_runs(modes(count))) <= MOST_RUNS == 16


@pytest.mark.parametrize("count", COUNTS)
def test_every_mode_runs_at_three_layers(count: int) -> None:
    runs = covering_runs(modes(count))

    assert {run.mode for run in runs if run.layers == 3} == set(modes(count))


@pytest.mark.parametrize("count", range(1, 6))
def test_few_modes_run_at_every_depth_with_both_widths_and_biases(count: int) -> None:
    for mode in modes(count):
        mine = [run for run in covering_runs(modes(count)) if run.mode == mode]

        assert {run.layers for run in mine} == {1, 2, 3}
        assert {run.bias for run in mine} == {True, False}
        assert {run.input_size == run.hidden_size for run in mine if run.layers > 1} == {True, False}


def test_axes_have_different_sizes_where_they_could_be_confused() -> None:
    for run in covering_runs(modes(4)):
        assert run.steps not in (run.batch, run.input_size, run.hidden_size)
        assert run.batch not in (run.input_size, run.hidden_size)


def test_the_same_modes_give_the_same_runs() -> None:
    assert covering_runs(modes(4)) == covering_runs(modes(4))


@pytest.mark.parametrize("count", [0, MOST_MODES + 1])
def test_a_number_of_modes_that_cannot_be_covered_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"found {count}"):
        covering_runs(modes(count))


def test_a_mode_that_no_probe_can_be_named_after_is_refused() -> None:
    with pytest.raises(ValidationError):
        RunSpec(mode="a mode", layers=1)


@pytest.mark.parametrize(
    ("layers", "bias", "words"),
    [(1, True, "mode A, 1 layer, with bias"), (3, False, "mode A, 3 layers, without bias")],
)
def test_a_run_is_said_in_words(layers: int, bias: bool, words: str) -> None:
    assert RunSpec(mode="A", layers=layers, bias=bias).in_words() == words
