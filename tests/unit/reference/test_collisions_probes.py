"""The inputs that grading really uses meet no condition under which formulas collide: one test for each collision."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.collision_cases import DISTINCT, Outcome, distance, formula_layer, models, step_all
from helpers.model_observations import StudentModel, student_cells
from helpers.observations import StudentCell
from torch import Tensor, nn

from grader import draws
from grader.probes import Call, Fill, Jacobian, Let, Probe, Trace
from grader.rubric import load_rubric
from grader.score.kinds.cell_probes import cell_plan, cell_probe
from grader.score.kinds.covering import RunSpec
from grader.score.kinds.model_probes import INPUT, OWNER, ModelParameters, model_probes
from reference.cells import StepInputs
from reference.mistakes import cell_mistakes, collisions, model_mistakes
from reference.mistakes.catalogue import Collision
from reference.models.layers import FormulaLayer
from reference.models.network import Network
from reference.oracle import ORACLE
from reference.recognition import FAMILIES

RUBRIC = Path(__file__).resolve().parents[3] / "rubrics" / "imperial_cw3"
SEEDS = ("samples", "another seed")
ONE_FORMULA = {
    ("bidir.fwd_first_step", "bidir.both_at_t0"),
    ("rnn.correct_tanh", "rnn.tanh_for_relu"),
    ("rnn.correct_relu", "rnn.relu_for_tanh"),
}


def of_families(*families: str) -> list[Any]:
    """The collisions of families, but for two names of one formula, which no input can tell apart."""
    return [
        pytest.param(collision, id=f"{collision.case}-{collision.same[0]}")
        for collision in collisions()
        if collision.case.split(".")[0] in families and collision.same not in ONE_FORMULA
    ]


def apart(found: dict[str, Outcome], names: Sequence[str]) -> bool:
    """True if every two of the formulas that these inputs can run give something else."""
    there = [found[name] for name in names if name in found]
    return len(there) >= 2 and all(distance(*pair) >= DISTINCT for pair in itertools.combinations(there, 2))


def filled(module: nn.Module, owner: str, step: Fill, seed: str, salt: int = 0) -> None:
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = draws.parameter_scale(parameter.shape, step.scale)
            parameter.copy_(draws.draw(seed, draws.parameter_name(owner, name, salt), parameter.shape, scale=scale))


# ------------------------------------------------------------------------------------------------ cells


def only(kind: type, probe: Probe) -> Any:
    (step,) = [step for step in probe.steps if isinstance(step, kind)]
    return step


@cache
def cell_inputs(family: str, seed: str) -> tuple[StepInputs, ...]:
    """What the probe of a cell feeds to a step: the point of the derivatives, then the trials."""
    plan = cell_plan(ORACLE, "Cell", family, probe="cell.Cell")
    probe = cell_probe(plan)
    cell = StudentCell(family, FAMILIES[family].plain, plan.input_size, plan.hidden_size)
    filled(cell, "cell", only(Fill, probe), seed)

    def drawn(value: Any) -> list[Tensor]:
        if "tuple" in value:
            return [tensor for part in value["tuple"] for tensor in drawn(part)]
        return [draws.draw(seed, value["draw"], value["shape"])]

    points = [[tensor for step in probe.steps if isinstance(step, Let) for tensor in drawn(step.value)]]
    for step in probe.steps:
        if isinstance(step, Call):
            points.append([tensor for argument in step.args for tensor in drawn(argument)])
    return tuple(
        StepInputs(x=point[0], h=point[1], c=point[-1], roles=cell.roles(), activation=FAMILIES[family].activation)
        for point in points
    )


def asked_in(case: str) -> list[str]:
    """Families of cells that a case speaks of."""
    prefix, _, rest = case.partition(".")
    return [f"rnn_{rest.rsplit('-', 1)[1]}"] if prefix == "rnn" else [prefix]


def state_gradients(family: str, name: str, inputs: StepInputs) -> Tensor:
    h, c = inputs.h.clone().requires_grad_(), inputs.c.clone().requires_grad_()
    step = next(entry.step for entry in cell_mistakes(FAMILIES[family].prefix) if entry.mistake.id == name)
    outputs = step(inputs.with_state(h=h, c=c if FAMILIES[family].has_cell_state else h))
    total = torch.stack([value.sum() for value in outputs]).sum()
    found = torch.autograd.grad(total, [h, c], allow_unused=True)
    return torch.cat([torch.zeros_like(h) if gradient is None else gradient for gradient in found])


def shows_gradients(family: str) -> bool:
    plan = cell_plan(ORACLE, "Cell", family, probe="cell.Cell")
    return set(plan.states) <= set(only(Jacobian, cell_probe(plan)).wrt)


def no_zero_states(family: str) -> bool:
    return all(bool(inputs.h.any(dim=1).all()) and bool(inputs.c.any(dim=1).all()) for inputs in _all_inputs(family))


def no_zero_biases(family: str) -> bool:
    return all(
        bool(role.b_x.any()) and bool(role.b_h.any()) for one in _all_inputs(family) for role in one.roles.values()
    )


def _all_inputs(family: str) -> list[StepInputs]:
    return [inputs for seed in SEEDS for inputs in cell_inputs(family, seed)]


CELL_CONDITIONS: dict[str, Callable[[str], bool]] = {
    "values-only": shows_gradients,
    "zero-states": no_zero_states,
    "zero-state": no_zero_states,
    "zero-cell": no_zero_states,
    "no-state-bias": no_zero_biases,
    "zero-states-no-bias": lambda family: no_zero_states(family) and no_zero_biases(family),
    "zero-state-no-bias": lambda family: no_zero_states(family) and no_zero_biases(family),
}


@pytest.mark.parametrize("collision", of_families("lstm", "gru", "rnn"))
def test_the_probe_of_a_cell_does_not_meet_the_condition(collision: Collision) -> None:
    condition = collision.case.split(".")[1].removesuffix("-tanh").removesuffix("-relu")
    assert all(CELL_CONDITIONS[condition](family) for family in asked_in(collision.case))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("collision", of_families("lstm", "gru", "rnn"))
def test_on_every_input_of_the_probe_of_a_cell_the_formulas_differ(collision: Collision, seed: str) -> None:
    for family in asked_in(collision.case):
        for inputs in cell_inputs(family, seed):
            if "values-only" in collision.case:
                gradients = {name: state_gradients(family, name, inputs) for name in collision.same}
                assert apart(gradients, collision.same)
            else:
                assert apart(step_all(family, inputs), [name for name in collision.same if "detached" not in name])


# ------------------------------------------------------------------------------------------------ models


@dataclass(frozen=True)
class Run:
    """One run of a model as the rubric has it."""

    spec: RunSpec
    probe: Probe
    family: str
    bidirectional: bool


@cache
def runs(architecture: str) -> tuple[Run, ...]:
    rubric = load_rubric(RUBRIC)
    found = []
    for question in rubric.questions:
        for check in question.checks:
            if check.kind == "model" and check.parameters["architecture"] == architecture:
                parameters = ModelParameters(**check.parameters)
                probes = {probe.id: probe for probe in model_probes(rubric, parameters, ORACLE)}
                for identifier, spec in parameters.all_runs():
                    family = parameters.modes[spec.mode]
                    found.append(Run(spec, probes[identifier], family, architecture == "bidirectional"))
    return tuple(found)


def network(run: Run, seed: str, salt: int = 0) -> Network:
    """The right model with the parameters and the input of a run."""
    spec, family = run.spec, FAMILIES[run.family]
    sizes = (spec.input_size, spec.hidden_size, spec.layers, spec.output_size)
    model = StudentModel(student_cells(run.family, family.plain), sizes, run.bidirectional, spec.bias)
    filled(model, OWNER, only(Fill, run.probe), seed, salt)
    (wanted,) = [step.value for step in run.probe.steps if isinstance(step, Let) and step.save == INPUT]

    def layers(cells: Any) -> list[FormulaLayer]:
        return [formula_layer(family, cell.roles(), spec.hidden_size) for cell in cells]

    net = Network(
        x=draws.draw(seed, wanted["draw"], wanted["shape"]).requires_grad_(),
        layers=layers(model.rnn_cell_list),
        reverse_layers=layers(model.rnn_cell_list_rev) if run.bidirectional else (),
        classifier=lambda features: nn.functional.linear(
            features, model.fc.weight[:, : features.shape[1]], model.fc.bias
        ),
        wanted_layers=spec.layers,
        hidden_size=spec.hidden_size,
        bidirectional=run.bidirectional,
    )
    hangs = input_gradient(net, Network.output)[:, 0].any()
    return net if hangs or salt == 4 else network(run, seed, salt + 1)  # the agent's rule for dead nets


def input_gradient(net: Network, program: Callable[[Network], Tensor]) -> Tensor:
    return torch.autograd.grad(program(net).sum(), net.x)[0]


@cache
def model_outcomes(architecture: str, place: int, seed: str) -> dict[str, Outcome]:
    return models(network(runs(architecture)[place], seed))


def deepest(all_runs: Sequence[Run]) -> dict[str, int]:
    return {
        run.spec.mode: max(other.spec.layers for other in all_runs if other.spec.mode == run.spec.mode)
        for run in all_runs
    }


def depends_on_the_first_step(all_runs: Sequence[Run]) -> bool:
    asked = all(only(Trace, run.probe).alive == INPUT for run in all_runs)
    return asked and all(bool(input_gradient(network(run, SEEDS[0]), Network.output)[:, 0].any()) for run in all_runs)


MODEL_CONDITIONS: dict[str, Callable[[Sequence[Run]], bool]] = {
    "values-only": lambda all_runs: all(set(only(Trace, run.probe).wrt) == {OWNER, INPUT} for run in all_runs),
    "no-cell-state": lambda all_runs: any(run.family == "lstm" for run in all_runs),
    "gated-cells": lambda all_runs: {"rnn_tanh", "rnn_relu"} <= {run.family for run in all_runs},
    "relu-cells": lambda all_runs: any(run.family != "rnn_relu" for run in all_runs),
    "one-layer": lambda all_runs: min(deepest(all_runs).values()) >= 2,
    "two-layers": lambda all_runs: min(deepest(all_runs).values()) >= 3,
    "one-step": lambda all_runs: min(run.spec.steps for run in all_runs) >= 2,
    "two-steps": lambda all_runs: min(run.spec.steps for run in all_runs) >= 3,
    "one-sample": lambda all_runs: min(run.spec.batch for run in all_runs) >= 2,
    "one-feature": lambda all_runs: min(run.spec.input_size for run in all_runs) >= 2,
    "unequal-widths": lambda all_runs: (
        {run.spec.input_size == run.spec.hidden_size for run in all_runs} == {True, False}
    ),
    "dead": depends_on_the_first_step,
}


@pytest.mark.parametrize("collision", of_families("model", "bidir"))
def test_the_runs_of_a_model_do_not_all_meet_the_condition(collision: Collision) -> None:
    family, condition = collision.case.split(".")
    assert MODEL_CONDITIONS[condition](runs({"model": "stacked", "bidir": "bidirectional"}[family]))


NOT_ON_THE_SAME_CELLS = {"bidir.both_at_t0", "bidir.layer_wise"}
"""Another name of one formula; an architecture with wider cells from two layers on, which their shapes give away."""


@pytest.mark.parametrize("collision", of_families("model", "bidir"))
def test_on_some_run_of_a_model_every_two_of_the_formulas_differ(collision: Collision) -> None:
    architecture = {"model": "stacked", "bidir": "bidirectional"}[collision.case.split(".")[0]]
    places = range(len(runs(architecture)))
    if "values-only" in collision.case:
        programs = {entry.mistake.id: entry.forward for entry in model_mistakes(architecture)}
        net = network(runs(architecture)[0], SEEDS[0])
        cut = input_gradient(net, programs[collision.same[1]])
        assert distance(input_gradient(net, Network.output), cut) >= DISTINCT
        return
    names = [name for name in collision.same if name not in NOT_ON_THE_SAME_CELLS and "detached" not in name]
    for pair in itertools.combinations(names, 2):
        assert any(apart(model_outcomes(architecture, place, SEEDS[0]), pair) for place in places), pair


def test_two_names_of_one_formula_are_told_apart_by_what_is_asked() -> None:
    assert "bidir.both_at_t0" not in {entry.mistake.id for entry in model_mistakes("bidirectional")}
    for asked, other in (("tanh", "relu"), ("relu", "tanh")):
        found = step_all(f"rnn_{asked}", cell_inputs(f"rnn_{asked}", SEEDS[0])[0])
        assert apart(found, [f"rnn.correct_{asked}", f"rnn.{other}_for_{asked}"])
