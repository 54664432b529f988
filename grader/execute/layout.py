"""What a kernel sees: fixed paths, variables and limits, the same under every level of isolation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.execute.environment import KernelEnvironment
from grader.limits import MIB, Limits

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
"""With the transport `ipc` a port is the ending of a socket's name."""
SOCKET = "kernel"
AGENT_PACKAGE = "_grader_agent"
INSIDE_PACKAGE = "_grader_inside"
_PROGRAMS = ("launcher.py", "examine.py")
_HERE = Path(__file__).parent
_DRAWS = _HERE.parent / "draws.py"
"""Not imported: it loads torch, which this process does without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The places of a kernel, as the kernel names them."""

    environment: str = "/env"
    agent: str = "/agent"
    job: str = "/job"
    evidence: str = "/evidence"
    sockets: str = "/sockets"
    work: str = "/work"
    temporary: str = "/tmp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """Hardware of the host's that is lent to one kernel."""

    nodes: tuple[tuple[Path, str], ...] = ()
    """Device nodes of the host and where the kernel sees them, below /dev."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the kernel's environment says about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One kernel to start."""

    environment: KernelEnvironment
    limits: Limits
    job: Mapping[str, Any]
    """job.json, as the agent reads it, its `probes` as `Probe`s; empty for a kernel without the agent."""
    key: str
    """With which the kernel's messages are signed; the student's process knows it, so it proves nothing."""
    mounts: tuple[tuple[Path, str], ...] = ()
    """Folders of the rubric's and where the kernel sees them."""
    threads: int = 1
    devices: Devices = Devices()
    preload: tuple[str, ...] = ()
    """Modules that a template loads beside its own; kernels that start afresh do without."""
    needs: tuple[str, ...] = ()
    """What its code seems to use of what a template loads on demand; a kernel loads by itself what is not named."""
    agent: Path = field(default=_HERE / "agent")
    """Folder of the agent's modules."""


def files(launch: Launch, paths: Paths, *, ready_fd: int, count_processes: bool) -> dict[str, bytes]:
    """Every small file of ours that the kernel may read, by path: the agent, the job and how to start."""
    start = start_of(launch, paths, ready_fd=ready_fd, count_processes=count_processes)
    found = job_files(launch, paths) | {f"{paths.job}/start.json": _json(start)}
    for name, source in agent_files(launch.agent).items():
        found[f"{paths.agent}/{name}"] = source
    return found


def job_files(launch: Launch, paths: Paths) -> dict[str, bytes]:
    """The files that differ from kernel to kernel."""
    connection = {
        "transport": "ipc",
        "ip": f"{paths.sockets}/{SOCKET}",
        "key": launch.key,
        "signature_scheme": "hmac-sha256",
        **PORTS,
    }
    return {f"{paths.job}/connection.json": _json(connection), f"{paths.job}/job.json": job_text(launch.job).encode()}


def job_text(job: Mapping[str, Any]) -> str:
    """A job as JSON; the text of its probes is the same for all kernels, and made once."""
    texts = {name: json.dumps(value, allow_nan=False) for name, value in job.items() if name != "probes"}
    if "probes" in job:
        texts["probes"] = f"[{', '.join(probe.sent_text for probe in job['probes'])}]"
    return f"{{{', '.join(f'{json.dumps(name)}: {text}' for name, text in texts.items())}}}"


def start_of(launch: Launch, paths: Paths, *, ready_fd: int = -1, count_processes: bool = True) -> dict[str, Any]:
    """How the launcher starts a kernel."""
    return {
        "rlimits": _rlimits(launch.limits, count_processes=count_processes),
        "make": [f"{paths.work}/home"],
        "caches": [[f"{paths.environment}/cache", f"{paths.temporary}/cache"]],
        "agent": paths.agent,
        "package": AGENT_PACKAGE if launch.job else "",
        "connection": f"{paths.job}/connection.json",
        "ready_fd": ready_fd,
        "folders": [paths.evidence, paths.sockets, paths.work, paths.temporary, "/dev/shm"],
    }


@cache
def agent_files(agent: Path | None = None) -> Mapping[str, bytes]:
    """The code of ours that runs inside, by path below the agent's folder; read once."""
    modules = sorted((agent or _HERE / "agent").glob("*.py"))
    found = {f"{AGENT_PACKAGE}/{path.name}": path.read_bytes() for path in modules}
    found.setdefault(f"{AGENT_PACKAGE}/__init__.py", b"")
    found[f"{AGENT_PACKAGE}/draws.py"] = _DRAWS.read_bytes()
    for path in sorted((_HERE / "inside").glob("*.py")):
        found[f"{INSIDE_PACKAGE}/{path.name}"] = path.read_bytes()
        if path.name in _PROGRAMS:
            found[path.name] = path.read_bytes()
    return MappingProxyType(found)


@cache
def agent_text(agent: Path | None = None) -> str:
    """The same as JSON."""
    return json.dumps({name: content.decode() for name, content in agent_files(agent).items()}, sort_keys=True)


def variables(launch: Launch, paths: Paths) -> dict[str, str]:
    """The whole environment of the process: an allow-list, nothing is inherited."""
    threads = str(launch.threads)
    cache = f"{paths.temporary}/cache"
    return {
        "PATH": f"{paths.environment}/bin:/usr/bin:/bin",
        "HOME": f"{paths.work}/home",
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": paths.temporary,
        "GRADER_JOB": f"{paths.job}/job.json",
        "GRADER_EVIDENCE": paths.evidence,
        "IPYTHONDIR": f"{paths.work}/home/.ipython",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{cache}/matplotlib",
        "NUMBA_CACHE_DIR": f"{cache}/numba",
        "LIBROSA_CACHE_LEVEL": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "NUMBA_NUM_THREADS": threads,
        "CUDA_VISIBLE_DEVICES": "",
        **launch.devices.variables,
    }


def tmpfs_bytes(limits: Limits, paths: Paths) -> dict[str, int]:
    """The writable places and their sizes; evidence has a place of its own, which a full disk does not touch."""
    quarter = max(limits.scratch_bytes // 4, MIB)
    return {
        paths.work: 2 * quarter,
        paths.temporary: quarter,
        "/dev/shm": quarter,
        paths.evidence: 2 * limits.evidence_bytes + 8 * MIB,
        paths.sockets: MIB,
    }


def _rlimits(limits: Limits, *, count_processes: bool) -> dict[str, int]:
    found = {
        "RLIMIT_DATA": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.scratch_bytes,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 1024,
    }
    if count_processes:
        found["RLIMIT_NPROC"] = limits.processes
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, sort_keys=True).encode()
