"""docs/errors.md: every error code, who can do something about it, and what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHO = {
    "ConfigError": "instructor",
    "RubricError": "instructor",
    "UnknownCheckError": "instructor",
    "RunError": "instructor",
    "IntakeError": "student",
    "ArchiveError": "student",
    "NotebookFormatError": "student",
    "Problem": "student",
    "Reason": "student",
    "EvidenceError": "us",
    "SandboxError": "us",
    "SandboxUnavailableError": "host",
    "CheckFaultError": "instructor",
    "GraderError": "us",
}
KEBAB = re.compile(r"[a-z]+(-[a-z]+)+")


def sentence(node: ast.expr | None) -> str:
    """A message's text with `…` where a value is put in; empty where it is not written in place."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        return sentence(node.left) or sentence(node.right)
    return ""


def error_codes() -> dict[str, tuple[str, str]]:
    """Code -> (who can do something about it, what it says)."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((ROOT / "grader").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if name not in WHO and "code" not in keywords:
                continue
            code = keywords.get("code", node.args[0] if node.args else None)
            what = keywords.get("what", node.args[1] if len(node.args) > 1 else None)
            if isinstance(code, ast.Constant) and isinstance(code.value, str) and KEBAB.fullmatch(code.value):
                text = sentence(what).strip().rstrip(".")
                if code.value not in found or not found[code.value][1]:
                    found[code.value] = (WHO.get(name, "student" if "intake" in path.parts else "us"), text)
    return found


def errors_page() -> str:
    rows = [
        f"| `{code}` | {who} | {text.replace('|', chr(92) + '|') or 'see the message'} |"
        for code, (who, text) in sorted(error_codes().items())
    ]
    return "\n".join(
        [
            "# Errors",
            "",
            "Made by `scripts/make_docs.py` from the code. A code is never renumbered and never reused. Every",
            "message has the same three parts: what happened, where, what to do next. The second column says who can",
            "do something about it; errors that a student can fix are rows of a batch, never its end.",
            "",
            "| code | who | what it says |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
