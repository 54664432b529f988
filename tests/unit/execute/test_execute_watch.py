"""All processes of a kernel are found, whichever way Linux tells of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from grader.execute import watch

FAMILY = """
import subprocess, sys, threading
started = []
thread = threading.Thread(target=lambda: started.append(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=0)))
thread.start(); thread.join()
print(started[0].pid, flush=True)
started[0].wait()
"""


@pytest.mark.parametrize("lists", [True, False], ids=["by the lists of Linux", "by looking at all processes"])
def test_children_of_threads_are_of_the_family(lists: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not lists:
        monkeypatch.setattr(watch, "_lists_children", lambda: False)
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())

        found = set(watch._family(parent.pid))

        parent.communicate("\n")
    assert found == {parent.pid, child}


def test_a_process_that_has_ended_has_no_family_and_no_memory() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert list(watch._family(ended.pid)) == [ended.pid]
    assert watch._own_bytes(ended.pid) == 0
    assert watch._own_bytes(os.getpid()) > 0
