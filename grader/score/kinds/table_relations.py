"""Relations between the numbers of a table, over intervals: a printed number is all that rounds to it.

A relation is a line of the rubric's such as `train < valid` (for each row), `power = exp(loss)`,
`drop = before - after` or `first.valid < second.valid` (between rows). It is read from Python's syntax tree and never
run; a student's text never gets here.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import Field, field_validator

from grader.records import Record

Interval = tuple[float, float]
_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "exp": lambda value: math.exp(value) if value < 700 else math.inf,
    "exp2": lambda value: 2.0**value if value < 1000 else math.inf,
    "log": lambda value: math.log(value) if value > 0 else -math.inf,
    "log2": lambda value: math.log2(value) if value > 0 else -math.inf,
    "sqrt": lambda value: math.sqrt(max(0.0, value)),
}
"""All of them grow, so that the ends of an interval go to the ends of its image."""
_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "="}


class Relation(Record):
    """What should hold."""

    holds: str
    says: str = ""
    """What it means if it does not, for the instructor; the relation itself if nothing is said."""
    within: float = Field(default=0.0, ge=0)
    """By how much it may fail, beside rounding."""

    @field_validator("holds")
    @classmethod
    def _is_readable(cls, value: str) -> str:
        read_relation(value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A relation that was read."""

    left: ast.expr
    sign: str
    right: ast.expr

    @property
    def names(self) -> tuple[tuple[str | None, str], ...]:
        """The (row, column) that it speaks of; row None for "of each row"."""
        return (*names_of(self.left), *names_of(self.right))


def read_relation(text: str) -> Parsed:
    """A relation from its line.

    Raises:
        ValueError: if it is none.
    """
    node = _parse(re.sub(r"(?<![<>=!])=(?!=)", "==", text))
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _SIGNS:
        raise ValueError(f'"{text}" is no relation: write one of < <= > >= = between two sides')
    _check(node.left, text)
    _check(node.comparators[0], text)
    return Parsed(left=node.left, sign=_SIGNS[type(node.ops[0])], right=node.comparators[0])


def read_expression(text: str) -> ast.expr:
    """One side of a relation.

    Raises:
        ValueError: if it is none.
    """
    node = _parse(text)
    _check(node, text)
    return node


def names_of(node: ast.expr) -> tuple[tuple[str | None, str], ...]:
    """The (row, column) that an expression speaks of."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return ((node.value.id, node.attr),)
    if isinstance(node, ast.Name):
        return ((None, node.id),)
    parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    return tuple(name for child in parts if isinstance(child, ast.expr) for name in names_of(child))


def violated(relation: Parsed, value: Callable[[str | None, str], Interval], within: float = 0.0) -> bool:
    """True if a relation fails whatever the numbers were before rounding.

    Args:
        relation: as read.
        value: the interval of a cell, by row (None for the row at hand) and column.
        within: by how much it may fail, too.
    """
    left, right = evaluate(relation.left, value), evaluate(relation.right, value)
    if any(math.isnan(end) for end in (*left, *right)):
        return False
    match relation.sign:
        case "<":
            return left[0] >= right[1] + within
        case "<=":
            return left[0] > right[1] + within
        case ">":
            return left[1] + within <= right[0]
        case ">=":
            return left[1] + within < right[0]
    return left[0] > right[1] + within or right[0] > left[1] + within


def evaluate(node: ast.expr, value: Callable[[str | None, str], Interval]) -> Interval:
    """All values that an expression can have."""
    if isinstance(node, ast.Constant):
        return float(node.value), float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return value(None, node.id)
    if isinstance(node, ast.Attribute):
        return value(node.value.id, node.attr)  # type: ignore[attr-defined]
    if isinstance(node, ast.UnaryOp):
        low, high = evaluate(node.operand, value)
        return (-high, -low) if isinstance(node.op, ast.USub) else (low, high)
    if isinstance(node, ast.Call):
        low, high = evaluate(node.args[0], value)
        function = _FUNCTIONS[node.func.id]  # type: ignore[attr-defined]
        return function(low), function(high)
    operation = cast(ast.BinOp, node)
    return _combined(evaluate(operation.left, value), operation.op, evaluate(operation.right, value))


def _combined(left: Interval, operator: ast.operator, right: Interval) -> Interval:
    if isinstance(operator, ast.Add):
        return left[0] + right[0], left[1] + right[1]
    if isinstance(operator, ast.Sub):
        return left[0] - right[1], left[1] - right[0]
    if isinstance(operator, ast.Div):
        if right[0] <= 0 <= right[1]:
            return -math.inf, math.inf
        right = (1 / right[1], 1 / right[0])
    ends = [one * other for one in left for other in right]
    return (math.nan, math.nan) if any(map(math.isnan, ends)) else (min(ends), max(ends))


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f'"{text}" cannot be read') from error


def _check(node: ast.expr, text: str) -> None:
    """Nothing, if an expression has only what is evaluated here."""
    match node:
        case ast.Constant(value=int() | float()) | ast.Name() | ast.Attribute(value=ast.Name()):
            return None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            return _check(inner, text)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            _check(left, text)
            return _check(right, text)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in _FUNCTIONS:
            return _check(inner, text)
    known = ", ".join(_FUNCTIONS)
    raise ValueError(f'"{text}" has something that is not computed here: there are + - * / and {known}')
