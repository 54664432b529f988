"""Makes the sample hand-ins beside this file from the model solution, what the rubric plants, and `_variants`.

    .venv/bin/python submissions/tau_hw2/make_samples.py [--check] [--out FOLDER]
    .venv/bin/python submissions/tau_hw2/make_samples.py --mutants FOLDER

The second writes a zip for every mutant and alternative of the rubric, and `expected.csv` with what each must earn.
Each sample stands here or in `_messy.py`, with its purpose; `expected.csv` beside this file, written by hand, says what
it must earn. s001 to s007 are right, s020 to s035 make mistakes, s050 to s055 are messy, s080 and s081 hold nothing.
"""

from __future__ import annotations

import sys

import _messy
from _base import HERE, RUBRIC, SAMPLES, blank, handed_in, sample, solution, template_of, trained
from sample_kit import run, zipped

PARTS = (_messy,)
"""Modules that register samples of their own when they are imported."""

ITEMS = ("4a", "4b", "4c", "4d", "4e", "4f")


def written(name: str, items: tuple[str, ...] = ITEMS, **others: str) -> dict[str, str]:
    """The block of that name for each of some items; of further questions the blocks that are given."""
    return {**dict.fromkeys(items, name), **{question.removeprefix("q"): block for question, block in others.items()}}


# ---------------------------------------------------------------------------------------------------- right


@sample("s001-right-reference.zip")
def right_reference() -> bytes:
    """The model solution itself, run from top to bottom: its training cell is run again."""
    return handed_in(trained(solution(), "s001"))


@sample("s002-right-both-steps.zip")
def right_both_steps() -> bytes:
    """Total gradients: h_1 is followed to the first step. Four maps with two biases each, counted and explained."""
    answers = written("total", q4s="from-the-tangent", q3a="two-biases", q3b="two-biases")
    return handed_in(solution(answers=answers))


@sample("s003-right-transposed.zip")
def right_transposed() -> bytes:
    """Every gradient the other way round, circles for products entry by entry; smaller layers, trained."""
    notebook = solution("torch's own functions", answers=written("transposed", q4s="exponentials", qP8="smaller"))
    notebook.replace("training", "epochs = 32, 2,", "epochs = 24, 2,")
    notebook.write("drops", "lstm_drop = 0.37\ngru_drop = 0.2")
    return handed_in(trained(notebook, "s003"))


@sample("s004-right-other-letters.zip")
def right_other_letters() -> bytes:
    """Nablas, δ = h_2 - y_2, σ' and tanh' of the sums, brackets; tied weights."""
    return handed_in(solution("tied weights", answers=written("other-letters")))


@sample("s005-right-other-convention.zip")
def right_other_convention() -> bytes:
    """The update gate the other way round, with the line that says so."""
    return handed_in(solution(answers=written("convention-2")))


@sample("s006-right-unicode.zip")
def right_unicode() -> bytes:
    """No LaTeX at all, but signs and subscripts of Unicode; cells in loops."""
    heading = "cells in a loop over time, a state for each layer"
    return handed_in(solution(heading, answers=written("unicode", q4s="unicode")))


@sample("s007-right-aligned.zip")
def right_aligned() -> bytes:
    """Several lines in `aligned`, the last of which counts; diagonal matrices; perplexity in bits."""
    heading = "perplexity by bits, rates by a loop"
    return handed_in(solution(heading, answers=written("aligned")))


# ---------------------------------------------------------------------------------------------------- mistakes


@sample("s020-report-as-found.zip")
def report_as_found() -> bytes:
    """The square in the derivative of the sigmoid, W_hg on h_1, no outer products, and a text that the table denies."""
    answers = written("report", q4s="square", q1b="last-frame", qP8="large", qP11="contradicts-the-curves")
    notebook = solution(answers=answers)
    return handed_in(notebook.write("drops", "lstm_drop = 40\ngru_drop = 30"))


@sample("s021-square-carried-through.zip")
def square_carried_through() -> bytes:
    """A slip in the derivative of the sigmoid, carried through a, b, e and f without another: charged once."""
    return handed_in(solution(answers=written("carried", ("4a", "4b", "4e", "4f"), q4s="square")))


@sample("s022-square-in-one-place.zip")
def square_in_one_place() -> bytes:
    """The derivative of the sigmoid is right where it is asked for, and has a square in a."""
    return handed_in(solution(answers={"4a": "carried"}))


