"""A learning rate that decays after some epochs, and logs that follow it or do not."""

from __future__ import annotations

import pytest
import torch

from reference.curves import check_log, learning_rate

SCHEDULE = {"schedule": {"first": 1, "constant_epochs": 15, "decay": 0.98}}


def test_the_rate_of_the_last_epoch_is_the_power_of_the_epochs_that_decayed() -> None:
    assert learning_rate(70) == pytest.approx(0.98**55, rel=1e-12)
    assert learning_rate(70) == pytest.approx(0.33, abs=5e-3)


@pytest.mark.parametrize("epoch", [1, 14, 15])
def test_the_rate_stays_for_the_first_epochs(epoch: int) -> None:
    assert learning_rate(epoch) == 1.0


def test_the_decay_is_that_of_torchs_exponential_schedule() -> None:
    method = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.ExponentialLR(method, gamma=0.98)
    for epoch in range(15, 71):
        assert learning_rate(epoch) == pytest.approx(schedule.get_last_lr()[0], rel=1e-12)
        method.step()
        schedule.step()


@pytest.mark.parametrize(
    ("epoch", "decay", "message"), [(0, 0.98, "epoch is 0"), (3, 1.5, "decay is 1.5"), (3, 0.0, "decay is 0.0")]
)
def test_values_that_mean_nothing_are_refused(epoch: int, decay: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        learning_rate(epoch, decay=decay)


def test_a_log_that_follows_the_schedule_as_printed_is_not_found() -> None:
    rows = [{"epoch": epoch, "learning_rate": round(learning_rate(epoch), 3)} for epoch in range(1, 71)]
    assert check_log(rows, SCHEDULE) == []


def test_epochs_off_the_schedule_are_found() -> None:
    rows = [{"epoch": epoch, "learning_rate": learning_rate(epoch)} for epoch in range(1, 71)]
    rows[20]["learning_rate"] = 1.0
    (finding,) = check_log(rows, SCHEDULE)
    assert (finding.code, finding.rows) == ("log-learning-rate", (20,))
    assert finding.sentence.startswith("The learning rate in epochs 21 is not that of the schedule")


@pytest.mark.parametrize("epoch", [0, float("nan"), float("inf"), 1e300])
def test_an_epoch_that_is_none_is_found(epoch: float) -> None:
    (finding,) = check_log([{"epoch": epoch, "learning_rate": 1.0}], SCHEDULE)
    assert finding.code == "log-learning-rate"
