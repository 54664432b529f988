"""What the makers of sample hand-ins share: notebooks that are edited, and archives whose bytes depend on nothing else.

Archives are stored without compression, because the bytes of a compressor differ between builds of zlib.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_DATE = (2026, 3, 20, 12, 0, 0)
_START = r"^(?P<indent>\s*)(## START OF YOUR CODE - Question {question}\)|# begin {question}$)"
_END = r"^\s*(## END OF YOUR CODE|# end$)"

Make = Callable[[], bytes]


class Notebook:
    """A hand-in in the making: the cells of the model solution, to be edited.

    Every edit says what it expects to find, so that a changed solution cannot make a sample quietly meaningless.
    """

    def __init__(self, solution: Path) -> None:
        self.content: dict[str, Any] = json.loads(solution.read_text(encoding="utf-8"))
        for cell in self.cells:
            cell["metadata"] = {}

    @property
    def cells(self) -> list[dict[str, Any]]:
        return self.content["cells"]

    def cell(self, identifier: str) -> dict[str, Any]:
        """The cell of that id.

        Raises:
            KeyError: if there is none.
        """
        for cell in self.cells:
            if cell["id"] == identifier:
                return cell
        raise KeyError(identifier)

    def source(self, identifier: str) -> str:
        """The text of a cell."""
        return "".join(self.cell(identifier)["source"])

    def write(self, identifier: str, source: str) -> Notebook:
        """Give a cell another text."""
        self.cell(identifier)["source"] = source.splitlines(keepends=True)
        return self

    def replace(self, identifier: str, old: str, new: str) -> Notebook:
        """Replace the only occurrence of a text in a cell.

        Raises:
            ValueError: if it does not occur exactly once.
        """
        source = self.source(identifier)
        if source.count(old) != 1:
            raise ValueError(f"{old!r} occurs {source.count(old)} times in the cell {identifier}, not once")
        return self.write(identifier, source.replace(old, new))

    def answer(self, question: str, text: str) -> Notebook:
        """Put code between the markers of a question, at their depth.

        Raises:
            ValueError: if no cell has such markers.
        """
        start, end = re.compile(_START.format(question=question)), re.compile(_END)
        for cell in self.cells:
            lines = "".join(cell["source"]).split("\n")
            for first, line in enumerate(lines):
                opening = start.match(line)
                if cell["cell_type"] == "code" and opening:
                    last = next(n for n in range(first, len(lines)) if end.match(lines[n]))
                    body = [opening["indent"] + part if part else "" for part in text.rstrip("\n").split("\n")]
                    return self.write(cell["id"], "\n".join([*lines[: first + 1], *body, *lines[last:]]))
        raise ValueError(f"no cell has the markers of question {question}")

    def without_markers(self, identifier: str) -> Notebook:
        """Delete the marker lines of a cell."""
        kept = [line for line in self.source(identifier).split("\n") if "OF YOUR CODE" not in line]
        return self.write(identifier, "\n".join(kept))

    def insert(self, identifier: str, source: str, *, before: str = "", kind: str = "code") -> Notebook:
        """Add a cell: before another one, or at the end."""
        cell: dict[str, Any] = {"cell_type": kind, "id": identifier, "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cell["source"] = source.splitlines(keepends=True)
        position = self.cells.index(self.cell(before)) if before else len(self.cells)
        self.cells.insert(position, cell)
        return self

    def printed(self, identifier: str, text: str) -> Notebook:
        """Store a text as what a cell printed."""
        lines = text.splitlines(keepends=True)
        self.cell(identifier)["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}]
        return self

    def executed(self) -> Notebook:
        """Number the code cells as if they had been run once, in order."""
        for number, cell in enumerate((c for c in self.cells if c["cell_type"] == "code"), start=1):
            cell["execution_count"] = number
        return self

    def text(self) -> str:
        """The file, as Jupyter writes it."""
        return json.dumps(self.content, indent=1, ensure_ascii=False) + "\n"

    def bytes(self) -> bytes:
        """The file in UTF-8."""
        return self.text().encode()


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


def run(samples: Mapping[str, Make], folder: Path) -> int:
    """The command line of a maker: write the samples, or with `--check` compare them with those that are there.

    Args:
        samples: file name -> what makes its bytes.
        folder: where they belong.

    Returns:
        the exit code: 1 if `--check` found a difference.
    """
    parser = argparse.ArgumentParser(description="Makes the sample hand-ins of this folder.")
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    parser.add_argument("--out", type=Path, default=folder, help="another folder to write to")
    options = parser.parse_args()
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
