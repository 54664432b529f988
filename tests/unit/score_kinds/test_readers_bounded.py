"""Whatever a student writes, the readers of answers end, raise nothing and keep within bounds of work and of size.

Work is counted in traced lines of our own code: see `tests/fuzz/fuzz_readers.py`, which runs them for longer.
"""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.evidence_files import notebook
from helpers.judged_answers import judged
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.records import Outcome
from grader.score.kinds.table_grids import MOST_COLUMNS, MOST_ROWS, grids_in


def _loaded() -> Any:
    path = Path(__file__).resolve().parents[2] / "fuzz" / "fuzz_readers.py"
    spec = importlib.util.spec_from_file_location("fuzz_readers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


fuzz = _loaded()
TEXTS = st.lists(st.sampled_from(fuzz.WORDS) | st.text(max_size=4), max_size=60).map("".join)


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_no_text_breaks_a_reader(text: str) -> None:
    fuzz.check(text)


@pytest.mark.slow
@settings(max_examples=1_500, deadline=None)
@given(TEXTS)
def test_none_of_many_texts_breaks_a_reader(text: str) -> None:
    fuzz.check(text)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_random_loop_over_bytes_breaks_no_reader() -> None:
    fuzz.loop(4_000, seed=20)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("program", ["fuzz_readers.py", "derivations.py"])
def test_a_search_guided_by_coverage_breaks_no_reader(program: str) -> None:
    root = Path(__file__).resolve().parents[3]
    target = root / "tests" / "fuzz" / program
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(target), "--atheris", "--runs", "5000", "-max_len=400"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("word", fuzz.WORDS, ids=range(len(fuzz.WORDS)))
def test_a_word_said_ten_thousand_times_breaks_no_reader(word: str) -> None:
    for between in ("", " ", "\n", "1", "|"):
        fuzz.check((word + between) * (10_000 // (len(word) + len(between)) + 1))


HOSTILE = {
    "a box in a box": "- " + "[x]" * 3_000,
    "brackets": "(" * 5_000 + "1" + ")" * 5_000,
    "a row without end": "| " + "1 | " * 5_000 + "\n| a | b |",
    "rows without end": "| a | b |\n|--|--|\n" + "| plain | 1 |\n" * 5_000,
    "tables in tables": "<table><tr><td>" * 3_000,
    "tags that never close": "<td " * 5_000,
    "a tabular in a tabular": "\\begin{tabular}{c}" * 500 + "1 & 2 \\\\",
    "digits": "9" * 20_000,
    "groups of digits": "1" + ",234" * 5_000,
    "points": "1." * 10_000,
    "powers": "1e999 " * 3_000,
    "digits of other scripts": "٣٤٥ ²³ Ⅷ 五 " * 500,
    "not a number": "| plain | nan | NaN | -nan |\n| x | train | valid | test |\n" * 50,
    "halves of characters": "\ud800" * 100 + "| 1 | 2 |",
    "zeros": "\x00" * 5_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_are_read_within_bounds(text: str) -> None:
    fuzz.check(text)


def test_a_huge_table_is_cut_to_what_is_read() -> None:
    text = "| x | " + " | ".join(f"c{number}" for number in range(300)) + " |\n"
    text += ("| r | " + " | ".join("1" for _ in range(60)) + " |\n") * 500
    (grid,) = grids_in(text, "cell 1")
    assert len(grid.rows) <= MOST_ROWS
    assert max(map(len, grid.rows)) <= MOST_COLUMNS


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        pytest.param("number", {"answer": 1}, id="number"),
        pytest.param("choice", {"answer": "b", "options": ["a", "b"]}, id="choice"),
        pytest.param("text", {}, id="text"),
        pytest.param("formula", {"answer": "n", "symbols": ["n"]}, id="formula"),
        pytest.param("table", {"rows": ["plain"], "columns": ["train", "valid"]}, id="table"),
        pytest.param("samples", {"pattern": "(?P<label>.): (?P<text>.+)"}, id="samples"),
        pytest.param("plot", {}, id="plot"),
    ],
)
def test_what_cannot_be_read_is_a_verdict_and_never_an_error(
    tmp_path: Path, kind: str, parameters: dict[str, Any]
) -> None:
    for text in ("[[[" * 2_000, "1e999 NaN ٣", "<table>" * 2_000, "\\frac{" * 100, "| a" * 9_000):
        handed_in = notebook(("markdown", f"Question 1\n{text}"), f"{text}\nx = {text}", outputs={1: [text]})
        verdict = judged(tmp_path, kind, {"after": "Question 1", **parameters}, handed_in)
        assert verdict.outcome in set(Outcome) - {Outcome.FAULT}
        assert len(verdict.reason) < 2_000


def test_the_count_of_work_sees_a_reader_that_does_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(1)
    text = fuzz.text_of(generator.randbytes(50))
    monkeypatch.setattr(fuzz, "LINES_AT_LEAST", 1)
    monkeypatch.setattr(fuzz, "LINES_PER_CHARACTER", 0)
    with pytest.raises(AssertionError, match=r"took \d+ lines over \d+ characters"):
        fuzz.check(text)
