"""Numbers as people print them: all readings, the size of the last place, and what is no number."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.score.kinds.number_text import stated
from grader.score.kinds.printed_numbers import numbers_in, only_number, shown

TWENTY = Fraction(20224)


@pytest.mark.parametrize(
    "text",
    [
        "20224", "20,224", "20 224", "20'224", "20’224", "20_224", "20\u00a0224", "20\u2009224", "20\u202f224",
        "20{,}224", "20\\,224", "2.0224e4", "2.0224E+4", "2.0224 × 10^4", "2.0224*10**4", "2.0224·10⁴",
        "2.0224 \\times 10^{4}",
        "20.224 k", "20.224k", "20.224 thousand", "20.224", "0.020224 M", "20224.0", "+20224", "$20224$", "**20224**",
    ],
)  # fmt: skip
def test_a_number_may_be_written_in_many_ways(text: str) -> None:
    number = only_number(text)
    assert number is not None
    assert TWENTY in {reading.value for reading in number.readings}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("20.225", [Fraction(20225, 1000), 20225]),
        ("20,225", [20225, Fraction(20225, 1000)]),
        ("0,125", [Fraction(1, 8)]),
        ("0.125", [Fraction(1, 8)]),
        ("49,85", [Fraction(4985, 100)]),
        ("1.234.567,5", [Fraction(12345675, 10)]),
        ("63 %", [63, Fraction(63, 100)]),
        ("-3", [-3]),
        ("−3", [-3]),
        (".5", [Fraction(1, 2)]),
        ("1e-3", [Fraction(1, 1000)]),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_has_both_readings(text: str, values: list[Fraction]) -> None:
    number = only_number(text)
    assert number is not None
    assert [reading.value for reading in number.readings] == values


@pytest.mark.parametrize(
    "text",
    ["", "nan", "inf", "1e999", "1e-999", "٢٠٢٢٤", "²", "Ⅷ", "x2", "t_1", "1" * 41, "--", "12.34.56", "1 2", "0x10"],
)
def test_what_is_no_number_or_beyond_all_is_not_read(text: str) -> None:
    assert only_number(text) is None


def test_of_powers_only_the_base_and_of_names_nothing_is_a_number() -> None:
    assert [number.text for number in numbers_in("x1 + 128^2 + 3·n_2 = 16384")] == ["128", "3", "16384"]


def test_columns_set_apart_by_single_spaces_stay_apart() -> None:
    assert [one.text for one in numbers_in("120 113 106", spaces=False)] == ["120", "113", "106"]
    assert [one.text for one in numbers_in("120 113 106")] == ["120 113 106"]


@pytest.mark.parametrize(
    ("text", "rounded", "cut"),
    [
        ("36.3", (36.25, 36.35), (36.25, 36.4)),
        ("-2", (-2.5, -1.5), (-3, -1.5)),
        ("2.5e3", (2450, 2550), (2450, 2600)),
    ],
)
def test_the_last_place_says_what_may_have_been_rounded_or_cut_off(
    text: str, rounded: tuple[float, float], cut: tuple[float, float]
) -> None:
    number = only_number(text)
    assert number is not None
    assert tuple(map(float, number.first.interval())) == rounded
    assert tuple(map(float, number.first.interval(cut=True))) == cut


def test_a_number_of_pythons_has_the_digits_that_it_prints_with() -> None:
    assert [one.unit for one in map(shown, (0.25, 3, -1.5)) if one is not None] == [
        Fraction(1, 100), 1, Fraction(1, 10)
    ]  # fmt: skip
    assert shown(float("inf")) is None


@pytest.mark.parametrize(
    ("text", "unit", "found"),
    [
        ("20224 for n = 128", (), "20224"),
        ("With $n = 128$, $m=20$ and $n_y = 10$: 20224", (), "20224"),
        ("N = 20224", (), "20224"),
        ("128^2 + 128*30 = 16384 + 3840 = 20224", (), "20224"),
        ("n^2 + nm = 128*128 + 128*30 = 20224", (), "20224"),
        ("n = 128 gives 20224 parameters, in 2 layers", ("parameters",), "20224"),
        ("20224 and again 20,224.", (), None),
        ("20224 (128^2 = 16384)", (), None),
        ("n=3, N = 20224", (), None),
        ("3 or 4", (), None),
        ("no number", (), None),
    ],
)
def test_of_several_numbers_the_one_that_is_meant_is_found_or_none(
    text: str, unit: tuple[str, ...], found: str | None
) -> None:
    number = stated(text, unit)
    assert (None if number is None else number.text) == found


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(list("0123456789.,'_ -+eE×^{}()\\times10kKM%=٣²⁴\u00a0\u2009nN$*|\n"))
        | st.characters(),
        max_size=200,
    )
)
def test_no_text_breaks_the_reading_of_numbers(text: str) -> None:
    for number in numbers_in(text):
        assert number.text
        assert text[number.start : number.end].strip() == number.text
        assert all(reading.unit > 0 for reading in number.readings)
    stated(text, ("n",))
    only_number(text)


@settings(max_examples=100, deadline=None)
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=3), st.sampled_from(["", ",", "_", "'", "\u2009"]))
def test_a_printed_number_is_read_as_what_it_was(value: object, sign: str) -> None:
    text = format(value, ",.3f").replace(",", sign)
    number = only_number(text)
    assert number is not None
    assert Fraction(str(value)) in {reading.value for reading in number.readings}
