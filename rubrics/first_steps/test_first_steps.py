import pytest
from torch import allclose


@pytest.mark.question("softmax", marks=3, name="values")
@pytest.mark.probe("softmax")
def test_rows_are_probabilities(check, probe):
    check.expect("Each row should be exp(x) over its sum.", next_step="Print the sums of the rows of your result.")
    assert allclose(probe.tensor("small"), probe.draw("x", (3, 4)).softmax(dim=1))
    check.award(reason="Every row is the softmax of its scores.")


@pytest.mark.question("softmax", marks=1, name="large")
@pytest.mark.probe("softmax")
def test_large_scores_do_not_overflow(check, probe):
    check.expect("Scores of a thousand should work, too.", next_step="Try softmax(np.array([[1000.0, 0.0]])).")
    assert allclose(probe.tensor("large"), probe.draw("x", (3, 4), scale=1000).softmax(dim=1))
    check.award(reason="Large scores do not overflow.")


@pytest.mark.question("network", marks=4)
@pytest.mark.probe("network")
def test_hidden_layer_then_output(check, probe):
    def linear(name, x, size):
        weight = probe.parameter("network", f"{name}.weight", (size, x.shape[1]))
        return x @ weight.T + probe.parameter("network", f"{name}.bias", (size,))

    check.expect("The output should be `output(relu(hidden(x)))`.", next_step="Compute it by hand for one input.")
    assert allclose(probe.tensor("output"), linear("output", linear("hidden", probe.draw("x", (6, 5)), 8).relu(), 3))
    check.award(reason="Both layers are there, with ReLU between them.")
