"""The places between what a template has loaded are taken, so that kernels allocate on pages of their own."""

from __future__ import annotations

import json
import linecache
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from grader.execute.inside import preload

PROGRAM = dedent(
    """
    import ctypes, gc, json, sys
    from grader.execute.inside import memory

    def heap():
        library = ctypes.CDLL(None)
        if not hasattr(library, "mallinfo2"):
            return None
        library.mallinfo2.restype = memory._HeapFacts
        facts = library.mallinfo2()
        return facts.fordblks - facts.keepcost

    def blocks():
        found = [memory._CLASS.fullmatch(line) for line in memory._statistics().splitlines()]
        return sum(int(one["size"]) * int(one["free"]) for one in found if one)

    small = [bytes(size) for size in range(0, 400, 16) for _ in range(3000)]
    large = [bytearray(3000 + number) for number in range(4000)]
    del small[::2], large[::2]
    garbage = [[]]
    garbage[0].append(garbage)
    del garbage
    before = blocks(), heap()
    frozen = gc.get_freeze_count()
    memory.settle()
    print(json.dumps([before, (blocks(), heap()), gc.get_freeze_count() > frozen, gc.isenabled()]))
    print("said", file=sys.stderr)
    """
)


def test_free_places_are_taken_and_the_standard_error_is_as_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    (blocks, heap), (blocks_left, heap_left), froze, collects = json.loads(done.stdout)
    assert blocks > 2_000_000
    assert blocks_left < blocks / 5
    if heap is not None:
        assert heap > 5_000_000
        assert heap_left < heap / 5
    assert froze
    assert collects
    assert done.stderr == "said\n"


def test_lines_of_files_and_of_what_is_on_the_way_are_read_beforehand(tmp_path: Path) -> None:
    source = tmp_path / "agent.py"
    source.write_text("answer = 1\n")

    preload.read_lines([source])

    assert linecache.cache[str(source)][2] == ["answer = 1\n"]
    assert sys.modules["asyncio.events"].__file__ in linecache.cache
