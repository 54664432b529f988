"""A Python expression, or a function without loops, -> the same trees. The code is parsed and never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from grader.score.derivations.answers import Answer, Step, Stopped, shortened
from grader.score.derivations.evaluation import Definition
from grader.score.derivations.names import Names
from grader.score.derivations.reading import read_side
from grader.score.derivations.signs import ReadingError, prepared, tokens_of
from grader.score.derivations.tree import (
    Added,
    Applied,
    Cut,
    Divided,
    Identity,
    Multiplied,
    Node,
    Number,
    Stacked,
    Symbol,
    Totalled,
    Transposed,
)

MOST_STATEMENTS = 200
MOST_DEPTH = 40
MOST_NODES = 400
_SIGNS: dict[type[ast.operator], str] = {ast.Mult: "⊙", ast.MatMult: "@"}
_PRODUCTS = {"outer": "⊗", "dot": "@", "matmul": "@", "mm": "@", "multiply": "⊙", "mul": "⊙"}
_STACKS = ("concatenate", "vstack", "hstack", "concat", "cat")
_PASSED_ON = ("array", "asarray", "tensor", "float64", "copy")


def python_reading(statements: Sequence[ast.stmt], variable: str, names: Names) -> Answer | Stopped | None:
    """What the last assignment to a name computes, or the function of that name; None if there is neither.

    Args:
        statements: of the notebook, in order.
        variable: where the answer is.
        names: the symbols.
    """
    reader = _Python(replace(names, defined=set(names.defined)))
    for place in range(len(statements) - 1, -1, -1):
        node = statements[place]
        if isinstance(node, ast.FunctionDef) and node.name == variable:
            return reader.function(node)
        if isinstance(node, ast.Assign) and _assigns(node, variable):
            return reader.assigned(statements[max(0, place - MOST_STATEMENTS) : place], node.value)
        if variable in _stored(node):
            return Stopped(f"Reading stopped at `{shortened(ast.unparse(node))}`: only plain assignments are read.")
    return None


def _stored(node: ast.stmt) -> set[str]:
    """Names that a statement may assign, however deep in it."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _assigns(node: ast.Assign, variable: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == variable for one in node.targets)


