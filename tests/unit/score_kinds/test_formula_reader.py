"""Formulas are read in all the habits in which people type them, exactly, and never run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.score.kinds.formula_grammar import read_formula
from grader.score.kinds.formula_text import Unread, Written, find_formula
from grader.score.kinds.formula_tokens import FORMULA_CHARS, FormulaError, Symbols
from grader.score.kinds.formula_value import Formula, first_difference, same

SYMBOLS = Symbols.of({"n": [], "d": ["D"], "k": []})
SIZES = {"n": 7, "d": 5, "k": 3}


def values(text: str, symbols: Symbols = SYMBOLS) -> list[Fraction | None]:
    return [reading.value(SIZES) for reading in read_formula(text, symbols)]


def value(text: str, symbols: Symbols = SYMBOLS) -> Fraction | None:
    (only,) = values(text, symbols)
    return only


@pytest.mark.parametrize(
    "text",
    [
        "4n(n+d+1)",
        "4(nd+n^2+n)",
        "4*(n*d + n**2 + n)",
        "4·n·d + 4·n² + 4n",
        "4 × (nd + n² + n)",
        "4 x n x (n + d + 1)",
        "$4n(n+d+1)$",
        "$$4n\\left(n+d+1\\right)$$",
        "4 \\cdot (n \\cdot d + n^{2} + n)",
        "4n\\,(n + d + 1)",
        "\\frac{8n(n+d+1)}{2}",
        "\\dfrac{4}{1} n \\times [n + {d + 1}]",
        "`4 n (d + n + 1)`",
        "4N(N+D+1)",
        "(4n)(n+d+1)",
        "4n(n + d) − (−4n)",
        "0.5 · 8n(n+d+1)",
        "4,000/1,000 · n (n+d+1)",
        "4\n(n d + n n + n)",
    ],
)
def test_one_formula_in_many_habits(text: str) -> None:
    assert set(values(text)) == {Fraction(364)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-n^2", -49),
        ("n^-2", Fraction(1, 49)),
        ("n^{-1}", Fraction(1, 7)),
        ("2^3^2 - 512", 0),
        ("n - d - k", -1),
        ("n - (d - k)", 5),
        ("n / d / k", Fraction(7, 15)),
        ("n * -d", -35),
        ("n^2d", 245),
        ("n²d", 245),
        ("2(3)", 6),
        ("1 600", 1600),
        ("320{,}800", 320800),
        ("1_600.5", Fraction(3201, 2)),
        (".5n", Fraction(7, 2)),
        ("+n", 7),
        ("n^0", 1),
    ],
)
def test_signs_and_powers_bind_as_usual(text: str, expected: Fraction) -> None:
    assert value(text) == expected


def test_a_product_without_a_sign_after_a_division_has_two_readings() -> None:
    assert values("1/2n") == [Fraction(7, 2), Fraction(1, 14)]
    assert values("1/2*n") == [Fraction(7, 2)]
    assert values("\\frac{1}{2}n") == [Fraction(7, 2)]


def test_a_division_by_zero_has_no_value() -> None:
    assert value("1/(n-7)") is None
    assert value("(n-7)^-1") is None


def test_symbols_have_spellings_of_their_own() -> None:
    symbols = Symbols.of({"n_h": ["hidden", "H"], "d": ["n_x"]})
    (reading,) = read_formula("4 n_{h} (n_h + hidden + H + n_{x} + d)", symbols)
    assert reading.value({"n_h": 2, "d": 10}) == 4 * 2 * 26
    assert reading.names == {"n_h", "d"}


def test_two_symbols_that_differ_in_case_are_two() -> None:
    (reading,) = read_formula("Nn", Symbols.of({"N": [], "n": []}))
    assert reading.value({"N": 3, "n": 5}) == 15


def test_a_sign_of_multiplication_that_is_a_symbol_is_the_symbol() -> None:
    (reading,) = read_formula("4x", Symbols.of({"x": []}))
    assert reading.value({"x": 3}) == 12


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("4(n+d", 5),
        ("4n)", 2),
        ("4n + m", 5),
        ("n 2", 2),
        ("2 3", 2),
        ("4n +* d", 4),
        ("n^d", 1),
        ("n^13", 1),
        ("n^(1/2)", 1),
        ("2^9^9", 1),
        ("\\sqrt{n}", 0),
        ("(n]", 2),
        ("n, d", 1),
        ("1234567890123456789012345", 0),
        ("n" + "⁹" * 30, 1),
        ("__import__('os')", 0),
        ("((n^12)^12)^12", 0),
        ("n" * 400, 201),
        ("(" * 30 + "n" + ")" * 30, 20),
        ("n" * (FORMULA_CHARS + 1), FORMULA_CHARS),
    ],
)
def test_what_is_not_read_says_where_reading_stopped(text: str, position: int) -> None:
    with pytest.raises(FormulaError) as caught:
        read_formula(text, SYMBOLS)
    assert caught.value.position == position
    assert caught.value.why


# ------------------------------------------------------------------------------------------- equality


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("4n(n+d+1)", "4(nd+n^2+n)", True),
        ("(n^2-d^2)/(n-d)", "n + d", True),
        ("n + 0d", "n", True),
        ("4n(n+d)", "4n(n+d+1)", False),
        ("n", "d", False),
        ("7n", "49", False),
        ("1/(n-n)", "1/(d-d)", False),
        ("n^2 - 12n + 35", "0", False),
    ],
)
def test_formulas_are_equal_as_functions(one: str, other: str, equal: bool) -> None:
    (first,), (second,) = read_formula(one, SYMBOLS), read_formula(other, SYMBOLS)
    assert same(first, second) is equal


def test_what_a_formula_depends_on_is_what_changes_it() -> None:
    (reading,) = read_formula("n(d+1) - nd + 0k", SYMBOLS)
    assert reading.names == {"n", "d", "k"}
    assert [name for name in sorted(reading.names) if reading.depends_on(name)] == ["n"]
    assert not reading.constant
    assert read_formula("n - n + 1600", SYMBOLS)[0].constant


def test_a_difference_is_shown_at_the_smallest_sizes_that_have_one() -> None:
    (one,), (other,) = read_formula("n + d", SYMBOLS), read_formula("12", SYMBOLS)
    point = first_difference(one, other, ["n", "d"])
    assert one.value(point) != 12
    assert point == {"n": 5, "d": 3}


# ------------------------------------------------------------------------------------------- generated


@dataclass(frozen=True)
class Node:
    """A generated formula, with what it is worth and how it is printed."""

    kind: str
    parts: tuple[Any, ...]

    def exact(self, sizes: dict[str, int]) -> Any:
        """Its value, by SymPy."""
        parts = [part.exact(sizes) if isinstance(part, Node) else part for part in self.parts]
        match self.kind:
            case "number":
                return sympy.Rational(parts[0])
            case "name":
                return sympy.Integer(sizes[parts[0]])
            case "sum":
                return parts[0] + parts[1]
            case "difference":
                return parts[0] - parts[1]
            case "product":
                return parts[0] * parts[1]
            case "quotient":
                return sympy.nan if parts[1] == 0 else parts[0] / parts[1]
            case _:
                return sympy.nan if parts[0] is sympy.nan else parts[0] ** parts[1]

    def printed(self, habit: Callable[[str, list[str]], str]) -> str:
        parts = [part.printed(habit) if isinstance(part, Node) else str(part) for part in self.parts]
        return parts[0] if self.kind in ("number", "name") else habit(self.kind, parts)


def python(kind: str, parts: list[str]) -> str:
    sign = {"sum": " + ", "difference": "-", "product": "*", "quotient": " / ", "power": "**"}[kind]
    return f"({parts[0]}{sign}{parts[1]})"


def by_hand(kind: str, parts: list[str]) -> str:
    """Signs of multiplication left out between brackets, Unicode elsewhere."""
    if kind == "product":
        return f"({parts[0]})({parts[1]})"
    if kind == "power":
        return f"({parts[0]}){parts[1].translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    if kind == "quotient":  # without brackets the product of the denominator could be read in two ways
        return f"[{parts[0]}÷({parts[1]})]"
    sign = {"sum": "+", "difference": " − "}[kind]
    return f"[{parts[0]}{sign}{parts[1]}]"


def latex(kind: str, parts: list[str]) -> str:
    match kind:
        case "quotient":
            return f"\\frac{{{parts[0]}}}{{{parts[1]}}}"
        case "power":
            return f"\\left({parts[0]}\\right)^{{{parts[1]}}}"
        case "product":
            return f"{{{parts[0]}}} \\cdot {{{parts[1]}}}"
        case _:
            return f"\\left({parts[0]} {'+' if kind == 'sum' else '-'} {parts[1]}\\right)"


LEAVES = st.one_of(
    st.integers(0, 9999).map(lambda number: Node("number", (number,))),
    st.sampled_from("ndk").map(lambda name: Node("name", (name,))),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["sum", "difference", "product", "quotient"]), inner, inner).map(
            lambda made: Node(made[0], made[1:])
        ),
        st.tuples(inner, st.integers(0, 3)).map(lambda made: Node("power", made)),
    ),
    max_leaves=9,
)


@given(tree=TREES, habit=st.sampled_from([python, by_hand, latex]))
@settings(max_examples=150)
def test_generated_formulas_have_the_value_that_sympy_gives_in_every_habit(tree: Node, habit: Any) -> None:
    text = tree.printed(habit)
    if len(text) > FORMULA_CHARS:
        return
    expected = tree.exact(SIZES)
    for found in values(text):
        if found is None:
            assert expected is sympy.nan or expected.has(sympy.nan, sympy.zoo)
        else:
            assert sympy.Rational(found.numerator, found.denominator) == expected


@given(st.text(max_size=60) | st.text(alphabet="nd4+-*/^()[]{}\\ .,²·$=frac_x", max_size=120))
@settings(max_examples=300)
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    stopped: int | None = None
    readings: tuple[Formula, ...] = ()
    try:
        readings = read_formula(text, SYMBOLS)
    except FormulaError as error:
        stopped = error.position
    assert stopped is None or 0 <= stopped <= len(text)
    assert (len(readings) in (1, 2)) is (stopped is None)
    for reading in readings:
        reading.value(SIZES)
        assert same(reading, reading) or reading.value(SIZES) is None


@given(st.text(alphabet="nd4+-*/^()=$`:\n isthe.#", max_size=200))
@settings(max_examples=200)
def test_any_answer_is_read_or_left_with_a_reason(text: str) -> None:
    found = find_formula(text, SYMBOLS)
    assert isinstance(found, Written) or found.why.endswith(".")


# ------------------------------------------------------------------------------------------- among words


@pytest.mark.parametrize(
    "text",
    [
        "N = 4n(n+d+1)",
        "**N** = 4n(n+d+1)",
        "N(n, d) = 4n(n+d+1)",
        "The number of parameters is 4n(n+d+1).",
        "The number of parameters = 4n(n+d+1)",
        "Parameters: $4n(n+d+1)$",
        "Total parameters = 4n(n+d+1)",
        "$N_{params} = 4n(n+d+1)$",
        "There are $4n(n+d+1)$ weights, because every gate has a map.",
        "4n(n+d+1) parameters in total",
        "N = 4(nd + n^2 + n) = 4n(n + d + 1)",
        "Each gate reads both.\n\n- so we get 4n(n+d+1)\n\nwith n = 200 and d = 200.",
        "4n(n+d+1)\n4(nd + n² + n)",
        "`4*n*(n + d + 1)`",
        "We count 4 gates:\n$$N = 4n(n+d+1)$$\nwith $n=200$",
    ],
)  # fmt: skip
def test_the_formula_among_words_is_found(text: str) -> None:
    found = find_formula(text, SYMBOLS)
    assert isinstance(found, Written), found
    assert found.readings[0].value(SIZES) == 364


NO_PART = "there it holds something that is no part of a formula in these symbols."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("N = 4n(n+d+1) = 4n(n+d)", "Reading stopped at `4n(n+d)`: the sides of the equation differ."),
        ("$4n$ or $4d$", "It holds several formulas that differ, `4n` and `4d`."),
        ("no idea", "Reading stopped at `o idea`: " + NO_PART),
        ("N = 4n(n+d+", "Reading stopped at the end of `N = 4n(n+d+`: it ends too early."),
        ("N = 4n m + 1", "Reading stopped at `m + 1`: " + NO_PART),
    ],
)  # fmt: skip
def test_what_is_not_found_has_a_reason(text: str, why: str) -> None:
    found = find_formula(text, SYMBOLS)
    assert isinstance(found, Unread)
    assert found.why == why
