"""A cohort out of a few samples: each hand-in many times, every copy with a line of its own, so that each is run."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

from helpers.command_line import ROOT

SAMPLES = sorted((ROOT / "submissions" / "first_steps").glob("*.zip"))
RUBRIC = ROOT / "rubrics" / "first_steps"


def make_cohort(folder: Path, count: int, samples: list[Path] = SAMPLES) -> dict[str, str]:
    """Write `count` hand-ins; file name -> the sample that it is a copy of."""
    folder.mkdir()
    found = {}
    for number in range(count):
        sample = samples[number % len(samples)]
        name = f"s{number:04}-{sample.name}"
        (folder / name).write_bytes(_marked(sample.read_bytes(), number))
        found[name] = sample.name
    return found


def _marked(archive: bytes, number: int) -> bytes:
    copy = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".ipynb"):
                notebook: dict[str, Any] = json.loads(content)
                notebook["cells"].insert(0, _cell(f"# copy {number}"))
                content = json.dumps(notebook).encode()
            new.writestr(name, content)
    return copy.getvalue()


def _cell(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "copy",
        "metadata": {},
        "source": source,
        "execution_count": None,
        "outputs": [],
    }


def stored(run: Path) -> list[tuple[int, str, str]]:
    """(number, key, part) of everything that was executed and stored, in order; nothing before there is a run."""
    if not (run / "run.sqlite").is_file():
        return []
    connection = sqlite3.connect(run / "run.sqlite", timeout=30)
    try:
        return connection.execute("select id, key, part from executions order by id").fetchall()
    finally:
        connection.close()
