"""Arrows point one way: cli -> pipeline -> stages -> shared modules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"intake", "execute", "score", "report"}
SHARED = {
    "records",
    "shared_marks",
    "scratch",
    "errors",
    "limits",
    "rubric",
    "store",
    "probes",
    "supplies",
    "draws",
    "forked",
    "oracle",
    "evidence",
    "coursework",
    "stored_tensors",
    "tensor_blocks",
    "values",
}
TOOLS = {"lms", "workshop", "marking"}
FRONT = {"cli", "console", "__main__"}
INSIDE_KERNELS = ROOT / "grader" / "execute" / "agent"


def modules(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Absolute names of everything that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def rooms(path: Path) -> set[str]:
    """The rooms of `grader` that a module imports from."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("grader.") and name.count(".") >= 1}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "grader").parts[0].removesuffix(".py")


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_imports_only_itself_and_shared_modules(stage: str) -> None:
    for path in modules(f"grader/{stage}"):
        assert rooms(path) <= SHARED | {stage, "__version__"}, f"{path.relative_to(ROOT)} imports {rooms(path)}"


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_shared_module_imports_no_stage(name: str) -> None:
    assert rooms(ROOT / "grader" / f"{name}.py") <= SHARED


def test_tools_use_the_pipeline_and_shared_modules_but_no_stage() -> None:
    for tool in sorted(TOOLS):
        for path in modules(f"grader/{tool}"):
            assert rooms(path) <= SHARED | {"pipeline", tool}, path


def test_only_the_pipeline_imports_all_stages() -> None:
    joined = set().union(*(rooms(path) for path in modules("grader/pipeline")))
    assert joined >= STAGES
    for path in modules("grader"):
        if room_of(path) not in STAGES | {"pipeline"}:
            # What begins before the pipeline is loaded knows the one stage that takes longest to be ready.
            allowed = {"execute"} if room_of(path) == "ahead" else set()
            assert rooms(path) & STAGES <= allowed, f"{path.relative_to(ROOT)} reaches into a stage"


def test_nothing_imports_the_command_line() -> None:
    for path in modules("grader"):
        if room_of(path) not in FRONT:
            assert not rooms(path) & FRONT, path


def test_the_oracle_imports_nothing_of_the_engine() -> None:
    for path in modules("reference"):
        assert not {name for name in imported(path) if name.split(".")[0] == "grader"}, path


def test_the_engine_imports_no_oracle() -> None:
    for path in modules("grader"):
        assert not {name for name in imported(path) if name.split(".")[0] == "reference"}, path


def test_the_agent_imports_nothing_of_the_engine() -> None:
    paths = list(modules("grader/execute/agent"))
    assert paths
    for path in paths:
        assert not {name for name in imported(path) if name.split(".")[0] in {"grader", "reference"}}, path


def test_scoring_reads_no_clock_no_chance_and_no_network() -> None:
    forbidden = {"socket", "time", "random", "jupyter_client", "nbclient", "datetime", "secrets"}
    for path in modules("grader/score"):
        assert not {name.split(".")[0] for name in imported(path)} & forbidden, path


NETWORKS = (
    "lstm", "gru", "rnn", "bptt", "elman", "recurrent", "peephole", "seq2seq", "perplexity", "vanishing",
    "forget gate", "reset gate", "update gate", "input gate", "output gate",
)  # fmt: skip
"""Words of the field. The engine knows modules, calls, edges and arrays; what a network is, the oracle knows."""
OUR_FIRST_STEPS = "first_steps"
"""The coursework of the documentation's examples, which is about no network of that kind."""


def words_of_courseworks() -> set[str]:
    """The names of all courseworks that come with the grader or are planned, and what they begin with."""
    there = {path.parent.name for path in (ROOT / "rubrics").glob("*/rubric.yaml")} - {OUR_FIRST_STEPS}
    planned = {"imperial_cw3", "uva_a2", "tau_hw2", "sequence_models_w1", "rnn_theory"}
    return there | planned | {"imperial", "uva", "uvadlc", "sequence_models"}


def text_files(package: str) -> Iterator[Path]:
    """Every file of a package that holds text: modules, templates, style sheets, data."""
    yield from sorted(
        path
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".pyc", ".so")
    )


def naming(words: set[str]) -> re.Pattern[str]:
    """Finds a word wherever it stands in a name: `LSTMCell`, `my_lstm`, `xLSTM`; not within another word."""
    listed = "|".join(re.escape(word).replace("\\ ", r"[\s_-]?") for word in sorted(words, key=lambda word: -len(word)))
    joined = "|".join(word.upper() for word in NETWORKS[:4])
    letter = "tau"  # a coursework where something of it is named (`tau.dW_hz`), else a letter of mathematics
    return re.compile(rf"(?<![a-z])(?:{listed}|{letter}(?=[._]\w))(?!(?<=gru)[bdefmn])|(?<=[a-z])(?:{joined})")


def test_the_engine_knows_no_network_and_no_coursework() -> None:
    words = naming({*NETWORKS, *words_of_courseworks()})
    for path in text_files("grader"):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            found = words.search(line) or words.search(line.lower())
            assert not found, f"{path.relative_to(ROOT)}:{number} names {found.group()!r}: {line.strip()}"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("class LSTMCell:", True),
        ("my_lstm = 1", True),
        ("xLSTM", True),
        ("# the forget gate", True),
        ("rubrics/uva_a2", True),
        ("rubrics/imperial_cw3", True),
        ("the structure of a table", False),
        ("a grunt is no tautology", False),
        ("equivalent", False),
    ],
)
def test_a_line_that_names_a_network_or_a_coursework_is_told_from_others(line: str, named: bool) -> None:
    words = naming({*NETWORKS, *words_of_courseworks()})
    assert bool(words.search(line) or words.search(line.lower())) is named


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    for package in ("grader", "reference"):
        for path in modules(package):
            assert len(path.read_text(encoding="utf-8").split("\n")) <= 400, path


def test_what_begins_before_the_pipeline_loads_no_torch() -> None:
    program = "import sys, grader.ahead; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
