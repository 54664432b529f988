"""Control groups are made as either version wants them, and done without where they cannot be made."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from grader.execute import cgroups
from grader.execute.cgroups import Cgroups
from grader.limits import MIB, Limits

LIMITS = Limits(memory_bytes=512 * MIB, processes=40)
V1 = "8:pids:/\n4:memory:/session\n3:cpuset:/\n0::/\n"


def first_version(root: Path) -> None:
    (root / "memory" / "session").mkdir(parents=True)
    (root / "pids").mkdir()


def second_version(root: Path, controllers: str = "cpu memory pids") -> Path:
    folder = root / "user.slice"
    folder.mkdir(parents=True)
    (folder / "cgroup.controllers").write_text(controllers)
    (folder / "cgroup.subtree_control").write_text("")
    return folder


def test_the_first_version_gets_a_folder_in_each_hierarchy(tmp_path: Path) -> None:
    first_version(tmp_path)

    group = Cgroups(tmp_path, V1).make(LIMITS)

    memory = tmp_path / "memory" / "session" / f"grader-{os.getpid()}-0"
    pids = tmp_path / "pids" / f"grader-{os.getpid()}-0"
    assert set(group.folders) == {memory, pids}
    assert int((memory / "memory.limit_in_bytes").read_text()) > 512 * MIB
    assert int((pids / "pids.max").read_text()) == 42


def test_the_second_version_hands_its_controllers_on_first(tmp_path: Path) -> None:
    folder = second_version(tmp_path)

    found = Cgroups(tmp_path, "0::/user.slice\n")

    assert found.controllers == {"memory", "pids"}
    assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids"
    (made,) = found.make(LIMITS).folders
    assert int((made / "memory.max").read_text()) > 512 * MIB
    assert int((made / "pids.max").read_text()) == 42


def test_the_second_version_is_used_beside_our_own_group_where_that_has_to_stay_alone(tmp_path: Path) -> None:
    above = second_version(tmp_path)
    (above / "cgroup.subtree_control").write_text("memory pids")
    own = above / "run.scope"
    own.mkdir()
    (own / "cgroup.controllers").write_text("memory pids")
    (own / "cgroup.subtree_control").mkdir()  # nothing can be written there, as if a process were in the group

    (made,) = Cgroups(tmp_path, "0::/user.slice/run.scope\n").make(LIMITS).folders

    assert made.parent == above


def test_a_second_version_without_these_controllers_is_of_no_use(tmp_path: Path) -> None:
    second_version(tmp_path, "hugetlb")

    found = Cgroups(tmp_path, "0::/user.slice\n")

    assert found.controllers == set()
    assert found.make(LIMITS).folders == []


def test_where_no_group_can_be_made_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_version(tmp_path)

    def refused(self: Path, *arguments: object, **keywords: object) -> None:
        raise PermissionError

    monkeypatch.setattr(cgroups.Path, "mkdir", refused)

    assert Cgroups(tmp_path, V1).controllers == set()


def test_a_group_that_cannot_be_limited_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_version(tmp_path)
    found = Cgroups(tmp_path, V1)

    def refused(self: Path, *arguments: object, **keywords: object) -> int:
        raise PermissionError

    monkeypatch.setattr(cgroups.Path, "write_text", refused)

    assert found.make(LIMITS).folders == []
    assert not list(tmp_path.glob("**/grader-*"))


@pytest.mark.parametrize(
    ("name", "text", "ended"),
    [
        pytest.param("memory.events", "low 0\noom 1\noom_kill 1\n", True, id="second version"),
        pytest.param("memory.events", "low 0\noom 1\noom_kill 0\n", False, id="second version, nothing ended"),
        pytest.param("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", True, id="first version"),
    ],
)
def test_a_process_that_was_ended_for_its_memory_is_seen(tmp_path: Path, name: str, text: str, ended: bool) -> None:
    (tmp_path / name).write_text(text)

    assert cgroups.Group([tmp_path]).out_of_memory() is ended


def test_what_a_killed_grader_has_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    first_version(tmp_path)
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    kept = {f"grader-{os.getpid()}-7", "grader-of-somebody", "session-1"}
    for name in (*kept, f"grader-{ended.pid}-7"):
        (tmp_path / "pids" / name).mkdir()

    Cgroups(tmp_path, V1)

    assert {path.name for path in (tmp_path / "pids").iterdir()} == kept


def test_this_host_is_left_as_it_was_found() -> None:
    group = Cgroups().make(LIMITS)
    for descriptor in group.entries():
        os.close(descriptor)

    group.remove()

    assert [folder for folder in group.folders if folder.exists()] == []
