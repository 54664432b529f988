"""A tree as one line of text, so that a student sees what was read."""

from __future__ import annotations

from grader.score.derivations.names import shown_key
from grader.score.derivations.tree import (
    Added,
    Applied,
    Cut,
    Derivative,
    Divided,
    Identity,
    Multiplied,
    Node,
    Number,
    Raised,
    Series,
    Stacked,
    Symbol,
    Totalled,
    Transposed,
)

MOST_CHARS = 240
_FUNCTIONS = {"sigmoid": "σ"}
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(node: Node) -> str:
    """The tree in one spelling, cut where it is long."""
    text = _text(node)
    return text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]} …"


def _text(node: Node) -> str:
    match node:
        case Number(value=value):
            return f"{value:g}"
        case Identity():
            return "I"
        case Symbol():
            return _symbol(node)
        case Applied(function=function, slope=slope, argument=argument):
            name = _FUNCTIONS.get(function, function) + ("'" if slope else "")
            return f"{name}({'·' if argument is None else _text(argument)})"
        case Added(terms=terms):
            return _sum(terms)
        case Multiplied(factors=factors, signs=signs):
            text = _closed(factors[0])
            for sign, factor in zip(signs, factors[1:], strict=True):
                text += f" {sign} {_closed(factor)}" if sign else f" {_closed(factor)}"
            return text
        case Divided(top=top, bottom=bottom):
            return f"{_closed(top)} / {_closed(bottom)}"
        case Raised(base=base, exponent=exponent):
            power = str(exponent)
            return _closed(base) + (power.translate(_RAISED) if power.isdigit() else f"^({power})")
        case Transposed(inner=inner):
            return f"{_closed(inner)}ᵀ"
        case Series():
            return _series(node)
        case Derivative(of=of, by=by):
            return f"∂{_closed(of)}/∂{_closed(by)}"
        case Stacked(blocks=blocks, beside=beside):
            return "[" + (" , " if beside else " ; ").join(_text(block) for block in blocks) + "]"
        case Cut(inner=inner, rows=rows, columns=columns):
            ends = ", ".join(f"{low or ''}:{high or ''}" for low, high in (rows, columns))
            return f"{_closed(inner)}[{ends}]"
        case Totalled(inner=inner):
            return f"sum({_text(inner)})"


def _symbol(node: Symbol) -> str:
    below = [str(one) for one in node.elements]
    if node.time is not None:
        below.append(str(node.time))
    key = "δ" if node.key == "kronecker" else shown_key(node.key)
    if not below:
        return key
    text = ",".join(below)
    if "_" in key:
        head, _, label = key.partition("_")
        return f"{head}_{{{label},{text}}}"
    return f"{key}_{text}" if text.isalnum() else f"{key}_{{{text}}}"


def _sum(terms: tuple[tuple[int, Node], ...]) -> str:
    text = ""
    for sign, term in terms:
        piece = f"({_text(term)})" if isinstance(term, Added) else _text(term)
        if text:
            text += f" {'+' if sign > 0 else '−'} {piece}"
        else:
            text = piece if sign > 0 else f"−{piece}"
    return text


def _series(node: Series) -> str:
    sign = "Σ" if node.kind == "sum" else "Π"
    ends = f"_{node.letter}"
    if node.low is not None and node.high is not None:
        ends = f"_({node.low}{'<' if node.above else '≤'}{node.letter}≤{node.high})"
    return f"{sign}{ends} {_closed(node.body)}"


def _closed(node: Node) -> str:
    """With brackets where the text would otherwise run together."""
    text = _text(node)
    return f"({text})" if isinstance(node, Added | Multiplied | Divided | Series | Derivative) else text
