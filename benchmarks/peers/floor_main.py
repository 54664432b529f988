"""The floor's own process; runs in the kernels' environment, without the grader.

    python floor_main.py AGENT_PACKAGE FOLDER

FOLDER has the agent in `agent` and jobs in `jobs`; what the children have cost is written to `spent.json` in it.
"""

import gc
import importlib
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
import traceback
from pathlib import Path

AT_A_TIME = 2
_PRELOADED = ("torch", "torch._dynamo", "torch.utils.data", "numpy", "librosa", "scipy.io.wavfile", "IPython")
_KINDS = {"cell": "cells_s", "stand_in": "cells_s", "train": "training_s", "probe": "probes_s", "finish": "probes_s"}


def main() -> int:
    """Fork a child a job, a few at a time; returns the exit code."""
    package, folder = sys.argv[1], Path(sys.argv[2])
    sys.path.insert(0, str(folder / "agent"))
    _warm_up(package)
    waiting = sorted((folder / "jobs").glob("*.json"))
    running, children, failed = {}, [], []
    began = time.monotonic()
    while waiting or running:
        while waiting and len(running) < AT_A_TIME:
            job = waiting.pop(0)
            running[_fork(package, job)] = job
        child, status, usage = os.wait4(-1, 0)
        job = running.pop(child)
        if status:
            failed.append(job.name)
            continue
        told = json.loads(job.with_suffix(".told").read_text(encoding="utf-8"))
        children.append({**told, "cpu_s": usage.ru_utime + usage.ru_stime})
    wall_s = time.monotonic() - began
    if failed:
        print(f"{len(failed)} jobs failed, the first is {failed[0]}", file=sys.stderr)
        return 1
    spent = {name: sum(child[name] for child in children) for name in ("cpu_s", *sorted(set(_KINDS.values())))}
    memory = {name: statistics.median(child[name] for child in children) for name in ("uss", "pss")}
    (folder / "spent.json").write_text(json.dumps({**spent, **memory, "wall_s": wall_s}), encoding="utf-8")
    return 0


def _warm_up(package: str) -> None:
    """Import what notebooks import, and make the first call that compiles, before any child is forked."""
    for name in _PRELOADED:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    librosa, numpy = sys.modules.get("librosa"), sys.modules["numpy"]
    if librosa is not None:
        librosa.feature.mfcc(y=numpy.zeros(16000, dtype=numpy.float32), sr=16000, hop_length=512, n_fft=2048)
    importlib.import_module(package)
    gc.collect()
    gc.freeze()  # or the first collection in a child would copy every page of its parent


def _fork(package: str, job: Path) -> int:
    """The id of a child that does a job."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _work(package, job)
        code = 0
    except BaseException:  # noqa: BLE001 - a child must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _work(package: str, job: Path) -> None:
    """Do a job, compare with what was expected, and tell what it has cost."""
    content = json.loads(job.read_text(encoding="utf-8"))
    agent, requests = importlib.import_module(package), importlib.import_module(f"{package}.requests")
    kept = _keep_statuses(requests.Sink)
    spent = dict.fromkeys(_KINDS.values(), 0.0)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch, open(os.devnull, "w") as nowhere:  # noqa: PTH123 - no path
        os.chdir(scratch)
        sys.stdout, errors, sys.stderr = nowhere, sys.stderr, nowhere
        agent.start({}, job=str(job), evidence=scratch)
        for name, *arguments in content["requests"]:
            began = time.process_time()
            getattr(agent, name)(*arguments)
            spent[_KINDS[name]] += time.process_time() - began
        sys.stdout, sys.stderr = sys.__stdout__, errors
        os.chdir("/")
    different = {
        name: (status, kept.get(name)) for name, status in content["expected"].items() if kept.get(name) != status
    }
    if different:
        raise RuntimeError(f"the floor does not do what the kernels did: {dict(list(different.items())[:3])}")
    job.with_suffix(".told").write_text(json.dumps({**spent, **_memory()}), encoding="utf-8")


def _keep_statuses(sink: type) -> "dict[str, str]":
    """Have a sink drop all evidence but the probes' statuses, which are returned as they come."""
    kept: dict[str, str] = {}

    def keep(self: object, name: str, value: object) -> None:
        if isinstance(value, dict) and "status" in value:
            kept[name] = value["status"]

    sink.write_json = sink.write_short_json = keep
    sink.write_tensors = lambda self, name, tensors: None
    sink.journal = lambda self, entry: None
    return kept


def _memory() -> "dict[str, int]":
    """USS and PSS of this process, in bytes."""
    sizes = {}
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024
    return {"uss": sizes["Private_Clean"] + sizes["Private_Dirty"], "pss": sizes["Pss"]}


if __name__ == "__main__":
    sys.exit(main())
