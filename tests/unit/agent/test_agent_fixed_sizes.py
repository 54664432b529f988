"""Cells that keep sizes of their own, from the kernel to the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.agent_kernel import AgentKernel
from helpers.kinds_evidence import SEED, Bench, notebook, question
from safetensors.torch import save_file

from grader.evidence import PartRecord
from grader.limits import Limits
from grader.records import Outcome
from grader.score.kinds import Verdict
from reference.oracle import ORACLE

Start = Callable[..., AgentKernel]
HEAD = "import torch\nfrom torch import nn\n"
LSTM_FUSED = """
class Cell(nn.Module):
    def __init__(self, input_size=20, hidden_size=128):
        super().__init__()
        self.x2h = nn.Linear(20, 512)
        self.h2h = nn.Linear(128, 512)
    def forward(self, x, hx=None):
        h, c = hx if hx is not None else (torch.zeros(len(x), 128), torch.zeros(len(x), 128))
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
"""
LSTM_RAW = """
class Cell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        for k in 'ifgo':
            setattr(self, 'W' + k, nn.Parameter(torch.zeros(input_size + 128, 128)))
            setattr(self, 'b' + k, nn.Parameter(torch.zeros(128)))
    def forward(self, x, hx):
        h, c = hx
        v = torch.cat([h, x], dim=1)
        i, f, g, o = (v @ getattr(self, 'W' + k) + getattr(self, 'b' + k) for k in 'ifgo')
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
"""
GRU_FUSED = """
class Cell(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.x2h, self.h2h = nn.Linear(20, 384), nn.Linear(128, 384)
    def forward(self, x, h):
        (a, b, d), (e, f, g) = self.x2h(x).chunk(3, 1), self.h2h(h).chunk(3, 1)
        r, z = torch.sigmoid(a + e), torch.sigmoid(b + f)
        return z * h + (1 - z) * torch.tanh(d + r * g)
"""
GRU_BEFORE = """
class Cell(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.r, self.z, self.n = (nn.Linear(148, 128) for _ in range(3))
    def forward(self, x, h):
        r, z = (torch.sigmoid(part(torch.cat([x, h], 1))) for part in (self.r, self.z))
        n = torch.tanh(self.n(torch.cat([x, r * h], 1)))
        return (1 - z) * h + z * n
"""


def judged(
    kernel: Start, folder: Path, source: str, family: str, fixed: list[int] | None = None
) -> tuple[Verdict, Any]:
    """The verdict on a class, and the run of the probe at sizes of its own."""
    given = {"target": "Cell", "family": family, "outputs": ["h", "c"]} | ({"fixed_sizes": fixed} if fixed else {})
    bench = Bench(folder, ORACLE, question("1b", "cell", **given))
    probes = bench.probes()
    started = kernel([HEAD + source], probes=probes, subjects=["Cell"], seed=SEED)
    started.run_cells()
    runs = [started.run_probe(probe.id) for probe in probes]
    tensors = {key: tensor for probe in probes for key, tensor in started.tensors(probe.id).items()}
    assert sum(tensor.nbytes for tensor in tensors.values()) < Limits().evidence_bytes / 2
    part = PartRecord(
        part="student", level="none", seed=SEED, definitions=tuple(started.definitions()), probes=tuple(runs)
    )
    (folder / "student.json").write_text(part.model_dump_json())
    (folder / "notebook.json").write_text(notebook(source).model_dump_json())
    save_file(tensors, folder / "student.safetensors")
    return bench.judge("1b"), runs[-1]


@pytest.mark.parametrize(
    ("source", "family"),
    [
        pytest.param(LSTM_FUSED, "lstm", id="lstm, fused"),
        pytest.param(LSTM_RAW, "lstm", id="lstm, raw, one size of its own"),
        pytest.param(GRU_FUSED, "gru", id="gru, fused"),
        pytest.param(GRU_BEFORE, "gru", id="gru, a map a gate, reset before the product"),
    ],
)
def test_a_right_cell_of_a_size_of_its_own_is_accepted(kernel: Start, tmp_path: Path, source: str, family: str) -> None:
    verdict, run = judged(kernel, tmp_path, source, family, [20, 128])

    assert (verdict.outcome, verdict.mark, run.status) == (Outcome.PASSED, 12, "done")
    assert "was tried at input size 20 and hidden size 128" in verdict.reason
    assert verdict.evidence == ("cell.Cell.fixed",)


@pytest.mark.parametrize(
    ("source", "family", "right", "wrong", "mistake"),
    [
        (LSTM_FUSED, "lstm", "torch.sigmoid(f) * c +", "(1 - torch.sigmoid(f)) * c +", "lstm.forget_inverted"),
        (LSTM_RAW, "lstm", "* torch.tanh(c), c", "* c, c", "lstm.no_output_tanh"),
        (GRU_FUSED, "gru", "(1 - z) * torch", "torch", "gru.no_complement"),
        (GRU_BEFORE, "gru", "torch.tanh(self.n", "torch.sigmoid(self.n", "gru.candidate_sigmoid"),
    ],
)
def test_a_mistake_in_a_cell_of_a_size_of_its_own_is_named(
    kernel: Start, tmp_path: Path, source: str, family: str, right: str, wrong: str, mistake: str
) -> None:
    assert right in source

    verdict, _ = judged(kernel, tmp_path, source.replace(right, wrong), family, [20, 128])

    assert (verdict.outcome, verdict.diagnosis) == (Outcome.PARTIAL, (mistake,))


def test_without_sizes_to_try_such_a_cell_fails_with_what_it_raised(kernel: Start, tmp_path: Path) -> None:
    verdict, _ = judged(kernel, tmp_path, LSTM_FUSED, "lstm")

    assert verdict.outcome is Outcome.FAILED
    assert "raised RuntimeError" in verdict.reason


def test_a_cell_that_heeds_its_sizes_is_not_tried_at_others(kernel: Start, tmp_path: Path) -> None:
    source = LSTM_RAW.replace("128", "hidden_size").replace(
        "nn.Parameter(torch.zeros(hidden_size))", "self.bias(hidden_size)"
    )
    source = source.replace(
        "    def forward", "    def bias(self, n):\n        return nn.Parameter(torch.zeros(n))\n    def forward"
    )

    verdict, run = judged(kernel, tmp_path, source, "lstm", [20, 128])

    assert (verdict.outcome, verdict.evidence) == (Outcome.PASSED, ("cell.Cell",))
    assert (run.probe, run.status, run.values) == ("cell.Cell.fixed", "skipped", {})


def test_a_cell_that_fails_at_all_sizes_is_told_what_happened_at_the_asked_ones(kernel: Start, tmp_path: Path) -> None:
    verdict, run = judged(kernel, tmp_path, LSTM_FUSED.replace("512", "77"), "lstm", [20, 128])

    assert (verdict.outcome, run.status) == (Outcome.FAILED, "raised")
    assert verdict.evidence == ("cell.Cell",)
