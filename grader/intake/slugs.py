"""Names of people made from names of files, and file-system-safe slugs made from names of people."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

MAX_SLUG_CHARS = 60

_EXTENSIONS = re.compile(
    r"(\.ipynb(\.(txt|json))?|\.py|\.zip|\.tar(\.(gz|bz2|xz))?|\.tgz|\.7z|\.rar|\.html?|\.pdf|\.md|\.markdown|\.txt)+$",
    re.I,
)
_COPY_MARKS = (
    re.compile(r"^copy (\(\d+\) )?of ", re.I),
    re.compile(r"[ _-]*\((?P<number>\d{1,4})\)$"),
    re.compile(r"( - copy| copy)( \(\d+\))?$", re.I),
    re.compile(r"-checkpoint$", re.I),
    re.compile(r"[ _.-]+attempt[ _.-]*(?P<number>\d{1,4})$", re.I),
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "ae",
        "œ": "oe",
        "Œ": "oe",
        "ø": "o",
        "Ø": "o",
        "ł": "l",
        "Ł": "l",
        "đ": "d",
        "Đ": "d",
        "ı": "i",
        "þ": "th",
        "ð": "d",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a file name says about its owner."""

    name: str
    """The name without extensions and the marks of copies; never empty."""
    is_copy: bool
    """True if something marks it as another copy or attempt of the same person's file."""
    number: int
    """The number of the copy or attempt as written; 0 if none is."""


def label_of(file_name: str) -> Label:
    """The label in a file or folder name such as `Copy of student-a (1).zip`."""
    text = _EXTENSIONS.sub("", file_name).strip()
    number, is_copy = 0, False
    changed = True
    while changed:
        changed = False
        for mark in _COPY_MARKS:
            found = mark.search(text)
            if found is None or len(found.group()) == len(text):
                continue
            written = found.groupdict().get("number")
            number = max(number, int(written or 0))
            text = (text[: found.start()] + text[found.end() :]).strip()
            is_copy = changed = True
    return Label(name=text.strip(" ._-") or file_name, is_copy=is_copy, number=number)


def slug_of(name: str) -> str:
    """A lower-case ASCII name that every file system takes: `[a-z0-9._-]`, 1 to 60 characters.

    Names in scripts without an ASCII form get a short digest, so that they differ from each other.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain.lower())
    slug = re.sub(r"[-.]{2,}", "-", slug).strip("-._")[:MAX_SLUG_CHARS].rstrip("-._")
    if not slug:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        slug = f"s-{digest[:10]}"
    if _RESERVED.match(slug):
        slug = f"s-{slug}"[:MAX_SLUG_CHARS].rstrip("-._")
    # `<slug>.<number>` is the key of an attempt, so no slug may look like one.
    return re.sub(r"\.(\d+)$", r"-\1", slug)


def unique_slug(name: str, taken: set[str]) -> str:
    """The slug, with `-2`, `-3` ... where it is taken already; the caller adds it to `taken`."""
    slug = slug_of(name)
    candidate, number = slug, 2
    while candidate in taken:
        ending = f"-{number}"
        candidate = slug[: MAX_SLUG_CHARS - len(ending)].rstrip("-._") + ending
        number += 1
    return candidate


def folded(text: str) -> str:
    """The text without case and diacritics, for comparison only."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(character for character in apart if not unicodedata.combining(character)).casefold()


def tokens_of(text: str) -> tuple[str, ...]:
    """The words and numbers of the text, folded; punctuation and underscores part them."""
    return tuple(re.findall(r"[^\W_]+", folded(text)))


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which `x10` follows `x9`."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", text)
    return tuple((0, int(part), "") if part[0] in "0123456789" else (1, 0, part.casefold()) for part in parts)
