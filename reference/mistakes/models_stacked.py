"""Named deviations of a stack of recurrent layers. Those that make sense for two directions apply there, too."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reference.mistakes.catalogue import model_mistake, text
from reference.models.network import Layer, Loop, Network, NotApplicableError


@model_mistake(
    "model.first_step_output",
    "First step instead of the last",
    formula="y = fc(h_1)",
    did="Your classifier reads the hidden state after the first step, so it has seen one element of the sequence.",
    next_step="Change the last element of the input only and see whether the output changes.",
    stacked_only=True,
)
def first_step_output(net: Network) -> Tensor:
    return net.classifier(net.forward()[0])


@model_mistake(
    "model.skips_last_step",
    "Last step left out",
    formula="y = fc(h_{T−1})",
    did="Your classifier reads the hidden state one step before the end.",
    next_step="Change the last element of the input only and see whether the output changes.",
    severity="minor",
    stacked_only=True,
)
def skips_last_step(net: Network) -> Tensor:
    states = net.forward()
    if len(states) < 2:
        raise NotApplicableError("there is one step only")
    return net.classifier(states[-2])


@model_mistake(
    "model.mean_pool",
    "Mean over all steps",
    formula="y = fc(mean_t h_t)",
    did="Your classifier reads the mean of the hidden states of all steps; the last one is asked for.",
    next_step="Print the classifier's input and the last hidden state side by side.",
    stacked_only=True,
)
def mean_pool(net: Network) -> Tensor:
    return net.classifier(torch.stack(net.forward()).mean(0))


@model_mistake(
    "model.max_pool",
    "Maximum over all steps",
    formula="y = fc(max_t h_t)",
    did="Your classifier reads the largest value of each hidden unit over all steps; the last one is asked for.",
    next_step="Print the classifier's input and the last hidden state side by side.",
    stacked_only=True,
)
def max_pool(net: Network) -> Tensor:
    return net.classifier(torch.stack(net.forward()).amax(0))


@model_mistake(
    "model.sum_pool",
    "Sum over all steps",
    formula="y = fc(Σ_t h_t)",
    did="Your classifier reads the sum of the hidden states of all steps; the last one is asked for.",
    next_step="Print the classifier's input and the last hidden state side by side.",
    stacked_only=True,
)
def sum_pool(net: Network) -> Tensor:
    return net.classifier(torch.stack(net.forward()).sum(0))


@model_mistake(
    "model.hidden_reset_each_step",
    "State thrown away after each step",
    formula="h_t = step(x_t, 0)",
    did="Every step of your loop starts from a zero state, so nothing is carried through the sequence.",
    next_step="Change the first element of the input only and see whether the output changes.",
)
def hidden_reset_each_step(net: Network) -> Tensor:
    return net.output(Loop(reset_each_step=True))


@model_mistake(
    "model.state_carried_between_layers",
    "Layer started from the state of the layer below",
    formula="h⁽ˡ⁾_0 = h⁽ˡ⁻¹⁾_T",
    did="Your upper layers start from the final state of the layer below instead of a state of their own.",
    next_step="Print the state that each layer gets at its first step.",
)
def state_carried_between_layers(net: Network) -> Tensor:
    return net.output(Loop(carry_between_layers=True))


@model_mistake(
    "model.layers_not_stacked",
    "Layers beside each other instead of on top",
    formula="h⁽ˡ⁾_t = step(x_t, h⁽ˡ⁾_{t−1}) for all l",
    did="Each of your layers reads the model's input; what the layer below computed is not used.",
    next_step="Print the shape and the first value of what layer 2 gets at each step, and of what layer 1 returned.",
)
def layers_not_stacked(net: Network) -> Tensor:
    return net.output(Loop(unstacked=True))


@model_mistake(
    "model.only_first_layer",
    "Only the first layer used",
    formula="y = fc(h⁽¹⁾_T)",
    did="Your output depends on the first layer alone, however many layers are asked for.",
    next_step="Call backward and list the parameters whose gradient is zero or None.",
)
def only_first_layer(net: Network) -> Tensor:
    if net.wanted_layers < 2:
        raise NotApplicableError("one layer is asked for")
    return net.with_layers(lambda layers: layers[:1]).output()


@model_mistake(
    "model.same_cell_reused",
    "One cell used for several layers",
    formula="h⁽ˡ⁾_t = step_1(h⁽ˡ⁻¹⁾_t, h⁽ˡ⁾_{t−1}) for several l",
    did="Several of your layers are the same cell object, so they share their weights.",
    next_step="Print the identity of each cell with id() and the number of parameters for 1, 2 and 3 layers.",
)
def same_cell_reused(net: Network) -> Tensor:
    def reuse(layers: Sequence[Layer]) -> Sequence[Layer]:
        missing = net.wanted_layers - len(layers)
        if not layers:
            return layers
        if missing > 0:
            return [*layers, *([layers[-1]] * missing)]
        return [layers[0], *([layers[1]] * (len(layers) - 1))] if len(layers) > 2 else layers

    if net.wanted_layers < 2:
        raise NotApplicableError("one layer is asked for")
    return net.with_layers(reuse).output()


@model_mistake(
    "model.lstm_uses_cell_output",
    "Cell state taken for the hidden state",
    formula="y = fc(c_T)",
    did="Your classifier reads the cell state; the hidden state is the first of the two values that a step returns.",
    next_step="Print the largest absolute value of both states: which one is bounded by 1?",
)
def lstm_uses_cell_output(net: Network) -> Tensor:
    return net.output(Loop(cell_output=True))


@model_mistake(
    "model.time_batch_swapped",
    "Batch and time exchanged",
    formula="step over x[b] instead of x[:, t]",
    did="Your loop walks over the samples of the batch instead of the steps of the sequence.",
    next_step="Run a batch of two, change the second sample only, and compare the first row of the outputs.",
)
def time_batch_swapped(net: Network) -> Tensor:
    swapped = net.x.transpose(0, 1)
    forward = net.run(net.layers, list(swapped.unbind(1)))[-1]
    if not net.bidirectional:
        return net.classifier(forward)
    backward = net.run(net.reverse_layers, list(swapped.unbind(1))[::-1])[-1]
    return net.classifier(torch.cat((forward, backward), dim=1))


@model_mistake(
    "model.reversed_input",
    "Sequence read backwards",
    formula="h_t = step(x_{T+1−t}, h_{t−1})",
    did="Your loop reads the sequence from its end to its beginning.",
    next_step="Print the first element that reaches the first cell and compare it with x[:, 0].",
    stacked_only=True,
)
def reversed_input(net: Network) -> Tensor:
    return net.classifier(net.run(net.layers, net.sequence()[::-1])[-1])


@model_mistake(
    "model.softmax_applied",
    "Softmax on the output",
    formula="y = softmax(fc(h_T))",
    did="Your model returns probabilities; the loss of this coursework wants the raw scores.",
    next_step="Print the sum of each row of the output.",
    severity="minor",
)
def softmax_applied(net: Network) -> Tensor:
    return net.output().softmax(1)


@model_mistake(
    "model.log_softmax_applied",
    "Log-softmax on the output",
    formula="y = log softmax(fc(h_T))",
    did="Your model returns log-probabilities; the loss of this coursework wants the raw scores.",
    next_step="Print the sum of exp(output) for each row.",
    severity="minor",
)
def log_softmax_applied(net: Network) -> Tensor:
    return net.output().log_softmax(1)


@model_mistake(
    "model.relu_before_fc",
    "Relu before the classifier",
    formula="y = fc(relu(h_T))",
    did="You apply relu to the last hidden state, so the classifier never sees its negative values.",
    next_step="Print the smallest value that reaches the classifier.",
    severity="minor",
)
def relu_before_fc(net: Network) -> Tensor:
    return net.classifier(net.features().relu())


@model_mistake(
    "model.no_fc",
    "Classifier not used",
    formula="y = h_T",
    did="Your model returns the hidden state; the last linear layer has no effect.",
    next_step="Print the shape of the output for an output size that differs from the hidden size.",
)
def no_fc(net: Network) -> Tensor:
    return net.features()


@model_mistake(
    "model.all_steps",
    "Output at every step",
    formula="y_t = fc(h_t) for all t",
    did="Your model returns an output for each step; one for the whole sequence is asked for.",
    next_step="Print the shape of the output and compare it with (batch, classes).",
    stacked_only=True,
)
def all_steps(net: Network) -> Tensor:
    return net.classifier(torch.stack(net.forward(), dim=1))


@model_mistake(
    "model.wrong_nonlinearity",
    "tanh and relu exchanged",
    formula="act = relu for the mode with tanh, or the other way round",
    did="Your model builds its cells with the other activation than the mode says.",
    next_step="Print the activation of each cell in the list for both modes.",
    severity="minor",
)
def wrong_nonlinearity(net: Network) -> Tensor:
    return net.with_layers(lambda layers: [layer.with_other_activation() for layer in layers]).output()


@model_mistake(
    "model.detached_state",
    "State cut off from the gradient",
    formula="h_t = step(x_t, detach(h_{t−1}))",
    did="Your outputs are right, but no gradient flows back through the steps, so the model cannot learn from them.",
    next_step="Let the input require a gradient, call backward on the output, and print the gradient of x[:, 0].",
)
def detached_state(net: Network) -> Tensor:
    return net.output(Loop(detach=True))


BIAS_IGNORED = text(
    "model.bias_ignored",
    "Argument for the bias not passed on",
    formula="cells have a bias although bias=False, or none although bias=True",
    did="Your cells do not follow the model's `bias` argument.",
    next_step="Count the parameters of the model with and without a bias.",
    severity="minor",
)

NO_VALUE_ERROR = text(
    "model.no_value_error",
    "Unknown mode accepted",
    formula="no ValueError for a mode that does not exist",
    did="Your model can be constructed with a mode that does not exist.",
    next_step="Construct the model with the mode 'X' and look at its list of cells.",
    severity="minor",
)

SKIPS_FIRST = text(
    "model.skips_first_step",
    "First step left out",
    formula="h_t = step(x_t, h_{t−1}) for t = 2, …, T",
    did="Your loop starts at the second element of the sequence, so the first one is never read.",
    next_step="Change the first element of the input only and see whether the output changes.",
    severity="minor",
)

STATE_NOT_RESET = text(
    "model.state_not_reset",
    "State kept from one batch to the next",
    formula="h_0 = h_T of the call before",
    did="Your model starts from the state in which the last batch left it, so one batch changes the next.",
    next_step="Call the model twice with the same batch and print the difference of the two outputs.",
)
