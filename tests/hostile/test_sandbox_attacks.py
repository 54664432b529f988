"""What a hand-in tries costs itself alone: beside each attack runs an innocent neighbour, whose evidence is whole."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from helpers.execute_cases import LEVELS, QUICK, notebook, opened, plan, probe, status_of, take

from grader.evidence import PartRecord
from grader.execute.isolation import Isolation
from grader.execute.session import Clock, PartOutcome, PartSession
from grader.limits import MIB

pytestmark = pytest.mark.sandbox
ANSWER = "def answer():\n    return 4.5"
LIMITS = QUICK.model_copy(
    update={"memory_bytes": 512 * MIB, "cell_output_bytes": 10_000, "notebook_output_bytes": 200_000}
)
NEIGHBOUR = plan(notebook("x = 4.5", ANSWER), probes=[probe("p")], limits=LIMITS)


class Attack:
    """Runs hand-ins whose first cells are hostile; checks that neither a neighbour nor the host was touched."""

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self._undisturbed = take(NEIGHBOUR, isolation)
        self._processes = _running()

    def __call__(self, *sources: str) -> PartRecord:
        attacker, neighbour = asyncio.run(self._together(sources))
        assert neighbour == self._undisturbed
        assert _running() == self._processes
        return attacker.record

    async def _together(self, sources: tuple[str, ...]) -> tuple[PartOutcome, PartOutcome]:
        hostile = plan(notebook(*sources, ANSWER), probes=[probe("p")], limits=LIMITS)
        sessions = (PartSession(self.isolation, wanted, Clock(60.0)) for wanted in (hostile, NEIGHBOUR))
        attacker, neighbour = await asyncio.gather(*(session.run() for session in sessions))
        return attacker, neighbour


def _running() -> set[int]:
    """The processes below this one: between two attacks a template at most."""
    processes = psutil.Process().children(recursive=True)
    return {process.pid for process in processes if process.status() != "zombie"}


@pytest.fixture(scope="module", params=LEVELS)
def attack(request: pytest.FixtureRequest) -> Iterator[Attack]:
    with opened(request.param) as isolation:
        yield Attack(isolation)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        pytest.param("while True: pass", "timeout", id="a loop for ever"),
        pytest.param(
            "import signal\nsignal.setitimer = None\nwhile True:\n    pass", "timeout", id="a loop with signals off"
        ),
        pytest.param("import os; os._exit(0)", "killed", id="an exit that looks like success"),
        pytest.param("import os; os.kill(os.getpid(), 9)", "killed", id="a kill of itself"),
        pytest.param(
            "import os\nif True:\n    for _ in range(8):\n        if os.fork() == 0:\n"
            "            x = b'x' * (100 << 20)\n            while True: pass\n    while True: pass",
            "killed",
            id="more memory than is allowed in all, in several processes",
        ),
        pytest.param("while True: print('x' * 1000, flush=True)", "killed", id="a flood of output"),
        pytest.param(
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "timeout", id="a fork bomb"
        ),
        pytest.param(
            "import os\nn = 0\nwhile True:\n    os.mknod('/tmp/%d' % n)\n    n += 1",
            "killed",
            id="endlessly many files",
        ),
        pytest.param("import ctypes; ctypes.string_at(0)", "killed", id="a crash of the interpreter"),
    ],
)
def test_what_ends_the_kernel_costs_only_that_statement(source: str, status: str, attack: Attack) -> None:
    record = attack(source)

    statements = record.cells[0].statements
    assert statements[-1].status == status
    assert {statement.status for statement in statements[:-1]} <= {"ok"}
    assert status_of(record) == {"p": "done"}
    assert record.kernels == (3 if "os.kill" in source else 2), "what is killed, by whomever, is given one more try"
    assert len(record.limits_met) == 1


DENIED = {
    "memory in one process": ("x = []\nwhile True: x.append(bytearray(10 << 20))", "MemoryError"),
    "a full disk": ("f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))", "OSError"),
    "full shm": ("f = open('/dev/shm/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))", "OSError"),
    "a question on the terminal": ("input('password?')", "StdinNotImplementedError"),
    "writing to the system": ("open('/usr/bin/python3', 'ab')", "OSError"),
    "writing to the interpreter": ("open('/env/lib/x', 'w')", "OSError"),
    "writing to the agent": ("open('/agent/_grader_agent/__init__.py', 'a')", "OSError"),
    "writing to the job": ("open('/job/job.json', 'a')", "OSError"),
    "writing to the root": ("open('/x', 'w')", "OSError"),
    "becoming root": ("import os\nos.setuid(0)", "OSError"),
    "memory behind a descriptor": ("import os\nos.memfd_create('x')", "PermissionError"),
    "the network": ("import urllib.request\nurllib.request.urlopen('http://192.0.2.1')", "URLError"),
    "the grader": ("import grader", "ModuleNotFoundError"),
    "the answers": ("import reference", "ModuleNotFoundError"),
    "the rubrics": ("import rubrics", "ModuleNotFoundError"),
}
"""What is tried: the source, and the exception with which it ends; one cell for each, in one notebook."""


@pytest.fixture(scope="module")
def denied(attack: Attack) -> PartRecord:
    return attack(*(source for source, _ in DENIED.values()))


@pytest.mark.parametrize("name", DENIED)
def test_what_is_denied_raises_in_the_students_own_code(name: str, denied: PartRecord) -> None:
    statements = denied.cells[list(DENIED).index(name)].statements

    raised = statements[-1].raised
    assert raised is not None
    assert raised.type in (DENIED[name][1], "PermissionError")


def test_what_is_denied_costs_no_kernel(denied: PartRecord) -> None:
    assert status_of(denied) == {"p": "done"}
    assert denied.kernels == 1


def test_nothing_of_ours_is_seen_by_walking_through_all_files(attack: Attack) -> None:
    repository = Path(__file__).resolve().parents[2]
    source = f"""