class _Python:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.definitions: dict[str, Definition] = {}
        self.current: dict[str, str] = {}
        """Identifier -> key of what it holds now; empty where the line that assigns it was not read."""

    def assigned(self, before: Sequence[ast.stmt], value: ast.expr) -> Answer | Stopped:
        """The answer that an expression gives after the assignments before it."""
        for node in before:
            self._kept(node)
        return self._answer(value)

    def function(self, node: ast.FunctionDef) -> Answer | Stopped:
        """The answer that a function returns."""
        for statement in node.body[:MOST_STATEMENTS]:
            if isinstance(statement, ast.Return) and statement.value is not None:
                return self._answer(statement.value)
            text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not text and not self._kept(statement):
                return Stopped(
                    f"Reading stopped at `{shortened(ast.unparse(statement))}`: that is not read in a function."
                )
        return Stopped("The function returns nothing.")

    def _kept(self, node: ast.stmt) -> bool:
        """Remembers an assignment; False if it is none that can be read. A name may be assigned anew."""
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            self.current |= dict.fromkeys(_stored(node), "")
            return False
        name = node.targets[0].id
        if name not in self.current and self._declared(name) is not None:
            return True
        key = f"python {name} {len(self.definitions)}"
        try:
            self.definitions[key] = Definition(Symbol(key), self._tree(node.value, 0))
        except ReadingError:
            self.current[name] = ""
            return False
        self.current[name] = key
        self.names.defined.add(key)
        return True

    def _answer(self, value: ast.expr) -> Answer | Stopped:
        if sum(1 for _ in ast.walk(value)) > MOST_NODES:
            return Stopped("The expression is too long to be read.")
        try:
            tree = self._tree(value, 0)
        except ReadingError as error:
            return Stopped(f"Reading stopped at `{shortened(ast.unparse(value))}`: {error.why}.")
        return Answer((Step(ast.unparse(value), tree),), tuple(self.definitions.values()))

    # ------------------------------------------------------------------------------------------------ expressions

    def _tree(self, node: ast.expr, depth: int) -> Node:
        if depth > MOST_DEPTH:
            raise ReadingError("it is too deep", 0)
        deeper = depth + 1
        match node:
            case ast.Constant(value=None | bool()):
                return Number(0.0)
            case ast.Constant(value=int() | float() as value):
                return Number(float(value))
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=inner, attr="T" | "mT"):
                return Transposed(self._tree(inner, deeper))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return Added(((-1, self._tree(inner, deeper)),))
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._tree(inner, deeper)
            case ast.BinOp():
                return self._operation(node, deeper)
            case ast.Call():
                return self._call(node, deeper)
            case ast.Subscript(value=inner, slice=ast.Tuple(elts=[ast.Slice() as rows, ast.Slice() as columns])):
                return Cut(self._tree(inner, deeper), self._ends(rows), self._ends(columns))
            case ast.Subscript(value=inner, slice=ast.Slice() as rows):
                return Cut(self._tree(inner, deeper), self._ends(rows), (None, None))
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                return self._name(key if name in ("parameters", "cache", "gradients") else f"{name}_{key}")
        raise ReadingError(f"`{shortened(ast.unparse(node))}` is not read", 0)

    def _operation(self, node: ast.BinOp, depth: int) -> Node:
        left, right = self._tree(node.left, depth), node.right
        if isinstance(node.op, ast.Pow):
            times = right.value if isinstance(right, ast.Constant) else None
            if not isinstance(times, int) or not 2 <= times <= 4:
                raise ReadingError("such a power is not read", 0)
            return Multiplied((left,) * times, ("⊙",) * (times - 1))
        other = self._tree(right, depth)
        match node.op:
            case ast.Add():
                return Added(((1, left), (1, other)))
            case ast.Sub():
                return Added(((1, left), (-1, other)))
            case ast.Div():
                return Divided(left, other)
        sign = _SIGNS.get(type(node.op))
        if sign is None:
            raise ReadingError("such an operation is not read", 0)
        return Multiplied((left, other), (sign,))

    def _call(self, node: ast.Call, depth: int) -> Node:
        name, given = _called(node)
        arguments: list[ast.expr] = [*given, *node.args]
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in _PRODUCTS and len(arguments) == 2:
            return Multiplied((self._tree(arguments[0], depth), self._tree(arguments[1], depth)), (_PRODUCTS[name],))
        if name in _STACKS and arguments and isinstance(arguments[0], ast.Tuple | ast.List):
            blocks = tuple(self._tree(one, depth) for one in arguments[0].elts)
            axis = words.get("axis", words.get("dim", arguments[1] if len(arguments) > 1 else None))
            beside = name == "hstack" or (isinstance(axis, ast.Constant) and axis.value == 1)
            return Stacked(blocks, beside)
        if name in ("sum", "mean") and arguments:
            axis = words.get("axis", words.get("dim", arguments[1] if len(arguments) > 1 else None))
            place = axis.value if isinstance(axis, ast.Constant) and axis.value in (0, 1) else None
            return Totalled(self._tree(arguments[0], depth), place, name == "mean")  # type: ignore[arg-type]
        if name == "square" and len(arguments) == 1:
            inner = self._tree(arguments[0], depth)
            return Multiplied((inner, inner), ("⊙",))
        if name in ("eye", "identity"):
            return Identity()
        if len(arguments) == 1:
            inner = self._tree(arguments[0], depth)
            if name in ("transpose", "t"):
                return Transposed(inner)
            if name in _PASSED_ON:
                return inner
            if name in self.names.functions:
                return Applied(self.names.functions[name], False, inner)
        raise ReadingError(f"`{name}(...)` is not read", 0)

    def _ends(self, bounds: ast.Slice) -> tuple[str | None, str | None]:
        if bounds.step is not None:
            raise ReadingError("a slice with steps is not read", 0)
        low, high = (None if end is None else ast.unparse(end).replace(" ", "") for end in (bounds.lower, bounds.upper))
        return low, high

    # ------------------------------------------------------------------------------------------------ names

    def _name(self, name: str) -> Symbol:
        """The symbol that an identifier means: one of the student's own, or a declared one."""
        if name in self.current:
            if not self.current[name]:
                raise ReadingError(f"the line that assigns {name} is not read", 0)
            return Symbol(self.current[name])
        found = self._declared(name)
        if found is None:
            raise ReadingError(f"nothing says what {name} is", 0)
        return found

    def _declared(self, name: str) -> Symbol | None:
        try:
            tree = read_side(tokens_of(prepared(name), self.names.words), self.names)
        except ReadingError:
            return None
        if isinstance(tree, Symbol) and tree.key in self.names.symbols and re.fullmatch(r"\w+", name):
            return tree
        return None


def _called(node: ast.Call) -> tuple[str, list[ast.expr]]:
    """The last name of what is called, and the object itself where a method is called on a value."""
    function = node.func
    if isinstance(function, ast.Name):
        return function.id, []
    if isinstance(function, ast.Attribute):
        of_module = isinstance(function.value, ast.Name) and function.value.id in ("np", "numpy", "torch")
        return function.attr, [] if of_module else [function.value]
    raise ReadingError("such a call is not read", 0)
