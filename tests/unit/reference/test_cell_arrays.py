"""Steps written as functions on NumPy arrays are recognised, right or wrong, whatever their layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers.observations import noise

from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict
from reference.recognition.arrays import by_rows, observation_of_arrays, observe_arrays

Parameters = dict[str, Any]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def parameters(seed: int, **shapes: tuple[int, ...]) -> Parameters:
    """Random arrays of these shapes."""
    return {name: 0.7 * noise(seed + place, *shape).numpy() for place, (name, shape) in enumerate(shapes.items())}


def points(family: str, seed: int = 5) -> list[dict[str, Any]]:
    d, n = FAMILIES[family].probe_sizes
    return [
        {
            name: noise(100 * seed + 10 * k + j, 3 + k, size).numpy()
            for j, (name, size) in enumerate((("x", d), ("h", n), ("c", n)))
        }
        for k in range(3)
    ]


def judged(family: str, step: Callable[..., Any], given: Parameters, samples: Any = "columns") -> CellVerdict:
    return ORACLE.recognise_cell(family, observe_arrays(family, step, given, points(family), samples=samples), {})


# Written by hand, in the manner of courses that build networks out of NumPy: samples are columns, maps act on [a; x].

OF_JOINED = dict.fromkeys(("Wf", "Wi", "Wc", "Wo", "Wy"), (3, 8))
OF_BIASES = dict.fromkeys(("bf", "bi", "bc", "bo", "by"), (3, 1))
LSTM = parameters(40, **OF_JOINED, **OF_BIASES) | {"Wy": noise(77, 2, 3).numpy(), "by": noise(78, 2, 1).numpy()}


def lstm_column(x: Any, a: Any, c: Any, p: Parameters, wrong: str = "") -> Any:
    joined = np.concatenate([a, x], axis=0)
    forget = sigmoid(p["Wf"] @ joined + p["bf"])
    update = sigmoid(p["Wi"] @ joined + p["bi"])
    candidate = (sigmoid if wrong == "candidate" else np.tanh)(p["Wc"] @ joined + p["bc"])
    c_next = (1 - forget if wrong == "forget" else forget) * c + update * candidate
    output = sigmoid(p["Wo"] @ joined + p["bo"])
    a_next = output * (c_next if wrong == "tanh" else np.tanh(c_next))
    scores = p["Wy"] @ a_next + p["by"]
    cache = (a_next, c_next, joined)
    return (c_next, a_next, scores, cache) if wrong == "order" else (a_next, c_next, scores, cache)


@pytest.mark.parametrize(
    ("wrong", "mistakes"),
    [
        ("", ()),
        ("candidate", ("lstm.candidate_sigmoid",)),
        ("forget", ("lstm.forget_inverted",)),
        ("tanh", ("lstm.no_output_tanh",)),
        ("order", ("lstm.return_swapped",)),
    ],
)
def test_an_lstm_on_columns_is_recognised(wrong: str, mistakes: tuple[str, ...]) -> None:
    verdict = judged("lstm", lambda x, a, c, p: lstm_column(x, a, c, p, wrong), LSTM)
    assert (verdict.status, verdict.mistakes) == ("mistake" if wrong else "exact", mistakes)
    assert "parameter Wy has no effect" in verdict.notes


def lstm_row(x: Any, h: Any, c: Any, p: Parameters) -> Any:
    i, f, g, o = np.split(np.hstack([x, h]) @ p["W"] + p["b"], 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def test_an_lstm_on_rows_is_recognised() -> None:
    assert judged("lstm", lstm_row, parameters(50, W=(8, 12), b=(12,)), "rows").status == "exact"


def rnn_column(x: Any, a: Any, p: Parameters, wrong: str = "") -> Any:
    if wrong == "outside":
        return np.tanh(p["Wax"] @ x) + p["Waa"] @ a + p["ba"], None
    if wrong == "no state":
        return np.tanh(p["Wax"] @ x + p["ba"])
    return np.tanh(p["Wax"] @ x + p["Waa"] @ a + p["ba"]) + (a if wrong == "residual" else 0)


@pytest.mark.parametrize(
    ("wrong", "mistakes"),
    [("", ()), ("outside", ("rnn.act_on_x_only",)), ("no state", ("rnn.ignore_h",)), ("residual", ("rnn.residual",))],
)
def test_a_plain_cell_on_columns_is_recognised(wrong: str, mistakes: tuple[str, ...]) -> None:
    given = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1))
    assert judged("rnn_tanh", lambda x, a, p: rnn_column(x, a, p, wrong), given).mistakes == mistakes


def gru_column(x: Any, c: Any, p: Parameters, wrong: str = "") -> Any:
    """The relevance gate before the product; the update gate on the candidate."""
    joined = np.concatenate([c, x])
    update, relevance = sigmoid(p["Wu"] @ joined + p["bu"]), sigmoid(p["Wr"] @ joined + p["br"])
    if wrong == "inverted":
        relevance = 1 - relevance
    candidate = np.tanh(p["Wc"] @ np.concatenate([relevance * c, x]) + p["bc"])
    return update * candidate + (c if wrong == "sum" else (1 - update) * c)


@pytest.mark.parametrize(
    ("wrong", "status", "mistakes"),
    [
        ("", "equivalent", ()),
        ("inverted", "mistake", ("gru.reset_inverted",)),
        ("sum", "mistake", ("gru.plain_sum",)),
    ],
)
def test_a_gru_on_columns_is_recognised(wrong: str, status: str, mistakes: tuple[str, ...]) -> None:
    maps = dict.fromkeys(("Wu", "Wr", "Wc"), (4, 9))
    given = parameters(70, **maps, **dict.fromkeys(("bu", "br", "bc"), (4, 1)))
    verdict = judged("gru", lambda x, c, p: gru_column(x, c, p, wrong), given)
    assert (verdict.status, verdict.mistakes) == (status, mistakes)
    assert verdict.convention.startswith("update gate weights the candidate")


def gru_after(x: Any, h: Any, p: Parameters) -> Any:
    (xr, xz, xn), (hr, hz, hn) = np.split(x @ p["U"] + p["b"], 3, 1), np.split(h @ p["V"] + p["e"], 3, 1)
    z = sigmoid(xz + hz)
    return z * h + (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn)


def test_a_gru_on_rows_is_recognised() -> None:
    given = parameters(80, U=(5, 12), V=(4, 12), b=(1, 12), e=(1, 12))
    assert judged("gru", gru_after, given, "rows").status == "exact"


# ------------------------------------------------------------------------------------------------ what is no answer


def test_a_function_without_a_known_formula_is_wrong_without_a_name() -> None:
    given = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1))
    verdict = judged("rnn_tanh", lambda x, a, p: np.sin(rnn_column(x, a, p)), given)
    assert (verdict.status, verdict.mistakes) == ("unnamed", ())


def test_numbers_outside_the_dictionary_are_left_to_a_person() -> None:
    given = parameters(60, Wax=(3, 5), ba=(3, 1))
    kept = noise(3, 3, 3).numpy()
    verdict = judged("rnn_tanh", lambda x, a, p: np.tanh(p["Wax"] @ x + kept @ a + p["ba"]), given)
    assert verdict.status == "unrecognised"
    assert "h also enters by numbers" in verdict.notes[0]


def test_memory_in_a_function_is_named() -> None:
    given, calls = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1)), []

    def step(x: Any, a: Any, p: Parameters) -> Any:
        calls.append(1)
        return rnn_column(x, a, p) + 1e-9 * len(calls)

    assert judged("rnn_tanh", step, given).mistakes == ("cell.stateful",)


def test_samples_that_meet_are_named() -> None:
    given = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1))
    assert judged("rnn_tanh", lambda x, a, p: rnn_column(x, a - a.mean(), p), given).mistakes == ("cell.samples_mixed",)


def test_a_function_that_changes_its_arrays_changes_only_copies() -> None:
    given = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1))
    before = {name: value.copy() for name, value in given.items()}

    def step(x: Any, a: Any, p: Parameters) -> Any:
        found = rnn_column(x, a, p)
        for value in (x, a, *p.values()):
            value[...] = 7
        return found

    assert judged("rnn_tanh", step, given).status == "exact"
    assert all(np.array_equal(given[name], before[name]) for name in given)


def test_one_point_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two at least"):
        observe_arrays("rnn_tanh", rnn_column, {}, points("rnn_tanh")[:1])


# ------------------------------------------------------------------------------------------------ recorded elsewhere


def test_derivatives_that_were_recorded_on_columns_are_turned_into_rows() -> None:
    given, (point, trial, _) = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1)), points("rnn_tanh")
    wanted = observe_arrays("rnn_tanh", rnn_column, given, [point, trial])
    h, batch = wanted["outputs"][0].numpy(), len(point["x"])
    slope = (1 - h**2).T  # (n, batch)
    by_map = np.einsum("ab,ai,jb->abij", slope, np.eye(3), point["x"].T).reshape(3 * batch, 3, 5)
    by_x = np.einsum("ab,ad,bs->abds", slope, given["Wax"], np.eye(batch)).reshape(3 * batch, 5, batch)

    for recorded, name, is_input in ((by_map, "Wax", False), (by_x, "x", True)):
        turned = by_rows(recorded, name, batch, outputs=1, is_input=is_input)
        assert np.allclose(turned, wanted["jacobian"][name].numpy(), atol=1e-8)
    with pytest.raises(ValueError, match="derivatives by x have 9 rows"):
        by_rows(by_x, "x", 4, outputs=1, is_input=True)


def test_recorded_arrays_are_judged_like_those_of_a_function() -> None:
    given, (point, trial, _) = parameters(60, Wax=(3, 5), Waa=(3, 3), ba=(3, 1)), points("rnn_tanh")
    seen = observe_arrays("rnn_tanh", rnn_column, given, [point, trial])
    again = observation_of_arrays(
        "rnn_tanh",
        parameters=given,
        inputs=point,
        outputs=[value.numpy() for value in seen["outputs"]],
        jacobian={name: value.numpy() for name, value in seen["jacobian"].items()},
        trials=[(trial, [value.numpy() for value in seen["trials"][0]["outputs"]])],
        repeated=[value.numpy() for value in seen["repeated"]],
    )
    assert ORACLE.recognise_cell("rnn_tanh", again, {}).status == "exact"
