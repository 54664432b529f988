"""The command line: parse, call one function, print, exit code. Facts go to stdout, all else to stderr.

The pipeline is imported by the commands that need it, not here: it loads torch, and `--help` should not wait for that.
"""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from grader import __version__
from grader.arguments import (
    ROSTER_HELP,
    CheckFormat,
    FindingFormat,
    Format,
    HandIns,
    Jobs,
    OtherRubric,
    OutputFormat,
    Package,
    Quiet,
    RubricFolder,
    Run,
    Unsafe,
)
from grader.console import BatchProgress, printable, show_error
from grader.errors import ConfigError, GraderError
from grader.own_process import leave, loading
from grader.records import RunMarks

EXIT_INTERRUPTED = 130
EXIT_OUR_FAULT = 3

app = typer.Typer(
    name="grader",
    help="Grade deep-learning coursework: run notebooks in isolation, judge the evidence, explain the marks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"grader {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@contextmanager
def _guard(output_format: str, resume: str = "") -> Iterator[None]:
    """One of the three guards: every error of ours becomes a message and an exit code."""
    try:
        yield
    except GraderError as error:
        show_error(error, output_format)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("\ninterrupted" + (f"; go on with: {resume}" if resume else "") + "\n")
        raise typer.Exit(EXIT_INTERRUPTED) from error


def _jobs(jobs: int | None) -> int:
    return jobs if jobs is not None else os.cpu_count() or 1


def _print_batch(marks: RunMarks, out: Path, output_format: Format) -> int:
    """Print the end of a batch; returns the exit code."""
    from grader.pipeline import Counts

    counts = Counts.of(marks)
    if output_format is Format.JSON:
        facts = {
            "graded": counts.graded,
            "open": counts.open,
            "needs_review": counts.needs_review,
            "refused": counts.refused,
            "not_submitted": counts.not_submitted,
            "out": str(out),
        }
        typer.echo(json.dumps(facts))
        return counts.exit_code
    for row in marks.submissions:
        if row.status in ("needs-review", "refused"):
            why = row.reason.what if row.reason is not None else " ".join(row.flags) or "a verdict needs a person"
            typer.echo(f"{row.status}  {printable(row.student)}: {printable(why)}")
    typer.echo(f"summary   {out / 'summary.html'}")
    typer.echo(f"marks     {out / 'marks.csv'}")
    typer.echo(f"pages     {out / 'feedback'}{os.sep}")
    typer.echo(counts.sentence())
    return counts.exit_code


@app.command()
def grade(
    rubric: RubricFolder,
    submissions: HandIns,
    out: Annotated[
        Path, typer.Option("--out", help="Run folder; an existing one is gone on with.", show_default=False)
    ],
    roster: Annotated[Path | None, typer.Option("--roster", help=ROSTER_HELP)] = None,
    seed: Annotated[str | None, typer.Option("--seed", help="Seed of all inputs. Default: fresh for each run.")] = None,
    jobs: Jobs = None,
    unsafe_no_sandbox: Unsafe = False,
    output_format: OutputFormat = Format.TEXT,
    quiet: Quiet = False,
) -> None:
    """Grade a batch: read, run, score, report; goes on where the run folder stopped.

    Example: grader grade rubrics/first_steps submissions/first_steps --out runs/first
    """
    with loading():
        from grader.ahead import kernels_ahead

        isolations = kernels_ahead(rubric, out, unsafe=unsafe_no_sandbox)
        from grader import pipeline

    with (
        _guard(output_format, f"grader grade {rubric} {submissions} --out {out}"),
        BatchProgress(quiet=quiet) as progress,
    ):
        request = pipeline.GradeRequest(
            rubric=rubric,
            source=submissions,
            out=out,
            roster=roster,
            seed=seed,
            concurrency=_jobs(jobs),
            unsafe_no_sandbox=unsafe_no_sandbox,
        )
        marks = pipeline.grade(request, progress, isolations)
    raise typer.Exit(_print_batch(marks, out, output_format))


@app.command()
def execute(
    run: Run,
    missing: Annotated[bool, typer.Option("--missing", help="Take the evidence that is not there.")] = False,
    rubric: OtherRubric = None,
    jobs: Jobs = None,
    unsafe_no_sandbox: Unsafe = False,
    output_format: OutputFormat = Format.TEXT,
    quiet: Quiet = False,
) -> None:
    """Take evidence that a changed rubric needs and that is not there.

    Example: grader execute runs/first --missing
    """
    with loading():
        from grader import pipeline

    with _guard(output_format, f"grader execute {run} --missing"), BatchProgress(quiet=quiet) as progress:
        if not missing:
            raise ConfigError(
                "execute-needs-missing", "evidence that is there is never taken again", next_step="give --missing"
            )
        options = pipeline.ExecutionOptions(concurrency=_jobs(jobs), unsafe_no_sandbox=unsafe_no_sandbox)
        count = pipeline.execute_missing(run, progress, options=options, rubric=rubric)
    typer.echo(json.dumps({"run": count}) if output_format is Format.JSON else f"{count} submissions were run")


@app.command()
def score(
    run: Run,
    rubric: Annotated[
        Path | None, typer.Option("--rubric", help="Another rubric than the one stored with the run.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A new run folder, which shares the evidence.")] = None,
    jobs: Jobs = None,
    output_format: OutputFormat = Format.TEXT,
    quiet: Quiet = False,
) -> None:
    """Mark a run again from its evidence; no kernel is started.

    Example: grader score runs/first --rubric rubrics/first_steps --out runs/again
    """
    with loading():
        from grader import pipeline

    with _guard(output_format), BatchProgress(quiet=quiet) as progress:
        marks = pipeline.score_run(run, progress, rubric=rubric, out=out, workers=_jobs(jobs))
    raise typer.Exit(_print_batch(marks, out or run, output_format))


@app.command()
def report(run: Run, output_format: OutputFormat = Format.TEXT) -> None:
    """Write pages and tables from the marks of a run.

    Example: grader report runs/first
    """
    with loading():
        from grader import pipeline

    with _guard(output_format):
        files = pipeline.report_run(run)
    if output_format is Format.JSON:
        typer.echo(json.dumps([str(path) for path in files]))
    else:
        typer.echo(f"wrote {len(files)} files; begin with {run / 'summary.html'}")


@app.command()
def override(
    run: Run,
    student: Annotated[str, typer.Argument(help="Student as in marks.csv.", show_default=False)],
    check: Annotated[
        str, typer.Argument(help="Check, for example T1/text; or a flag or `late`, to settle it.", show_default=False)
    ],
    why: Annotated[str, typer.Option("--why", help="The reason; the student sees it.", show_default=False)],
    mark: Annotated[str, typer.Argument(help="The mark, between 0 and the check's maximum; none for a flag.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="Who decides. Default: the user's login name.")] = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Record a person's decision about one check, a flag or lateness, and mark again.

    Example: grader override runs/first f1-right shift/text 1 --why "says that the factor cancels"
    """
    with loading():
        from grader import pipeline

    with _guard(output_format):
        by = who or getpass.getuser()
        try:
            value = Decimal(mark or "0")
        except InvalidOperation as error:
            raise ConfigError("mark-not-a-number", f'"{mark}" is not a number', next_step="for example 4.5") from error
        if mark:
            row = pipeline.override(run, student, check, value, why=why, who=by)
        else:
            row = pipeline.waive(run, student, check, why=why, who=by)
    if output_format is Format.JSON:
        typer.echo(row.model_dump_json())
    else:
        typer.echo(f"{row.student}: {row.total} of {row.max}, {row.open} open, {row.status}")


@app.command()
def release(
    run: Run,
    to: Annotated[Package, typer.Option("--to", help="What to package for.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", help="A new folder, or a new zip if it ends in .zip.", show_default=False)
    ],
    acknowledge: Annotated[
        list[str] | None,
        typer.Option("--acknowledge", help="A diagnosis that meets many, as summary.html prints it; can be repeated."),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="Why the acknowledged diagnoses stand.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="Who decides. Default: the user's login name.")] = None,
    allow_open: Annotated[
        bool, typer.Option("--allow-open", help="Release although answers wait for a marker; pages say provisional.")
    ] = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Check that everything is decided, current and acknowledged, then package marks and pages; nothing is sent.

    Example: grader release runs/first --to csv --out release/first
    """
    from grader.lms import release as releasing

    wanted = tuple(acknowledge or ())
    with _guard(output_format):
        request = releasing.ReleaseRequest(
            run=run, to=to, out=out, acknowledge=wanted, why=why, who=who or getpass.getuser(), allow_open=allow_open
        )
        released = releasing.release(request)
    typer.echo(releasing.render(released, output_format))
    raise typer.Exit(0 if released.ready else 1)


@app.command()
def explain(
    run: Run,
    student: Annotated[str, typer.Argument(help="Student as in marks.csv.", show_default=False)],
    question: Annotated[str, typer.Argument(help="Question, for example 1b.", show_default=False)],
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Show the probe, the evidence, the verdict and the nearest mistakes behind a mark, and a script that repeats it.

    Example: grader explain runs/first f3-overflow softmax
    """
    with loading():
        from grader import pipeline

    with _guard(output_format):
        found = pipeline.explain(run, student, question)
    if output_format is Format.JSON:
        typer.echo(json.dumps([item.model_dump(mode="json") for item in found]))
    else:
        typer.echo("\n\n".join(item.as_text() for item in found))


@app.command()
def check(
    rubric: Annotated[Path, typer.Argument(help="Folder of the coursework.", show_default=False)],
    only: Annotated[
        str, typer.Option("--only", help="Only mutants and alternatives with this text in their heading.")
    ] = "",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only what is read and not run: seconds, no kernel, one pass.")
    ] = False,
    output_format: FindingFormat = CheckFormat.TEXT,
    jobs: Jobs = None,
    unsafe_no_sandbox: Unsafe = False,
    quiet: Quiet = False,
) -> None:
    """Test the coursework itself: its solution, its blank version, its mutants and alternatives, each graded twice.

    Example: grader check rubrics/first_steps
    """
    from grader.workshop import check as coursework_check
    from grader.workshop.findings import exit_code, render

    with _guard(output_format), BatchProgress(quiet=quiet) as progress:
        findings = coursework_check.check(
            rubric,
            progress,
            only=only,
            read_only=read_only,
            concurrency=_jobs(jobs),
            unsafe_no_sandbox=unsafe_no_sandbox,
        )
    typer.echo(render(findings, output_format.value))
    raise typer.Exit(exit_code(findings))


@app.command()
def doctor(
    rubric: Annotated[Path | None, typer.Argument(help="Coursework whose kernel environment to look at.")] = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Say what this host can isolate, run the sandbox's contract suite here and now, and show devices and limits.

    Example: grader doctor rubrics/first_steps
    """
    with loading():
        from grader import pipeline

    with _guard(output_format):
        findings = pipeline.doctor(rubric)
    if output_format is Format.JSON:
        typer.echo(json.dumps([dataclasses.asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name}: {finding.text}")
            if not finding.ok and finding.next_step:
                typer.echo(f"      next {finding.next_step}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else EXIT_OUR_FAULT)


def main() -> None:
    """Entry point of the `grader` command."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a system that stops is an interrupt like Ctrl-C
    # No large product is taken in this process, and one with a single thread can be forked; see `grader.forked`.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except SystemExit as ended:
        leave(ended)
    except Exception as error:  # noqa: BLE001 - the outermost guard: a fault of ours is told as such, with its trace
        traceback.print_exc()
        fault = GraderError(
            "internal-fault",
            f"the grader failed: {type(error).__name__}: {error}",
            next_step="nothing is lost: the same command goes on where it stopped. Please report the trace above",
        )
        show_error(fault, "text")
        sys.exit(EXIT_OUR_FAULT)
