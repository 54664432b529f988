"""A step on NumPy arrays, from the kernel to the verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.agent_kernel import AgentKernel, probe_of

from grader import draws
from grader.probes import Call, Jacobian, Let
from reference.oracle import ORACLE
from reference.recognition.arrays import by_rows, observation_of_arrays

Start = Callable[..., AgentKernel]
D, N, BATCH = 5, 3, 4
STEP = """
import numpy as np

def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    joined = np.concatenate([a_prev, xt], axis=0)
    ft, it, ot = (sigmoid(parameters['W' + k] @ joined + parameters['b' + k]) for k in 'fio')
    cct = np.tanh(parameters['Wc'] @ joined + parameters['bc'])
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    return a_next, c_next
"""
SHAPES = {f"W{k}": [N, N + D] for k in "fico"} | {f"b{k}": [N, 1] for k in "fico"}
INPUTS = {"x": [D, BATCH], "h": [N, BATCH], "c": [N, BATCH]}


def array(name: str, shape: list[int], scale: float = 1.0) -> dict[str, Any]:
    return {"numpy": {"draw": name, "shape": shape, "scale": scale}}


def observed(started: AgentKernel) -> dict[str, Any]:
    """What the probe has recorded, with inputs and parameters computed anew, as an observation of samples in rows."""
    run, tensors = started.run_probe("p"), started.tensors("p")
    assert run.status == "done"

    def inputs(prefix: str) -> dict[str, Any]:
        return {name: draws.draw("7/p", f"{prefix}{name}", shape).numpy().T for name, shape in INPUTS.items()}

    def outputs(name: str) -> list[Any]:
        return [tensors[item.key or ""].numpy().T for item in run.values[name].items]

    slopes = {name.removeprefix("p."): tensors[key].numpy() for name, key in run.values["j"].gradients.items()}
    return observation_of_arrays(
        "lstm",
        parameters={name: draws.draw("7/p", name, shape, scale=0.7).numpy() for name, shape in SHAPES.items()},
        inputs=inputs(""),
        outputs=outputs("j"),
        jacobian={
            name: by_rows(value, name, BATCH, outputs=2, is_input=name in INPUTS) for name, value in slopes.items()
        },
        trials=[(inputs("trial."), outputs("trial"))],
        repeated=outputs("again"),
    )


@pytest.mark.parametrize(
    ("right", "wrong", "mistakes"),
    [
        ("", "", ()),
        ("ft * c_prev", "(1 - ft) * c_prev", ("lstm.forget_inverted",)),
        ("np.tanh(parameters", "sigmoid(parameters", ("lstm.candidate_sigmoid",)),
    ],
)
def test_a_step_on_arrays_is_recognised(kernel: Start, right: str, wrong: str, mistakes: tuple[str, ...]) -> None:
    lets = [Let(save=name, value=array(name, shape)) for name, shape in INPUTS.items()]
    given = Let(save="p", value={"dict": {name: array(name, shape, 0.7) for name, shape in SHAPES.items()}})
    target, numbers = {"name": "lstm_cell_forward"}, {"ref": "p"}
    fresh = (*(array(f"trial.{name}", shape) for name, shape in INPUTS.items()), numbers)
    steps = [
        *lets,
        given,
        Jacobian(save="j", target=target, args=(*({"ref": name} for name in INPUTS), numbers), wrt=(*INPUTS, "p")),
        Call(save="trial", target=target, args=fresh),
        Call(save="again", target=target, args=fresh),
    ]
    started = kernel([STEP.replace(right, wrong)], probes=[probe_of(*steps)])
    started.run_cells()

    verdict = ORACLE.recognise_cell("lstm", observed(started), {})

    assert (verdict.status, verdict.mistakes) == ("mistake" if mistakes else "exact", mistakes)
