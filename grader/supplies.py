"""Helpers that a course gives its students: files beside rubric.yaml that a hand-in may lack."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from grader.errors import RubricError

_FILE = re.compile(r"[A-Za-z_]\w*\.py")


def read_supplies(execution: Any, path: Path) -> None:
    """Replace the list of files under `supplies` by the sources of the modules.

    Args:
        execution: what rubric.yaml says under `execution`, whatever that is; changed in place.
        path: of rubric.yaml.

    Raises:
        RubricError: if one of them is no Python file beside rubric.yaml, or cannot be read.
    """
    if not isinstance(execution, dict) or execution.get("supplies") is None:
        return
    names = execution["supplies"]
    sources: dict[str, str] = {}
    for name in names if isinstance(names, list) else [names]:
        if not _FILE.fullmatch(str(name)):
            raise _unusable(name, "it is not the name of a Python file", path)
        try:
            sources[str(name).removesuffix(".py")] = (path.parent / str(name)).read_text(encoding="utf-8")
        except OSError as error:
            raise _unusable(name, str(error.strerror), path) from error
        except UnicodeDecodeError as error:
            raise _unusable(name, "it is no text in UTF-8", path) from error
    execution["supplies"] = sources


def _unusable(name: Any, why: str, path: Path) -> RubricError:
    return RubricError(
        "rubric-supply-unusable",
        f'the helper "{name}" cannot be supplied: {why}',
        where=str(path),
        next_step="list files that stand beside rubric.yaml under execution.supplies, such as [helpers.py]",
    )
