from __future__ import annotations

import io
import json
import signal
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


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, lambda number, frame: None])
def test_a_handler_of_the_students_is_back_when_the_clock_is_left(agent: ModuleType, handler: signal.Handlers) -> None:
    before = signal.signal(signal.SIGALRM, handler)
    try:
        with agent.guard.Alarm(30):
            assert signal.getsignal(signal.SIGALRM) != handler
        assert signal.getsignal(signal.SIGALRM) == handler
    finally:
        signal.signal(signal.SIGALRM, before)


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


def test_the_header_of_a_tensor_file_is_plain_json(agent: ModuleType) -> None:
    names = ['quoted " and \\', "a/b@0", "line\nend", "é", "\ud800"]
    content = agent.tensor_file.encode({name: agent.tensor_file.content_of(torch.ones(2, 3)) for name in names})

    size = int.from_bytes(content[:8], "little")
    entries = {
        name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [24 * place, 24 * place + 24]}
        for place, name in enumerate(sorted(names))
    }
    expected = json.dumps(entries, separators=(",", ":"))
    assert content[8 : 8 + size].decode("ascii") == expected + " " * (-len(expected) % 8)
    assert len(content) == 8 + size + 24 * len(names)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0).reshape(2, 3).T,
        torch.complex(torch.ones(2), torch.arange(2.0)).conj().imag,
        torch.ones(2, requires_grad=True),
        torch.arange(4)[::2],
    ],
)
def test_a_copy_holds_what_the_tensor_shows(agent: ModuleType, tensor: torch.Tensor) -> None:
    content = agent.tensor_file.content_of(tensor)

    assert content.shape == tuple(tensor.shape)
    assert torch.equal(torch.frombuffer(bytearray(content.raw), dtype=tensor.dtype).reshape(tensor.shape), tensor)


@pytest.mark.parametrize("tensor", [torch.ones(2).to_sparse(), torch.ones(2, device="meta"), torch.ones(2).cfloat()])
def test_what_a_file_cannot_hold_has_no_copy(agent: ModuleType, tensor: torch.Tensor) -> None:
    assert agent.tensor_file.content_of(tensor) is None
