"""A rubric's kernel environment is found by the content of its requirements."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from grader.errors import ConfigError, SandboxUnavailableError
from grader.execute.environment import ENVIRONMENTS_VARIABLE, locate, locate_any

DIGEST = hashlib.sha256(b"torch\n").hexdigest()


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(ENVIRONMENTS_VARIABLE, raising=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def rubric(root: Path) -> Path:
    folder = root / "rubrics" / "one"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_bytes(b"torch\n")
    return folder


def made(root: Path) -> Path:
    path = root / DIGEST[:16]
    for folder in ("bin", "lib"):
        (path / folder).mkdir(parents=True)
    (path / "bin" / "python").touch(mode=0o755)
    (path / ".complete").touch()
    return path


def test_it_lies_beside_the_rubrics(tmp_path: Path) -> None:
    path = made(tmp_path / ".kernels")

    found = locate(rubric(tmp_path))

    assert (found.path, found.digest) == (path, DIGEST)
    assert found.interpreter == path / "bin" / "python"


def test_a_variable_names_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "shared")
    monkeypatch.setenv(ENVIRONMENTS_VARIABLE, str(tmp_path / "shared"))

    assert locate(rubric(tmp_path)).path == path
    assert locate_any(tmp_path) is not None


def test_one_that_was_never_completed_is_not_used(tmp_path: Path) -> None:
    (made(tmp_path / ".kernels") / ".complete").unlink()

    with pytest.raises(SandboxUnavailableError) as caught:
        locate(rubric(tmp_path))

    assert caught.value.code == "kernel-environment-missing"
    assert "scripts/setup" in caught.value.next_step
    assert locate_any(tmp_path / "rubrics" / "one") is None


def test_a_rubric_without_requirements_is_the_instructors_to_fix(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        locate(tmp_path)

    assert caught.value.code == "kernel-no-requirements"


def test_one_that_others_cannot_read_is_recognised(tmp_path: Path) -> None:
    path = made(tmp_path / ".kernels")
    for folder in (path, path / "bin", path / "lib"):
        folder.chmod(0o755)
    found = locate(rubric(tmp_path))
    assert found.readable_by_others()

    (path / "lib").chmod(0o700)

    assert not found.readable_by_others()