import os
seen = []
for root, folders, files in os.walk('/', onerror=lambda error: None):
    if root == '/':
        folders[:] = [name for name in folders if name not in ('proc', 'usr', 'env')]
    seen += [os.path.join(root, name) for name in folders + files]
words = ('rubric', 'reference', 'solution', 'submission', 'mutant', 'secret', 'expected')
assert not [path for path in seen if any(word in path for word in words)], seen
assert not os.path.exists({str(repository)!r})
assert not [name for name in os.listdir('/proc') if name.isdigit() and int(name) > 64]
variables = ' '.join(os.environ.values())
assert {str(repository)!r} not in variables, variables
"""
    record = attack(source)

    assert {statement.status for statement in record.cells[0].statements} == {"ok"}


def test_a_process_that_left_its_session_does_not_outlive_the_kernel(attack: Attack) -> None:
    source = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        import ctypes\n"
        "        ctypes.CDLL(None).prctl(1, 0)\n"
        "        ctypes.CDLL(None).prctl(15, b'GRADERDAEMON')\n"
        "        os.closerange(0, 64)\n"
        "        time.sleep(300)\n"
        "    os._exit(0)\n"
    )

    record = attack(source)

    assert status_of(record) == {"p": "done"}
    assert [process.pid for process in psutil.process_iter() if process.name() == "GRADERDAEMON"] == []


def test_messages_that_no_kernel_would_send_cost_only_the_statement(attack: Attack) -> None:
    source = (
        "kernel = get_ipython().kernel\n"
        "def send(kind, content):\n"
        "    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())\n"
        "send('stream', {'name': ['x'], 'text': {'a': {}}})\n"
        "send('status', {})\n"
        "import time; time.sleep(60)\n"
    )

    record = attack(source)

    assert record.cells[0].statements[-1].status in ("killed", "timeout")
    assert status_of(record) == {"p": "done"}


def test_a_journal_forged_by_the_student_harms_nobody_else(attack: Attack) -> None:
    source = (
        "import os\n"
        "open(os.environ['GRADER_EVIDENCE'] + '/journal.jsonl', 'w').write('{\"begin\":\"probe\",\"probe\":\"p\"}')\n"
        "os._exit(1)"
    )

    record = attack(source)

    assert record.cells[0].statements[-1].status == "killed"
    assert status_of(record) == {"p": "done"}


@pytest.mark.parametrize("level", LEVELS)
def test_kernels_die_with_a_grader_that_is_killed(level: str) -> None:
    helpers = Path(__file__).resolve().parents[1]
    program = (
        f"import sys; sys.path.insert(0, {str(helpers)!r})\n"
        "from helpers.execute_cases import QUICK, notebook, opened, plan, take\n"
        "limits = QUICK.model_copy(update={'statement_s': 200.0, 'notebook_s': 300.0})\n"
        f"with opened({level!r}) as isolation:\n"
        "    take(plan(notebook('while True: pass'), limits=limits), isolation)\n"
    )
    grader = psutil.Popen([sys.executable, "-c", program])
    kernels: list[psutil.Process] = []
    while not [process for process in kernels if _is_busy(process)]:
        assert grader.poll() is None
        kernels = grader.children(recursive=True)

    grader.kill()
    grader.wait()

    assert psutil.wait_procs(kernels, timeout=30)[1] == []


def _is_busy(process: psutil.Process) -> bool:
    """True for a kernel at work: several of its threads belong to ipykernel."""
    try:
        return process.num_threads() > 4 and process.cpu_times().user > 0.5
    except psutil.Error:
        return False
