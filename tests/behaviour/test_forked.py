"""A forked child has what is loaded here and nothing else: no descriptor, variable, folder, signal or stack of ours."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.forked import ForkedChild, can_fork, is_single_threaded

pytestmark = [
    pytest.mark.skipif(not can_fork(), reason="this system has no safe fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),  # others may have left threads behind
]


def said_by(work: Callable[[], int], folder: Path, **environment: str) -> tuple[str, str]:
    """What a child writes to its output and to its errors; it has ended."""
    with (folder / "errors").open("wb") as errors:
        child = ForkedChild(work, errors=errors.fileno(), environment=environment, folder=folder)
    child.stdin.close()
    output = child.stdout.read().decode()
    child.wait(60)
    child.stdout.close()
    assert not Path(f"/proc/{child.pid}").exists()
    return output, (folder / "errors").read_text(encoding="utf-8")


def told(facts: Callable[[], object], folder: Path, **environment: str) -> object:
    """What a child finds."""

    def work() -> int:
        print(json.dumps(facts()), flush=True)
        return 0

    output, errors = said_by(work, folder, **environment)
    assert errors == ""
    return json.loads(output)


def test_descriptors_of_the_parent_are_closed(tmp_path: Path) -> None:
    def held() -> list[str]:
        found = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists()]
        return sorted(name.partition(":")[0] for name in found)

    with socket.socket() as ours, (tmp_path / "held").open("wb") as file:
        found = told(held, tmp_path)
        assert ours.fileno() > 2
        assert not file.closed

    assert found == sorted([str(tmp_path / "errors"), "pipe", "pipe"])


def test_variables_and_folder_are_those_that_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_PARENT", "1")

    found = told(lambda: [dict(os.environ), str(Path.cwd()), sys.dont_write_bytecode], tmp_path, GIVEN="yes")

    assert found == [{"GIVEN": "yes"}, str(tmp_path), True]
    assert os.environ["OF_THE_PARENT"] == "1"


def test_signals_do_what_they_do_by_nature(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        found = told(lambda: [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)], tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert found == [signal.SIG_DFL, signal.SIG_DFL]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


@pytest.mark.parametrize(
    ("raised", "name"),
    [
        pytest.param(ValueError("no"), "ValueError: no", id="an error"),
        pytest.param(KeyboardInterrupt(), "KeyboardInterrupt", id="an interrupt"),
        pytest.param(SystemExit(0), "SystemExit: 0", id="an exit"),
    ],
)
def test_an_exception_ends_the_child_and_never_reaches_the_parents_code(
    raised: BaseException, name: str, tmp_path: Path
) -> None:
    here = os.getpid()

    def work() -> int:
        raise raised

    try:
        output, errors = said_by(work, tmp_path)
    finally:
        if os.getpid() != here:
            os._exit(99)

    assert output == ""
    assert errors.strip().endswith(name)


def test_what_the_parent_has_not_written_yet_is_not_written_twice(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom grader.forked import ForkedChild\n"
        "print('once')\n"
        "child = ForkedChild(lambda: 0, errors=2, environment={}, folder=Path.cwd())\n"
        "said = child.stdout.read()\nchild.wait(60)\nprint(said)\n"
    )
    read, write = os.pipe()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", script],
        {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
    )
    os.close(write)
    with os.fdopen(read) as output:
        assert output.read() == "once\nb''\n"
    os.waitpid(pid, 0)


def test_a_child_that_does_not_end_can_be_killed(tmp_path: Path) -> None:
    def sleep() -> int:
        time.sleep(600)
        return 0

    with (tmp_path / "errors").open("wb") as errors:
        child = ForkedChild(sleep, errors=errors.fileno(), environment={}, folder=tmp_path)

    with pytest.raises(TimeoutError):
        child.wait(0)
    child.kill()
    child.wait(60)
    child.kill()
    child.wait(0)

    assert child.stdout.read() == b""
    child.stdin.close()
    child.stdout.close()


def test_a_second_thread_is_seen() -> None:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert not is_single_threaded()
    finally:
        stop.set()
        other.join()
