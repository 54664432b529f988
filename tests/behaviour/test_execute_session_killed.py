"""A kernel that someone else kills costs nothing; evidence is read when nobody can change it; a flood takes turns."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq
from helpers.execute_cases import QUICK, notebook, plan, probe, status_of, take

from grader.execute import session
from grader.execute.bubblewrap import Bubblewrap
from grader.execute.client import KernelClient, Outputs
from grader.execute.kernel import Answer, Kernel
from grader.execute.provisioner import BubblewrapProvisioner
from grader.execute.session import Clock, PartSession
from grader.execute.watch import Patience
from grader.limits import MIB

pytestmark = pytest.mark.sandbox
ANSWER = "def answer():\n    return 4.5"


def test_a_kernel_that_someone_else_kills_costs_nothing_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Kernel.request
    victims: list[psutil.Process] = []

    async def request(self: Kernel, code: str, patience: Patience) -> Answer:
        if ".cell(0, 1)" in code and not victims:
            victims.append(psutil.Process(self.process.pid).children(recursive=True)[-1])
            victims[0].kill()
        return await real(self, code, patience)

    monkeypatch.setattr(Kernel, "request", request)

    record = take(plan(notebook("x = 1", ANSWER), probes=[probe("p"), probe("q")])).record

    assert status_of(record) == {"p": "done", "q": "done"}
    assert [statement.status for cell in record.cells for statement in cell.statements] == ["ok", "ok"]
    assert record.limits_met == ()
    assert record.kernels == 2
    assert record.notes == ("The system or a person killed a kernel at work; what it was doing was done once more.",)


def test_code_that_kills_its_own_kernel_is_given_one_more_try_and_no_third() -> None:
    hand_in = notebook(ANSWER, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")

    record = take(plan(hand_in, probes=[probe("p")])).record

    assert [statement.status for statement in record.cells[1].statements] == ["ok", "killed"]
    assert status_of(record) == {"p": "done"}
    assert record.kernels == 3
    assert "cell 2, line 2, was ended: the process was killed" in record.limits_met[0]


def test_code_that_only_ends_its_kernel_is_given_no_second_try() -> None:
    record = take(plan(notebook(ANSWER, "import os\nos._exit(1)"), probes=[probe("p")])).record

    assert record.kernels == 2
    assert record.notes == ()


def test_what_is_known_beforehand_is_told_with_the_evidence() -> None:
    assert take(replace(plan(notebook("x = 1")), notes=("A sentence.",))).record.notes == ("A sentence.",)


@pytest.mark.parametrize("source", [ANSWER, "import os\nos._exit(1)"], ids=["ends well", "dies"])
def test_evidence_is_read_when_the_kernel_is_dead_and_through_a_folder_that_was_held(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Kernel] = []
    read: list[tuple[bool, bool]] = []
    start, collect = Kernel.start, session.collect

    async def remembered(self: Kernel) -> None:
        await start(self)
        started.append(self)

    def looked_at(folder: int, **arguments: Any) -> Any:
        process = started[-1].process
        read.append((process.dead, folder == process.folders.evidence))
        return collect(folder, **arguments)

    monkeypatch.setattr(Kernel, "start", remembered)
    monkeypatch.setattr(session, "collect", looked_at)

    take(plan(notebook(source), probes=[probe("p")]))

    assert read == [(True, True)] * len(started)


@pytest.mark.timeout(90)
def test_a_kernel_that_is_killed_before_it_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    launch_kernel = BubblewrapProvisioner.launch_kernel
    launched: list[BubblewrapProvisioner] = []

    async def killed_at_first(self: BubblewrapProvisioner, cmd: list[str], **more: Any) -> Any:
        connection = await launch_kernel(self, cmd, **more)
        launched.append(self)
        if len(launched) == 1:
            assert self.kernel is not None
            self.kernel.kill()
            await self.kernel.wait()
        return connection

    monkeypatch.setattr(BubblewrapProvisioner, "launch_kernel", killed_at_first)
    limits = QUICK.model_copy(update={"start_s": 600.0})

    record = take(plan(notebook(ANSWER), probes=[probe("p")], limits=limits)).record

    assert status_of(record) == {"p": "done"}
    assert (len(launched), record.kernels) == (2, 1)


def test_a_flood_of_messages_lets_other_kernels_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Outputs.add
    since_turn, most, messages = 0, 0, 0

    def counted(self: Outputs, kind: str, content: dict[str, Any], size: int) -> None:
        nonlocal since_turn, most, messages
        since_turn, messages = since_turn + 1, messages + 1
        most = max(most, since_turn)
        add(self, kind, content, size)

    async def beside() -> None:
        nonlocal since_turn
        while True:
            since_turn = 0
            await asyncio.sleep(0)

    async def both() -> None:
        other = asyncio.create_task(beside())
        flood = "from IPython.display import display\nfor _ in range(400):\n    display(1)"
        await PartSession(Bubblewrap(), plan(notebook(flood)), Clock(60.0)).run()
        other.cancel()

    monkeypatch.setattr(Outputs, "add", counted)
    asyncio.run(both())

    assert messages > 400
    assert most <= 4


def test_the_sockets_on_which_a_kernel_is_heard_are_bounded_connect_once_and_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, options = KernelClient.start_channels, []
    asked = zmq.RECONNECT_IVL, zmq.MAXMSGSIZE, zmq.RCVHWM, zmq.LINGER

    def started(self: KernelClient, **more: Any) -> None:
        start(self, **more)
        for channel in (self.shell_channel, self.iopub_channel):
            options.append([channel.socket.get(option) for option in asked])

    monkeypatch.setattr(KernelClient, "start_channels", started)

    assert status_of(take(plan(notebook(ANSWER), probes=[probe("p")])).record) == {"p": "done"}
    assert options == [[24 * 3_600_000, QUICK.notebook_output_bytes + 56 * MIB, 1000, 0]] * 2


HEAR_ONE_THAT_IS_KILLED = """\
import asyncio, os, signal, sys, zmq
from grader.execute.provisioner import context_for
from grader.limits import Limits

