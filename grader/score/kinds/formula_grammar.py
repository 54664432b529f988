"""Tokens -> a formula: a small grammar of sums, products and powers, with signs of multiplication left out at will.

`1/2n` means half of n to some and one over 2n to others, so both readings are made where they differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.lexer import Lexer

from grader.score.kinds.formula_tokens import FormulaError, Lexeme, Symbols, lexemes
from grader.score.kinds.formula_value import Formula, Operation, Program, Raised, computable, constant

MOST_EXPONENT = 12
_COMMON = """
    start: sum
    ?sum: first
        | sum _PLUS product                                                 -> add
        | sum _MINUS product                                                -> subtract
    ?first: product
        | _MINUS product                                                    -> negative
        | _PLUS product
    ?power: atom
        | atom POWER exponent                                               -> power
    ?raised: follower
        | follower POWER exponent                                           -> power
    ?exponent: power
        | _MINUS exponent                                                   -> negative
    ?atom: NUMBER                                                           -> number
        | follower
    ?follower: NAME                                                         -> name
        | _LROUND sum _RROUND
        | _LSQUARE sum _RSQUARE
        | _LCURLY sum _RCURLY
        | _FRAC _LCURLY sum _RCURLY _LCURLY sum _RCURLY                     -> divide
    %declare NUMBER NAME _PLUS _MINUS _TIMES _DIVIDE POWER _FRAC
    %declare _LROUND _RROUND _LSQUARE _RSQUARE _LCURLY _RCURLY
"""
_LOOSE = """
    ?product: power
        | product raised                                                    -> multiply
        | product _TIMES operand                                            -> multiply
        | product _DIVIDE operand                                           -> divide
    ?operand: power
        | _MINUS operand                                                    -> negative
        | _PLUS operand
"""
_TIGHT = """
    ?product: joined
        | product _TIMES operand                                            -> multiply
        | product _DIVIDE operand                                           -> divide
    ?joined: power
        | joined raised                                                     -> multiply
    ?operand: joined
        | _MINUS operand                                                    -> negative
        | _PLUS operand
"""


def read_formula(text: str, symbols: Symbols) -> tuple[Formula, ...]:
    """The readings of a formula: one, or two where a product without a sign follows a division.

    Raises:
        FormulaError: with the place where reading stopped.
    """
    tokens = lexemes(text, symbols)
    readings: dict[Program, Formula] = {}
    for rules in (_LOOSE, _TIGHT):
        program = _parse(rules, tokens, len(text))
        formula = Formula(program=program, text=" ".join(text.split()))
        if not computable(formula):
            raise FormulaError("its powers are too large", 0)
        readings.setdefault(program, formula)
    return tuple(readings.values())


def _parse(rules: str, tokens: Sequence[Lexeme], end: int) -> Program:
    try:
        program: Program = _parser(rules).parse(tokens)  # type: ignore[assignment]  # tokens in place of text
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise FormulaError("it ends too early", end) from error
        raise FormulaError("what stands there does not fit", error.token.start_pos or 0) from error
    return program


class _Given(Lexer):
    """Hands on tokens that were made before."""

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, data: Sequence[Lexeme]) -> Iterator[Token]:  # type: ignore[override]  # the classic interface
        for one in data:
            yield Token(one.type, str(one.value), start_pos=one.position)


@v_args(inline=True)
class _Programs(Transformer[Any, Program]):
    """Builds programs in postfix order, so that nothing ever recurses over a formula."""

    def start(self, inner: Program) -> Program:
        return inner

    def number(self, token: Token) -> Program:
        return (Fraction(str(token)),)

    def name(self, token: Token) -> Program:
        return (str(token),)

    def add(self, left: Program, right: Program) -> Program:
        return (*left, *right, Operation.ADD)

    def subtract(self, left: Program, right: Program) -> Program:
        return (*left, *right, Operation.SUBTRACT)

    def multiply(self, left: Program, right: Program) -> Program:
        return (*left, *right, Operation.MULTIPLY)

    def divide(self, left: Program, right: Program) -> Program:
        return (*left, *right, Operation.DIVIDE)

    def negative(self, inner: Program) -> Program:
        return (*inner, Operation.NEGATE)

    def power(self, base: Program, sign: Token, exponent: Program) -> Program:
        value = constant(exponent)
        if value is None or value.denominator != 1 or abs(value) > MOST_EXPONENT:
            raise FormulaError(f"an exponent has to be a whole number up to {MOST_EXPONENT}", sign.start_pos or 0)
        return (*base, Raised(int(value)))


@cache
def _parser(rules: str) -> Lark:
    return Lark(_COMMON + rules, parser="lalr", lexer=_Given, transformer=_Programs())