@sample("s023-reset-chain-entry-by-entry.zip")
def reset_chain_entry_by_entry() -> bytes:
    """W_hg acts on h_1 in e and f, everything else is right."""
    return handed_in(solution("tau.seed_e in 4e", "tau.seed_e in 4f"))


@sample("s024-no-outer-products.zip")
def no_outer_products() -> bytes:
    """Right calculus for one unit and one input, no order, no transposes."""
    return handed_in(solution(answers=written("scalar")))


@sample("s025-one-mistake-in-each.zip")
def one_mistake_in_each() -> bytes:
    """Six different mistakes, one in each gradient."""
    headings = ("tau.zsign in 4a", "tau.h2 in 4b", "tau.tanh_prime in 4c", "tau.no_r in 4d", "tau.hg_T in 4e")
    return handed_in(solution(*headings, "tau.no_h1 in 4f"))


@sample("s026-other-mistakes.zip")
def other_mistakes() -> bytes:
    """Six more, one in each gradient."""
    headings = ("tau.x1 in 4a", "tau.delta_missing in 4b", "tau.z_for_1mz in 4c", "tau.no_1mz in 4d", "tau.no_hg in 4e")
    return handed_in(solution(*headings, "tau.tanh_prime in 4f"))


@sample("s027-three-gates.zip")
def three_gates() -> bytes:
    """A GRU is counted; the number follows from the student's own formula."""
    return handed_in(solution(answers={"3a": "three-gates", "3b": "three-gates"}))


@sample("s028-number-of-another-formula.zip")
def number_of_another_formula() -> bytes:
    """Biases left out of the formula, and a number that grows with the length of the sequence."""
    return handed_in(solution(answers={"3a": "no-biases", "3b": "times-the-steps"}))


@sample("s029-functions.zip")
def functions() -> bytes:
    """A named mistake in each of the functions around the model."""
    return handed_in(
        solution(
            "lmloss.missing_minus in P3",
            "ppl.unweighted_batches in P4",
            "rate.one_epoch_late in P5",
            "clip.per_tensor_norm in P6",
            "lm.one_state_not_detached in P7",
        )
    )


@sample("s030-other-functions.zip")
def other_functions() -> bytes:
    """Another named mistake in each of them; the training cell was run, and is run again."""
    notebook = solution(
        "ppl.two_to_nats in P4",
        "rate.decays_at_once in P5",
        "clip.elementwise in P6",
        "lm.states_lost in P7",
        answers={"P8": "two-to-nats"},
    ).write("drops", "lstm_drop = 0.18\ngru_drop = 0.13")
    return handed_in(trained(notebook, "s030"))


@sample("s031-dropout-on-the-state.zip")
def dropout_on_the_state() -> bytes:
    """Dropout between the steps."""
    return handed_in(solution("lm.dropout_on_state in P2"))


@sample("s032-batch-and-time.zip")
def batch_and_time() -> bytes:
    """Layers that take time first, fed with batches first."""
    return handed_in(solution("model.time_batch_swapped in P2"))


@sample("s033-impossible-table.zip")
def impossible_table() -> bytes:
    """A perplexity below 1, training above validation, dropout that hurts: flags for a person; differences cut off."""
    return handed_in(solution(answers={"P8": "impossible"}).write("drops", "lstm_drop = 4.8\ngru_drop = 0.1"))


@sample("s034-rows-missing.zip")
def rows_missing() -> bytes:
    """A row of the table is missing, one difference is misquoted, digits are cut off in the text."""
    notebook = solution(answers={"P8": "a-row-missing", "P11": "cut-off"})
    return handed_in(notebook.write("drops", "lstm_drop = 0.5\ngru_drop = 0.5"))


@sample("s035-theory-only.zip")
def theory_only() -> bytes:
    """Part 1 is answered, part 2 was not begun."""
    notebook = solution()
    for identifier in ("model", "loss", "training-parts", "answer-p8", "drops", "plots", "answer-p11"):
        notebook.write(identifier, template_of(identifier))
    return handed_in(notebook)


# ---------------------------------------------------------------------------------------------------- nothing


@sample("s080-blank.zip")
def blank_student_version() -> bytes:
    """The student version as it was given out: no marks, and no crash although a cell of it does not parse."""
    return handed_in(blank())


@sample("s081-empty.zip")
def empty() -> bytes:
    """A zip with nothing in it."""
    return zipped({})


if __name__ == "__main__":
    sys.exit(run(dict(sorted(SAMPLES.items())), HERE, RUBRIC))
