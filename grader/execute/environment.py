"""Where a rubric's kernels find interpreter and libraries: made by `scripts/setup`, shared by equal requirements."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ConfigError, SandboxUnavailableError

ENVIRONMENTS_VARIABLE = "GRADER_KERNELS"
"""Folder that holds the kernels' environments; overrides the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelEnvironment:
    """One environment, complete and readable."""

    path: Path
    digest: str
    """SHA-256 of the requirements from which it was made."""

    @property
    def interpreter(self) -> Path:
        return self.path / "bin" / "python"

    def readable_by_others(self) -> bool:
        """True if a process of another user can use it once it is mounted."""
        wanted = stat.S_IROTH | stat.S_IXOTH
        folders = [self.path, self.path / "bin", self.path / "lib", self.interpreter]
        return all(path.stat().st_mode & wanted == wanted for path in folders)


def locate(rubric_folder: Path) -> KernelEnvironment:
    """The environment of a rubric.

    Args:
        rubric_folder: the folder that holds `requirements.txt`.

    Raises:
        ConfigError: if the rubric names no requirements.
        SandboxUnavailableError: if its environment has not been made.
    """
    requirements = rubric_folder / "requirements.txt"
    try:
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(
            "kernel-no-requirements",
            "the rubric does not say what its kernels need",
            where=str(requirements),
            next_step='write a requirements.txt with at least "ipykernel" and "torch", then call scripts/setup',
        ) from error
    searched = list(dict.fromkeys(_roots(rubric_folder)))
    for root in searched:
        found = root / digest[:16]
        if (found / ".complete").is_file():
            return KernelEnvironment(path=found.resolve(), digest=digest)
    raise SandboxUnavailableError(
        "kernel-environment-missing",
        f"no kernel environment {digest[:16]} was made for {requirements.parent.name}/requirements.txt",
        where=", ".join(str(root) for root in searched),
        next_step=f"scripts/setup makes it; {ENVIRONMENTS_VARIABLE} names another folder",
    )


def locate_any(start: Path) -> KernelEnvironment | None:
    """Some complete environment, for the contract suite when no rubric is given; None if there is none."""
    for root in _roots(start):
        for marker in sorted(root.glob("*/.complete")):
            return KernelEnvironment(path=marker.parent.resolve(), digest=marker.parent.name)
    return None


def _roots(rubric_folder: Path) -> Iterator[Path]:
    named = os.environ.get(ENVIRONMENTS_VARIABLE)
    if named:
        yield Path(named)
        return
    yield rubric_folder.resolve().parent.parent / ".kernels"
    yield Path.cwd() / ".kernels"
