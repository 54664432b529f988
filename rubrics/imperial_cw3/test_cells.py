"""1a and 1c: what the constructors of the cells make. Any arrangement of the parameters is accepted.

What the step computes is no matter here: a cell with a wrong step keeps these marks.
"""

from __future__ import annotations

import math

import pytest

INPUT, HIDDEN = 5, 7
WIDE_INPUT, NARROW_HIDDEN = 11, 3
JUDGED_STATES = {"LSTMCell": (4, 3), "GRUCell": (3, 4)}
"""Shape of the states of a step where 1b and 1d try it; where it does not end there, it is tried once more for this."""
ENDED_SOMEHOW = ("done", "raised", "timeout", "killed", "missing-name", "skipped", "refused")


def both_cells(name, marks):
    """The check for the LSTM cell (four maps) and for the GRU cell (three)."""
    cells = (("1a", "LSTMCell", 4), ("1c", "GRUCell", 3))
    return pytest.mark.parametrize(("target", "maps"), [one_cell(*cell, name, marks) for cell in cells])


def one_cell(question, target, maps, name, marks):
    """The check for one of them; that a step fails is seen, but no reason to fail."""
    made = pytest.mark.probe(f"made.{target}")
    steps = pytest.mark.probe(f"cell.{target}", statuses=ENDED_SOMEHOW)
    alone = pytest.mark.probe(f"runs.{target}", instead_of=f"cell.{target}", statuses=ENDED_SOMEHOW)
    mark = pytest.mark.question(question, marks=marks, name=name)
    return pytest.param(target, maps, id=question, marks=[mark, made, steps, alone])


def elements(facts):
    """How many numbers the parameters hold."""
    return sum(math.prod(parameter.shape) for parameter in facts.parameters)


def step_runs(probe, target):
    """True if a step returns states of the right shape, whatever is in them."""
    for name, step, shape in (
        (f"cell.{target}", "trial0", JUDGED_STATES[target]),
        (f"runs.{target}", "step", (2, HIDDEN)),
    ):
        run = probe.probe(name)
        if run.status == "done":
            found = run.value(step)
            states = found.items if found.kind == "tuple" else (found,)
            return bool(states) and all(state.shape == shape for state in states)
    return False


@both_cells("attributes", marks=1)
def test_keeps_its_sizes_as_attributes(check, probe, target, maps):
    made = probe.probe(f"made.{target}")
    facts = made.facts("cell")
    check.expect("The cell makes no parameters.", next_step="Print `list(cell.parameters())` of a new cell.")
    assert facts.parameters
    check.expect("The cell should keep `input_size` and `hidden_size` as it was given them.")
    assert facts.attributes.get("input_size") == INPUT
    assert facts.attributes.get("hidden_size") == HIDDEN
    check.award(reason="The cell keeps `input_size` and `hidden_size`.")


@both_cells("sizes", marks=2)
def test_has_a_map_from_input_and_state_for_each_gate(check, probe, target, maps):
    made = probe.probe(f"made.{target}")
    check.expect(
        f"A cell needs {maps} maps from its input to the hidden size, and {maps} from its state; "
        f"the parameters are too small for that, and a step does not run.",
        next_step="Print the shape of every parameter of a cell with sizes 5 and 7 and say what each one maps.",
    )
    cell, wide = elements(made.facts("cell")), elements(made.facts("wide"))
    large_enough = (
        cell >= maps * HIDDEN * (INPUT + HIDDEN) and wide >= maps * NARROW_HIDDEN * (WIDE_INPUT + NARROW_HIDDEN)
    )  # fmt: skip
    assert cell > 0
    assert large_enough or step_runs(probe, target)
    check.expect(
        "The sizes of the parameters do not depend on `input_size` and `hidden_size`.",
        next_step="Make cells with sizes 5 and 7, and with sizes 11 and 3, and print the shapes of their parameters.",
    )
    assert cell != wide
    check.award(reason="There are maps from input and state for every gate.")


@both_cells("bias", marks=2)
def test_has_biases_exactly_if_asked(check, probe, target, maps):
    made = probe.probe(f"made.{target}")
    check.expect("With `bias=False` the cell could not be made.")
    assert not made.text("unbiased_raised")
    check.expect(
        "`bias` should decide whether the cell has biases: there should be some with `bias=True` and none without.",
        next_step="Compare `[p.shape for p in cell.parameters()]` for both.",
    )
    unbiased = made.facts("unbiased")
    # With these sizes the smallest map has 35 numbers and all biases of one layer together at most 28.
    assert all(math.prod(parameter.shape) >= INPUT * HIDDEN for parameter in unbiased.parameters)
    assert 0 < elements(unbiased) < elements(made.facts("cell"))
    check.award(reason="`bias` decides whether there are biases.")


@both_cells("reset", marks=1)
def test_starts_in_the_range_of_reset_parameters(check, probe, target, maps):
    made = probe.probe(f"made.{target}")
    check.expect(
        "`reset_parameters` should reach every parameter: they all start between -1/sqrt(H) and 1/sqrt(H).",
        next_step="Make the parameters above the line that calls `reset_parameters`.",
    )
    initial = [made.gradient("cell", name) for name in made.value("cell").gradients]
    assert initial
    bound = 1 / math.sqrt(HIDDEN)
    largest = max(parameter.abs().max().item() for parameter in initial)
    assert bound / 2 < largest <= bound * (1 + 1e-6)
    check.award(reason="All parameters start in the range of `reset_parameters`.")
