"""Small pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable


def prose(text: str) -> str:
    """Plain text on one line; stars are stars, and what stands in backticks stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([*<|])", r"\\\1", part) for part in parts)


def code_block(text: str, language: str = "text") -> list[str]:
    return [f"```{language}", *text.split("\n"), "```"]


def code(text: str) -> str:
    """A code span, also of text that holds a backtick."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def anchor(heading: str) -> str:
    """The anchor that is made from a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(heading: str, shown: str | None = None) -> str:
    return f"[{shown or heading}](#{anchor(heading)})"


def listed(items: Iterable[str]) -> list[str]:
    return [f"- {item}" for item in items]
