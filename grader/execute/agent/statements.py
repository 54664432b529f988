"""Which statements of a notebook are run: imports, definitions, plain assignments and seeds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_CONFIGURES = frozenset(
    {
        "filterwarnings",
        "fix_seed",
        "manual_seed",
        "manual_seed_all",
        "seed",
        "seed_everything",
        "set_default_dtype",
        "set_printoptions",
        "set_random_seed",
        "set_seed",
        "simplefilter",
        "use_deterministic_algorithms",
    }
)
_CONFIGURES_IN_FULL = frozenset({"drive.mount", "sys.path.append", "sys.path.insert"})
_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_PLAIN = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.UnaryOp,
    ast.BinOp,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
)
_STATEMENTS = 2_000


@dataclass(frozen=True)
class Unit:
    """One thing to run."""

    node: ast.stmt
    kind: str
    """As in `StatementRun`."""
    names: tuple[str, ...]
    runs: bool


def units_of(statements: list[ast.stmt], *, training: bool) -> tuple[list[Unit], bool]:
    """The units of a cell, imports one alias at a time, and whether some were cut off.

    Args:
        training: True for a cell that trains: only its simple assignments are run.
    """
    units: list[Unit] = []
    for statement in statements:
        for single in _one_by_one(statement):
            if len(units) == _STATEMENTS:
                return units, True
            kind, runs = _classify(single, training)
            units.append(Unit(single, kind, tuple(_bound(single)), runs))
    return units, False


def _one_by_one(statement: ast.stmt) -> Iterator[ast.stmt]:
    """An import as one import for each alias; anything else as it is."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield ast.copy_location(ast.Import(names=[alias]), statement)
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            single = ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
            yield ast.copy_location(single, statement)
    else:
        yield statement


def _classify(node: ast.stmt, training: bool) -> tuple[str, bool]:
    """Kind of a statement, and whether it is run."""
    if isinstance(node, _IMPORTS):
        return "import", True
    if isinstance(node, _DEFINITIONS):
        return "definition", True
    if isinstance(node, _ASSIGNMENTS):
        if training and not _is_plain(node):
            return "training", False
        return "assignment", True
    if isinstance(node, (ast.If, ast.Try, ast.With)):
        kinds = [_classify(inner, training) for inner in _leaves(node) if not _is_harmless(inner)]
        if kinds and all(runs for _, runs in kinds):
            found = {kind for kind, _ in kinds}
            return next((kind for kind in ("definition", "assignment", "import") if kind in found), "other"), True
    if _is_configuring(node):
        return "other", True
    return ("training" if training else "other"), False


def _leaves(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements inside a block, blocks of the same sort opened."""
    parts: list[ast.stmt] = list(getattr(node, "body", []))
    parts += getattr(node, "orelse", [])
    parts += getattr(node, "finalbody", [])
    for handler in getattr(node, "handlers", []):
        parts += handler.body
    for part in parts:
        if isinstance(part, (ast.If, ast.Try, ast.With)):
            yield from _leaves(part)
        else:
            yield part


def _is_harmless(node: ast.stmt) -> bool:
    """True for what may stand in a block of definitions without making it work: pass, text, print."""
    if isinstance(node, ast.Pass):
        return True
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    return isinstance(value, ast.Constant) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"
    )


def _is_configuring(node: ast.stmt) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    name = _dotted(node.value.func)
    return name.rpartition(".")[2] in _CONFIGURES or name in _CONFIGURES_IN_FULL


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _is_plain(node: ast.stmt) -> bool:
    """True if the right side computes nothing: constants, names and operators."""
    value = getattr(node, "value", None)
    return value is None or all(
        isinstance(part, (*_PLAIN, ast.operator, ast.unaryop, ast.expr_context)) for part in ast.walk(value)
    )


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement binds at the top level, in order, each once."""
    names: list[str] = []
    seen: set[str] = set()
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop(0)
        found = ""
        if isinstance(part, _DEFINITIONS):
            found = part.name
        elif isinstance(part, ast.alias):
            found = part.asname or part.name.partition(".")[0]
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found = part.id
        if found and found != "*" and found not in seen:
            seen.add(found)
            names.append(found)
        if not isinstance(part, (*_DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            pending.extend(ast.iter_child_nodes(part))
    return names[:100]
