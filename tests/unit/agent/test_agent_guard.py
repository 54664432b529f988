from __future__ import annotations

import io
import time
from pathlib import Path
from types import ModuleType

import pytest
import torch


def test_an_inner_clock_leaves_the_outer_one_running(agent: ModuleType) -> None:
    guard, up = agent.guard, agent.control.TimeUp

    with pytest.raises(up), guard.Alarm(0.1):  # noqa: PT012 - the inner clock is the behaviour
        with guard.Alarm(30):
            pass
        while True:
            pass


def test_an_overdue_outer_clock_rings_at_once(agent: ModuleType) -> None:
    guard = agent.guard
    inner = []

    def nested() -> None:
        inner.append(guard.attempt(spin, seconds=0.1, sources=guard.Sources()).status)
        spin()

    outer = guard.attempt(nested, seconds=0.05, sources=guard.Sources())

    assert outer.status == "timeout"
    assert inner == ["timeout"]


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt


class EndlessError(Exception):
    def __str__(self) -> str:
        spin()
        return ""


@pytest.mark.parametrize(("error", "status"), [(UnspeakableError(), "raised"), (EndlessError(), "timeout")])
def test_an_error_whose_text_raises_or_never_ends_is_an_error_still(
    agent: ModuleType, error: Exception, status: str
) -> None:
    def fail() -> None:
        raise error

    ended = agent.guard.attempt(fail, seconds=0.1, sources=agent.guard.Sources())

    assert ended.status == status
    assert ended.raised is None or (ended.raised["type"], ended.raised["message"]) == ("UnspeakableError", "")


def spin() -> None:
    while True:
        pass


def test_a_clock_that_was_left_does_not_ring(agent: ModuleType) -> None:
    alarm = agent.guard.Alarm(30)
    with alarm:
        pass

    assert alarm._ring(0, None) is None
    assert time.monotonic() > alarm._started


def test_what_is_written_anew_is_counted_once(agent: ModuleType, tmp_path: Path) -> None:
    sink = agent.sink.Sink(tmp_path, 4_000)

    for value in range(100):
        sink.write_short_json("definitions", ["a" * 800, value])
    sink.write_short_json("other", "b" * 800)

    assert (tmp_path / "definitions.json").read_text().endswith("99]")
    assert not (tmp_path / "other.json").exists()


def test_a_stream_counts_bytes(agent: ModuleType) -> None:
    target = io.StringIO()
    stream = agent.streams.BoundedStream(target)
    stream.allow(4)

    stream.write("é")
    stream.write("éé")

    assert target.getvalue() == "é"
    assert stream.dropped
    assert (stream.writable(), stream.encoding) == (True, "utf-8")


@pytest.mark.parametrize("shape", [(0,), (), (2, 0), (3,)])
def test_tensor_files_hold_every_shape(agent: ModuleType, shape: tuple[int, ...]) -> None:
    from safetensors.torch import load

    tensors = {"a/b@0": torch.ones(shape), "z": torch.zeros(1)}
    content = agent.tensor_file.encode({name: agent.tensor_file.content_of(one) for name, one in tensors.items()})

    assert load(content)["a/b@0"].shape == shape
    assert load(agent.tensor_file.encode({})) == {}
