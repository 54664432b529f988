"""The contract suite, which `grader doctor` runs on a host, holds here and notices when it does not."""

from __future__ import annotations

import pytest
from helpers.execute_cases import LEVELS, environment, opened

from grader.errors import SandboxError
from grader.execute.bubblewrap import Bubblewrap
from grader.execute.contract import PROPERTIES, examine
from grader.execute.doctor import report
from grader.execute.isolation import Command
from grader.execute.layout import Launch
from grader.execute.unsafe import NoSandbox

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("level", LEVELS)
def test_every_clause_of_the_contract_holds(level: str) -> None:
    with opened(level) as isolation:
        clauses = examine(isolation, environment())

    assert {clause.name: clause.broken_by for clause in clauses} == dict.fromkeys(PROPERTIES, "")


def test_a_sandbox_that_shows_a_folder_too_many_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Bubblewrap()
    real = sandbox.command

    def open_door(launch: Launch, program: object, *, ready: int | None) -> Command:
        command = real(launch, program, ready=ready)  # type: ignore[arg-type]
        place = command.argv.index("--remount-ro")
        command.argv[place:place] = ["--ro-bind", "/etc/passwd", "/etc/passwd"]
        return command

    monkeypatch.setattr(sandbox, "command", open_door)

    broken = {clause.name: clause.broken_by for clause in examine(sandbox, environment()) if not clause.holds}

    assert "read /etc/passwd" in broken.pop("files")
    assert broken == {}


def test_a_sandbox_with_the_hosts_network_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Bubblewrap()
    real = sandbox.command

    def open_door(launch: Launch, program: object, *, ready: int | None) -> Command:
        command = real(launch, program, ready=ready)  # type: ignore[arg-type]
        command.argv.remove("--unshare-net")
        return command

    monkeypatch.setattr(sandbox, "command", open_door)

    broken = {clause.name: clause.broken_by for clause in examine(sandbox, environment()) if not clause.holds}

    assert "reach the host's loopback" in broken["network"]


def test_a_sandbox_that_gives_no_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Bubblewrap()
    real = sandbox.command
    monkeypatch.setattr(sandbox, "command", lambda launch, program, *, ready: real(launch, ["-c", ""], ready=ready))

    with pytest.raises(SandboxError) as caught:
        examine(sandbox, environment())

    assert caught.value.code == "contract-no-answer"


def test_nothing_is_tried_outside_of_a_sandbox() -> None:
    with pytest.raises(SandboxError, match="gave no answer") as caught:
        examine(NoSandbox(), environment())

    assert "inside a sandbox only" in caught.value.where


def test_the_doctor_finds_this_host_well() -> None:
    findings = report(environment().path.parents[1] / "rubrics" / "first_steps")

    assert [finding for finding in findings if not finding.ok] == []
    assert {finding.name for finding in findings} >= {"isolation", "users", "seccomp", "kernels", "memory", "gpu"}
