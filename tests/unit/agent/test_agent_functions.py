"""What probes of functions on arrays need: parts of values, live values, draws of whole numbers, stubs, helpers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from helpers.agent_kernel import AgentKernel, probe_of

from grader import draws
from grader.probes import Call, Catch, Let, Probe, Sample, Stub

Start = Callable[..., AgentKernel]


def array(name: str, shape: list[int], **more: object) -> dict[str, object]:
    return {"numpy": {"draw": name, "shape": shape, **more}}


@pytest.fixture(autouse=True)
def finders() -> Iterator[None]:
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before
    sys.modules.pop("course_helpers", None)


PAIR = "def pair(x):\n    return {'loss': 0.5, 'parts': (x, 2 * x)}\n"


@pytest.mark.parametrize(
    ("of", "at", "wanted"),
    [
        ("whole", ["parts"], "tuple"),
        ("whole", ["nothing", "loss"], 0.5),
        ("parts", [1], "doubled"),
        ("parts", ["loss", -1], "doubled"),
        ("parts", [7, 0], "single"),
    ],
)
def test_a_part_is_found_by_the_first_key_or_place_that_is_there(
    kernel: Start, of: str, at: list[object], wanted: object
) -> None:
    steps = (
        Call(save="whole", target={"name": "pair"}, args=(array("x", [3]),)),
        Let(save="parts", value={"part": {"ref": "whole"}, "at": ["parts"]}),
        Let(save="found", value={"part": {"ref": of}, "at": at}, record=True),
    )
    started = kernel([PAIR], probes=[probe_of(*steps)])
    started.run_cells()

    run, tensors = started.run_probe("p"), started.tensors("p")

    found, x = run.values["found"], draws.draw("7/p", "x", [3])
    if wanted == "tuple":
        assert found.kind == "tuple"
    elif isinstance(wanted, float):
        assert found.scalar == wanted
    else:
        assert torch.equal(tensors[found.key or ""], x * (2 if wanted == "doubled" else 1))


@pytest.mark.parametrize("at", [["nothing"], [2], [True]])
def test_a_part_that_is_not_there_ends_the_probe_as_an_error_of_the_students(kernel: Start, at: list[object]) -> None:
    steps = (
        Call(save="whole", target={"name": "pair"}, args=(array("x", [3]),)),
        Let(save="found", value={"part": {"part": {"ref": "whole"}, "at": ["parts"]}, "at": at}),
    )
    started = kernel([PAIR], probes=[probe_of(*steps)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.step) == ("raised", 1)
    assert run.raised is not None
    assert run.raised.type == "LookupError"


def test_steps_along_the_last_axis_and_sums(kernel: Start) -> None:
    steps = (
        Let(save="x", value=array("x", [2, 3, 4], between=[0.25, 0.75])),
        Let(save="y", value={"sum": [{"step": 3, "of": {"ref": "x"}}, array("z", [2, 3])]}, record=True),
    )
    started = kernel([""], probes=[probe_of(*steps)])

    run, tensors = started.run_probe("p"), started.tensors("p")

    x = draws.draw_between("7/p", "x", [2, 3, 4], low=0.25, high=0.75)
    assert float(x.min()) >= 0.25
    assert float(x.max()) < 0.75
    assert torch.equal(tensors[run.values["y"].key or ""], x[:, :, 3] + draws.draw("7/p", "z", [2, 3]))


@pytest.mark.parametrize(("how", "changed"), [("ref", False), ("live", True)])
def test_what_a_call_changes_in_place_shows_in_the_live_value_only(kernel: Start, how: str, changed: bool) -> None:
    steps = (
        Let(save="x", value={"dict": {"a": array("x", [3])}}),
        Call(save="called", target={"name": "zero"}, args=({how: "x"},)),
        Let(save="after", value={"ref": "x"}, record=True),
    )
    started = kernel(["def zero(x):\n    x['a'][:] = 0\n"], probes=[probe_of(*steps)])
    started.run_cells()

    run, tensors = started.run_probe("p"), started.tensors("p")

    after = tensors[run.values["after"].items[0].key or ""]
    assert bool((after == 0).all()) is changed


def sampled(started: AgentKernel) -> torch.Tensor | str:
    started.run_cells()
    run = started.run_probe("p")
    if run.status != "done":
        return run.raised.type if run.raised is not None else run.status
    assert run.values["drawn"].shape == (3, 4)
    return started.tensors("p")[run.values["drawn"].key or ""]


def draws_of(*args: object) -> dict[str, object]:
    step = Sample(save="drawn", target={"name": "draw"}, args=args, times=3, length=4)
    return {"probes": [probe_of(step)]}


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("return [1, 2]", [1, 2, -1, -1]),
        ("return np.array([1.0, 2, 3, 4, 5])", [1, 2, 3, 4]),
        ("return [np.int64(3)], 'text'", [3, -1, -1, -1]),
        ("return (7, 8)", [7, 8, -1, -1]),
        ("return []", [-1, -1, -1, -1]),
    ],
)
def test_whole_numbers_are_recorded_in_rows_of_one_length(kernel: Start, body: str, rows: list[int]) -> None:
    found = sampled(kernel([f"import numpy as np\ndef draw():\n    {body}\n"], **draws_of()))

    assert isinstance(found, torch.Tensor)
    assert found.tolist() == [rows] * 3


@pytest.mark.parametrize(
    "body", ["return None", "return 'abc'", "return [0.5]", "return [-1]", "return [10**40]", "return [True]"]
)
def test_what_is_no_list_of_whole_numbers_is_an_error_of_the_students(kernel: Start, body: str) -> None:
    assert sampled(kernel([f"def draw():\n    {body}\n"], **draws_of())) == "TypeError"


def test_every_call_is_seeded_anew_and_knows_its_number(kernel: Start) -> None:
    code = (
        "import random, numpy as np, torch\n"
        "def draw(n):\n"
        "    return [n, random.randrange(10**6), np.random.randint(10**6), int(torch.randint(10**6, (1,)))]\n"
    )
    first = sampled(kernel([code], **draws_of({"call": 100})))
    second = sampled(kernel([code], **draws_of({"call": 100})))

    assert isinstance(first, torch.Tensor)
    assert isinstance(second, torch.Tensor)
    assert first[:, 0].tolist() == [0, 100, 200]
    assert torch.equal(first, second)
    assert all(len(set(column)) == 3 for column in first.T.tolist())


def test_the_number_of_a_call_times_anything_is_a_seed_that_generators_take(kernel: Start) -> None:
    code = "import numpy as np\ndef draw(n):\n    np.random.seed(n)\n    return [n >> 2]\n"

    found = sampled(kernel([code], **draws_of({"call": 2654435761})))

    assert isinstance(found, torch.Tensor)
    assert found[:, 0].tolist() == [number * 2654435761 % 2**32 >> 2 for number in range(3)]


STEPS = "def step(x, y):\n    return 'mine'\n\ndef loop(x, y):\n    return step(x, y)\n"


def stubbed(*steps: object) -> Probe:
    stub = Stub(name="step", returns={"tuple": [{"made": [2, 3]}, {"dict": {"a": {"made": [1]}}}]})
    return probe_of(stub, *steps)


def test_a_stub_stands_behind_a_name_until_the_probe_ends(kernel: Start) -> None:
    x, y = array("x", [3]), {"dict": {"w": array("y", [2])}}
    probe = stubbed(
        Call(save="once", target={"name": "loop"}, args=(x, y)),
        Call(save="twice", target={"name": "loop"}, args=(x, y)),
        Call(save="turned", target={"name": "loop"}, args=(y, x)),
    )
    after = Probe(id="after", steps=(Call(save="own", target={"name": "loop"}, args=(1, 2)),))
    started = kernel([STEPS], probes=[probe, after])
    started.run_cells()

    run, tensors = started.run_probe("p"), started.tensors("p")

    once, twice, turned = (tensors[run.values[name].items[0].key or ""] for name in ("once", "twice", "turned"))
    assert once.shape == (2, 3)
    assert torch.equal(once, twice)
    assert not torch.allclose(once, turned)
    assert float(once.abs().max()) < 1
    assert run.values["once"].items[1].names == ("a",)
    assert started.run_probe("after").values["own"].text == "mine"


def test_a_name_that_was_not_there_is_gone_after_its_stub(kernel: Start) -> None:
    probe = stubbed(Catch(save="raised", steps=(Call(save="r", target={"name": "step"}, args=(1,)),)))
    started = kernel(["loop = 1"], probes=[probe])
    started.run_cells()

    run = started.run_probe("p")

    assert run.values["raised"].kind == "none"
    assert "step" not in started.names


@pytest.mark.parametrize(("missing", "status"), [(True, "done"), (False, "missing-name")])
def test_a_name_that_is_not_defined_is_caught_only_if_that_was_asked_for(
    kernel: Start, missing: bool, status: str
) -> None:
    inner = Call(save="r", target={"name": "absent"})
    started = kernel(["x = 1"], probes=[probe_of(Catch(save="raised", missing=missing, steps=(inner,)))])
    started.run_cells()

    run = started.run_probe("p")

    assert run.status == status
    assert missing is (run.values.get("raised") is not None)
    assert not missing or run.values["raised"].text == "MissingName"


HELPERS = {"course_helpers": "import numpy as np\n\ndef half(x):\n    return np.asarray(x) / 2\n"}


@pytest.mark.parametrize("line", ["from course_helpers import half", "from course_helpers import *"])
def test_helpers_of_the_course_can_be_imported_and_that_is_said(kernel: Start, line: str) -> None:
    started = kernel([f"{line}\nresult = half(3)"], supplies=HELPERS)

    cells = started.run_cells()

    assert started.names["result"] == np.float64(1.5)
    assert [note for note in cells[0].notes if "course_helpers" in note]


def test_a_module_that_is_there_goes_before_what_is_supplied(kernel: Start) -> None:
    started = kernel(["import json\nfound = json.loads('1')"], supplies={"json": "raise SystemError"})

    started.run_cells()

    assert started.names["found"] == 1


def test_what_is_not_supplied_is_missing_as_ever(kernel: Start) -> None:
    started = kernel(["import course_helper"], supplies=HELPERS)

    raised = started.run_cells()[0].statements[0].raised

    assert raised is not None
    assert raised.type == "ModuleNotFoundError"


RAISES = """
def gradients(x, made):
    da = 2 * x
    found = {"d_b": da + 1, "other": da, "text": "no array"}
    dc = x
    given = made["dd"]
    raise ValueError("not yet")
