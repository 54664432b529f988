"""What several commands take: arguments, options and their help, said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How facts are printed."""

    TEXT = "text"
    JSON = "json"


class CheckFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class Package(StrEnum):
    """What `grader release` can package for."""

    CSV = "csv"


ROSTER_HELP = "CSV with the columns key, name, email, lms_id, group, deadline, extension_hours; only key is required."
RubricFolder = Annotated[Path, typer.Argument(help="Folder of the coursework, with rubric.yaml.", show_default=False)]
HandIns = Annotated[
    Path,
    typer.Argument(
        help="Folder of hand-ins, a zip of zips, one zip, a notebook or .py file; texts where the rubric takes them.",
        show_default=False,
    ),
]
OtherRubric = Annotated[Path | None, typer.Option("--rubric", help="Another rubric than the one stored with the run.")]
Run = Annotated[Path, typer.Argument(help="Run folder, as written by `grader grade`.", show_default=False)]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, max=256, help="Submissions at a time. Default: the CPUs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
FindingFormat = Annotated[CheckFormat, typer.Option("--format", help="How findings are printed.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How facts are printed.")]
Unsafe = Annotated[
    bool,
    typer.Option("--unsafe-no-sandbox", help="Run without isolation: for your own code only."),
]
