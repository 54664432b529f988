"""The section of the documentation on policies, made from what the oracles and the kinds of answers say themselves."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from grader.oracle import Policy
from grader.score.kinds.base import kind_policies


def policies_page() -> str:
    """All policies as Markdown: those of the kinds of answers, then those of each installed oracle."""
    lines = [
        "# Policies",
        "",
        "Made by `scripts/make_docs.py` from the code. A policy is a choice that is the instructor's: a key under",
        "`policies` in rubric.yaml. Every default gives full marks for each convention that the question's text does",
        "not exclude; choose another value where it does. An unknown name or value is an error with its line.",
    ]
    lines += _section("Read by the kinds of answers", kind_policies())
    for entry in sorted(entry_points(group="grader.oracles"), key=lambda entry: entry.name):
        lines += _section(f"Of the oracle `{entry.name}`", entry.load().policies())
    return "\n".join([*lines, ""])


def _section(title: str, policies: Mapping[str, Policy]) -> list[str]:
    lines = ["", f"## {title}", "", "| policy | value | means |", "| --- | --- | --- |"]
    for name in sorted(policies):
        policy = policies[name]
        for value, means in policy.values.items():
            shown = f"`{value}` (default)" if value == policy.default else f"`{value}`"
            lines.append(f"| `{name}` | {shown} | {means.replace('|', chr(92) + '|')} |")
    lines.append("")
    return lines + [f"- `{name}`: {policies[name].text}" for name in sorted(policies)]
