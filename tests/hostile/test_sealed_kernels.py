"""Kernels that are forked from a template: what they share with it holds nothing, and what holds them can be lost."""

from __future__ import annotations

import asyncio
import ctypes
import json
import mmap
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from helpers.execute_cases import QUICK, REPOSITORY, STUB_AGENT, launch, notebook, plan, take

from grader.errors import SandboxError
from grader.evidence import PartRecord
from grader.execute.inside.preload import OPTIMISERS
from grader.execute.inside.syscalls import collapse
from grader.execute.process import KernelProcess
from grader.execute.sealed import Sealed
from grader.execute.session import Clock, PartOutcome, PartPlan, PartSession

pytestmark = pytest.mark.sandbox
PATIENT = QUICK.model_copy(update={"statement_s": 30.0})


@pytest.fixture(scope="module")
def sealed() -> Iterator[Sealed]:
    isolation = Sealed()
    yield isolation
    asyncio.run(isolation.close())


def run(sealed: Sealed, *sources: str) -> PartOutcome:
    return take(plan(notebook(*sources), limits=PATIENT), sealed)


def printed(outcome: PartOutcome) -> str:
    assert outcome.executed is not None
    outputs = [output for cell in json.loads(outcome.executed)["cells"] for output in cell["outputs"]]
    return "".join(output.get("text", "") for output in outputs)


def raised(record: PartRecord) -> list[str | None]:
    """Names of the exceptions with which cells ended."""
    last = [cell.statements[-1].raised for cell in record.cells]
    return [None if error is None else error.type for error in last]


SHELL = """
import os, sys
shell = get_ipython()
print(shell.kernel is shell.parent, shell.kernel.shell is shell, shell.log is shell.kernel.log)
print(vars(sys.modules['__main__']) is shell.user_ns, sys.modules['__main__'] is shell.user_module)
print([str(folder) for folder in _dh] == [os.getcwd()] == [shell.starting_dir], os.environ['PAGER'])
print(os.path.isdir(shell.ipython_dir), shell.ipython_dir.startswith(os.environ['HOME'] + '/'))
print(shell._orig_sys_module_state['stdout'].pub_thread is shell.displayhook.pub_socket.io_thread)
1 + 1
"""


def test_a_shell_that_was_made_ahead_is_that_of_its_own_kernel(sealed: Sealed) -> None:
    said = [printed(run(sealed, SHELL)) for _ in range(2)]

    assert said == ["True True True\nTrue True\nTrue cat\nTrue True\nTrue\n"] * 2


LOADED = ("wave", "torch", "_grader_agent.restless", "colorsys")


def with_first_letter_apart(text: str) -> str:
    """An expression that finds a text and does not contain it, as it is itself in the memory that is searched."""
    return f"[{text[0]}]{re.escape(text[1:])}"


SEARCH = """
import random
import re
words = {words!r}
found = dict.fromkeys(words, 0)
own = b''.join([b'found-', b'by-searching'])
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
    for line in maps.read().split('\\n'):
        if not re.match('[0-9a-f]+-[0-9a-f]+ rw', line):
            continue
        start, end = (int(number, 16) for number in line.split()[0].split('-'))
        try:
            memory.seek(start)
            piece = memory.read(end - start)
        except (OSError, ValueError, OverflowError):
            continue
        for word in words:
            found[word] += len(re.findall(word.encode(), piece))
print(sorted(word for word in words if found[word]))
"""


def test_nothing_of_the_grader_or_of_another_hand_in_is_in_a_kernels_memory(sealed: Sealed) -> None:
    run(sealed, "x = 'the-text-of-another-hand-in'")
    present = with_first_letter_apart("found-by-searching")
    ours = [str(REPOSITORY / name) for name in ("grader", "reference", "rubrics", "submissions")]
    absent = [*ours, "grader.execute", "reference.cells", "the-text-of-another-hand-in", "GRADER_KERNELS"]

    outcome = run(sealed, SEARCH.format(words=[present, *map(with_first_letter_apart, absent)]))

    assert raised(outcome.record) == [None]
    assert printed(outcome).strip() == str([present])


def test_no_module_of_the_grader_was_loaded_before_the_fork(sealed: Sealed) -> None:
    source = "import sys\nroots = {name.split('.')[0] for name in sys.modules}\n"
    source += "print(sorted(name for name in roots if 'grader' in name or name == 'reference'))"

    assert printed(run(sealed, source)).strip() == "['_grader_agent', '_grader_inside']"


