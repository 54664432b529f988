"""What a file is, by its name and its first bytes."""

from __future__ import annotations

import re
from enum import StrEnum

_NOTEBOOK_NAME = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
_EXPORTS = (".html", ".htm", ".pdf", ".docx", ".doc", ".odt", ".rtf", ".png", ".jpg", ".jpeg")
_FOREIGN_ARCHIVES = (".7z", ".rar", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".bz2", ".xz", ".zst")
_OTHERS_FOLDERS = frozenset({"__macosx", "site-packages", "node_modules", "venv", "env", "__pycache__"})


class FileKind(StrEnum):
    """The kinds that intake tells apart."""

    NOTEBOOK = "notebook"
    SCRIPT = "script"
    TEXT = "text"
    """Markdown: a report beside scripts; by itself a hand-in only where the coursework takes texts."""
    PLAIN = "plain"
    """Text without marks: data or notes, unless the coursework takes texts."""
    ZIP = "zip"
    TAR = "tar"
    FOREIGN_ARCHIVE = "foreign-archive"
    EXPORT = "export"
    OTHER = "other"


ARCHIVES = frozenset({FileKind.ZIP, FileKind.TAR})
READABLE = frozenset({FileKind.NOTEBOOK, FileKind.SCRIPT, FileKind.TEXT})
TEXTS = frozenset({FileKind.TEXT, FileKind.PLAIN})
"""What is a hand-in by itself where the coursework takes texts."""


def kind_by_name(name: str) -> FileKind:
    """The kind that the name promises."""
    lower = name.lower()
    if _NOTEBOOK_NAME.search(lower):
        return FileKind.NOTEBOOK
    if lower.endswith(".py"):
        return FileKind.SCRIPT
    if lower.endswith((".md", ".markdown")):
        return FileKind.TEXT
    if lower.endswith(".txt"):
        return FileKind.PLAIN
    if lower.endswith(".zip"):
        return FileKind.ZIP
    if lower.endswith((".tar", ".tgz", ".tar.gz")):
        return FileKind.TAR
    if lower.endswith(_FOREIGN_ARCHIVES):
        return FileKind.FOREIGN_ARCHIVE
    if lower.endswith(_EXPORTS):
        return FileKind.EXPORT
    return FileKind.OTHER


def kind_by_content(name: str, data: bytes) -> FileKind:
    """The kind that the first bytes show, or else the name: students rename files."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return FileKind.EXPORT if name.lower().endswith((".docx", ".odt")) else FileKind.ZIP
    if data.startswith(b"\x1f\x8b") or data[257:262] == b"ustar":
        return FileKind.TAR
    if data.startswith((b"Rar!", b"7z\xbc\xaf\x27\x1c", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")):
        return FileKind.FOREIGN_ARCHIVE
    if start.startswith(b"%PDF") or start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return FileKind.EXPORT
    if start.startswith(b"{\\rtf"):
        return FileKind.EXPORT
    named = kind_by_name(name)
    if named in ARCHIVES | {FileKind.OTHER, FileKind.PLAIN} and start.startswith(b"{"):
        return FileKind.NOTEBOOK
    return named


def is_set_aside(path: str) -> bool:
    """True for copies and leavings of programs, which never win over the student's own file."""
    parts = path.lower().split("/")
    return (
        any(part.startswith(".") for part in parts)
        or any(part in _OTHERS_FOLDERS for part in parts[:-1])
        or re.search(r"-checkpoint\.(ipynb|py)$", parts[-1]) is not None
    )
