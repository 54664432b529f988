"""What this host can do for kernels, each finding with its next step: the facts behind `grader doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.errors import ConfigError, SandboxError, SandboxUnavailableError
from grader.execute.bubblewrap import Bubblewrap
from grader.execute.contract import examine
from grader.execute.devices import describe, find_gpus
from grader.execute.environment import KernelEnvironment, locate, locate_any
from grader.execute.inside.landlock import version as landlock_version
from grader.execute.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    """False only where grading suffers; what is merely absent is ok."""
    text: str
    next_step: str = ""


def report(rubric_folder: Path | None = None) -> list[Finding]:
    """Look at this host.

    Args:
        rubric_folder: whose kernel environment is looked at; None for any.
    """
    found: list[Finding] = []
    sandbox = _sandbox(found)
    environment = _environment(rubric_folder, found)
    if sandbox is not None and environment is not None:
        found += _contract(sandbox, environment)
    found += [_memory(sandbox), _gpu()]
    return found


def _sandbox(found: list[Finding]) -> Sealed | Bubblewrap | None:
    """The level at which kernels would run, with what there is to say about it and about the better one."""
    sandbox: Sealed | Bubblewrap
    try:
        sandbox = Sealed()
    except SandboxUnavailableError as error:
        text = f"not here: {error.what}. To have it: {error.next_step}"
        lacking = Finding(name="isolation/sealed", ok=True, text=text, next_step=error.next_step)
        try:
            sandbox = Bubblewrap()
        except SandboxUnavailableError as lower:
            found += [
                Finding(name="isolation", ok=False, text=f"none: {lower.what}", next_step=lower.next_step),
                lacking,
            ]
            return None
        text = f"bubblewrap ({sandbox.binary}): each kernel starts afresh"
        found += [Finding(name="isolation", ok=True, text=text), lacking]
    else:
        text = "sealed: kernels are forked from a template, each in namespaces of its own"
        found += [Finding(name="isolation", ok=True, text=text), _landlock()]
    users = "each kernel has a user of its own" if sandbox.own_user else "kernels run in a user namespace"
    found.append(Finding(name="users", ok=True, text=users))
    if sandbox.filters_calls:
        found.append(Finding(name="seccomp", ok=True, text="dangerous system calls are refused"))
    else:
        step = "install libseccomp2"
        found.append(
            Finding(name="seccomp", ok=False, text="libseccomp is missing: no calls are refused", next_step=step)
        )
    return sandbox


def _landlock() -> Finding:
    offered = landlock_version()
    text = f"a second layer of rules for files (version {offered})" if offered else "not offered by this Linux"
    return Finding(name="landlock", ok=True, text=text)


def _environment(rubric_folder: Path | None, found: list[Finding]) -> KernelEnvironment | None:
    try:
        environment = locate_any(Path.cwd() / "rubrics" / "any") if rubric_folder is None else locate(rubric_folder)
    except (SandboxUnavailableError, ConfigError) as error:
        found.append(Finding(name="kernels", ok=False, text=error.what, next_step=error.next_step))
        return None
    if environment is None:
        found.append(Finding(name="kernels", ok=False, text="no environment was made", next_step="scripts/setup"))
    elif not environment.readable_by_others():
        step = f"chmod -R a+rX {environment.path}"
        text = "the environment is not readable by every user, but each kernel runs as one of its own"
        found.append(Finding(name="kernels", ok=False, text=text, next_step=step))
    else:
        found.append(Finding(name="kernels", ok=True, text=f"environment {environment.path.name} is complete"))
    return environment


def _contract(sandbox: Sealed | Bubblewrap, environment: KernelEnvironment) -> list[Finding]:
    try:
        clauses = examine(sandbox, environment)
    except SandboxError as error:
        return [Finding(name="contract", ok=False, text=f"{error.what}: {error.where}", next_step=error.next_step)]
    step = f"do not grade on this host; report this with the level ({sandbox.level}) and the version of the system"
    return [
        Finding(
            name=f"contract/{clause.name}",
            ok=clause.holds,
            text=clause.text if clause.holds else f"broken: {clause.broken_by}",
            next_step="" if clause.holds else step,
        )
        for clause in clauses
    ]


def _memory(sandbox: Sealed | Bubblewrap | None) -> Finding:
    text = "a limit per process (RLIMIT_DATA), and a watch over the sum of a kernel's processes five times a second"
    controllers = sandbox.cgroups.controllers if isinstance(sandbox, Sealed) else set()
    if controllers:
        text += f"; a control group for each kernel ({', '.join(sorted(controllers))})"
    return Finding(name="memory", ok=True, text=text)


def _gpu() -> Finding:
    return Finding(name="gpu", ok=True, text=describe(find_gpus()))
