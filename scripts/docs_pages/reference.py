"""docs/reference.md: every function and class of the reference, found by walking its packages."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import FunctionType, ModuleType
from typing import Any

import reference
from docs_pages.docstrings import HEADINGS, Docstring, fields, parse, signature
from docs_pages.markdown import anchor, code, code_block, link, listed, prose
from reference.mistakes import all_mistakes

JUDGING = {"functions", "mistakes", "models", "recognition", "sequences"}
"""Packages that judge answers instead of giving them; the first has a page of its own."""

_INTRODUCTION = """\
Made by `scripts/make_docs.py` from the docstrings. These are the right answers, written to be read: clearer than fast,
float64 throughout, each compared with an independent one by a test. Every function says its equations, its
shapes, where they come from, where it departs from that, what was done for the sake of numbers, what it was compared
with, and the mistakes that are made in its place ([mistakes.md](mistakes.md)). Symbols: B samples in a batch, T steps,
d inputs, n hidden units, K classes, V words, L layers; ⊙ multiplies element by element, σ is the logistic function; a
prime marks the new value."""


def packages() -> Iterator[ModuleType]:
    """The packages of the reference that give answers."""
    for found in sorted(pkgutil.iter_modules(reference.__path__), key=lambda module: module.name):
        if found.ispkg and found.name not in JUDGING:
            yield importlib.import_module(f"reference.{found.name}")


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """The public modules of a package."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if not found.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def members(module: ModuleType) -> list[tuple[str, Any]]:
    """What a module defines of its package's offer, or with equations, in the order in which it stands there."""
    offered = importlib.import_module(module.__name__.rpartition(".")[0]).__all__
    found = [
        (name, value)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and isinstance(value, (FunctionType, type))
        and value.__module__ == module.__name__
        and (name in offered or "\nEquations" in inspect.cleandoc(value.__doc__ or ""))
    ]
    return sorted(found, key=lambda pair: inspect.getsourcelines(pair[1])[1])


def reference_page() -> str:
    lines = ["# Reference implementations", "", *_INTRODUCTION.split("\n"), "", "## Contents", ""]
    body: list[str] = []
    for package in packages():
        short = package.__name__.removeprefix("reference.")
        listing = [(module, members(module)) for module in modules(package)]
        lines.append(f"- {link(short)}")
        for module, found in listing:
            if found:
                shown = ", ".join(link(f"{short}.{name}", code(name)) for name, _ in found)
                lines.append(f"  - {prose(parse(module.__doc__ or '').summary.rstrip('.'))}: {shown}")
        body += ["", f"## {short}", "", prose(parse(package.__doc__ or "").summary)]
        body += [prose(text) for text in parse(package.__doc__ or "").paragraphs]
        for module, found in listing:
            for name, value in found:
                body += ["", f"### {short}.{name}", "", *_member(module, name, value)]
    return "\n".join([*lines, *body, ""])


def _member(module: ModuleType, name: str, value: Any) -> list[str]:
    source, told = inspect.getsource(module), parse(value.__doc__ or "")
    called = signature(source, name)
    lines = [prose(told.summary), ""]
    lines += code_block(f"from {_home(module, name)} import {name}" + (f"\n\n{called}" if called else ""), "python")
    for paragraph in told.paragraphs:
        lines += ["", prose(paragraph)]
    if is_dataclass(value):
        lines += ["", *listed(f"`{field}`: {prose(text)}" for field, text in fields(source, name).items())]
    elif isinstance(value, type):
        lines += _methods(value)
    return lines + _headings(told)


def _home(module: ModuleType, name: str) -> str:
    """The shortest place that a name can be imported from."""
    package = module.__name__.rpartition(".")[0]
    return package if name in vars(importlib.import_module(package)) else module.__name__


def _methods(value: type) -> list[str]:
    told = [
        f"`{name}`: {prose(parse(method.__doc__).summary)}"
        for name, method in vars(value).items()
        if isinstance(method, FunctionType) and not name.startswith("_") and method.__doc__
    ]
    return ["", *listed(told)] if told else []


def _headings(told: Docstring) -> list[str]:
    lines: list[str] = []
    equations = told.headings.get("Equations", "none")
    if equations != "none":
        lines += ["", "Equations", "", *code_block(equations)]
    rest = [(name, told.headings[name]) for name in HEADINGS[1:] if name in told.headings]
    rest += list(told.sections.items())
    if rest:
        lines += ["", *listed(f"**{name}**: {_with_links(prose(text))}" for name, text in rest)]
    return lines


def _with_links(text: str) -> str:
    """Named mistakes lead to their entries."""
    known = all_mistakes()

    def linked(found: re.Match[str]) -> str:
        name = found.group(1)
        return f"[`{name}`](mistakes.md#{anchor(name)})" if name in known else found.group(0)

    return re.sub(r"`(\w+\.\w+)`", linked, text)
