"""docs/kinds.md: every kind of answer, from its judge's own description."""

from __future__ import annotations

import inspect
import re


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
            "| parameter | default |",
            "| --- | --- |",
        ]
        for parameter, field in kind.parameters.model_fields.items():
            default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
            lines.append(f"| `{parameter}` | {default.replace('|', chr(92) + '|')} |")
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
