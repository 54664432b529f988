"""Text of unknown origin is made visible and cut."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.report.plain_text import REPLACEMENT, Excerpt, excerpt, mark_text, marks_text, one_line, visible


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("\x1b[31mred\x1b[0m", "red", id="terminal-colour"),
        pytest.param("\x1b]0;title\x07x", "x", id="terminal-title"),
        pytest.param("a\x00b", f"a{REPLACEMENT}b", id="null"),
        pytest.param("a\u202eb", f"a{REPLACEMENT}b", id="right-to-left-override"),
        pytest.param("a\u2066b\u2069", f"a{REPLACEMENT}b{REPLACEMENT}", id="isolates"),
        pytest.param("a\u200bb", f"a{REPLACEMENT}b", id="zero-width-space"),
        pytest.param("a\ud800b", f"a{REPLACEMENT}b", id="half-a-character"),
        pytest.param("a\U000e0041b", f"a{REPLACEMENT}b", id="tag-character"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="line-ends"),
        pytest.param("σ(x) · h′ — 漢字 עברית 🙂\tok", "σ(x) · h′ — 漢字 עברית 🙂\tok", id="ordinary-text-stays"),
    ],
)
def test_what_hides_or_reorders_text_is_replaced(text: str, wanted: str) -> None:
    assert visible(text) == wanted


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
@settings(database=None, derandomize=True, deadline=None, max_examples=200)
def test_any_text_becomes_legal_xml_and_utf8(text: str) -> None:
    element = ElementTree.Element("t", a=visible(text).replace("\n", " ").replace("\t", " "))

    written = ElementTree.tostring(element, encoding="utf-8")

    assert ElementTree.fromstring(written).get("a") == element.get("a")


def test_a_long_text_is_cut_at_forty_lines_and_says_how_many_are_missing() -> None:
    cut = excerpt("\n".join(str(number) for number in range(45)))

    assert cut.text.endswith("\n39")
    assert cut.more == "5 more lines"


def test_a_text_of_one_line_too_many_says_so_in_the_singular() -> None:
    assert excerpt("\n".join("x" for _ in range(41))).more == "1 more line"


def test_a_long_line_is_cut_at_four_kilobytes_between_characters() -> None:
    cut = excerpt("é" * 3000)

    assert cut.text == "é" * 2048
    assert cut.more == "952 more characters"


def test_of_a_flood_only_the_beginning_is_read_and_the_rest_is_counted() -> None:
    assert one_line("x" * 10_000_000) == "x" * 1200 + " … (9,998,800 more characters)"
    assert excerpt("x\n" * 1_000_000).more == "999,960 more lines"
    assert excerpt("\x1b[0m" * 10_000 + "hidden behind") == Excerpt(text="", more="7,245 more characters")


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert excerpt("a\nb") == Excerpt(text="a\nb", more="")


def test_a_sentence_stays_on_one_line_and_is_shortened() -> None:
    assert one_line(" a\n  b\t c ") == "a b c"
    assert one_line("x" * 2000) == "x" * 1200 + " … (800 more characters)"


@pytest.mark.parametrize(
    ("mark", "wanted"),
    [
        ("6.00", "6"),
        ("11.25", "11.25"),
        ("2.50", "2.5"),
        ("0.00", "0"),
        ("-2.50", "-2.5"),
        ("100", "100"),
        ("-0.00", "0"),
    ],
)
def test_marks_are_printed_exactly_and_without_idle_zeros(mark: str, wanted: str) -> None:
    assert mark_text(Decimal(mark)) == wanted


def test_marks_carry_their_unit_in_the_right_number() -> None:
    assert [marks_text(Decimal(mark)) for mark in ("1.00", "0", "2.5")] == ["1 mark", "0 marks", "2.5 marks"]
