"""`grader release`: checks first, then packages. Nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from grader import pipeline
from grader.errors import ConfigError
from grader.lms.csv_package import csv_package, refuse_existing

PACKAGES: Mapping[str, Callable[[pipeline.Readiness, Path], list[Path]]] = MappingProxyType({"csv": csv_package})
"""What `--to` can name: only what works."""
_ROWS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """What `grader release` was asked to do."""

    run: Path
    to: str
    out: Path
    who: str
    acknowledge: tuple[str, ...] = ()
    why: str = ""
    allow_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What was checked, and what was written."""

    checks: tuple[pipeline.ReleaseCheck, ...]
    written: tuple[Path, ...] = ()

    @property
    def ready(self) -> bool:
        return all(check.ok for check in self.checks)


def release(request: ReleaseRequest) -> Released:
    """Record acknowledgements, check, and package if every check holds.

    Raises:
        ConfigError: for a wrong call: an unknown diagnosis, an acknowledgement without a reason, a reason for nothing,
            or a package that is there already.
    """
    refuse_existing(request.out)
    if request.acknowledge:
        pipeline.acknowledge(request.run, request.acknowledge, why=request.why, who=request.who)
    elif request.why:
        raise ConfigError("release-why-for-nothing", "--why gives the reason of --acknowledge", next_step="give both")
    readiness = pipeline.examine(request.run, allow_open=request.allow_open)
    if not readiness.ready:
        return Released(checks=readiness.checks)
    written = PACKAGES[request.to](readiness, request.out)
    return Released(checks=readiness.checks, written=tuple(written))


def render(released: Released, output_format: str) -> str:
    """What was checked and written, as `text` or `json`."""
    return json.dumps(_facts(released)) if output_format == "json" else _text(released)


def _text(released: Released) -> str:
    lines = ["Before release"]
    for check in released.checks:
        lines.append(f"  {'ok  ' if check.ok else 'wait'}  {check.text}")
        if check.ok:
            continue
        if check.rows:
            more = f" and {len(check.rows) - _ROWS} more" if len(check.rows) > _ROWS else ""
            lines.append(f"        {', '.join(check.rows[:_ROWS])}{more}")
        lines.append(f"        next {check.next_step}")
    lines += [f"wrote {path}" for path in released.written]
    lines.append("Nothing was sent." if released.written else "Nothing was written.")
    return "\n".join(lines)


def _facts(released: Released) -> dict[str, object]:
    checks = [
        {"name": check.name, "ok": check.ok, "text": check.text, "rows": list(check.rows), "next": check.next_step}
        for check in released.checks
    ]
    return {"ready": released.ready, "checks": checks, "written": [str(path) for path in released.written]}
