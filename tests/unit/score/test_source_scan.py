"""Static reading of hostile and ordinary sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from helpers.evidence_files import notebook, run_of, write_evidence

from grader.coursework import StudentVersion
from grader.evidence import Evidence
from grader.score.source_scan import nodes, scan
from grader.score.source_text import parsed, segments
from grader.values import Facts, ModuleFacts, Value

FORBIDS = ("torch.nn.Linear", "torch.nn.functional.linear")


def flags(folder: Path, *cells: str, template: str = "") -> list[str]:
    """The flags that a hand-in of these code cells earns."""
    evidence = Evidence(write_evidence(folder / "s001", handed_in=notebook(*cells)))
    return [finding.flag for finding in scan(evidence, FORBIDS, StudentVersion(notebook(template), None))]


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nx = torch.nn.Linear(1, 2)",
        "import torch as t\nx = t.nn.Linear(1, 2)",
        "import torch.nn as nn\nclass A(nn.Linear): pass",
        "from torch import nn\ndef f():\n    return nn.Linear",
        "from torch.nn import Linear",
        "from torch.nn import Linear as L\nx = L(1, 2)",
        "import torch.nn\nx = torch.nn.Linear",
        "from torch.nn import *\nx = Linear(1, 2)",
        "%pip install x\nimport torch\nbroken(\n\nx = 1\ny = torch.nn.Linear",
        "import torch\nx = getattr(torch.nn, 'Lin' + 'ear')(1, 2)",
        "import torch\nx = getattr(torch, 'nn.Linear')",
        "from torch import nn\nx = vars(nn)[f'Lin{\"ear\"}']",
        "from torch import nn\nx = nn.__dict__['Linear']",
        "import importlib\nx = importlib.import_module('torch.nn.Linear')",
    ],
)
def test_a_forbidden_name_is_found_through_every_import(tmp_path: Path, source: str) -> None:
    assert flags(tmp_path, source) == ["forbidden:torch.nn.Linear"]


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nx = torch.nn.LinearOdd",
        "class Linear: pass\nx = Linear()",
        "from torch.nn import *\nclass Linear: pass\nx = Linear()",
        "x = 'torch.nn.Linear'  # torch.nn.Linear",
        "from other.nn import Linear",
        "import sys\nsys.path.append('x')\nsys.stdout = None",
        "import torch\ntorch.backends.cudnn.deterministic = True\ntorch.manual_seed(0)",
        "import gc\ngc.collect()",
        "class A:\n    def __init__(self):\n        self.torch = 1\n        setattr(self, 'x', 2)",
        "d = {}\nd['x'] = 1\nprint(d)",
        "import torch\nx = getattr(torch, name)\ny = getattr(torch.nn, 'Lin' + name)\nz = getattr(layer, 'Linear')",
        "x = '/content/evidence/a.csv'\ny = 'the job/agent of it'\nz = '/evidences'",
        "x = vars(layer)['Linear']\ny = layer.__dict__[name]\nz = __import__(name)\nw = __import__('math')",
    ],
)
def test_ordinary_code_is_left_alone(tmp_path: Path, source: str) -> None:
    assert flags(tmp_path, source) == []


@pytest.mark.parametrize(
    ("source", "flag"),
    [
        ("import torch\ntorch.allclose = f", "tampering:torch.allclose"),
        ("from torch import Tensor\nTensor.backward = f", "tampering:torch.Tensor.backward"),
        ("import builtins\nbuiltins.isinstance = f", "tampering:builtins.isinstance"),
        ("__builtins__.print = f", "tampering:builtins.print"),
        ("import sys\nsys.modules['torch'] = f", "tampering:sys.modules"),
        ("import torch\nsetattr(torch, 'equal', f)", "tampering:torch"),
        ("import torch\ndel torch.equal", "tampering:torch.equal"),
        ("import sys\nf = sys._getframe(1)", "tampering:sys._getframe"),
        ("from sys import _getframe", "tampering:sys._getframe"),
        ("import gc\nx = gc.get_objects()", "tampering:gc"),
        ("import ctypes", "tampering:ctypes"),
        ("import inspect\ninspect.currentframe().f_back", "tampering:inspect.currentframe"),
        ("import IPython\nIPython.get_ipython = f", "tampering:IPython.get_ipython"),
        ("import _grader_agent.steps", "tampering:_grader_agent"),
        ("x = __import__('_grader_agent')", "tampering:_grader_agent"),
        ("import sys\nx = sys.modules['_grader_agent.steps']", "tampering:_grader_agent"),
        ("x = open('/evidence/probe-p@0.json', 'w')", "tampering:/evidence"),
        ("import os\nx = os.environ['GRADER_JOB']", "tampering:GRADER_JOB"),
        ("TEXT = 'with open(\"/job/job.json\") as f: pass'", "tampering:/job"),
    ],
)
def test_tampering_is_flagged(tmp_path: Path, source: str, flag: str) -> None:
    assert flags(tmp_path, source) == [flag]


def test_what_the_template_does_is_nobodys_fault(tmp_path: Path) -> None:
    line = "import torch\nx = torch.nn.Linear(1, 2)"
    assert flags(tmp_path, line, template=line) == []


def test_the_note_says_where(tmp_path: Path) -> None:
    evidence = Evidence(write_evidence(tmp_path / "s001", handed_in=notebook("import torch", "\nx = torch.nn.Linear")))
    (finding,) = scan(evidence, FORBIDS, StudentVersion(notebook(""), None))
    assert finding.note == "Cell 2, line 2 uses `torch.nn.Linear`; a person will look at it."


def test_a_library_class_inside_an_object_is_found_whatever_the_source_says(tmp_path: Path) -> None:
    modules = (
        ModuleFacts(name="", class_name="Own", library=False),
        ModuleFacts(name="a", class_name="Linear", library=True),
        ModuleFacts(name="b", class_name="linear", library=False),
    )
    made = Value(kind="object", facts=Facts(class_name="Own", is_module=True, modules=modules))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(""), runs=[run_of(values={"m": made})])

    (finding,) = scan(Evidence(folder), FORBIDS, StudentVersion(notebook(""), None))

    assert finding.flag == "forbidden:torch.nn.Linear"
    assert finding.note == "An object of your `Own` holds `torch.nn.Linear`; a person will look at it."


@pytest.mark.parametrize("name", ["", "inner"])
def test_a_class_derived_from_a_forbidden_one_is_found_under_any_name(tmp_path: Path, name: str) -> None:
    derived = ModuleFacts(name=name, class_name="Own", library=False, inherits=("Linear", "LinearBase"))
    made = Value(kind="object", facts=Facts(class_name="Own", is_module=True, modules=(derived,)))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(""), runs=[run_of(values={"m": made})])

    (finding,) = scan(Evidence(folder), FORBIDS, StudentVersion(notebook(""), None))

    assert finding.flag == "forbidden:torch.nn.Linear"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("(" * 5_000, id="deep brackets"),
        pytest.param("x = " + "-" * 50_000 + "1", id="deep signs"),
        pytest.param("x = " + "1+" * 50_000 + "1", id="a long sum"),
        pytest.param("x\0 = 1", id="null bytes"),
        pytest.param("x = '\ud800'", id="a lone surrogate"),
        pytest.param("a" * 300_000, id="too long a cell"),
        pytest.param("x = '\\d'\nif 1 is 1: pass", id="code that warns"),
        pytest.param("def f(:\n" * 200, id="broken definitions"),
    ],
)
def test_hostile_sources_are_read_without_harm(source: str) -> None:
    record = notebook("ok = 1")
    hostile = record.cells[0].model_copy(update={"source": source})
    evidence_notebook = record.model_copy(update={"cells": (hostile,)})

    found = parsed(source) if len(source) < 200_000 else []

    assert len(found) <= 2
    assert segments(evidence_notebook, "nothing") == []


def test_at_most_twenty_findings_are_kept(tmp_path: Path) -> None:
    source = "import torch\n" + "\n".join(f"torch.name{n} = 1" for n in range(50))
    assert len(flags(tmp_path, source)) == 20


def test_parts_of_a_broken_cell_keep_their_line_numbers() -> None:
    found = parsed("x = 1\ndef f(:\n    pass\n@g\ndef h():\n    return 2\n")
    assert [(type(node).__name__, node.lineno) for node in found] == [("Assign", 1), ("FunctionDef", 5)]


def test_nodes_come_in_the_order_in_which_the_library_walks() -> None:
    source = (
        "@f(1)\ndef g(x: int = 2, *y, **z) -> T:\n    a.b[c] = lambda: -x + [d for d in e if not d][0]\n    del h\n"
    )
    (statement,) = ast.parse(source).body
    assert list(nodes(statement)) == [node for node in ast.walk(statement) if node._fields]
