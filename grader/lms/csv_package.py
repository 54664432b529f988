"""Marks and pages as files that any course can use: the table, and one zip of feedback pages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.errors import RunError
from grader.pipeline import Readiness
from grader.store import write_atomically

TABLE = "marks.csv"
PAGES = "feedback.zip"
FOLDER = "feedback"
_MOMENT = (1980, 1, 1, 0, 0, 0)
"""Of every member: the same marks make the same bytes."""
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10)}
"""Names that Windows keeps for devices, whatever follows after a dot."""


def csv_package(readiness: Readiness, out: Path) -> list[Path]:
    """Write the package.

    Args:
        readiness: what was checked; its views are what is packaged.
        out: a zip (by its ending) that holds the table and the pages; else a new folder with the table and a zip of
            the pages.

    Returns:
        The files written.

    Raises:
        RunError: if something is there already; nothing is ever written over.
    """
    refuse_existing(out)
    pages = {f"{name}.html": page for name, page in safe_names(readiness.pages).items()}
    if is_zip(out):
        members = {TABLE: readiness.table, **{f"{FOLDER}/{name}": page for name, page in pages.items()}}
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, zipped(members))
        return [out]
    out.mkdir(parents=True, exist_ok=True)
    contents = {out / TABLE: readiness.table.encode(), out / PAGES: zipped(pages)}
    for path, content in contents.items():
        write_atomically(path, content)
    return list(contents)


def is_zip(out: Path) -> bool:
    """True if the name asks for one zip."""
    return out.suffix.lower() == ".zip"


def refuse_existing(out: Path) -> None:
    """Nothing, if a package can be written there.

    Raises:
        RunError: if there is a file, or a folder with something in it.
    """
    if out.is_dir() and not is_zip(out) and not any(out.iterdir()):
        return
    if out.exists():
        raise RunError("release-exists", f"{out} is there already", next_step="give a new folder or zip with --out")


def safe_names(pages: Mapping[str, str]) -> dict[str, str]:
    """The pages by names that every system takes; students' slugs are plain already, but for names of devices."""
    taken: set[str] = set()
    found = {}
    for student, page in sorted(pages.items()):
        name = f"student-{student}" if student.split(".", 1)[0].lower() in _RESERVED else student
        while name.lower() in taken:
            name = f"{name}-"
        taken.add(name.lower())
        found[name] = page
    return found


def zipped(members: Mapping[str, str]) -> bytes:
    """A zip of texts, the same bytes for the same texts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _sorted(members.items()):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, text.encode())
    return target.getvalue()


def _sorted(members: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(members, key=lambda member: member[0])
