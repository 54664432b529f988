"""What a definition's left side has to do with a use of it: `δ_t = ...` serves every step."""

from __future__ import annotations

from collections.abc import Sequence

from grader.score.derivations.frames import Frame, Pattern, ValueMissingError
from grader.score.derivations.tree import Derivative, Index, Node, Symbol, Transposed


def index_value(index: Index, frame: Frame) -> int:
    """The value of an index.

    Raises:
        ValueMissingError: for a letter that has none.
    """
    try:
        return index.value(frame.variables)
    except KeyError as error:
        raise ValueMissingError(f"the index {error.args[0]} has no value there") from error


def unified(pattern: Sequence[Symbol], used: Sequence[Symbol], frame: Frame, *, fixed: bool) -> dict[str, int] | None:
    """Values of the letters of a definition's left side; None if it does not fit what is used.

    With `fixed` only left sides that speak of one step, the last or a number, may fit.
    """
    found = dict(frame.variables)
    loose: set[str] = set()
    for mine, theirs in zip(pattern, used, strict=True):
        pairs = list(zip(mine.elements, theirs.elements, strict=False)) if mine.elements and theirs.elements else []
        if mine.time is not None:
            pairs.append((mine.time, theirs.time if theirs.time is not None else mine.time))
        for want, have in pairs:
            value = index_value(have, frame)
            free = [(letter, factor) for letter, factor in want.terms if letter != "T" and letter not in loose]
            if not free:
                if want.value(found) != value:
                    return None
                continue
            if fixed or len(free) > 1 or abs(free[0][1]) != 1:
                return None
            letter, factor = free[0]
            rest = want.constant + sum(other * found[name] for name, other in want.terms if name != letter)
            found[letter] = (value - rest) * factor
            loose.add(letter)
    return found


def bare(node: Node) -> Symbol | None:
    """A symbol without a transpose; None for anything else."""
    while isinstance(node, Transposed):
        node = node.inner
    return node if isinstance(node, Symbol) else None


def symbols_of(pattern: Pattern) -> list[Symbol]:
    """The symbols of a left side whose indices it binds."""
    if isinstance(pattern, Symbol):
        return [pattern]
    if isinstance(pattern, Derivative):
        return [one for one in (bare(pattern.of), bare(pattern.by)) if one is not None]
    return []


def same_quotient(pattern: Pattern, of: Symbol, by: Symbol) -> bool:
    """True if a left side is that derivative, at whatever steps."""
    return isinstance(pattern, Derivative) and [one.key for one in symbols_of(pattern)] == [of.key, by.key]