"""


def kept_of(kernel: Start, source: str, *names: str) -> dict[str, torch.Tensor] | None:
    """What is recorded of a call that raises, by name."""
    arguments = (array("x", [3]), {"dict": {"dd": array("dd", [2])}})
    step = Call(save="y", target={"name": "gradients"}, args=arguments, kept=names)
    started = kernel([source], probes=[probe_of(step)])
    started.run_cells()
    run = started.run_probe("p")
    assert run.status == "raised"
    if "y" not in run.values:
        return None
    value, tensors = run.values["y"], started.tensors("p")
    return {name: tensors[item.key or ""] for name, item in zip(value.names, value.items, strict=True)}


def test_arrays_that_a_function_had_made_when_it_raised_are_recorded_by_their_names(kernel: Start) -> None:
    kept = kept_of(kernel, RAISES, "da", "db", "dc", "dd", "text")

    x = draws.draw("7/p", "x", [3])
    assert kept is not None
    assert kept.keys() == {"da", "d_b"}
    assert torch.equal(kept["da"], 2 * x)
    assert torch.equal(kept["d_b"], 2 * x + 1)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param(RAISES, (), id="nothing is asked for"),
        pytest.param(
            "def helper(x):\n    da = 2 * x\n    raise ValueError\n\n\ndef gradients(x, made):\n    return helper(x)\n",
            ("da",),
            id="another function made it",
        ),
        pytest.param(
            "class Made:\n    def __call__(self, x, made):\n        da = 2 * x\n        raise ValueError\n\n\n"
            "gradients = Made()\n",
            ("da",),
            id="it is no function",
        ),
    ],
)
def test_nothing_else_is_kept_of_a_call_that_raises(kernel: Start, source: str, names: tuple[str, ...]) -> None:
    assert kept_of(kernel, source, *names) is None
