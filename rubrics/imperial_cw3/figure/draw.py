"""Draws the figure of theory question 3 from curves.csv, and writes what follows from it into the model solution.

    .venv/bin/python rubrics/imperial_cw3/figure/draw.py            write curves.png and three cells of solution.ipynb
    .venv/bin/python rubrics/imperial_cw3/figure/draw.py --check    fail if they are not what data and rubric give

Which letter stands for which model is said in one place, the check `labels` of T3 in rubric.yaml. Figure, table, right
labels and model reasons are made from that key and from the recorded numbers; none of them is written by hand.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2])]

from canvas import shown  # noqa: E402 - the folders above have to be found first
from chart import NAMES, Curve, chart  # noqa: E402 - the same

from grader.errors import GraderError  # noqa: E402 - the same
from grader.rubric import load_rubric  # noqa: E402 - the same
from grader.score.kinds import kind_of  # noqa: E402 - the same

QUESTION, CHECK = "T3", "labels"
FIGURE, LABELS, REASONS = "theory-3-figure", "theory-3-labels", "theory-3-reasons"
"""Ids of the cells."""
COLUMNS = 7
"""Of the table below the picture."""
HIGH = 80
"""Per cent; which model gets there first is part of the reasons."""


def recorded(path: Path) -> dict[str, Curve]:
    """Model -> the mean of its curves over the seeds.

    Raises:
        ValueError: if a model lacks a record that another one has.
    """
    found: dict[str, dict[int, dict[str, float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = found.setdefault(row["model"], {}).setdefault(int(row["iteration"]), {})
            at[row["seed"]] = float(row["accuracy"])
    shapes = [{iteration: sorted(seeds) for iteration, seeds in curve.items()} for curve in found.values()]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"{path} has not the same iterations and seeds for every model")
    return {
        name: [(iteration, fmean(by_seed.values())) for iteration, by_seed in sorted(curve.items())]
        for name, curve in found.items()
    }


def key_of(folder: Path) -> dict[str, str]:
    """Name of the variable -> model, as the grader marks it."""
    rubric = load_rubric(folder)
    check = next(check for check in rubric.question(QUESTION).checks if check.id == CHECK)
    _, parameters = kind_of(check, rubric)
    return dict(parameters.key)


def lettered(key: Mapping[str, str], curves: Mapping[str, Curve]) -> dict[str, Curve]:
    """Letter -> curve, in the order of the letters.

    Raises:
        ValueError: if the key names a model that has no curve, or leaves one out.
    """
    if sorted(key.values()) != sorted(curves):
        raise ValueError(f"the key is about {sorted(key.values())}, the curves are of {sorted(curves)}")
    return {letter_of(name): curves[model] for name, model in sorted(key.items())}


def letter_of(name: str) -> str:
    """ "A_model" -> "A"."""
    return name.partition("_")[0]


def facts(curves: Mapping[str, Curve]) -> dict[str, str]:
    """Numbers that the reasons quote, from the mean curves, by name."""
    made = {}
    for model, curve in curves.items():
        high = next((str(iteration) for iteration, accuracy in curve if accuracy >= HIGH), "never")
        made |= {f"{model}_end": f"{curve[-1][1]:.0f}", f"{model}_high": high}
        made[f"{model}_best"] = f"{max(accuracy for _, accuracy in curve):.0f}"
    return made


def cells(folder: Path, key: Mapping[str, str], curves: Mapping[str, Curve], png: bytes) -> dict[str, str]:
    """Id of a cell -> what it has to hold."""
    labels = _cell(_notebook(folder), LABELS)["metadata"]["template"]
    for name, model in key.items():
        labels, count = re.subn(rf"^{name} = ''$", f'{name} = "{model}"', labels, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"the template of the cell {LABELS} does not ask for {name} once")
    letters = {model: letter_of(name) for name, model in key.items()}
    reasons = (HERE / "reasons.md").read_text(encoding="utf-8").strip().format(**letters, **facts(curves))
    return {FIGURE: _figure(lettered(key, curves), png), LABELS: labels, REASONS: reasons}


def _figure(curves: Mapping[str, Curve], png: bytes) -> str:
    """The picture with a text for those who do not see it, and its values as a table."""
    last = next(iter(curves.values()))[-1][0]
    looks = "; ".join(f"{letter}, a {look}" for letter, look in zip(curves, NAMES, strict=False))
    text = (
        f"Line chart. Horizontal axis: iteration, from 0 to {last}. Vertical axis: validation accuracy in per cent, "
        f"from 0 to 100. {len(curves)} curves: {looks}. The table below has their values."
    )
    chosen = [round(number * (len(next(iter(curves.values()))) - 1) / (COLUMNS - 1)) for number in range(COLUMNS)]
    rows: list[Sequence[str]] = [["iteration", *(str(next(iter(curves.values()))[index][0]) for index in chosen)]]
    rows += [["---"] * (COLUMNS + 1)]
    rows += [[letter, *(f"{curve[index][1]:.0f}" for index in chosen)] for letter, curve in curves.items()]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    picture = f"![{text}](data:image/png;base64,{base64.b64encode(png).decode()})"
    return f"{picture}\n\nThe same in per cent, for those who would rather read numbers:\n\n{table}"


def _notebook(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "solution.ipynb").read_text(encoding="utf-8"))


def _cell(notebook: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    found = [cell for cell in notebook["cells"] if cell["id"] == identifier]
    if len(found) != 1:
        raise ValueError(f"solution.ipynb has {len(found)} cells with the id {identifier}, not one")
    return found[0]


def _stored(notebook: Mapping[str, Any]) -> bytes:
    """The picture that the notebook holds now; empty if there is none."""
    found = re.search(r"\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", "".join(_cell(notebook, FIGURE)["source"]))
    return base64.b64decode(found[1]) if found else b""


def _same(one: bytes, other: bytes) -> bool:
    """True if two files show the same picture: builds of zlib differ in the bytes that they make."""
    try:
        return shown(one) == shown(other)
    except ValueError:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 if `--check` found a difference."""
    parser = argparse.ArgumentParser(description="Draws the figure of theory question 3.")
    parser.add_argument("folder", type=Path, nargs="?", default=HERE.parent, help="the rubric to read and write")
    parser.add_argument("--check", action="store_true", help="compare with what is there, write nothing")
    options = parser.parse_args(arguments)
    notebook, beside = _notebook(options.folder), options.folder / "figure" / "curves.png"
    key, curves = key_of(options.folder), recorded(options.folder / "figure" / "curves.csv")
    made = chart(lettered(key, curves))
    png = _stored(notebook) if _same(_stored(notebook), made) else made
    wanted = cells(options.folder, key, curves, png)
    different = [name for name, source in wanted.items() if "".join(_cell(notebook, name)["source"]) != source]
    if not beside.is_file() or beside.read_bytes() != png:
        different.append(beside.name)
    if options.check:
        for name in different:
            print(f"differs: {name}", file=sys.stderr)
        return 1 if different else 0
    for name, source in wanted.items():
        _cell(notebook, name)["source"] = source.splitlines(keepends=True)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    (options.folder / "solution.ipynb").write_text(text, encoding="utf-8")
    beside.write_bytes(png)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, GraderError) as error:
        sys.exit(f"draw.py: {error}")
