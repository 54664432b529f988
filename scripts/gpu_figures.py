"""Writes what the `gpu` tests have measured into docs/gpu.md; `make test-gpu` calls it.

.venv/bin/python scripts/gpu_figures.py FIGURES [--page docs/gpu.md]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TOPICS = {
    "start": "Start to the first result",
    "memory": "Memory a kernel",
    "beside": "Kernels side by side on one card",
    "apart": "What two students on one card can see of each other",
    "marks": "The same marks with and without",
}


def section(lines: list[dict[str, object]]) -> str:
    """The figures as Markdown; topics without one are named as never run."""
    cards = ", ".join(sorted({str(line["card"]) for line in lines}))
    parts = [f"Measured on: {cards}.\n"]
    for topic, title in TOPICS.items():
        rows = [line for line in lines if line["topic"] == topic]
        parts.append(f"### {title}\n")
        if not rows:
            parts.append("Never run.\n")
            continue
        table = ["| what | value |", "| --- | --- |"]
        table += [f"| {row['what']} | {_number(row['value'])} {row['unit']} |".replace("  |", " |") for row in rows]
        parts.append("\n".join(table) + "\n")
    return "\n".join(parts)


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else f"{value}"


def main(arguments: list[str]) -> int:
    """Write the section; leaves the page as it is if nothing was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("figures", type=Path, help="what the tests have written, one JSON object a line")
    parser.add_argument("--page", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "gpu.md")
    wanted = parser.parse_args(arguments)
    lines = [json.loads(line) for line in wanted.figures.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not lines:
        print(f"nothing was measured: {wanted.page.name} stays as it is")
        return 0
    before, _, rest = wanted.page.read_text(encoding="utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        print(f"{wanted.page} has no place for figures ({BEGIN} ... {END})", file=sys.stderr)
        return 2
    wanted.page.write_text(f"{before}{BEGIN}\n\n{section(lines)}\n{END}{after}", encoding="utf-8")
    print(f"wrote {len(lines)} figures into {wanted.page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
