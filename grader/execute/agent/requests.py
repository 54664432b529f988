"""What the host can ask of the agent, one line of code each."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from . import cells, derivatives, gpu, probing, shims, stand_ins, supplied, training
from .control import AgentError
from .definitions import Definitions
from .guard import Sources
from .job import read_job
from .session import Session, leave, number_from, seed_everything
from .sink import Sink
from .streams import BoundedStream

_OPEN: dict[str, Session] = {}
"""The one session of this process: requests are lines of code that share nothing else."""


def _session() -> Session:
    if "session" not in _OPEN:
        raise AgentError("start() has not been called")
    return _OPEN["session"]


def start(namespace: dict[str, Any] | None = None, *, job: str | None = None, evidence: str | None = None) -> None:
    """Read the job and prepare the kernel.

    Args:
        namespace: where the student's code runs; IPython's by default.
        job: path of the job; GRADER_JOB by default.
        evidence: folder for evidence; GRADER_EVIDENCE by default.

    Raises:
        AgentError: if the job cannot be read, or there is no namespace.
    """
    work = read_job(Path(job or os.environ["GRADER_JOB"]))
    sink = Sink(Path(evidence or os.environ["GRADER_EVIDENCE"]), work.limits.evidence_bytes)
    channel = None
    if namespace is None:
        shell = _shell()
        namespace, channel = shell.user_ns, shell.display_pub
    namespace.update(__name__="__main__", exit=leave, quit=leave)
    torch.set_num_threads(work.threads)
    session = Session(
        job=work,
        sink=sink,
        namespace=namespace,
        definitions=Definitions(work.subjects, namespace),
        sources=Sources(),
        stdout=BoundedStream(sys.stdout),
        stderr=BoundedStream(sys.stderr),
        channel=channel,
    )
    card = gpu.claim(work.gpu_fraction)
    shims.install(work.shims, session.note, gpu=card is not None)
    supplied.install(work.supplies, session.note)
    seed_everything(number_from(work.seed))
    if work.probes:
        derivatives.warm_up()
    _OPEN["session"] = session
    sink.write_short_json("environment", _environment() | ({} if card is None else {"gpu": card}))
    sink.write_short_json("definitions", [])


def _shell() -> Any:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError as error:
        raise AgentError("there is no IPython, and no namespace was given") from error
    shell = get_ipython()
    if shell is None:
        raise AgentError("this is no IPython kernel, and no namespace was given")
    return shell


def _environment() -> dict[str, str]:
    versions = {"python": platform.python_version(), "torch": str(torch.__version__)}
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        versions["numpy"] = str(numpy.__version__)
    return versions


def cell(*indices: int) -> None:
    """Run the imports, definitions and plain assignments of some cells; of several, say where the output of each ends.

    Raises:
        AgentError: if the job has no such cell.
    """
    session = _session()
    session.begin_cells()
    for index in indices:
        _known(index, session.job.cells)
        cells.run_cell(session, index)
        if len(indices) > 1:
            session.end_of_cell(index)


def stand_in() -> None:
    """Put library layers behind the coursework's names."""
    session = _session()
    stand_ins.replace(session.namespace, session.job.stand_ins)


def probe(*identifiers: str) -> None:
    """Run probes one after the other, each on every definition of its subject.

    Raises:
        AgentError: if the job has no such probe.
        ProbeTimeUp: if one had its time; the kernel is to be replaced.
    """
    session = _session()
    for identifier in identifiers:
        _known(identifier, session.job.probes)
    probing.run_probes(session, (session.job.probes[identifier] for identifier in identifiers))


def train(index: int) -> None:
    """Run a cell that trains, as it stands, within its limits.

    Raises:
        AgentError: if the job has no such cell.
    """
    session = _session()
    _known(index, session.job.cells)
    training.train(session, index)


def finish() -> None:
    """Write what stands at the end, and give the streams back."""
    session = _session()
    session.sink.write_short_json("definitions", session.definitions.as_json())
    sys.stdout, sys.stderr = session.stdout.target, session.stderr.target


def _known(key: Any, among: dict[Any, Any]) -> None:
    if key not in among:
        raise AgentError(f"the job has no {key!r}")
