"""Lines that name a question: "### Question 1.2 b)", "Q1.2(b)", "Exercise 1 – 2b", "**(b)** ...", in any of many forms.

A line is read as a key, the parts of the number: ("1", "2", "b"). Which keys there are, the student version says.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from grader.score.locate.words import PASSED, ROMAN, WORDS

Key = tuple[str, ...]

_TOKEN = re.compile(r"[^\W\d_]+|\d+|\s+|.", re.DOTALL)
_SHAPE = re.compile(
    r"^\s*(?:>\s*)*(?P<level>#{1,6}(?=[\s\w*_(<]))?\s*(?:[-+•]\s+|\*\s+|//+\s*)?(?P<bold>\*\*|__|<b>|<strong>|<h\d>)?"
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,80}>")
_END = re.compile(r"\s*(?:[*_`]+\s*)?(?P<sign>(?:[):\]–—-]|\.(?![^\W_]))+|：|．|、|$)?(?P<after>\s*[*_`]*\s*)")
HEAD_CHARS = 160
"""Of a line are looked at: a heading's number stands at its beginning."""
_NUMBER_CHARS = 64
_MOST_DIGITS = 4
_MOST_SPOKEN = 3
_SIGNS = ".．-–—([/#°º,*_`&§·、"
"""What may stand within a number."""
_LONGEST_KEY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A line without its signs of formatting."""

    text: str
    level: int
    """Number of `#`; 0 for a line that is no heading."""
    bold: bool

    @property
    def set_apart(self) -> bool:
        """True if the line is formatted as headings are."""
        return self.level > 0 or self.bold


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to read the beginning of a line as the number of a question."""

    key: Key
    named: bool
    """True if a word for "question" stands with it."""
    delimited: bool
    """True if the number ends with a sign, or the line with the number."""
    ends_line: bool
    rest: str
    """What follows on the line."""

    @property
    def mixed(self) -> bool:
        """True for a key such as 1a or T1, which is hardly anything but the number of a question."""
        return len(self.key) > 1 and any(part.isdigit() for part in self.key) and any(p.isalpha() for p in self.key)


def shape_of(line: str, *, comment: bool = False) -> Shape:
    """The line without its signs of formatting.

    Args:
        line: one line.
        comment: True if a leading `#` is the sign of a comment, not of a heading.
    """
    head = line[:HEAD_CHARS]
    if comment:
        head = head.lstrip().removeprefix("#")
    found = _SHAPE.match(head)
    level = len(found["level"] or "") if found else 0
    bold = bool(found and found["bold"])
    text = head[found.end() :] if found else head
    if "<" in text:
        bold = bold or text.lower().startswith(("<h", "<b>", "<strong"))
        text = _TAG.sub("", text)
    return Shape(text=text.strip(), level=0 if comment and level < 2 else level, bold=bold)


def candidates(text: str, vocabulary: Collection[str], *, free: bool = False) -> list[Candidate]:
    """The ways to read the beginning of a text as the number of a question, the longest last.

    Args:
        text: of a line, without signs of formatting.
        vocabulary: words that are parts of keys.
        free: True to take any words before the number as parts of the key, as in "Theory question 1".
    """
    return list(_read(text, vocabulary, free=free))


@lru_cache(maxsize=2048)
def candidates_kept(text: str, vocabulary: frozenset[str]) -> tuple[Candidate, ...]:
    """The same, kept: most lines of a hand-in are the template's, in cells that were changed elsewhere."""
    return tuple(_read(text, vocabulary, free=False))


def parts_of(identifier: str) -> Key:
    """The key of a question's id: "1.2b" and "q1.2b" are ("1", "2", "b"), "grad_b" is ("grad", "b")."""
    parts = tuple(
        part if part.isalpha() else str(int(part))
        for part in re.findall(r"[^\W\d_]+|[0-9]{1,9}", identifier.casefold())
    )
    numbered = any(part.isdigit() for part in parts)
    return tuple(part for part in parts if not (numbered and part in WORDS)) or parts


class _Is(Enum):
    """What a word, a number or a sign is at its place in a line."""

    PART = "part"
    """Of the number."""
    WORD = "word"
    """For a question."""
    BETWEEN = "between"
    STOP = "stop"


