"""What is wrong with a host is told as ours, with the next step."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any

import pytest

from grader.errors import SandboxError, SandboxUnavailableError
from grader.execute import bubblewrap, contract, detect, doctor, report, sealed
from grader.execute.bubblewrap import Bubblewrap, find_binary
from grader.execute.client import KernelClient
from grader.execute.command_process import start_process
from grader.execute.environment import KernelEnvironment
from grader.execute.isolation import Command
from grader.execute.kernel import Kernel
from grader.execute.layout import Launch
from grader.execute.unsafe import NoSandbox
from grader.limits import Limits

detect_module = sys.modules["grader.execute.detect"]  # the package's name for it is the function


def launch(path: Path, **limits: float) -> Launch:
    environment = KernelEnvironment(path=path, digest="d")
    return Launch(environment=environment, limits=Limits(**limits), job={}, key="k")  # type: ignore[arg-type]


class Sleeper(NoSandbox):
    """Starts a program that is no kernel."""

    def command(self, launch: Launch, program: object, *, ready: int | None) -> Command:
        command = super().command(launch, [], ready=ready)
        return replace(command, argv=["/bin/sh", "-c", "sleep 60"])


class Unavailable:
    """A level that this host has not."""

    def __init__(self) -> None:
        raise SandboxUnavailableError("sandbox-no-bubblewrap", "it is not installed", next_step="install it")


def test_without_bubblewrap_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bubblewrap.importlib.util, "find_spec", lambda name: None)

    monkeypatch.setattr(detect_module, "Sealed", Unavailable)

    with pytest.raises(SandboxUnavailableError) as caught:
        detect()

    assert caught.value.code == "sandbox-no-bubblewrap"
    assert caught.value.exit_code == 3


def test_where_kernels_cannot_be_sealed_bubblewrap_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cold:
        level = "bubblewrap"

    monkeypatch.setattr(detect_module, "Sealed", Unavailable)
    monkeypatch.setattr(detect_module, "Bubblewrap", Cold)

    assert detect().level == "bubblewrap"


def test_a_host_where_kernels_cannot_be_sealed_is_found_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sealed, "STAND_BETWEEN", ["/bin/sh", "-c", "echo 'Operation not permitted: mounting' >&2; exit 1"]
    )

    with pytest.raises(SandboxUnavailableError, match="not permitted: mounting") as caught:
        sealed.Sealed()

    assert caught.value.code == "sandbox-no-namespaces"
    assert "user namespaces" in caught.value.next_step


def test_the_package_from_pypi_is_taken_where_the_distribution_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "_bin").mkdir()
    (tmp_path / "_bin" / "bwrap").touch(mode=0o755)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)

    class Found:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(bubblewrap.importlib.util, "find_spec", lambda name: Found())

    assert find_binary() == str(tmp_path / "_bin" / "bwrap")


def test_a_bubblewrap_that_cannot_make_namespaces_is_found_out_at_once() -> None:
    with pytest.raises(SandboxUnavailableError) as caught:
        Bubblewrap("/bin/false")

    assert caught.value.code == "sandbox-no-namespaces"
    assert "user namespaces" in caught.value.next_step


def test_an_interpreter_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        asyncio.run(start_process(NoSandbox(), launch(tmp_path)))

    assert caught.value.code == "kernel-not-started"


def test_a_kernel_that_is_not_up_in_time_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"not up after 0\.05 s"):
        asyncio.run(start_process(Sleeper(), launch(tmp_path, start_s=0.05)))


def test_a_kernel_that_was_never_started_has_no_process(tmp_path: Path) -> None:
    kernel = Kernel(NoSandbox(), launch(tmp_path))

    with pytest.raises(SandboxError):
        kernel.process.kill()
    asyncio.run(kernel.stop())


def test_a_kernel_that_does_not_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(self: Any) -> bool:
        await asyncio.sleep(0)
        return False

    for way in ("_is_welcomed", "_answers"):
        monkeypatch.setattr(KernelClient, way, never)

    with pytest.raises(SandboxError, match="did not answer"):
        asyncio.run(KernelClient().wait_for_ready(timeout=0.01))


@pytest.mark.parametrize(
    ("heard", "asked"),
    [
        pytest.param(["iopub_welcome"], 0, id="welcomed"),
        pytest.param([], 1, id="silence"),
        pytest.param(["status"], 1, id="another message"),
    ],
)
def test_a_kernel_that_does_not_welcome_its_listener_is_asked(
    heard: list[str], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[str] = []

    async def get_msg(timeout: float) -> dict[str, str]:
        if not heard:
            raise Empty
        return {"msg_type": heard.pop()}

    async def answers(self: Any) -> bool:
        requests.append("kernel_info")
        return True

    monkeypatch.setattr(KernelClient, "_answers", answers)
    client = KernelClient()
    client._iopub_channel = SimpleNamespace(get_msg=get_msg, is_alive=lambda: False)

    asyncio.run(client.wait_for_ready(timeout=5.0))

    assert len(requests) == asked


def test_a_contract_suite_that_cannot_be_run_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="did not run"):
        contract.examine(NoSandbox(), KernelEnvironment(path=tmp_path, digest="d"))


def test_the_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "Sealed", Unavailable)
    monkeypatch.setattr(doctor, "Bubblewrap", Unavailable)

    findings = {finding.name: finding for finding in report(tmp_path)}

    assert (findings["isolation"].ok, findings["isolation"].next_step) == (False, "install it")
    assert "not here" in findings["isolation/sealed"].text
    assert not findings["kernels"].ok
    assert findings["memory"].ok


def test_the_doctor_says_if_other_users_cannot_read_the_interpreter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = KernelEnvironment(path=tmp_path, digest="d")
    monkeypatch.setattr(doctor, "locate", lambda folder: closed)
    monkeypatch.setattr(KernelEnvironment, "readable_by_others", lambda self: False)

    findings = {finding.name: finding for finding in report(tmp_path)}

    assert findings["kernels"].next_step == f"chmod -R a+rX {tmp_path}"
    assert not findings.get("contract", findings["kernels"]).ok
