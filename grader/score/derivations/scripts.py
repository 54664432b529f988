"""Subscripts, superscripts and primes of a symbol: which of them name it, which say a step, an entry or a power."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.score.derivations.brackets import unwrapped, unwrapped_braces
from grader.score.derivations.names import Names, key_of
from grader.score.derivations.signs import Kind, ReadingError, Token
from grader.score.derivations.tree import Index, Symbol

ENTRY_LETTERS = frozenset("ijklmpq")
"""Letters that may number the entries of a symbol without having been introduced."""


@dataclass(slots=True)
class Scripts:
    """What stands at a symbol, as it was collected."""

    below: list[list[Token]] = field(default_factory=list)
    above: list[list[Token]] = field(default_factory=list)
    primes: int = 0
    behind: list[list[Token]] = field(default_factory=list)
    """Steps in round or square brackets behind the symbol, as in `h(t-1)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a symbol with its scripts is."""

    symbol: Symbol
    known: bool
    transposed: bool = False
    power: Index | None = None


def index_of(tokens: Sequence[Token], letters: Mapping[str, object]) -> Index | None:
    """The index that tokens spell; None if they spell none over these letters."""
    terms: dict[str, int] = {}
    constant, sign, expects = 0, 1, True
    for place, token in enumerate(tokens):
        if token.sign("+", "-") and (expects is False or place == 0):
            sign, expects = (1 if token.text == "+" else -1), True
        elif expects and token.kind is Kind.NUMBER and token.text.isdigit() and len(token.text) < 6:
            constant += sign * int(token.text)
            expects = False
        elif expects and (letter := letter_of(token)) is not None and letter in letters:
            terms[letter] = terms.get(letter, 0) + sign
            expects = False
        else:
            return None
    if expects:
        return None
    return Index(tuple(sorted((one, factor) for one, factor in terms.items() if factor)), constant)


def letter_of(token: Token) -> str | None:
    """The index letter that a token may be."""
    if token.kind is Kind.NAME and (len(token.text) == 1 or token.text in ("tau", "ell")):
        return token.text
    return "T" if token.kind is Kind.TRANSPOSE else None


@dataclass(slots=True)
class _Above:
    """What superscripts say."""

    transposed: bool = False
    power: Index | None = None
    steps: list[list[Token]] = field(default_factory=list)
    """In brackets, or bare where they can be steps."""
    labels: list[list[Token]] = field(default_factory=list)
    primes: int = 0


def resolve(base: str, accent: str, scripts: Scripts, names: Names, bound: Mapping[str, object], at: int) -> Resolved:
    """What a symbol means with all that stands at it.

    Raises:
        ReadingError: for a superscript that means nothing here.
    """
    letters = {**names.indices, **bound}
    above = _above(scripts, letters)
    items = [item for group in scripts.below for item in _items(group)]
    steps = [*above.steps, *scripts.behind]
    primes = scripts.primes + above.primes
    for label, rest in _splits(items, above.labels):
        for count in (primes, 0) if primes else (0,):
            key = key_of(base, accent, count, label)
            if not names.knows(key):
                continue
            found = _placed(key, rest, steps, names, letters, at)
            if found is not None:
                turned = above.transposed ^ (primes > count and count == 0 and primes == 1)
                power = above.power
                if found.time is None and above.steps and power is None and not scripts.behind:
                    power = index_of(unwrapped(above.steps[0]), letters)
                return Resolved(symbol=found, known=True, transposed=turned, power=power)
    return _unknown(base, accent, primes, items, above, steps, letters, names.labels, at)


def _unknown(
    base: str,
    accent: str,
    primes: int,
    items: list[list[Token]],
    above: _Above,
    steps: list[list[Token]],
    letters: Mapping[str, object],
    labelling: frozenset[str],
    at: int,
) -> Resolved:
    """A symbol that nobody has declared: its steps are what look like steps."""
    times = [index for step in steps if (index := index_of(unwrapped(step), letters)) is not None]
    labels = [*items, *above.labels]
    entries: list[Index] = []
    for item in list(labels):
        index = index_of(item, letters)
        if index is None or index.letters & labelling:
            continue
        if any(letters[letter] == "entry" for letter in index.letters):
            entries.append(index)
        elif not times:
            times.append(index)
        else:
            continue
        labels.remove(item)
    label = "".join(_word(item) for item in labels)
    key = key_of(base, accent, primes, label)
    symbol = Symbol(key, times[0] if times else None, tuple(entries), at)
    return Resolved(symbol=symbol, known=False, transposed=above.transposed, power=above.power)


def _above(scripts: Scripts, letters: Mapping[str, object]) -> _Above:
    found = _Above()
    for group in scripts.above:
        _read_above(unwrapped_braces(group), found, letters)
    return found


def _read_above(group: list[Token], found: _Above, letters: Mapping[str, object]) -> None:
    while group and (group[-1].kind is Kind.TRANSPOSE or (group[-1].text == "T" and group[-1].kind is Kind.NAME)):
        if len(group) > 1 and group[-2].sign("+", "-"):
            break
        found.transposed = not found.transposed
        group = group[:-1]
        if group and group[-1].sign(",", "^"):
            group = group[:-1]
    while group and group[-1].sign("'"):
        found.primes += 1
        group = group[:-1]
    group = [token for token in group if not token.sign("{", "}")] if group and group[0].sign("{") else group
    if not group:
        return
    if group[0].sign("⊙") and len(group) == 2:
        group = group[1:]
    bracketed = group[0].kind is Kind.SIGN and group[0].text in "(<["
    inner = unwrapped(group)
    index = index_of(inner, letters)
    if bracketed and inner is not group and len(inner) < len(group):
        (found.steps if index is not None else found.labels).append(inner)
    elif index is not None and not index.terms:
        if index.constant < 0:
            raise ReadingError("an inverse is not read", group[0].position)
        found.power = index
    elif index is not None:
        found.steps.append(inner)
    elif all(token.kind in (Kind.NAME, Kind.NUMBER, Kind.WORDS) for token in inner):
        found.labels.append(inner)
    else:
        raise ReadingError("such a superscript is not read", group[0].position)


def _items(group: Sequence[Token]) -> list[list[Token]]:
    """A subscript's parts, which commas separate."""
    found: list[list[Token]] = [[]]
    for token in unwrapped(group):
        if token.sign(",", ";"):
            found.append([])
        elif not token.sign("{", "}"):
            found[-1].append(token)
    return [[*unwrapped(item)] for item in found if item]


def _word(item: Sequence[Token]) -> str:
    return "".join(token.text for token in item).replace(" ", "")


def _splits(items: list[list[Token]], raised: list[list[Token]]) -> Iterator[tuple[str, list[list[Token]]]]:
    """Ways to cut subscripts into a label and steps or entries; those with most label first."""
    tail = "".join(_word(item) for item in raised)
    yield "".join(_word(item) for item in items) + tail, []
    yield tail + "".join(_word(item) for item in items), []
    for place in range(len(items)):
        rest = items[:place] + items[place + 1 :]
        yield "".join(_word(item) for item in rest) + tail, [items[place]]
    if len(items) == 1:
        for cut in range(len(items[0]) - 1, 0, -1):
            head, last = items[0][:cut], items[0][cut:]
            yield _word(head) + tail, [last]
            yield _word(head) + tail, [[token] for token in last]
            yield _word(last) + tail, [head]
        yield tail, [[token] for token in items[0]]
    if len(items) > 1:
        yield _word(items[0]) + tail, [[token] for item in items[1:] for token in item]
    for place in range(len(items)):
        yield _word(items[place]) + tail, [item for other, item in enumerate(items) if other != place]
    yield tail, items
    yield tail, [[token] for item in items for token in item]


def _placed(
    key: str,
    rest: list[list[Token]],
    steps: list[list[Token]],
    names: Names,
    letters: Mapping[str, object],
    at: int,
) -> Symbol | None:
    """A known symbol with its step and entries; None if what is left fits neither."""
    declared = names.of(key)
    mine, step = names.aliases.get(key, (key, None))
    indexed = declared is None or declared.steps
    wide = {**letters, **dict.fromkeys(ENTRY_LETTERS, None)}
    times = [index for one in steps if (index := index_of(unwrapped(one), letters)) is not None]
    if len(times) > 1 or len(times) != len(steps):
        return None
    entries: list[Index] = []
    for item in rest:
        index = index_of(item, wide)
        if index is None or (declared is None and index.letters & names.labels):
            return None
        timed = indexed and not times and index.letters <= set(letters)
        if timed and not (index.letters and all(letters[letter] == "entry" for letter in index.letters)):
            times.append(index)
        else:
            entries.append(index)
    most = 2 if declared is None else declared.dimensions
    if len(entries) > most or (entries and declared is not None and len(entries) < most):
        return None
    if step is not None:
        if times:
            return None
        return Symbol(mine, Index((), step), tuple(entries), at)
    if times and not indexed and rest and times[0].letters:
        return Symbol(mine, None, tuple(entries), at)
    return Symbol(mine, times[0] if times and indexed else None, tuple(entries), at)
