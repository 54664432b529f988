"""How the process of a command ends: everything is printed, what waits for the end runs, the code is kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys
from grader.own_process import leave
atexit.register(lambda: print("at the end", flush=True))
print("printed and not flushed", end=" ")
leave(SystemExit({code}))
"""


def ended(code: str, **streams: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM.format(code=code)]
    return subprocess.run(command, text=True, check=False, timeout=60, **{"stdout": -1, "stderr": -1, **streams})


@pytest.mark.parametrize("code", [0, 1, 3])
def test_what_was_printed_is_out_what_waits_for_the_end_has_run_and_the_code_is_kept(code: int) -> None:
    done = ended(str(code))
    assert (done.returncode, done.stdout, done.stderr) == (code, "printed and not flushed at the end\n", "")


def test_a_code_in_words_is_told_as_python_tells_it() -> None:
    done = ended("'in words'")
    assert (done.returncode, done.stdout) == (1, "printed and not flushed at the end\n")
    assert done.stderr == "in words\n"


def test_output_that_nobody_takes_is_no_success() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = ended("0", stdout=full.fileno())
    assert done.returncode != 0
    assert "No space left on device" in done.stderr
