"""Runs a probe on each definition of its subject and writes what it yields."""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .control import MissingName, ProbeTimeUp, Refused
from .guard import attempt
from .scope import Json, Scope, followed_names
from .session import Session, number_from, seed_everything
from .steps import run_steps
from .values import Recorder

_DTYPES = {"float64": torch.float64, "float32": torch.float32}


def run_probes(session: Session, probes: Iterable[Json]) -> None:
    """Run probes, each on every definition of its subject that it has not met.

    Raises:
        ProbeTimeUp: after a definition on which one had its time; the kernel is to be replaced.
    """
    with _numbers_as_found():
        for probe in probes:
            _run_probe(session, probe)


def _run_probe(session: Session, probe: Json) -> None:
    subject = probe.get("subject")
    found = session.definitions.of(subject) if subject else []
    for index in range(max(len(found), 1)):
        name = f"{probe['id']}@{index}"
        if name in session.job.done_probes:
            continue
        others = probe.get("unless", ())
        if others and all(session.ended.get(f"{other}@{index}") == "done" for other in others):
            session.sink.write_short_json(f"probe-{name}", _left_out(session, probe, index))
            continue
        session.sink.journal({"begin": "probe", "probe": probe["id"], "definition": index})
        with _shadowed(session.namespace, subject, found, index):
            status = _run_definition(session, probe, index)
        session.ended[name] = status
        session.sink.journal({"end": "probe", "probe": probe["id"], "definition": index, "status": status})
        if status == "timeout":
            raise ProbeTimeUp(name)


def _left_out(session: Session, probe: Json, index: int) -> Json:
    """The record of a probe that is not needed, since those that it stands in for were done."""
    return {
        "probe": probe["id"],
        "definition": index,
        "status": "skipped",
        "seed": f"{session.job.seed}/{probe['id']}",
    }


@contextmanager
def _shadowed(namespace: dict[str, Any], subject: str | None, found: list[Any], index: int) -> Iterator[None]:
    """The namespace with the subject bound to one of its definitions: code such as `super(Name, self)` looks it up."""
    if not subject or not found:
        yield
        return
    missing = object()
    before = namespace.get(subject, missing)
    namespace[subject] = found[index]
    try:
        yield
    finally:
        if before is missing:
            namespace.pop(subject, None)
        else:
            namespace[subject] = before


def _run_definition(session: Session, probe: Json, index: int) -> str:
    """Run a probe on one definition, write its record and tensors; its status."""
    with _left_as_found(session):
        record, recorder = _take(session, probe, index)
    name = f"probe-{probe['id']}@{index}"
    try:
        if recorder.tensors:
            session.sink.write_tensors(name, recorder.tensors)
        session.sink.write_json(name, record)
    except Refused:
        record = {**record, "status": "refused", "values": {}}
        session.sink.write_short_json(name, record)
    return str(record["status"])


def _take(session: Session, probe: Json, index: int) -> tuple[Json, Recorder]:
    """A probe's record and tensors; those in float32 only if float64 raises and float32 does not."""
    began = time.monotonic()
    seconds = session.job.limits.probe_s
    double = _take_once(session, probe, index, "float64", seconds)
    if double[0]["status"] != "raised":
        return double
    single = _take_once(session, probe, index, "float32", seconds - (time.monotonic() - began))
    return single if single[0]["status"] not in ("raised", "timeout") else double


def _take_once(session: Session, probe: Json, index: int, dtype: str, seconds: float) -> tuple[Json, Recorder]:
    """JSON of `ProbeRun` and the tensors that it names."""
    seed = f"{session.job.seed}/{probe['id']}"
    recorder = Recorder(f"{probe['id']}@{index}", session.sink.room)
    scope = Scope(
        seed=seed,
        dtype=_DTYPES[dtype],
        namespace=session.namespace,
        recorder=recorder,
        followed=frozenset(followed_names(probe["steps"])),
    )
    torch.set_default_dtype(_DTYPES[dtype])
    seed_everything(number_from(seed))
    raised: Json | None = None
    try:
        ended = attempt(lambda: run_steps(scope, probe["steps"]), seconds=seconds, sources=session.sources)
        status, raised = ("done" if ended.status == "ok" else ended.status), ended.raised
    except MissingName:
        status = "missing-name"
    except Refused:
        status = "refused"
        scope.records.clear()
        recorder.tensors.clear()
    finally:
        scope.restore()
    record = {
        "probe": probe["id"],
        "definition": index,
        "status": status,
        "dtype": dtype,
        "salt": scope.salt,
        "raised": raised,
        "step": None if status == "done" else scope.step,
        "values": scope.records,
        "seed": seed,
    }
    return record, recorder


@contextmanager
def _left_as_found(session: Session) -> Iterator[None]:
    """Quiet, with gradients on; whatever a probe may have set is as before afterwards."""
    dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    strict = torch.are_deterministic_algorithms_enabled()
    stdout, stderr = sys.stdout, sys.stderr
    session.mute()
    try:
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdout, sys.stderr = stdout, stderr
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        if torch.are_deterministic_algorithms_enabled() != strict:  # setting it loads a compiler, seconds of work
            torch.use_deterministic_algorithms(strict)


@contextmanager
def _numbers_as_found() -> Iterator[None]:
    """Random numbers afterwards are those that there would have been; each probe begins with a seed of its own."""
    generator, chance = torch.get_rng_state(), random.getstate()
    numpy = sys.modules.get("numpy")
    numpy_state = numpy.random.get_state() if numpy is not None else None
    try:
        yield
    finally:
        torch.set_rng_state(generator)
        random.setstate(chance)
        if numpy is not None:
            numpy.random.set_state(numpy_state)