DENIED = {
    "killing init": "import os, time\nos.kill(1, 15)",
    "reading the memory of init": "open('/proc/1/mem', 'rb')",
    "reading the variables of init": "open('/proc/1/environ', 'rb').read()",
    "seeing the root of init": "import os\nos.listdir('/proc/1/root')",
    "a file beside its own sockets": "open('/sockets/x', 'w')",
    "removing its own sockets": "import os\nos.unlink('/sockets/kernel-1')",
    "writing to the job": "open('/job/x', 'w')",
    "writing to the data of the agent": "open('/agent/x', 'w')",
    "a new namespace": "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000): raise PermissionError",
    "more of a limit": "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (5000, 5000))",
    "another user": "import os\nos.setresuid(0, 0, 0)",
    "a map of users": "import os\nos.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1')",
    "settings of the system": "open('/proc/sys/kernel/hostname', 'w')",
}


@pytest.fixture(scope="module")
def denied(sealed: Sealed) -> list[str | None]:
    return raised(run(sealed, *DENIED.values()).record)


@pytest.mark.parametrize("name", DENIED)
def test_a_sealed_kernel_is_denied(name: str, denied: list[str | None]) -> None:
    assert denied[list(DENIED).index(name)] in ("PermissionError", "OSError", "ValueError", "FileNotFoundError")


def test_a_sealed_kernel_has_no_capability_and_a_filter(sealed: Sealed) -> None:
    source = "print(open('/proc/self/status').read())"

    status = dict(line.split(":\t", 1) for line in printed(run(sealed, source)).splitlines() if ":\t" in line)

    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"], status["Pid"], status["PPid"]) == ("1", "2", "2", "1")


def with_a_restless_module(folder: Path) -> Path:
    """An agent with a module that starts a thread when it is imported."""
    agent = folder / "agent"
    shutil.copytree(STUB_AGENT, agent)
    (agent / "restless.py").write_text("import threading\nthreading.Thread(target=threading.Event().wait).start()\n")
    return agent


def test_a_library_that_starts_a_thread_is_left_to_the_kernels(tmp_path: Path) -> None:
    agent = with_a_restless_module(tmp_path)
    asked = plan(notebook(f"import os, sys\nprint([name in sys.modules for name in {LOADED}])"), limits=PATIENT)
    preload = ("wave", "_grader_agent.restless", "chunk_that_is_not_there", "colorsys")
    isolation = Sealed()

    try:
        outcome = take(
            replace(asked, launch=replace(asked.launch, agent=agent, preload=preload, needs=preload)), isolation
        )
    finally:
        asyncio.run(isolation.close())

    assert printed(outcome).strip() == "[True, True, False, True]"


SPARE = """
import resource, sys
used = next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmData'))
spare = resource.getrlimit(resource.RLIMIT_DATA)[0] // 1024 - used
print('torch._dynamo' in sys.modules, 'torch.fx.experimental.symbolic_shapes' in sys.modules, spare // 65536)
"""


def that_needs(wanted: PartPlan, *needs: str) -> PartPlan:
    """The same plan for code that needs more."""
    return replace(wanted, launch=replace(wanted.launch, needs=needs))


def test_what_optimisers_load_is_there_for_kernels_that_make_one_and_costs_them_no_memory() -> None:
    isolation = Sealed()
    asked = plan(notebook(SPARE), limits=PATIENT)
    try:
        said = [printed(take(wanted, isolation)).split() for wanted in (asked, that_needs(asked, OPTIMISERS), asked)]
    finally:
        asyncio.run(isolation.close())

    spare = said[0][2]
    assert said == [["False", "True", spare], ["True", "True", spare], ["True", "True", spare]]


def test_what_is_expected_to_be_needed_is_loaded_before_the_first_kernel_asks_for_it() -> None:
    isolation = Sealed()
    asked = plan(notebook("import sys\nprint('wave' in sys.modules, 'wsgiref.util' in sys.modules)"), limits=PATIENT)
    asked = replace(asked, launch=replace(asked.launch, preload=("wave", "wsgiref.util")))
    try:
        isolation.expect(asked.launch)
        isolation.expect(that_needs(asked, "wave").launch)
        said = printed(take(asked, isolation)).strip()
    finally:
        asyncio.run(isolation.close())

    assert said == "True False"


def test_what_is_expected_and_starts_a_thread_is_left_to_the_kernels(tmp_path: Path) -> None:
    agent = with_a_restless_module(tmp_path)
    names = ("_grader_agent.restless", "wave")
    asked = plan(notebook(f"import sys\nprint([name in sys.modules for name in {names}])"), agent=agent)
    asked = replace(asked, launch=replace(asked.launch, preload=names))
    isolation = Sealed()
    try:
        isolation.expect(that_needs(asked, *names).launch)
        said = printed(take(asked, isolation)).strip()
    finally:
        asyncio.run(isolation.close())

    assert said == "[False, True]"


