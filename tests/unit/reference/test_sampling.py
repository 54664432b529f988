"""Draws and sampled sequences follow their distributions, whatever the seed; mistakes of the loop do not."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from helpers.collisions import listed_cases, listed_pairs, same_pairs
from torch import Generator, Tensor

from reference.language import SamplingTask, chi_square, draw, draws_follow, one_hot, sample_sequence
from reference.mistakes import function_mistakes

F64 = torch.float64
VOCABULARY, HIDDEN, STOP, LENGTH = 3, 3, 2, 3
START = torch.tensor([1.0, 2.0, 0.2], dtype=F64)
AFTER = torch.tensor([[-0.8, 1.5, 0.0], [-0.5, -1.7, 0.0], [0.8, 0.6, 0.0]], dtype=F64)
BEFORE = torch.tensor([[0.5, 0.1, 0.0], [0.0, 0.4, 0.0], [0.2, 0.7, 0.0]], dtype=F64)


def step(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """A network whose state is its last input; its scores are positive and depend on the last two characters."""
    return START + AFTER @ x + BEFORE @ a, x


TASK = SamplingTask(step=step, vocabulary=VOCABULARY, hidden=HIDDEN, stop=STOP, length=LENGTH, text=(0, 0, 1))


def every_sequence(task: SamplingTask) -> dict[tuple[int, ...], float]:
    """The probability of each sequence, from products of the probabilities of its steps."""
    law: dict[tuple[int, ...], float] = {}
    zeros = torch.zeros(task.vocabulary, dtype=F64), torch.zeros(task.hidden, dtype=F64)
    open_paths: list[tuple[tuple[int, ...], float, Tensor, Tensor]] = [((), 1.0, *zeros)]
    while open_paths:
        path, probability, x, a = open_paths.pop()
        y, a = task.step(x, a)
        for index, p in enumerate(y.softmax(dim=-1).tolist()):
            longer = (*path, index)
            if index == task.stop or len(longer) == task.length:
                law[longer] = probability * p
            else:
                open_paths.append((longer, probability * p, one_hot(index, task.vocabulary), a))
    return law


def sampled(loop: Callable[..., list[int]], task: SamplingTask, seed: int, count: int) -> list[tuple[int, ...]]:
    generator = Generator().manual_seed(seed)
    return [tuple(loop(task, generator)) for _ in range(count)]


def follows_the_law(sequences: list[tuple[int, ...]], task: SamplingTask) -> bool:
    law = every_sequence(task)
    places = {path: place for place, path in enumerate(law)}
    if not set(sequences) <= set(places):
        return False
    return draws_follow([places[path] for path in sequences], torch.tensor(list(law.values()), dtype=F64))


@pytest.mark.parametrize(("seed", "count"), [(1, 10_000), (2, 3000), (3, 3000)])
def test_thousands_of_draws_follow_their_distribution(seed: int, count: int) -> None:
    p = torch.tensor([0.5, 0.25, 0.2, 0.05, 0.0], dtype=F64)
    generator = Generator().manual_seed(seed)
    draws = [draw(p, generator) for _ in range(count)]
    assert draws_follow(draws, p)
    assert not draws_follow(draws, torch.tensor([0.42, 0.33, 0.2, 0.05, 0.0], dtype=F64))
    assert not draws_follow([*draws, 4], p)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sampled_sequences_follow_the_products_of_the_step_probabilities(seed: int) -> None:
    assert sum(every_sequence(TASK).values()) == pytest.approx(1.0, abs=1e-12)
    assert follows_the_law(sampled(sample_sequence, TASK, seed, 800), TASK)


WRONG = [e for e in function_mistakes("samp") if e.mistake.effect == "wrong"]


@pytest.mark.parametrize("entry", WRONG, ids=lambda entry: entry.mistake.id)
def test_no_wrong_loop_follows_them(entry: object) -> None:
    assert not follows_the_law(sampled(entry.function, TASK, 1, 800), TASK)  # type: ignore[attr-defined]  # an entry


def test_a_sequence_ends_with_the_stop_or_at_its_length() -> None:
    for sequence in sampled(sample_sequence, TASK, 5, 200):
        assert STOP not in sequence[:-1]
        assert sequence[-1] == STOP or len(sequence) == LENGTH


def test_the_first_input_and_state_are_zero_and_every_draw_is_read_next() -> None:
    read: list[tuple[list[float], list[float]]] = []

    def noted(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
        read.append((x.tolist(), a.tolist()))
        return step(x, a)

    sequence = sample_sequence(replace(TASK, step=noted, stop=-1, length=6), Generator().manual_seed(1))
    assert read[0] == ([0.0] * VOCABULARY, [0.0] * HIDDEN)
    assert [x.index(1.0) for x, _ in read[1:]] == sequence[:-1]


def test_the_same_seed_gives_the_same_sequence() -> None:
    assert sampled(sample_sequence, TASK, 8, 5) == sampled(sample_sequence, TASK, 8, 5)


def certain(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    y, a = step(x, a)
    return y * 1e3, a


def blind(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    return step(torch.zeros_like(x), a)


CASES = {
    "generic": TASK,
    "one character": replace(TASK, length=1),
    "certain network": replace(TASK, step=certain, stop=0, length=6),
    "input ignored": replace(TASK, step=blind),
    "no end": replace(TASK, stop=-1),
}


@pytest.mark.parametrize("case", CASES)
def test_loops_write_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    values = {}
    for entry in function_mistakes("samp"):
        rows = [
            [*sequence, *[-1] * (CASES[case].length - len(sequence))]
            for seed in range(40)
            for sequence in sampled(entry.function, CASES[case], seed, 1)
        ]
        values[entry.mistake.id] = torch.tensor(rows)
    assert same_pairs(values) == listed_pairs("samp", case)


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("samp") == set(CASES) - {"generic"}


def test_every_known_deviation_is_there() -> None:
    names = {entry.mistake.id.split(".")[1] for entry in function_mistakes("samp")}
    assert names >= {"argmax_not_random", "teacher_forced", "no_stop", "logits_as_probs"}


@pytest.mark.parametrize("statistic", [0.1, 1.0, 5.0, 20.0, 60.0])
def test_p_has_its_closed_form_at_one_and_two_degrees(statistic: float) -> None:
    # at equal shares, moving m draws from the first to the last outcome gives X² = 2 m² / (N / k)
    for k, closed in ((2, math.erfc(math.sqrt(statistic / 2))), (3, math.exp(-statistic / 2))):
        expected = 1e10 / k
        moved = round(math.sqrt(statistic * expected / 2))
        counts = torch.full((k,), round(expected))
        counts[0] -= moved
        counts[-1] += moved
        found = chi_square(counts, torch.full((k,), 1 / k, dtype=F64))
        assert found.degrees == k - 1
        assert found.p == pytest.approx(closed, rel=1e-3)


def test_p_is_exact_at_two_degrees() -> None:
    found = chi_square(torch.tensor([20, 30, 40]), torch.full((3,), 1 / 3, dtype=F64))
    assert found.statistic == pytest.approx(20 / 3, rel=1e-12)
    assert abs(found.p - math.exp(-10 / 3)) <= 1e-12


def test_p_is_exact_at_one_degree() -> None:
    found = chi_square(torch.tensor([40, 60]), torch.tensor([0.5, 0.5], dtype=F64))
    assert found.statistic == pytest.approx(4.0, rel=1e-12)
    assert abs(found.p - math.erfc(math.sqrt(2))) <= 1e-12


def test_rare_outcomes_are_pooled() -> None:
    p = torch.tensor([0.96, 0.01, 0.01, 0.02], dtype=F64)
    # of 100 draws the rarest outcomes have 1, 1 and 2, in all 4, so the commonest joins them
    assert chi_square(torch.tensor([90, 4, 3, 3]), p).degrees == 0
    # of 500 draws they have 5, 5 and 10: nothing is pooled
    assert chi_square(torch.tensor([480, 5, 5, 10]), p).degrees == 3


def test_the_test_keeps_its_promise_about_right_draws() -> None:
    p = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=F64)
    generator = Generator().manual_seed(1)
    counts = torch.stack(
        [torch.bincount(torch.multinomial(p, 300, True, generator=generator), minlength=4) for _ in range(400)]
    )
    below = sum(chi_square(row, p).p < 0.05 for row in counts)
    assert 8 <= below <= 34  # 20 of 400 expected, three standard deviations either way


@pytest.mark.parametrize(
    ("counts", "p"),
    [([0, 0], [0.5, 0.5]), ([3, 4], [0.5, 0.6]), ([3, 4], [1.5, -0.5]), ([5, -1], [0.5, 0.5])],
    ids=["no draw", "sum above 1", "negative probability", "negative count"],
)
def test_counts_and_probabilities_that_mean_nothing_are_refused(counts: list[int], p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"(counts|probabilities) (sum|has) .*; wanted"):
        chi_square(torch.tensor(counts), torch.tensor(p, dtype=F64))


@pytest.mark.parametrize("draws", [[], [0, 5], [-1]], ids=["none", "beyond", "negative"])
def test_draws_that_are_no_outcomes_are_refused(draws: list[int]) -> None:
    with pytest.raises(ValueError, match=r"draws has .*; wanted"):
        draws_follow(draws, torch.tensor([0.5, 0.5], dtype=F64))


def test_fewer_counts_than_probabilities_are_refused() -> None:
    with pytest.raises((ValueError, TypeError)):  # where shapes are checked at run time, by the checker
        chi_square(torch.tensor([3]), torch.tensor([0.5, 0.5], dtype=F64))


@pytest.mark.parametrize("p", [[0.0, 0.0], [0.5, -0.5], [1.5, -0.5]], ids=["none", "sum of zero", "negative"])
def test_weights_that_are_no_distribution_are_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"p is .*; wanted weights"):
        draw(torch.tensor(p, dtype=F64), Generator())


def test_argmax_always_writes_the_same() -> None:
    entry = next(e for e in function_mistakes("samp") if e.mistake.id == "samp.argmax_not_random")
    assert len(set(itertools.chain(*(sampled(entry.function, TASK, seed, 5) for seed in range(5))))) == 1
