"""The contract suite: what every sandbox must deny, tried from inside one. Run by `grader doctor` and by the tests."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grader
from grader.errors import SandboxError
from grader.execute.environment import KernelEnvironment
from grader.execute.isolation import Isolation
from grader.execute.layout import Launch, tmpfs_bytes
from grader.limits import MIB, Limits

PROPERTIES = {
    "files": "files of the host can be neither read nor listed",
    "imports": "grader, reference and rubrics can not be imported",
    "writing": "the system, the interpreter and our own files are read-only",
    "processes": "processes of the host are out of sight and reach",
    "network": "there is no network, not even the host's loopback",
    "capabilities": "the process has no capability and can gain none",
    "calls": "namespaces, mounts and tracing are refused",
    "space": "everything writable has a size",
    "variables": "no variable of the grader's environment comes along",
}
_CANARY = "GRADER_CONTRACT_CANARY"
_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One property of the contract, as found."""

    name: str
    text: str
    broken_by: str
    """What was possible; empty if the property holds."""

    @property
    def holds(self) -> bool:
        """True if it was tried and denied."""
        return not self.broken_by


def examine(isolation: Isolation, environment: KernelEnvironment, limits: Limits | None = None) -> list[Clause]:
    """Start one sandbox, try everything in it, and return what was denied and what was not.

    Raises:
        SandboxError: if the sandbox does not start or gives no answer.
    """
    limits = limits or Limits(scratch_bytes=16 * MIB, evidence_bytes=MIB)
    launch = Launch(environment=environment, limits=limits, job={}, key="contract")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as server, _abstract() as abstract:
        canary = Path(folder, "canary")
        canary.write_text("secret")
        server.bind(("127.0.0.1", 0))
        server.listen()
        questions = {
            "files": [str(canary), folder, *_private_places(environment), "/etc/passwd", "/root", "/home"],
            "modules": ["grader", "reference", "rubrics", "submissions"],
            "read_only": ["/", "/usr", "/dev", "/env", "/agent", "/job"],
            "pid": os.getpid(),
            "port": server.getsockname()[1],
            "abstract": abstract.getsockname()[1:].decode(),
            "sizes": tmpfs_bytes(limits, isolation.paths),
            "variable": _CANARY,
        }
        program = [f"{isolation.paths.agent}/examine.py", json.dumps(questions)]
        answers = _ask(isolation, launch, program)
    return [
        Clause(name=name, text=text, broken_by=str(answers.get(name, "it was not tried")))
        for name, text in PROPERTIES.items()
    ]


def _private_places(environment: KernelEnvironment) -> list[str]:
    """Folders of ours that a kernel has no business with."""
    package = Path(grader.__file__).resolve().parent
    return [str(package), str(package.parent / "rubrics"), str(package.parent / "submissions"), str(environment.path)]


def _abstract() -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0grader-contract-" + os.urandom(8).hex())
    server.listen()
    return server


def _ask(isolation: Isolation, launch: Launch, program: list[str]) -> dict[str, Any]:
    finished = isolation.run(launch, program, seconds=_SECONDS, around={_CANARY: "1"})
    try:
        return dict(json.loads(finished.output))
    except (ValueError, TypeError) as error:
        words = finished.errors[-1000:].decode(errors="replace").strip()
        raise SandboxError("contract-no-answer", "the contract suite gave no answer", where=words) from error