def test_a_library_on_demand_that_starts_a_thread_is_left_to_kernels_and_those_that_run_go_on(tmp_path: Path) -> None:
    agent = with_a_restless_module(tmp_path)
    names = ("_grader_agent.restless", "wave")
    asked = plan(notebook(f"import sys\nprint([name in sys.modules for name in {names}])"), agent=agent)
    asked = replace(asked, launch=replace(asked.launch, preload=names))

    async def scene() -> tuple[list[bool], list[int], list[str]]:
        isolation = Sealed()
        try:
            early = await isolation.start(asked.launch)
            before = template_of(isolation).pid
            wanted = (that_needs(asked, *names), that_needs(asked, *names), asked)
            sessions = [PartSession(isolation, one, Clock(60)) for one in wanted]
            said = [printed(await session.run()).strip() for session in sessions]
            alive = [not early.dead]
            await early.end()
            early.close()
            (template,) = (template_of(isolation),)
            while any(child.status() == psutil.STATUS_ZOMBIE for child in template.children()):
                await asyncio.sleep(0.01)
            return alive, [before, template.pid], said
        finally:
            await isolation.close()

    alive, (before, after), said = asyncio.run(scene())

    assert alive == [True]
    assert after == before
    assert said == ["[False, True]"] * 3


def test_a_fork_copies_large_pages_where_linux_makes_them(sealed: Sealed) -> None:
    with mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(b"x" * len(memory))
        first = ctypes.addressof(view := ctypes.c_char.from_buffer(memory))
        here = collapse([(first, first + len(memory))])
        del view
    source = "import re\nprint(re.search(r'AnonHugePages: +(\\d+)', open('/proc/self/smaps_rollup').read())[1])"

    kibibytes = int(printed(run(sealed, source)))

    assert here in (0, 3, 4)
    assert (kibibytes >= 10 * 2048) == (here > 0)


def test_kernels_of_two_templates_start_with_the_same_state(sealed: Sealed) -> None:
    source = "import os, random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(1), hash('x'))\n"
    source += "print(sorted(os.environ.items()), os.getcwd(), torch.get_num_threads())"
    other = Sealed()

    here, there = printed(run(sealed, source)), printed(run(other, source))

    asyncio.run(other.close())
    assert here == there
    assert "tensor" in here
    assert here.startswith(f"{random.Random(0).random()} "), "nothing but the student's code has drawn a number"


def test_what_works_without_a_seal_works_within(sealed: Sealed) -> None:
    source = """
import multiprocessing, os, pty, socket, subprocess, sys, threading
assert subprocess.run([sys.executable, '-c', 'print(7)'], capture_output=True).stdout == b'7\\n'
with socket.create_server(('127.0.0.1', 0)) as server, socket.create_connection(server.getsockname()) as client:
    client.sendall(b'x')
pty.openpty()
open('/tmp/a', 'w').write('a'); os.rename('/tmp/a', '/tmp/b'); os.truncate('/tmp/b', 0)
multiprocessing.get_context('fork').Pool(2).map(abs, [-1])
open('/dev/null', 'w').write('x'); open('/dev/shm/x', 'w').write('x'); open('/work/x', 'w').write('x')
thread = threading.Thread(target=print); thread.start(); thread.join()
print('all of it')
"""
    assert printed(run(sealed, source)).strip() == "all of it"


def template_of(sealed: Sealed) -> psutil.Process:
    """The process of the one template."""
    (template,) = sealed._templates.values()
    (process,) = psutil.Process(template.pid).children()
    return process


def test_kernels_die_with_their_template_and_the_next_one_comes_from_a_new_one() -> None:
    async def scene() -> tuple[bool, bool, bool]:
        isolation = Sealed()
        try:
            lost = await isolation.start(launch())
            template = template_of(isolation)
            template.kill()
            await lost.wait()
            await lost.end()
            found = await isolation.start(launch())
            again = template_of(isolation).pid != template.pid
            await found.end()
            for kernel in (lost, found):
                kernel.close()
            return lost.killed, found.killed, again
        finally:
            await isolation.close()

    assert asyncio.run(scene()) == (True, False, True)


