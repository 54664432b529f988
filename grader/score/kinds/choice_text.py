"""Which options an answer names, whatever stands around them; forgiving in form, strict in substance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from grader.score.kinds.identification import plain_form

ANSWER_CHARS = 4_000
_TICKED = re.compile(r"^\s*(?:[-*+]\s*)?\[\s*[xX✓✔]\s*\]\s*(.*)$")
_BOX = re.compile(r"^\s*(?:[-*+]\s*)?\[\s*[xX✓✔]?\s*\]")
_MARKED = re.compile(
    r"^[\s>*_`\"'(\[]*(?P<option>[^\W_]{1,12})[*_`\"']*\s*(?:[).\]:]+|\s[-–—]\s|,?\s+because\b|\s*=\s)", re.IGNORECASE
)
_LEAD = re.compile(
    r"^.{0,80}?\b(?:answer|option|choice|choose|chose|pick|select)\b[^:=\n]{0,30}?(?:[:=]|\bis\b)\s*", re.IGNORECASE
)
_WORD = re.compile(r"[\W_]{0,8}([^\W_]+)")


def chosen_in(
    text: str, forms: Mapping[str, str], forgive: Sequence[str], *, single: bool = True
) -> frozenset[str] | None:
    """The options that a text names; None if it holds anything else.

    Args:
        text: the student's.
        forms: every plain form of an option -> the option.
        forgive: words that change nothing.
        single: whether reasons may stand behind an option; where a set is asked for, they might name others.
    """
    lines = text[:ANSWER_CHARS].split("\n")
    ticked = [match.group(1) for line in lines if (match := _TICKED.match(line))]
    if ticked:
        found = [_options(line, forms, forgive, single=True) for line in ticked]
        return None if None in found else frozenset(option for one in found if one is not None for option in one)
    kept = "\n".join(line for line in lines if not _BOX.match(line))
    return _options(kept, forms, forgive, single=single)


def _options(kept: str, forms: Mapping[str, str], forgive: Sequence[str], *, single: bool) -> frozenset[str] | None:
    """The options of a text without boxes to tick."""
    whole = _option(kept, forms, forgive)
    if whole is not None:
        return frozenset({whole})
    words = [word for word in re.split(r"[\s,;/&+]+|\band\b", kept) if plain_form(word, tuple(forgive))]
    options = [_option(word, forms, forgive) for word in words]
    if words and all(option is not None for option in options):
        return frozenset(option for option in options if option is not None)
    return _marked(kept, forms, forgive) if single else None


def _marked(text: str, forms: Mapping[str, str], forgive: Sequence[str]) -> frozenset[str] | None:
    """The option at the beginning of a text, with a sign of punctuation and reasons behind it."""
    led = _LEAD.match(text)
    for rest in (text[led.end() :] if led else "", _without_first_words(text, forgive)):
        match = _MARKED.match(rest)
        option = _option(match["option"], forms, forgive) if match is not None else None
        if option is not None:
            return frozenset({option})
    return None


def _without_first_words(text: str, forgive: Sequence[str]) -> str:
    """A text from its first word that is not forgiven."""
    ignored = {word.casefold() for word in forgive}
    rest = text
    while (first := _WORD.match(rest)) is not None and first.group(1).casefold() in ignored:
        rest = rest[first.end() :]
    return rest


def _option(text: str, forms: Mapping[str, str], forgive: Sequence[str]) -> str | None:
    form = plain_form(text, tuple(forgive))
    return forms.get(form) if form else None
