from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from helpers.agent_kernel import AgentKernel, job_json, probe_of

from grader.probes import Call, Construct, Fill, Let

Start = Callable[..., AgentKernel]


def test_start_says_what_it_runs_on(kernel: Start) -> None:
    started = kernel([])

    found = started.json("environment")

    assert (found["python"], found["torch"]) == (platform.python_version(), str(torch.__version__))
    assert set(found) >= {"python", "torch", "numpy"}


@pytest.mark.parametrize("request_line", ["cell", "train", "probe"])
def test_what_the_job_does_not_have_is_a_fault_of_ours(kernel: Start, request_line: str) -> None:
    started = kernel(["x = 1"])

    with pytest.raises(started.agent.control.AgentError, match="the job has no"):
        getattr(started.agent, request_line)(99)


def test_a_request_before_the_start_is_a_fault_of_ours(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.requests, "_OPEN", {})

    with pytest.raises(agent.control.AgentError, match="start"):
        agent.cell(0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "JSONDecodeError", id="no JSON"),
        pytest.param('{"schema": 2}', "schema 2, wanted 1", id="another schema"),
        pytest.param('{"schema": 1}', "KeyError", id="a field is missing"),
    ],
)
def test_a_job_that_cannot_be_read_is_a_fault_of_ours(
    agent: ModuleType, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "job.json"
    path.write_text(text)

    with pytest.raises(agent.control.AgentError, match=message):
        agent.start({}, job=str(path), evidence=str(tmp_path))


@pytest.mark.parametrize("missing", ["IPython.core.getipython", None])
def test_without_a_kernel_there_must_be_a_namespace(
    agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job_json([])))
    monkeypatch.setenv("GRADER_JOB", str(path))
    monkeypatch.setenv("GRADER_EVIDENCE", str(tmp_path))
    if missing:
        monkeypatch.setitem(__import__("sys").modules, missing, None)

    with pytest.raises(agent.control.AgentError, match="IPython"):
        agent.start()


@pytest.mark.parametrize(
    "step", [{"do": "dance"}, {"do": "let", "save": "x", "value": {"no": 1}}, {"do": "fill", "of": "nothing"}]
)
def test_a_probe_that_makes_no_sense_is_a_fault_of_ours_and_not_the_students(
    kernel: Start, step: dict[str, object]
) -> None:
    probe = {"id": "p", "subject": None, "steps": [{"do": "catch", "save": "c", "steps": [step]}]}
    started = kernel(["x = 1"])
    started.agent.requests._OPEN["session"].job.probes["p"] = probe

    with pytest.raises(started.agent.control.AgentError):
        started.agent.probe("p")


STAND_IN = (
    "import torch\nfrom torch import nn\nclass Cell(nn.Module):\n  pass\n"
    "class Model(nn.Module):\n"
    "    def __init__(self, n):\n        super().__init__()\n"
    "        self.cell = Cell(3, n, False, 'relu', 'more', own=2)\n        assert isinstance(self.cell, Cell)\n"
    "    def forward(self, x): return self.cell(input=x, hx=None)\n"
)


def test_library_layers_stand_in_and_say_so(kernel: Start) -> None:
    steps = [
        Construct(save="model", target="Model", args=(2,)),
        Fill(of="model"),
        Let(save="x", value={"draw": "x", "shape": [4, 3]}),
        Call(save="y", target={"ref": "model"}, args=({"ref": "x"},)),
    ]
    started = kernel([STAND_IN], probes=[probe_of(*steps, subject="Model")], stand_ins={"Cell": "torch.nn.RNNCell"})
    started.run_cells()

    started.agent.stand_in()
    run = started.run_probe("p")

    assert run.status == "done"
    facts = run.values["model"].facts
    assert facts is not None
    cell = facts.modules[1]
    assert (cell.class_name, cell.library) == ("RNNCell", True)
    assert (cell.attributes["bias"], cell.attributes["nonlinearity"]) == (False, "relu")


@pytest.mark.parametrize("dotted", ["torch.nn.Nothing", "nothing", "torch.nn.functional"])
def test_a_stand_in_that_is_no_class_is_a_fault_of_ours(kernel: Start, dotted: str) -> None:
    started = kernel([], stand_ins={"Cell": dotted})

    with pytest.raises(started.agent.control.AgentError, match="stand-in"):
        started.agent.stand_in()


TRAIN = (
    "import torch\nnet = torch.nn.Linear(2, 1)\noptimiser = torch.optim.SGD(net.parameters(), lr=0.1)\n"
    "for step in range(STEPS):\n    optimiser.zero_grad()\n    net(torch.ones(1, 2)).sum().backward()\n"
    "    optimiser.step()\n    print('step', step)\nprint('done')\n"
)


def test_training_runs_the_whole_cell_and_prints(kernel: Start, capsys: pytest.CaptureFixture[str]) -> None:
    started = kernel(["STEPS = 3", TRAIN], training_cells=[1])
    started.run_cells()

    started.agent.train(1)

    found = started.json("training")
    assert (found["steps"], found["stopped"], found["raised"]) == (3, None, None)
    assert "done" in capsys.readouterr().out
    assert started.cell(1).statements[0].kind == "training"


def test_training_is_ended_cleanly_after_the_agreed_steps(kernel: Start, capsys: pytest.CaptureFixture[str]) -> None:
    started = kernel(["STEPS = 1000", TRAIN, TRAIN], limits={"training_steps": 5})
    started.run_cells()

    started.agent.train(1)
    started.agent.train(2)

    found = started.json("training")
    assert (found["steps"], found["stopped"], found["raised"]) == (5, "steps", None)
    assert started.cell(1).statements[0].status == "ok"
    assert "stopped by us" in started.cell(1).notes[0]
    assert "step 3" in capsys.readouterr().out


def test_training_is_ended_cleanly_after_the_agreed_seconds(kernel: Start) -> None:
    started = kernel(["x = 1\nwhile True: pass"] * 2, limits={"training_s": 0.2})

    started.agent.train(0)
    started.agent.train(1)

    assert started.json("training")["stopped"] == "seconds"
    assert started.cell(1).statements[0].status == "ok"


def test_training_that_raises_says_where(kernel: Start) -> None:
    started = kernel(["x = 1\ny = undefined", "y = = 2"])

    started.agent.train(0)

    assert started.json("training")["raised"]["line"] == 2
    assert started.cell(0).statements[0].status == "raised"


def test_training_that_does_not_parse_says_where(kernel: Start) -> None:
    started = kernel(["x = 1\ny = = 2"])

    started.agent.train(0)

    assert started.json("training")["raised"]["type"] == "SyntaxError"
    assert started.cell(0).status == "syntax-error"
