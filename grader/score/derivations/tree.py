"""The tree of a side of an equation. Nodes are small, frozen, and know nothing of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Variables = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Index:
    """A whole number made of index letters: `t`, `t-1`, `2`, `T-k`."""

    terms: tuple[tuple[str, int], ...] = ()
    """Letter and factor, sorted by letter."""
    constant: int = 0

    def value(self, variables: Variables) -> int:
        """Its value.

        Raises:
            KeyError: for a letter that has none.
        """
        return self.constant + sum(factor * variables[letter] for letter, factor in self.terms)

    @property
    def letters(self) -> frozenset[str]:
        """The letters in it."""
        return frozenset(letter for letter, _ in self.terms)

    def __str__(self) -> str:
        parts = [("+" if factor > 0 else "-") + ("" if abs(factor) == 1 else str(abs(factor))) + letter
                 for letter, factor in sorted(self.terms, key=lambda term: term[1] < 0)]  # fmt: skip
        if self.constant or not parts:
            parts.append(f"{self.constant:+d}")
        return "".join(parts).removeprefix("+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity matrix, of whatever size fits."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declared or defined symbol."""

    key: str
    time: Index | None = None
    """Its step, if it says one."""
    elements: tuple[Index, ...] = ()
    """Which entry of it is meant, if not all of it."""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """A function, or its slope, of an argument."""

    function: str
    slope: bool
    argument: Node | None
    """None where it is left out, as in `1 - tanh²(·)`."""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """A sum of terms with signs."""

    terms: tuple[tuple[int, Node], ...]


@dataclass(frozen=True, slots=True)
class Multiplied:
    """Factors in a row."""

    factors: tuple[Node, ...]
    signs: tuple[str, ...]
    """Between each two of them; empty where there is no sign."""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Divided:
    """A quotient, entry by entry."""

    top: Node
    bottom: Node
    position: int = 0


@dataclass(frozen=True, slots=True)
class Raised:
    """A whole power: of a square matrix as a matrix, of anything else entry by entry."""

    base: Node
    exponent: Index
    position: int = 0


@dataclass(frozen=True, slots=True)
class Transposed:
    """A transpose."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Series:
    """A sum or a product over an index."""

    kind: str
    """`sum` or `prod`."""
    letter: str
    low: Index | None
    high: Index | None
    """Both None where the index runs over all there are."""
    above: bool
    """True if the low end itself is left out, as in `k < j ≤ T`."""
    body: Node
    position: int = 0


@dataclass(frozen=True, slots=True)
class Derivative:
    """A quotient of differentials."""

    of: Node
    by: Node
    position: int = 0


@dataclass(frozen=True, slots=True)
class Stacked:
    """Blocks above each other, or side by side."""

    blocks: tuple[Node, ...]
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Some rows and columns of a matrix: bounds are sums of sizes, None where there is no bound."""

    inner: Node
    rows: tuple[str | None, str | None]
    columns: tuple[str | None, str | None]
    position: int = 0


@dataclass(frozen=True, slots=True)
class Totalled:
    """The sum over the columns, or over all entries."""

    inner: Node
    axis: int | None
    mean: bool = False


Node = (
    Number | Identity | Symbol | Applied | Added | Multiplied | Divided | Raised | Transposed | Series | Derivative
    | Stacked | Cut | Totalled
)  # fmt: skip


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below a node."""
    match node:
        case Applied(argument=argument):
            return () if argument is None else (argument,)
        case Added(terms=terms):
            return tuple(term for _, term in terms)
        case Multiplied(factors=factors):
            return factors
        case Divided(top=top, bottom=bottom):
            return (top, bottom)
        case Raised(base=inner) | Transposed(inner=inner) | Series(body=inner) | Cut(inner=inner):
            return (inner,)
        case Totalled(inner=inner):
            return (inner,)
        case Derivative(of=of, by=by):
            return (of, by)
        case Stacked(blocks=blocks):
            return blocks
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(children(one))


def letters_in(node: Node) -> frozenset[str]:
    """Index letters that stand in a tree and are not bound in it."""
    found: set[str] = set()
    match node:
        case Symbol(time=time, elements=elements):
            for index in (time, *elements):
                found |= index.letters if index is not None else frozenset()
        case Raised(exponent=exponent):
            found |= exponent.letters
        case Series(low=low, high=high):
            found |= (low.letters if low else frozenset()) | (high.letters if high else frozenset())
    inner: set[str] = set()
    for one in children(node):
        inner |= letters_in(one)
    return frozenset(found | (inner - {node.letter} if isinstance(node, Series) else inner))