def test_a_template_that_dies_while_kernels_start_is_replaced_under_them() -> None:
    async def scene() -> list[bool]:
        isolation = Sealed()
        try:
            await end(await isolation.start(launch()))
            starts = [asyncio.create_task(isolation.start(launch())) for _ in range(3)]
            await asyncio.sleep(0)
            template_of(isolation).kill()
            kernels = await asyncio.gather(*starts)
            alive = [not kernel.dead for kernel in kernels]
            for kernel in kernels:
                await end(kernel)
            return alive
        finally:
            await isolation.close()

    alive = asyncio.run(scene())
    assert len(alive) == 3


def test_a_template_that_someone_else_has_closed_is_gone_and_says_nothing_more() -> None:
    async def scene() -> tuple[bool, bool, str]:
        isolation = Sealed()
        await end(await isolation.start(launch()))
        (template,) = isolation._templates.values()
        gone = template.gone
        await isolation.close()
        return gone, await template.has_ended(), template.last_words()

    assert asyncio.run(scene()) == (False, True, "")


async def end(kernel: KernelProcess) -> None:
    await kernel.end()
    kernel.close()


def held() -> dict[str, object]:
    """What this process and host hold that a kernel could leave behind."""
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/grader-{os.getpid()}-*")]
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "mounts": Path("/proc/self/mountinfo").read_text().count("\n"),
        "processes": sorted(process.pid for process in psutil.Process().children(recursive=True)),
        "control groups": groups,
    }


def test_a_closed_level_leaves_nothing_behind() -> None:
    async def many(isolation: Sealed) -> None:
        for _ in range(4):
            kernels = await asyncio.gather(*(isolation.start(launch()) for _ in range(4)))
            await asyncio.gather(*(end(kernel) for kernel in kernels))
        broken = replace(launch(), mounts=((Path("/nowhere"), "/content"),))
        with pytest.raises(SandboxError):
            await isolation.start(broken)
        left_open = await isolation.start(launch())
        await isolation.close()
        assert left_open.dead
        await end(left_open)

    before = held()

    asyncio.run(many(Sealed()))

    assert held() == before


def test_nothing_waits_in_the_event_loop_while_a_template_loads() -> None:
    async def scene() -> int:
        isolation = Sealed()
        start = asyncio.create_task(isolation.start(launch()))
        turns = 0
        while not start.done():
            await asyncio.sleep(0.001)
            turns += 1
        await end(start.result())
        await isolation.close()
        return turns

    assert asyncio.run(scene()) > 50


def test_a_template_with_threads_refuses_to_fork_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text(  # when everything is loaded, so that no other template can do without
        "import gc, threading\ngc.disable()\nrest = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "gc.callbacks.append(lambda phase, info: rest.ident or rest.start())\n"
    )
    isolation = Sealed()

    with pytest.raises(SandboxError, match="it has 2 threads") as caught:
        take(plan(notebook("x = 1"), agent=tmp_path), isolation)

    asyncio.run(isolation.close())
    assert caught.value.code == "kernel-not-started"


def test_a_root_that_cannot_be_made_is_told_with_the_reason(sealed: Sealed) -> None:
    with pytest.raises(SandboxError) as caught:
        asyncio.run(sealed.start(replace(launch(), mounts=((Path("/nowhere"), "/content"),))))

    assert caught.value.code == "kernel-not-started"
    assert "/nowhere" in caught.value.where


AS_SOMEBODY = """
import asyncio, json, sys
sys.path[:0] = [{tests!r}, {repository!r}]
from helpers.execute_cases import environment, notebook, opened, plan, probe, status_of, take
from grader.execute.contract import examine
with opened({level!r}) as isolation:
    broken = {{clause.name: clause.broken_by for clause in examine(isolation, environment()) if not clause.holds}}
    record = take(plan(notebook("def answer():\\n    return 4.5"), probes=[probe("p")]), isolation).record
print(json.dumps([isolation.own_user, broken, status_of(record), record.level]))
"""


@pytest.mark.parametrize("level", ["sealed", "bubblewrap"])
def test_an_ordinary_user_has_both_levels(level: str, tmp_path: Path) -> None:
    interpreter = "/usr/bin/python3"
    version = subprocess.run([interpreter, "-V"], capture_output=True, text=True, check=False).stdout.split()[-1:]
    if os.geteuid() != 0 or version[0].split(".")[:2] != [str(part) for part in sys.version_info[:2]]:
        pytest.skip("needs root, and an interpreter of this version that every user can read")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    program = AS_SOMEBODY.format(tests=str(REPOSITORY / "tests"), repository=str(REPOSITORY), level=level)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]

    finished = subprocess.run(
        [*user, interpreter, "-c", program],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONPATH": ":".join(libraries),
            "OMP_NUM_THREADS": "1",
        },
        cwd=tmp_path.parents[-1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == [False, {}, {"p": "done"}, level]
