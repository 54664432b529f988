"""Feeds the readers of numbers, logs, tables, choices and formulas with bytes, and wants neither error nor excess.

    python tests/fuzz/fuzz_readers.py --runs 20000 [--seed 1]      a plain random loop
    python tests/fuzz/fuzz_readers.py --atheris [corpus folder]    guided by coverage, if atheris is installed

Both call `check`, which raises where a bound is broken. Work is counted in traced lines of our code, not in seconds.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from grader.intake.stored_pictures import MOST_PICTURES, pictures_in
from grader.score.kinds.choice_text import chosen_in
from grader.score.kinds.log_rows import MOST_ROWS, logs_of
from grader.score.kinds.number_text import stated
from grader.score.kinds.plot_calls import drawing_in
from grader.score.kinds.printed_numbers import MOST_NUMBERS, numbers_in
from grader.score.kinds.sample_texts import MOST_SAMPLES, samples_in
from grader.score.kinds.table_cells import read_table
from grader.score.kinds.table_grids import CELL_CHARS, MOST_COLUMNS, MOST_GRIDS, grids_in

LINES_AT_LEAST = 60_000
LINES_PER_CHARACTER = 400
"""Traced lines of our code that reading may take: a floor, and so many for each character."""
NAMES = {"plain": ("plain model",), "dropped": ("dropout",), "third": ()}
COLUMNS = {"train": ("t",), "valid": ("val",), "test": ()}
OPTIONS = {"a": "a", "b": "b", "thesecondone": "b", "c": "c"}
LOG = r"step (?P<iteration>\S+) loss (?P<loss>\S+)"
SAMPLE = r"(?P<label>\S+): (?P<text>.*)"
WORDS = (
    "| ", " |", "|--|--|", "\n", "\t", "  ", " ", ",", ";", ":", "=", "<table>", "<tr>", "<td>", "</td>", "<th x='",
    ">", "<", "\\begin{tabular}", "\\end{tabular}", "\\\\", "&", "\\hline", "\\multicolumn{2}{c}{", "plain",
    "dropout", "train", "valid", "test", "without ", "1", "20,224", "20.224", "3e9", "1e999", "-7.5", "×10^", "⁴",
    "٣", "inf", "nan", "±", "(", ")", "[x]", "- [ ]", "a", "b", "because", "answer", "step ", "loss ", "9" * 50, "┃",
    "+---+", "\x00", "\ud800", "∞", "*", "$", "`", "{,}", "plt.plot(", "def f(", "xlabel=", "'", '"""', "#",
)  # fmt: skip


def check(text: str) -> None:
    """Nothing, if every reader gets through a text within its bounds.

    Raises:
        AssertionError: if one of them gives or does more than it may.
    """
    budget = LINES_AT_LEAST + LINES_PER_CHARACTER * len(text)
    for read in (_numbers, _table, _log, _samples, _choice, _plot, _pictures):
        taken = lines_of(lambda read=read: read(text))
        assert taken <= budget, f"{read.__name__} took {taken} lines over {len(text)} characters, more than {budget}"


def lines_of(work: Callable[[], Any]) -> int:
    """How many lines of `grader` a piece of work runs through."""
    count = 0

    def local(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return local

    def traced(frame: FrameType, event: str, argument: object) -> Any:
        return local if "/grader/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def _numbers(text: str) -> None:
    found = numbers_in(text)
    assert len(found) <= MOST_NUMBERS
    assert all(0 < len(one.readings) <= 4 and one.first.unit > 0 for one in found)
    stated(text, ("parameters",))


def _table(text: str) -> None:
    grids = grids_in(text, "cell 1")
    assert len(grids) <= MOST_GRIDS
    for grid in grids:
        assert all(len(row) <= MOST_COLUMNS and all(len(cell) <= CELL_CHARS for cell in row) for row in grid.rows)
    table = read_table(grids, NAMES, COLUMNS)
    assert set(table.cells) <= {(row, column) for row in NAMES for column in COLUMNS}


def _log(text: str) -> None:
    assert sum(map(len, logs_of([[text]], LOG, "iteration", ("loss",)))) <= MOST_ROWS


def _samples(text: str) -> None:
    assert len(samples_in([text], SAMPLE)) <= MOST_SAMPLES


def _choice(text: str) -> None:
    found = chosen_in(text, OPTIONS, ("answer", "option"))
    assert found is None or found <= set(OPTIONS.values())


def _plot(text: str) -> None:
    drawing_in(text)


def _pictures(text: str) -> None:
    for name in ("image/png", "image/jpeg", "image/gif"):
        assert len(pictures_in([{"data": {name: text}}])) <= MOST_PICTURES


def text_of(data: bytes) -> str:
    """Bytes as a text: each below the number of words is a word, others are characters."""
    return "".join(WORDS[byte] if byte < len(WORDS) else chr(byte) for byte in data)


def loop(runs: int, seed: int) -> None:
    """Check random texts."""
    generator = random.Random(seed)
    for _ in range(runs):
        size = generator.choice((3, 20, 100, 400))
        check(text_of(generator.randbytes(size)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    options, rest = parser.parse_known_args()
    if not options.atheris:
        loop(options.runs, options.seed)
        return 0
    from guided import search

    arguments = [f"-runs={options.runs}", f"-seed={options.seed}", *rest]
    search(lambda data: check(text_of(data)), ("grader.score.kinds", "grader.intake"), arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
