"""Damaged JSON is repaired where one reading is possible, and refused with its place elsewhere."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import NotebookFormatError
from grader.intake.json_text import parse_json

CELL = '{"cell_type": "code", "source": "x = 1", "outputs": []}'


@pytest.mark.parametrize(
    ("text", "content", "said"),
    [
        pytest.param('{"a": "b\tc\nd"}', {"a": "b\tc\nd"}, "control characters", id="raw-control-characters"),
        pytest.param('{"a": [1, 2,], }', {"a": [1, 2]}, "commas before", id="trailing-commas"),
        pytest.param('{"a": ",]", "b": 1,}', {"a": ",]", "b": 1}, "commas before", id="comma-in-a-text-stays"),
        pytest.param(r'{"a": "\d \n \\d \u00e4 \u12"}', {"a": "\\d \n \\d ä \\u12"}, "backslashes", id="bad-escapes"),
        pytest.param('{"a": ["b"\n "c"]}', {"a": ["b", "c"]}, "missing commas", id="missing-comma-between-lines"),
        pytest.param(
            '{"a":\n<<<<<<< HEAD\n 1\n=======\n 2\n>>>>>>> branch\n}', {"a": 1}, '"ours"', id="conflict-marks"
        ),
        pytest.param(
            '{"a":\n<<<<<<< HEAD\n 1\n||||||| base\n 0\n=======\n 2\n>>>>>>> branch\n}',
            {"a": 1},
            '"ours"',
            id="conflict-marks-with-base",
        ),
        pytest.param(
            '{"a": "\\d",\n<<<<<<< HEAD\n"b": [1,],\n=======\n"b": 2\n>>>>>>> x\n}',
            {"a": "\\d", "b": [1]},
            "backslashes",
            id="several-at-once",
        ),
    ],
)
def test_damage_with_one_reading_is_repaired_and_said(text: str, content: object, said: str) -> None:
    parsed = parse_json(text)

    assert parsed.content == content
    assert len(parsed.notes) == 1
    assert said in parsed.notes[0]


def test_good_json_is_read_without_a_note() -> None:
    parsed = parse_json('{"a": [1, "b", null]}')

    assert parsed.content == {"a": [1, "b", None]}
    assert parsed.notes == ()


@pytest.mark.parametrize("cut", [len(CELL) + 13, len(CELL) + 14, len(CELL) + 30, len(CELL) + 40, 2 * len(CELL)])
def test_a_file_cut_in_the_middle_keeps_its_complete_cells(cut: int) -> None:
    text = f'{{"cells": [{CELL}, {CELL}, {CELL}], "metadata": {{}}}}'

    parsed = parse_json(text[:cut])

    assert parsed.content == {"cells": [json.loads(CELL)], "metadata": {}, "nbformat": 4}
    assert "cut off" in parsed.notes[0]


def test_a_file_cut_behind_its_last_cell_keeps_them_all() -> None:
    parsed = parse_json(f'{{"cells": [{CELL}, {CELL}], "metadata": {{"kernelspec": {{"na')

    assert parsed.content == {"cells": [json.loads(CELL)] * 2, "metadata": {}, "nbformat": 4}


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        pytest.param("", "notebook-empty-file", "", id="empty"),
        pytest.param(" \n\0\0", "notebook-empty-file", "", id="blank"),
        pytest.param('{"a": 1\n "b" 2}', "notebook-broken-json", "line 2, column 2", id="no-colon"),
        pytest.param('{"a": "say "hello" twice"}', "notebook-broken-json", "line 1, column 13", id="bare-quote"),
        pytest.param('{"a": ["b" "c"]}', "notebook-broken-json", "line 1, column 12", id="comma-missing-in-a-line"),
        pytest.param(f'{{"cells": [{CELL}], "a": b}}', "notebook-broken-json", "", id="broken-behind-the-cells"),
        pytest.param("[" * 100_000, "notebook-too-deep", "", id="deep"),
        pytest.param("[{}," * 1_500_000, "notebook-too-complex", "", id="many-containers"),
        pytest.param(
            f'{{"cells": [{CELL}, {{"source": "x" y}}, {CELL}]}}', "notebook-broken-json", "", id="broken-cell-inside"
        ),
        pytest.param(
            '{"cells": [{"a": "b"}, ' + '{"a":' * 100_000, "notebook-too-deep", "", id="deep-after-a-good-cell"
        ),
        pytest.param(
            '{"a": [' + "\n".join(['"b"'] * 40) + "]}",
            "notebook-broken-json",
            "line 2, column 1",
            id="many-commas-gone",
        ),
        pytest.param(
            '{"a":\n<<<<<<< HEAD\n 1\n=======\n 2\n}', "notebook-broken-json", "line 2, column 1", id="half-a-conflict"
        ),
    ],
)
def test_other_damage_is_refused_with_its_place(text: str, code: str, where: str) -> None:
    with pytest.raises(NotebookFormatError) as caught:
        parse_json(text)

    assert caught.value.code == code
    assert where in caught.value.where
    assert caught.value.next_step


def test_numbers_that_json_lacks_and_huge_ones_become_nothing() -> None:
    parsed = parse_json('{"a": NaN, "b": -Infinity, "c": ' + "9" * 5_000 + ', "d": 1e999}')

    assert parsed.content == {"a": None, "b": None, "c": None, "d": float("inf")}


def test_of_two_equal_keys_the_last_counts() -> None:
    assert parse_json('{"a": 1, "a": 2}').content == {"a": 2}


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:\\ \nab1<=>u', max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    # Anything else than the one error would fail the test.
    with suppress(NotebookFormatError):
        assert len(parse_json(text).notes) <= 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a": [1,], "b": "' + "x" * 8_000_000 + '"}', id="damage-in-a-huge-file"),
        pytest.param('{"cells": [' + "1," * 20_000, id="cut-behind-too-many-cells"),
    ],
)
def test_what_would_cost_too_much_to_repair_is_refused(text: str) -> None:
    with pytest.raises(NotebookFormatError) as caught:
        parse_json(text)

    assert caught.value.code == "notebook-broken-json"


@pytest.mark.parametrize("ending", ["", "\\"])
def test_a_long_text_of_escaped_quotes_is_refused_in_linear_time(ending: str) -> None:
    # Quadratic work on this would exceed the test's time limit by far.
    with pytest.raises(NotebookFormatError):
        parse_json('{"a": "' + '\\"' * 1_000_000 + ending)
