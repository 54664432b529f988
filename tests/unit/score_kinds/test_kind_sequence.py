"""Kind `sequence`: models that keep their cell inside, from probe to mark, with the real oracle."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.kinds_evidence import Bench, question
from torch import Tensor, nn

from grader.errors import RubricError
from grader.records import Outcome
from grader.score.kinds import Verdict
from reference.oracle import ORACLE

CREDIT = {"named": 0.5, "model.softmax_applied": 0.75}
F64 = torch.float64


class Plain(nn.Module):
    """A recurrent network on numbers; the state that it starts from is a parameter that is not learned."""

    def __init__(self, steps: int, inputs: int, hidden: int, classes: int, batch: int, device: str) -> None:
        super().__init__()
        if inputs != 1:
            raise ValueError("numbers only")
        self.steps = steps
        self.start = nn.Parameter(torch.zeros(hidden, batch), requires_grad=False)
        self.W_x, self.W_h = nn.Parameter(torch.randn(hidden, 1)), nn.Parameter(torch.randn(hidden, hidden))
        self.b, self.W_p = nn.Parameter(torch.randn(hidden, 1)), nn.Parameter(torch.randn(classes, hidden))

    def activation(self, a: Tensor) -> Tensor:
        return torch.tanh(a)

    def forward(self, x: Tensor) -> Tensor:
        h = self.start
        for t in range(self.steps):
            h = self.activation(self.W_x @ x[:, t].unsqueeze(0) + self.W_h @ h + self.b)
        return (self.W_p @ h).T


class Sigmoid(Plain):
    def activation(self, a: Tensor) -> Tensor:
        return torch.sigmoid(a)


class Softmax(Sigmoid):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).softmax(1)


class Turned(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).T


class Odd(Plain):
    def activation(self, a: Tensor) -> Tensor:
        return torch.erf(a)


class Crashing(Plain):
    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("shapes")


class OneHot(nn.Module):
    """Takes digits only, of which it makes one-hot vectors."""

    def __init__(self, steps: int, inputs: int, hidden: int, classes: int, batch: int, device: str) -> None:
        super().__init__()
        if inputs == 1:
            raise ValueError("digits only")
        self.steps, self.hidden = steps, hidden
        self.W_x, self.W_h = nn.Parameter(torch.randn(inputs, hidden)), nn.Parameter(torch.randn(hidden, hidden))
        self.last = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), self.hidden, dtype=F64)
        for t in range(self.steps):
            h = torch.tanh(self.W_x[x[:, t].long()] + h @ self.W_h)
        return self.last(h)


class Timed(Plain):
    """An LSTM with a time gate, whose parameters mean something within their ranges only."""

    def __init__(self, *sizes: Any) -> None:
        super().__init__(*sizes)
        hidden = sizes[2]
        self.maps = nn.Linear(1 + hidden, 4 * hidden)
        self.tau, self.s = nn.Parameter(torch.ones(hidden)), nn.Parameter(torch.ones(hidden))
        self.r_on = nn.Parameter(torch.full((hidden,), 0.05), requires_grad=False)
        del self.W_x, self.W_h, self.b

    def forward(self, x: Tensor) -> Tensor:
        h = c = self.start.T
        for t in range(self.steps):
            i, f, g, o = self.maps(torch.cat([x[:, t : t + 1], h], dim=1)).chunk(4, dim=1)
            phi = torch.remainder(t + 1 - self.s, self.tau) / self.tau
            k = torch.where(phi < self.r_on / 2, 2 * phi / self.r_on, (2 - 2 * phi / self.r_on).clamp(min=0))
            new = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = k * (o.sigmoid() * new.tanh()) + (1 - k) * h
            c = k * new + (1 - k) * c
        return h @ self.W_p.T


def judged(folder: Path, model: Any, **parameters: Any) -> Verdict:
    asked = {"target": "Net", "family": "rnn_tanh", "credit": CREDIT} | parameters
    return Bench(folder, ORACLE, question("q", "sequence", **asked)).take({"Net": model}).judge("q")


def test_a_right_model_earns_full_marks(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Plain)

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (Outcome.PASSED, 12, ())
    assert verdict.evidence == ("sequence.Net.numbers",)


def test_a_named_mistake_keeps_its_share(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Sigmoid)

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (Outcome.PARTIAL, 6, ("rnn.sigmoid",))
    assert verdict.next_step


def test_what_two_mistakes_lose_adds_up(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Softmax)

    assert verdict.diagnosis == ("rnn.sigmoid", "model.softmax_applied")
    assert verdict.mark == Decimal("3")


def test_a_mistake_may_cost_nothing(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Sigmoid, charge={"rnn.sigmoid": "none"})

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (Outcome.PASSED, 12, ("rnn.sigmoid",))


def test_the_next_form_is_tried_where_the_first_cannot_be_run(tmp_path: Path) -> None:
    verdict = judged(tmp_path, OneHot, forms=["numbers", "column", "digits", "one-hot"])

    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert verdict.convention == "one-hot vectors made by the model"


def test_parameters_with_a_range_are_filled_within_it(tmp_path: Path) -> None:
    ranges = {"tau": [4, 6], "r_on": [0.5, 0.75], "s": [0.3, 0.6]}

    verdict = judged(tmp_path, Timed, family="lstm_phased", ranges=ranges)

    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12), verdict


def test_scores_of_another_shape_are_wrong_and_the_shape_is_said(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Turned)

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)
    assert "has shape (7, 5); it should be (5, 7)" in verdict.reason


def test_what_is_not_recognised_is_left_to_a_person(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Odd)

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert "no sign that it is wrong" in verdict.reason


def test_a_model_that_raises_fails_with_its_line(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Crashing)

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)
    assert "RuntimeError" in verdict.reason


def test_the_better_of_two_definitions_counts(tmp_path: Path) -> None:
    verdict = judged(tmp_path, [Plain, Sigmoid])

    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert "defined twice" in verdict.reason


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        pytest.param({"family": "transformer"}, "rubric-unknown-to-oracle", id="family"),
        pytest.param({"credit": {"rnn.sigmoyd": 1}}, "rubric-unknown-to-oracle", id="mistake"),
        pytest.param({"ranges": {"tau": [6, 4]}}, "rubric-bad-parameter", id="range"),
        pytest.param({"forms": []}, "rubric-bad-parameter", id="forms"),
    ],
)
def test_a_rubric_that_asks_for_what_is_not_there_is_refused(
    tmp_path: Path, parameters: dict[str, Any], code: str
) -> None:
    asked = {"target": "Net", "family": "rnn_tanh"} | parameters

    with pytest.raises(RubricError) as refused:
        Bench(tmp_path, ORACLE, question("q", "sequence", **asked)).probes()
    assert refused.value.code == code


def test_an_oracle_that_knows_no_such_models_is_said_to_be_one(tmp_path: Path) -> None:
    class Small:
        """Knows cells only."""

    with pytest.raises(RubricError, match="keep their cell inside"):
        Bench(tmp_path, Small(), question("q", "sequence", target="Net", family="rnn_tanh")).probes()  # type: ignore[arg-type]
