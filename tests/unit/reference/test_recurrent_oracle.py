"""The oracle as the engine sees it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reference
from grader.oracle import Oracle
from reference.oracle import ORACLE


def test_the_oracle_has_the_shape_that_the_engine_asks_for() -> None:
    assert isinstance(ORACLE, Oracle)


def test_the_families_come_with_coprime_sizes() -> None:
    assert {name: ORACLE.cell_sizes(name) for name in ORACLE.families()} == {
        "lstm": (5, 3),
        "gru": (5, 4),
        "rnn_tanh": (5, 3),
        "rnn_relu": (5, 3),
    }


def test_only_the_lstm_has_a_cell_state() -> None:
    assert [name for name in ORACLE.families() if ORACLE.has_cell_state(name)] == ["lstm"]


def test_the_architectures_are_named() -> None:
    assert tuple(ORACLE.architectures()) == ("stacked", "bidirectional")


def test_the_policies_are_those_that_verdicts_and_marks_follow() -> None:
    assert {name: policy.default for name, policy in ORACLE.policies().items()} == {
        "gru.reset": "any",
        "gru.update": "any",
        "forget_bias": "accept",
        "realigned_reverse": "free",
    }


def test_the_version_is_a_stable_digest() -> None:
    assert len(ORACLE.version) == 16
    assert ORACLE.version == ORACLE.version
    assert set(ORACLE.version) <= set("0123456789abcdef")


@pytest.mark.parametrize("path", sorted(Path(reference.__file__).parent.rglob("*.py")), ids=lambda path: str(path.name))
def test_the_reference_imports_nothing_of_the_grader(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    assert [name for name in names if name.split(".")[0] == "grader"] == []
