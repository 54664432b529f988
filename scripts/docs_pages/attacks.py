"""docs/attacks.md: what the hostile suite tries, made from what each attack says about itself."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from docs_pages.markdown import prose

HOSTILE = Path(__file__).resolve().parents[2] / "tests" / "hostile"
_WAYS = {
    "Denied": "a cell among right answers",
    "Ending": "a cell that ends its kernel",
    "HandIn": "a hand-in",
    "Neighbours": "two hand-ins at once",
    "FileName": "a file's name",
    "Content": "a file's content",
    "Answer": "an answer that is read",
    "Payload": "what a kernel leaves",
}
_WITHOUT_KERNEL = ("Answer", "Payload")


@dataclass(frozen=True)
class _Attack:
    name: str
    title: str
    kind: str
    aims_at: str
    holds: str
    levels: str


def attacks_page() -> str:
    """A table for everything that attacks aim at, and the tests that try more."""
    found = [_read(path) for path in sorted((HOSTILE / "attacks").glob("*.py"))]
    lines = [
        "# What the hostile suite tries",
        "",
        f"Made by `scripts/make_docs.py` from the {len(found)} files in `tests/hostile/attacks`, one an attack.",
        "Each is run through the whole pipeline, or is scored by the same workers as any hand-in. Each test asserts",
        "what was prevented or flagged, that no mark was gained over an honest hand-in with the same answers, and that",
        "the honest hand-in behind all attacks has the same evidence and marks as the one before them. `make test`",
        "runs each attack once, at the strongest level of the host; `make test-all` runs those on kernels at both",
        "levels, `sealed` and `bubblewrap`, as root and as an ordinary user.",
    ]
    for aim in sorted({attack.aims_at for attack in found}):
        lines += ["", f"## Aimed at {aim}", "", "| attack | tried by | what it does | what holds | levels |"]
        lines += ["| --- | --- | --- | --- | --- |", *(_row(attack) for attack in found if attack.aims_at == aim)]
    lines += ["", "## Tried in other tests", ""]
    for path in sorted([*HOSTILE.glob("test_sandbox_*.py"), *HOSTILE.glob("test_intake_*.py")]):
        lines += [f"`tests/hostile/{path.name}`", "", *(f"- {sentence}" for sentence in _tests(path)), ""]
    return "\n".join(lines)


def _row(attack: _Attack) -> str:
    place = f"[{attack.name}](../tests/hostile/attacks/{attack.name}.py)"
    return f"| {place} | {attack.kind} | {prose(attack.title)} | {prose(attack.holds)} | {attack.levels} |"


def _read(path: Path) -> _Attack:
    """An attack's own words; its code is not run.

    Raises:
        ValueError: if the file does not say what an attack has to say.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = next(
        (
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "ATTACK"
            and isinstance(node.value, ast.Call)
        ),
        None,
    )
    title = ast.get_docstring(tree)
    if made is None or not title:
        raise ValueError(f"{path.name} has no docstring, or makes no ATTACK")
    said = {word.arg: word.value for word in made.keywords}
    levels = ast.literal_eval(said["levels"]) if "levels" in said else ()
    kind = ast.unparse(made.func)
    return _Attack(
        name=path.stem,
        title=title.split("\n")[0],
        kind=_WAYS[kind],
        aims_at=ast.literal_eval(said["aims_at"]),
        holds=ast.literal_eval(said["holds"]),
        levels=", ".join(levels) or ("any" if kind in _WITHOUT_KERNEL else "both"),
    )


def _tests(path: Path) -> list[str]:
    """The names of a module's tests, as the sentences that they are."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [name.removeprefix("test_").replace("_", " ") for name in names]
