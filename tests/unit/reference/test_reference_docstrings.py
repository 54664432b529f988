"""Every right answer says its equations, shapes, source, departures, numerics, oracle and mistakes, or says "none"."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from torch import nn

import reference

ROOT = Path(__file__).resolve().parents[3]
HEADINGS = ["Equations", "Shapes", "Source", "Departures", "Numerics", "Oracle", "Mistakes"]
JUDGING = {"functions", "mistakes", "models", "recognition", "sequences"}
SUPPORT = {
    "adam_start",
    "check_log",
    "compare_temperatures",
    "draws_follow",
    "gru_two_steps",
    "logistic_slope",
    "lstm_gradients",
    "one_hot",
    "quantity_named",
    "rmsprop_start",
    "softmax_error",
}
"""They begin, choose, join or compare, and state no equations of their own."""


def public(wanted: type | tuple[type, ...]) -> Iterator[Any]:
    """What the packages that give answers offer, and whatever else states equations, module by module."""
    for package in pkgutil.iter_modules(reference.__path__):
        if not package.ispkg or package.name in JUDGING:
            continue
        home = importlib.import_module(f"reference.{package.name}")
        for found in pkgutil.iter_modules(home.__path__):
            if found.name.startswith("_"):
                continue
            module = importlib.import_module(f"{home.__name__}.{found.name}")
            for name, value in vars(module).items():
                own = isinstance(value, wanted) and value.__module__ == module.__name__
                told = name in home.__all__ or "\nEquations" in inspect.cleandoc(value.__doc__ or "")
                if own and told and not name.startswith("_"):
                    yield pytest.param(value, id=f"{package.name}.{found.name}.{name}")


OFFERED = list(public(FunctionType))
FUNCTIONS = [case for case in OFFERED if case.values[0].__name__ not in SUPPORT]
NETWORKS = [case for case in public(type) if issubclass(case.values[0], nn.Module)]
EVERYTHING = [*OFFERED, *public(type)]


def headings(value: Any) -> dict[str, str]:
    """Heading -> what stands beside and below it."""
    found: dict[str, str] = {}
    current = None
    for line in inspect.cleandoc(value.__doc__ or "").split("\n"):
        heading = re.match(rf"({'|'.join(HEADINGS)})(?=\s|$)(.*)", line)
        if heading:
            current = heading.group(1)
            found[current] = heading.group(2).strip()
        elif current and line.startswith(" "):
            found[current] += "\n" + line
        elif line.strip():
            current = None
    return found


def test_there_are_functions_and_networks() -> None:
    assert len(FUNCTIONS) >= 50
    assert len(NETWORKS) >= 9
    assert {case.values[0].__name__ for case in OFFERED} >= SUPPORT


@pytest.mark.parametrize("value", [*FUNCTIONS, *NETWORKS])
def test_all_seven_headings_are_there_in_order_and_none_is_empty(value: Any) -> None:
    found = headings(value)
    assert list(found) == HEADINGS
    assert [name for name, text in found.items() if not text.strip()] == []


@pytest.mark.parametrize("value", EVERYTHING)
def test_the_first_line_is_one_sentence(value: Any) -> None:
    first = inspect.cleandoc(value.__doc__ or "").split("\n")[0]
    assert first[0].isupper()
    assert first.endswith(".")


@pytest.mark.parametrize("value", EVERYTHING)
def test_no_backslash_has_turned_into_something_else(value: Any) -> None:
    assert not re.search(r"[\t\b\f\v\r\a]", value.__doc__ or "")


@pytest.mark.parametrize("value", [*FUNCTIONS, *NETWORKS])
def test_files_that_a_docstring_names_are_there(value: Any) -> None:
    for name in re.findall(r"\b((?:tests|reference)/[\w/*]+\.py)", value.__doc__ or ""):
        assert list(ROOT.glob(name)), name


@pytest.mark.parametrize("value", [*FUNCTIONS, *NETWORKS])
def test_a_paper_of_arxiv_is_named_with_its_version(value: Any) -> None:
    for number in re.findall(r"arXiv:([\d.]*\d\w*)", value.__doc__ or ""):
        assert re.fullmatch(r"\d{4}\.\d{4,5}v\d+", number), number