def _read(text: str, vocabulary: Collection[str], *, free: bool) -> Iterator[Candidate]:
    key: list[str] = []
    named, gap, previous = False, True, ""
    tokens = list(_TOKEN.finditer(text, 0, _NUMBER_CHARS))
    for place, token in enumerate(tokens):
        piece = token.group()
        if piece.isspace():
            gap = True
            continue
        found = _sort(tokens, place, key, vocabulary, gap=gap, previous=previous, free=free)
        if found is _Is.STOP or len(key) == _LONGEST_KEY:
            return
        named = named or found is _Is.WORD
        previous, gap = piece, False
        if found is _Is.PART:
            key.append(str(int(piece)) if piece.isdecimal() else piece.casefold())
            yield _candidate(tuple(key), text, token.end(), named=named)


def _sort(
    tokens: list[re.Match[str]],
    place: int,
    key: list[str],
    vocabulary: Collection[str],
    *,
    gap: bool,
    previous: str,
    free: bool,
) -> _Is:
    piece = tokens[place].group()
    word = piece.casefold()
    if piece.isdecimal():
        of_text = bool(key) and gap and previous in (".", ")", "]")
        return _Is.STOP if len(piece) > _MOST_DIGITS or of_text else _Is.PART
    if not piece.isalpha():
        return _Is.BETWEEN if piece in _SIGNS or (piece in ")]" and _goes_on(tokens, place)) else _Is.STOP
    if word in WORDS or _is_typed_badly(word, key):
        return _Is.WORD
    known = word in vocabulary and (len(word) > 1 or (not key and _number_follows(tokens, place)))
    letter = (len(word) == 1 or word in ROMAN) and _letter_counts(tokens, place, gap=gap, previous=previous)
    spoken = free and len(key) < _MOST_SPOKEN and not any(part.isdigit() for part in key)
    if known or letter:
        return _Is.PART
    if word in PASSED and not key:
        return _Is.BETWEEN
    return _Is.PART if spoken else _Is.STOP


def _candidate(key: Key, text: str, end: int, *, named: bool) -> Candidate:
    word = re.match(r"\s*([^\W\d_]+)", text[end:])
    if word is not None and word[1].casefold() in WORDS:  # the word follows the number, as in 第1题
        named, end = True, end + word.end()
    closing = _END.match(text, end)
    sign = closing["sign"] if closing else None
    rest = text[closing.end() :] if closing else text[end:]
    ends = not rest.strip(" *_`#:.")
    return Candidate(key=key, named=named, delimited=sign is not None or ends, ends_line=ends, rest=rest)


def _letter_counts(tokens: list[re.Match[str]], place: int, *, gap: bool, previous: str) -> bool:
    """True if a single letter is part of a number: "2b", "2.b", "(b", or before a sign that ends it."""
    following = tokens[place + 1].group() if place + 1 < len(tokens) else ""
    closed = following == "" or following in ":).]*_-–—：" or (following.isspace() and place + 2 == len(tokens))
    if following.isspace() and place + 2 < len(tokens) and tokens[place + 2].group() in ")]:–—-":
        closed = True
    if not gap and previous[-1:].isdigit():
        return True
    if previous == "(" or (not gap and previous == "."):
        return closed or following.isspace()
    return closed and following != "."


def _number_follows(tokens: list[re.Match[str]], place: int) -> bool:
    """True if a number follows at once, so that a single letter of a key is one: "T1", "T 1"."""
    following = [token.group() for token in tokens[place + 1 : place + 3] if not token.group().isspace()]
    return bool(following) and (
        following[0].isdigit() or (following[0] in ".-" and len(following) > 1 and following[1].isdigit())
    )


def _goes_on(tokens: list[re.Match[str]], place: int) -> bool:
    """True if a bracket that closes is followed at once by one that opens: "1(b)(ii)"."""
    return place + 1 < len(tokens) and tokens[place + 1].group() in "([."


def _is_typed_badly(word: str, key: list[str]) -> bool:
    return not key and 5 <= len(word) <= 14 and _near(word)


@lru_cache(maxsize=2048)
def _near(word: str) -> bool:
    """True for "qestion" and "excercise"."""
    return bool(difflib.get_close_matches(word, _LONG_WORDS, n=1, cutoff=0.85))


_LONG_WORDS = tuple(sorted(word for word in WORDS if len(word) >= 6))
