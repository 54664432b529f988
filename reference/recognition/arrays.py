"""Evidence about a step written as a function on NumPy arrays, in the form in which cells are judged.

Such a step takes its parameters as a dictionary of arrays and returns the new hidden state, often with more behind it.
There is no autograd, so its derivatives are central differences. Samples are rows, or columns: (features, batch).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.recognition.families import FAMILIES

Numbers = NDArray[np.float64]
Samples = Literal["rows", "columns"]
PRECISION = "float64 differences"
STEP = 1e-5
"""Of the differences: the third derivative leaves an error of about 1e-10, rounding one of about 1e-11."""


def observe_arrays(
    family: str,
    step: Callable[..., Any],
    parameters: Mapping[str, Numbers],
    points: Sequence[Mapping[str, Numbers]],
    *,
    samples: Samples = "columns",
) -> dict[str, Any]:
    """Call a step and differentiate it; what comes back can be recognised.

    Args:
        family: of cells; it says how many of the returned arrays are judged.
        step: called with `x`, `h`, with `c` if there is a cell state, and the parameters; the first one or two arrays
            that it returns are the new states.
        parameters: by name, float64.
        points: `x`, `h` and `c`, samples as rows; derivatives are taken at the first, the others confirm them.
        samples: how the step wants them.

    Raises:
        ValueError: if there are fewer than two points.
    """
    if len(points) < 2:
        raise ValueError(f"points must be two at least, found {len(points)}")
    known = FAMILIES[family]
    names = ("x", "h", "c") if known.has_cell_state else ("x", "h")
    point = {name: np.array(points[0][name], dtype=np.float64) for name in names}
    fixed = {name: np.array(value, dtype=np.float64) for name, value in parameters.items()}

    def call(values: Mapping[str, Numbers], numbers: Mapping[str, Numbers]) -> list[Numbers]:
        given = [_turned(values[name], samples).copy() for name in names]
        return _states(step(*given, {name: value.copy() for name, value in numbers.items()}), known.outputs, samples)

    jacobian = {name: _differences(lambda: call(point, fixed), value) for name, value in (point | fixed).items()}
    return observation_of_arrays(
        family,
        parameters=fixed,
        inputs=point,
        outputs=call(point, fixed),
        jacobian=jacobian,
        trials=[(trial, call(trial, fixed)) for trial in points[1:]],
        repeated=call(points[1], fixed),
    )


def observation_of_arrays(
    family: str,
    *,
    parameters: Mapping[str, Numbers],
    inputs: Mapping[str, Numbers],
    outputs: Sequence[Numbers],
    jacobian: Mapping[str, Numbers],
    trials: Sequence[tuple[Mapping[str, Numbers], Sequence[Numbers]]],
    repeated: Sequence[Numbers],
) -> dict[str, Any]:
    """What was recorded elsewhere, as an observation; samples are rows throughout.

    Args:
        family: of cells.
        parameters: by name.
        inputs: `x`, `h` and `c` where derivatives were taken.
        outputs: of that call.
        jacobian: by input and parameter, (outputs flattened, *shape).
        trials: inputs and outputs of further calls.
        repeated: outputs of the first trial once more.
    """
    d, n = np.asarray(inputs["x"]).shape[1], np.asarray(inputs["h"]).shape[1]
    state = FAMILIES[family].has_cell_state
    return {
        "input_size": d,
        "hidden_size": n,
        "dtype": PRECISION,
        "parameters": {name: _tensor(value) for name, value in parameters.items()},
        **{name: _tensor(inputs[name]) for name in (("x", "h", "c") if state else ("x", "h"))},
        "outputs": tuple(map(_tensor, outputs)),
        "jacobian": {name: _tensor(value) for name, value in jacobian.items()},
        "trials": [
            {**{name: _tensor(value) for name, value in given.items()}, "outputs": tuple(map(_tensor, found))}
            for given, found in trials
        ],
        "repeated": tuple(map(_tensor, repeated)),
    }


def by_rows(jacobian: Numbers, name: str, batch: int, *, outputs: int, is_input: bool) -> Numbers:
    """The derivatives of a step whose samples are columns, as those of one whose samples are rows.

    Args:
        jacobian: (outputs flattened, *shape), both in the order of columns: features first.
        name: said if the shape is wrong.
        batch: number of samples.
        outputs: how many arrays the step returns.
        is_input: True for derivatives by an input, which is turned as well; a parameter stays as it is.

    Raises:
        ValueError: if the outputs are not so many arrays of so many samples.
    """
    rows, shape = jacobian.shape[0], jacobian.shape[1:]
    if rows % (outputs * batch):
        raise ValueError(f"derivatives by {name} have {rows} rows; wanted a multiple of {outputs * batch}")
    by_sample = jacobian.reshape(outputs, -1, batch, *shape).swapaxes(1, 2).reshape(rows, *shape)
    return by_sample.swapaxes(1, 2) if is_input else by_sample


def _states(returned: Any, count: int, samples: Samples) -> list[Numbers]:
    """The first arrays of what a step returns, as rows."""
    listed = list(returned) if isinstance(returned, tuple | list) else [returned]
    return [_turned(np.asarray(value, dtype=np.float64), samples) for value in listed[:count]]


def _turned(value: Numbers, samples: Samples) -> Numbers:
    return np.ascontiguousarray(value.T) if samples == "columns" else value


def _differences(call: Callable[[], Sequence[Numbers]], value: Numbers) -> Numbers:
    """(outputs flattened, *shape): the array is changed in place, element by element, and is as before afterwards."""
    slopes = []
    flat = value.reshape(-1)
    for place in range(flat.size):
        before = flat[place]
        flat[place] = before + STEP
        above = np.concatenate([one.ravel() for one in call()])
        flat[place] = before - STEP
        below = np.concatenate([one.ravel() for one in call()])
        flat[place] = before
        slopes.append((above - below) / (2 * STEP))
    return np.stack(slopes, axis=1).reshape(-1, *value.shape)


def _tensor(value: Numbers) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(value, dtype=np.float64))
