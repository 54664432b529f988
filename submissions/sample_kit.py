"""What the makers of sample hand-ins share: notebooks that are edited, and archives whose bytes depend on nothing else.

Archives are stored without compression, because the bytes of a compressor differ between builds of zlib.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from grader.coursework import student_version
from grader.records import CellKind
from grader.rubric import Rubric, load_rubric
from grader.workshop.hand_in import HandIn
from grader.workshop.planted import read_planted
from grader.workshop.planting import apply, planted_trials
from grader.workshop.tables import expected_csv

_DATE = (2026, 3, 20, 12, 0, 0)

Make = Callable[[], bytes]


class Notebook(HandIn):
    """The model solution, to be edited in ways that a coursework's own mutants have no need of."""

    def without_markers(self, identifier: str) -> Self:
        """Delete the marker lines of a cell."""
        kept = [line for line in self.source(identifier).split("\n") if "OF YOUR CODE" not in line]
        return self.write(identifier, "\n".join(kept))

    def printed(self, identifier: str, text: str) -> Self:
        """Store a text as what a cell printed."""
        lines = text.splitlines(keepends=True)
        self.cell(identifier)["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}]
        return self

    def executed(self) -> Self:
        """Number the code cells as if they had been run once, in order."""
        for number, cell in enumerate((c for c in self.cells if c["cell_type"] == "code"), start=1):
            cell["execution_count"] = number
        return self


class Samples:
    """The samples of a coursework, each with what makes its bytes, and what they start from.

    Args:
        rubric: folder of the coursework.
        name: of the notebook in a hand-in.
    """

    def __init__(self, rubric: Path, name: str) -> None:
        self.rubric = load_rubric(rubric)
        self.name = name
        self.made: dict[str, Make] = {}
        kinds = ("mutants", "alternatives")
        self.planted = {item.title: item for kind in kinds for item in read_planted(rubric, kind)}

    def sample(self, file_name: str) -> Callable[[Make], Make]:
        """Register what makes the bytes of a sample."""

        def register(make: Make) -> Make:
            self.made[file_name] = make
            return make

        return register

    def solution(self, *headings: str, questions: Sequence[str] = ()) -> Notebook:
        """The model solution with mutants and alternatives of the rubric's.

        Args:
            headings: of mutants and alternatives.
            questions: of those only what goes between the markers of these questions; everything if there are none.
        """
        notebook = Notebook(self.rubric)
        for heading in headings:
            for edit in self.planted[heading].edits:
                if not questions or edit.target in questions:
                    apply(notebook, edit, "more")
        return notebook

    def blank(self) -> Notebook:
        """The student version."""
        notebook = Notebook(self.rubric)
        for cell, given in zip(notebook.cells, student_version(self.rubric).notebook.cells, strict=True):
            assert given.kind is CellKind(cell["cell_type"])
            cell["source"] = given.source.splitlines(keepends=True)
        return notebook

    def template_of(self, identifier: str) -> str:
        """A cell as the student version has it."""
        return self.blank().source(identifier)

    def handed_in(self, notebook: HandIn) -> bytes:
        """A zip with nothing but the notebook in it."""
        return zipped({self.name: notebook.bytes()})


def variants(folder: Path) -> dict[str, dict[str, str]]:
    """Question -> name -> code, from the text files of a folder."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("\n@@ ")[1:]:
            heading, _, body = block.partition("\n")
            question, _, name = heading.partition(" ")
            found.setdefault(question, {})[name] = body.strip("\n")
    return found


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of files, in the order given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(_member(name, 0o100644), content)
    return buffer.getvalue()


def with_link(archive: bytes, name: str, target: str) -> bytes:
    """The same zip with a symbolic link at its end."""
    buffer = io.BytesIO(archive)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as appended:
        appended.writestr(_member(name, 0o120777), target)
    return buffer.getvalue()


def marked_encrypted(archive: bytes) -> bytes:
    """The same zip with every member marked as encrypted and its content made unreadable."""
    made = bytearray(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        members = opened.infolist()
        central = opened.start_dir
    for member in members:
        name_bytes = len(member.filename.encode())
        made[member.header_offset + 6] |= 1
        start = member.header_offset + 30 + name_bytes
        for position in range(start, start + member.compress_size):
            made[position] ^= (position * 197 + 91) % 256
        made[central + 8] |= 1
        central += 46 + name_bytes
    return bytes(made)


def _member(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_DATE)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def write_planted(rubric: Rubric, folder: Path) -> None:
    """A zip for every mutant and alternative of a coursework, and `expected.csv` with what each must earn."""
    folder.mkdir(parents=True, exist_ok=True)
    planted = [item for kind in ("mutants", "alternatives") for item in read_planted(rubric.folder, kind)]
    trials = list(planted_trials(rubric, planted))
    for trial in trials:
        name = trial.expectation.submission
        (folder / f"{name}.zip").write_bytes(zipped({name: trial.notebook}))
    rows = [replace(trial.expectation, submission=f"{trial.expectation.submission}.zip") for trial in trials]
    (folder / "expected.csv").write_text(expected_csv(rubric, rows), encoding="utf-8")
    (folder / ".graderignore").write_text("expected.csv\n", encoding="utf-8")


def run(samples: Mapping[str, Make], folder: Path, rubric: Rubric) -> int:
    """The command line of a maker: write the samples, or with `--check` compare them with those that are there.

    Args:
        samples: file name -> what makes its bytes.
        folder: where they belong.
        rubric: of the coursework, whose mutants and alternatives `--mutants` writes.

    Returns:
        the exit code: 1 if `--check` found a difference.
    """
    parser = argparse.ArgumentParser(description="Makes the sample hand-ins of this folder.")
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    parser.add_argument("--out", type=Path, default=folder, help="another folder to write to")
    parser.add_argument("--mutants", type=Path, help="write the rubric's mutants and alternatives to this folder")
    options = parser.parse_args()
    if options.mutants is not None:
        write_planted(rubric, options.mutants)
        return 0
    there = {path.name for path in folder.iterdir() if path.suffix in (".zip", ".ipynb")}
    if options.check:
        different = sorted(there ^ samples.keys())
        different += [
            name for name, make in samples.items() if name in there and (folder / name).read_bytes() != make()
        ]
        for name in different:
            print(f"differs: {name}", file=sys.stderr)
        return 1 if different else 0
    options.out.mkdir(parents=True, exist_ok=True)
    if options.out == folder:
        for name in there - samples.keys():
            (folder / name).unlink()
    for name, make in samples.items():
        (options.out / name).write_bytes(make())
    return 0
