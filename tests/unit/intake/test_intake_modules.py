"""Python files of one hand-in become one notebook: modules first, imports among them resolved, scripts not run."""

from __future__ import annotations

import re

import pytest
from helpers.notebooks import notebook_bytes

from grader.intake.choice import Choice, choose
from grader.intake.expectation import Expectation
from grader.intake.handins import Candidate, Unpacked
from grader.intake.kinds import kind_by_name
from grader.limits import IntakeLimits
from grader.records import CellKind, NotebookRecord

EXPECTED = Expectation(names=frozenset({"Net", "Gate", "ratio"}))
GATE = b"import torch\n\nclass Gate:\n    size = 3\n\n\ndef ratio(a, b):\n    return a / b\n"
NET = b"""from gate import Gate, ratio as share
import gate
import numpy as np

class Net(Gate):
    half = share(1, 2)
    size = gate.ratio(4, 2)
"""
TRAIN = b"""import argparse
from net import Net

def train(config):
    return Net()

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    config = parser.parse_args()
    raise SystemExit(train(config))
"""


def chosen(files: dict[str, bytes], expectation: Expectation = EXPECTED) -> Choice:
    candidates = [Candidate(path=path, kind=kind_by_name(path), data=data) for path, data in files.items()]
    return choose(Unpacked(candidates=candidates), expectation, IntakeLimits())


def read(files: dict[str, bytes], expectation: Expectation = EXPECTED) -> NotebookRecord:
    notebook = chosen(files, expectation).notebook
    assert notebook is not None
    return notebook


def run(notebook: NotebookRecord) -> dict[str, object]:
    """The namespace after every code cell, apart from imports of what is not installed."""
    space: dict[str, object] = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.kind is CellKind.CODE:
            exec(re.sub(r"^import (torch|numpy).*$", "pass", cell.source, flags=re.M), space)
    return space


def test_modules_stand_before_what_imports_them_and_their_names_are_there() -> None:
    space = run(read({"net.py": NET, "gate.py": GATE}))

    assert space["Net"].half == 0.5  # type: ignore[attr-defined]
    assert space["Net"].size == 2  # type: ignore[attr-defined]


def test_what_stands_behind_main_is_kept_and_not_run() -> None:
    choice = chosen({"train.py": TRAIN, "net.py": NET, "gate.py": GATE})

    assert choice.notebook is not None
    behind = [cell for cell in choice.notebook.cells if "ArgumentParser()" in cell.source]
    assert [cell.kind for cell in behind] == [CellKind.OTHER]
    assert "train" in run(choice.notebook)
    assert any("was read and not run" in note for note in choice.notebook.notes)
    assert any('"gate.py" (cells 1 to 3), "net.py" (cells 4 to 5)' in note for note in choice.notes)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("from gate import Gate", id="plain"),
        pytest.param("from .gate import Gate", id="relative"),
        pytest.param("from gate import *", id="star"),
        pytest.param("from part1.gate import Gate", id="package"),
        pytest.param("from gate import (\n    Gate,\n    ratio,\n)", id="several-lines"),
        pytest.param("from . import gate", id="module-of-the-package"),
    ],
)
def test_imports_of_own_files_are_resolved_and_lines_keep_their_places(line: str) -> None:
    source = f"{line}\nclass Net(Gate):\n    pass\n"

    notebook = read({"part1/net.py": source.encode(), "part1/gate.py": GATE})

    assert "Net" in run(notebook)
    joined = "\n".join(cell.source for cell in notebook.cells)
    assert joined.count("\n") >= (GATE.decode() + source).strip().count("\n") - 6


def test_a_notebook_without_the_definitions_is_joined_with_the_scripts_that_have_them() -> None:
    report = notebook_bytes([("markdown", "# Report"), ("code", "answer = Net()")])

    wanted = Expectation(names=EXPECTED.names | {"answer"})
    notebook = read({"report.ipynb": report, "code/net.py": NET, "code/gate.py": GATE}, wanted)

    assert notebook.format == "ipynb"
    assert notebook.cells[-1].source == "answer = Net()"
    assert "answer" in run(notebook)


def test_a_notebook_that_has_everything_is_not_joined_with_its_export() -> None:
    everything = GATE + b"\n\nclass Net(Gate):\n    pass\n"
    notebook = notebook_bytes([("code", everything.decode())])

    taken = read({"a.ipynb": notebook, "a.py": everything})

    assert len(taken.cells) == 1


def test_a_markdown_report_beside_scripts_is_read_as_text() -> None:
    choice = chosen({"net.py": NET, "gate.py": GATE, "report.md": b"# Question 1.3\nIt falls with the length."})

    assert choice.notebook is not None
    assert choice.notebook.cells[-1].kind is CellKind.MARKDOWN
    assert "It falls" in choice.notebook.cells[-1].source
    assert any('"report.md" was read as the report' in note for note in choice.notes)


def test_a_markdown_report_alone_is_no_hand_in() -> None:
    choice = chosen({"report.md": b"# Question 1.3"})

    assert choice.notebook is None
    assert choice.refused is not None
    assert choice.refused.code == "export-only"


def test_modules_that_import_each_other_are_joined_all_the_same() -> None:
    notebook = read({"a.py": b"import b\nclass Net:\n    pass\n", "b.py": b"import a\nclass Gate:\n    pass\n"})

    assert {"Net", "Gate"} <= set(run_without_modules(notebook))


def run_without_modules(notebook: NotebookRecord) -> dict[str, object]:
    space: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.source.startswith("class"):
            exec(cell.source, space)
    return space


def test_a_text_that_looks_like_code_inside_a_string_is_not_torn_apart() -> None:
    source = 'import gate\nHELP = """\nclass of 2026\ndef is short for definition\n"""\nclass Net(Gate):\n    pass\n'

    assert "class of 2026" in str(run(read({"net.py": source.encode(), "gate.py": GATE}))["HELP"])


def test_scripts_of_more_parts_than_a_notebook_may_have_cells_are_not_joined() -> None:
    many = "".join(f"def f{number}():\n    pass\n" for number in range(2_001)).encode()

    choice = chosen({"net.py": NET, "gate.py": GATE + many})

    assert choice.notebook is not None
    assert len(choice.notebook.cells) == 1
    assert any("was graded, not" in note for note in choice.notes)


def test_many_large_scripts_that_import_each_other_are_joined_in_little_time() -> None:
    filler = "value = 1\n" * 2_000
    files = {f"m{number}.py": f"import m{number + 1}\n{filler}".encode() for number in range(40)}

    choice = chosen({**files, "m40.py": b"class Net:\n    pass\n"})

    assert choice.notebook is not None
    assert sum("read together" in note for note in choice.notes) == 1
