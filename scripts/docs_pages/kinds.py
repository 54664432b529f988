"""docs/kinds.md: every kind of answer, from its judge's own description."""

from __future__ import annotations

import ast
import inspect
import re
from itertools import pairwise


def as_list(docstring: str) -> list[str]:
    """A judge's docstring as Markdown: its sentence, then its labelled lines as a list."""
    summary, _, rest = inspect.cleandoc(docstring).partition("\n\n")
    items: list[str] = []
    for line in rest.split("\n"):
        label = re.match(r"([A-Z][a-z ]+): ", line)
        if label:
            items.append(f"- **{label.group(1)}**: {line[label.end() :]}")
        elif line.strip():
            items[-1] += " " + line.strip()
    return [summary, "", *items]


def meanings_of(parameters: type) -> dict[str, str]:
    """Parameter -> the text below it in the source, of a class and those that it builds on."""
    found: dict[str, str] = {}
    for owner in reversed(parameters.__mro__):
        if not owner.__module__.startswith("grader."):
            continue
        (definition,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(owner))).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for field, text in pairwise(body):
            said = text.value if isinstance(text, ast.Expr) else None
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(said, ast.Constant)
            ):
                found[field.target.id] = " ".join(str(said.value).split())
    return found


def kinds_page() -> str:
    from grader.score.kinds import known_kinds
    from grader.score.kinds.base import _KINDS

    lines = [
        "# Kinds of answers",
        "",
        "Made by `scripts/make_docs.py` from the judges' own descriptions. A question with a `kind` needs no code.",
    ]
    for name in known_kinds():
        kind = _KINDS[name]
        lines += [
            "",
            f"## {name}",
            "",
            *as_list(kind.judge.__doc__ or ""),
            "",
            "| parameter | default | means |",
            "| --- | --- | --- |",
        ]
        meanings = meanings_of(kind.parameters)
        for parameter, field in kind.parameters.model_fields.items():
            default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
            cells = (f"`{parameter}`", default, meanings.get(parameter, ""))
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, *_functions(), ""])


def _functions() -> list[str]:
    """What `function` may be in a check of kind `arrays`, with the names of inputs and outputs."""
    from reference.functions import FUNCTIONS

    lines = [
        "",
        "## Functions for kind `arrays`",
        "",
        "Those of the oracle `recurrent`. In brackets: what a stand-in for a cache is made of.",
        "",
        "| function | inputs | outputs |",
        "| --- | --- | --- |",
    ]
    for name, function in FUNCTIONS.items():
        inputs = [*(f"`{one}`" for one in function.needs), *(f"[`{one}`]" for one in function.may)]
        outputs = [f"`{one}`" for one in function.outputs]
        if function.by_name is not None:
            inputs.append("arrays of any name" if name == "clip_by_value" else "`W` and `dW` for each parameter")
            outputs = ["the same names" if name == "clip_by_value" else "`W` for each parameter"]
        lines.append(f"| `{name}` | {', '.join(inputs)} | {', '.join(outputs)} |")
    return lines
