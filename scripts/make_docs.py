"""Makes the pages of `docs/` that come from the code: docs/errors.md and docs/kinds.md.

python scripts/make_docs.py            write them
python scripts/make_docs.py --check    fail if one of them is not what the code says
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHO = {
    "ConfigError": "instructor",
    "RubricError": "instructor",
    "LimitsError": "instructor",
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
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    checking = parser.parse_args().check
    stale = []
    for name, text in {"errors.md": errors_page(), "kinds.md": kinds_page()}.items():
        path = ROOT / "docs" / name
        if checking and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not checking:
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"docs are not what the code says: {', '.join(stale)}; run scripts/make_docs.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