def flood(address, ready):
    socket = zmq.Context().socket(zmq.XPUB)
    socket.bind(address)
    os.write(ready, b"r")
    socket.recv()
    while True:
        socket.send_multipart([b"a" * 50] * 7)

async def hear(address):
    bound, ready = os.pipe()
    sender = os.fork()
    if sender == 0:
        flood(address, ready)
    os.read(bound, 1)
    socket = context_for(Limits()).socket(zmq.SUB)
    socket.connect(address)
    socket.subscribe(b"")
    heard = 0
    while await socket.poll(200):
        assert len(await socket.recv_multipart()) == 7
        heard += 1
        if heard == 500:
            os.kill(sender, signal.SIGKILL)
            os.waitpid(sender, 0)
    assert heard >= 500
    socket.context.destroy()

for number in range(12):
    asyncio.run(hear(f"ipc://{sys.argv[1]}/{number}"))
print("heard all")
"""


def test_a_kernel_that_is_killed_while_it_prints_does_not_end_the_grader(tmp_path: Path) -> None:
    # libzmq's own assertions end a process, so this one runs apart; with RECONNECT_IVL at -1 it ended each time.
    script = [sys.executable, "-c", HEAR_ONE_THAT_IS_KILLED, str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=120, check=False)

    assert (done.stdout, done.returncode) == ("heard all\n", 0), done.stderr


def test_one_message_of_more_than_a_notebook_may_print_is_told() -> None:
    display = "from IPython.display import display\ndisplay({'text/html': 'x' * 9_000_000}, raw=True)"

    record = take(plan(notebook(display, ANSWER), probes=[probe("p")])).record

    assert status_of(record) == {"p": "done"}
    assert record.limits_met == (f"cell 1 was ended: it printed more than {QUICK.notebook_output_bytes} bytes",)


def requests_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of code that kernels are asked to run from here on."""
    asked: list[str] = []
    real = Kernel.request

    async def request(self: Kernel, code: str, patience: Patience) -> Answer:
        asked.extend(line.partition(").")[2] for line in code.split("; "))
        return await real(self, code, patience)

    monkeypatch.setattr(Kernel, "request", request)
    return asked


def test_all_probes_are_one_request_and_one_that_kills_is_found_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests_of(monkeypatch)
    hand_in = notebook(ANSWER, "import os\ndef dies():\n    os._exit(1)")
    probes = [probe("a"), probe("b"), probe("dies", "dies"), probe("c")]

    record = take(plan(hand_in, probes=probes)).record

    assert status_of(record) == {"a": "done", "b": "done", "dies": "killed", "c": "done"}
    assert record.kernels == 2
    assert [line for line in asked if line.startswith("probe")] == ["probe('a', 'b', 'dies', 'c')"] * 2


def test_probes_of_which_nobody_knows_which_was_at_work_are_run_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests_of(monkeypatch)
    forged = "import os, sys\ndef dies():\n    open(os.environ['GRADER_EVIDENCE'] + '/journal.jsonl', 'w').close()\n"
    hand_in = notebook(ANSWER, forged + "    os._exit(1)")

    record = take(plan(hand_in, probes=[probe("a"), probe("dies", "dies"), probe("b")])).record

    assert status_of(record) == {"a": "done", "dies": "killed", "b": "done"}
    lines = dict.fromkeys(line for line in asked if line.startswith("probe"))
    assert list(lines) == ["probe('a', 'dies', 'b')", "probe('a')", "probe('dies')", "probe('b')"]


def test_what_interrupts_our_agent_between_probes_costs_no_other_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests_of(monkeypatch)
    hand_in = notebook(ANSWER, "def interrupts():\n    raise KeyboardInterrupt")  # the stub lets it through

    record = take(plan(hand_in, probes=[probe("a"), probe("interrupts", "interrupts"), probe("b")])).record

    found = status_of(record)
    assert (found["a"], found["b"]) == ("done", "done")
    assert found["interrupts"] != "done"
    assert "probe('b')" in asked
