"""Packages of numbers offer what they say, and every named mistake of theirs says what it distorts."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from reference import counts, curves, language, optimisers
from reference.mistakes import FunctionMistake, function_mistakes

FAMILIES = ("rms", "adam", "clip", "temp", "ppl", "samp", "lmloss", "count")
ENTRIES = [entry for family in FAMILIES for entry in function_mistakes(family)]
REFERENCE = Path(counts.__file__).parents[1]


@pytest.mark.parametrize("package", [optimisers, language, counts, curves], ids=lambda package: package.__name__)
def test_what_a_package_offers_is_there_and_sorted(package: object) -> None:
    names: list[str] = package.__all__  # type: ignore[attr-defined]  # a package
    assert names == sorted(names)
    assert [name for name in names if not hasattr(package, name)] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.mistake.id)
def test_every_entry_names_a_reference_function_and_takes_what_it_takes(entry: FunctionMistake) -> None:
    module, name = f"reference.{entry.of}".rsplit(".", 1)
    reference = getattr(importlib.import_module(module), name)
    wanted = list(inspect.signature(reference).parameters)
    found = list(inspect.signature(entry.function).parameters)
    assert found == wanted[: len(found)]


def test_counting_and_the_catalogue_do_not_wait_for_sympy() -> None:
    counting = [REFERENCE / "counts" / f"{name}.py" for name in ("__init__", "blocks", "models", "quantities", "sizes")]
    for path in [*counting, *(REFERENCE / "mistakes").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"sympy", "reference.counts.naming", "reference.counts.expressions"}, path
