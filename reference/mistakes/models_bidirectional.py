"""Named deviations of a model with two directions. Backward states are in the order of processing."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.mistakes.catalogue import model_mistake, text
from reference.models.network import Network


def _joined(net: Network, forward: Tensor, backward: Tensor) -> Tensor:
    return net.classifier(torch.cat((forward, backward), dim=1))


@model_mistake(
    "bidir.rev_not_realigned",
    "Backward direction read after its first step",
    formula="y = fc([h→_T, h←_T])",
    did="Of the backward direction you use the state after its first step, which has seen the last element only.",
    next_step="Let the input require a gradient and print by time step what the backward half depends on.",
)
def rev_not_realigned(net: Network) -> Tensor:
    return _joined(net, net.forward()[-1], net.backward()[0])


@model_mistake(
    "bidir.rev_input_not_reversed",
    "Backward direction not reversed, first step read",
    formula="h← over x_1..x_T, y = fc([h→_T, h←_1])",
    did="Your backward cells read the sequence forwards, and you use their state after the first step.",
    next_step="Print the first element that reaches the backward cells and compare it with x[:, -1].",
)
def rev_input_not_reversed(net: Network) -> Tensor:
    return _joined(net, net.forward()[-1], net.run(net.reverse_layers, net.sequence())[0])


@model_mistake(
    "bidir.rev_input_not_reversed_last",
    "Two forward directions",
    formula="h← over x_1..x_T, y = fc([h→_T, h←_T])",
    did="Your backward cells read the sequence forwards, so both halves come from the same direction.",
    next_step="Print the first element that reaches the backward cells and compare it with x[:, -1].",
)
def rev_input_not_reversed_last(net: Network) -> Tensor:
    return _joined(net, net.forward()[-1], net.run(net.reverse_layers, net.sequence())[-1])


@model_mistake(
    "bidir.rev_along_batch",
    "Batch reversed instead of time",
    formula="h← over x[::-1, t]",
    did="For the backward direction you reverse the order of the samples; the order of the steps stays.",
    next_step="Reverse a tensor of shape (2, 3, 1) filled with 0 to 5 in your way and print it.",
)
def rev_along_batch(net: Network) -> Tensor:
    turned = [x.flip(0) for x in net.sequence()]
    return _joined(net, net.forward()[-1], net.run(net.reverse_layers, turned)[-1])


@model_mistake(
    "bidir.rev_along_features",
    "Features reversed instead of time",
    formula="h← over x[:, t, ::-1]",
    did="For the backward direction you reverse the order of the features; the order of the steps stays.",
    next_step="Reverse a tensor of shape (2, 3, 2) filled with 0 to 11 in your way and print it.",
)
def rev_along_features(net: Network) -> Tensor:
    turned = [x.flip(1) for x in net.sequence()]
    return _joined(net, net.forward()[-1], net.run(net.reverse_layers, turned)[-1])


@model_mistake(
    "bidir.rev_stack_fed_fwd_outputs",
    "Backward direction fed with the forward states",
    formula="h← over h→_T..h→_1",
    did="Your backward cells read the states of the forward direction; they should read the model's input.",
    next_step="Print the shape and first value of what the first backward cell gets, and of x[:, -1].",
)
def rev_stack_fed_fwd_outputs(net: Network) -> Tensor:
    states = net.forward()
    return _joined(net, states[-1], net.run(net.reverse_layers, states[::-1])[-1])


@model_mistake(
    "bidir.rev_uses_fwd_cells",
    "One list of cells for both directions",
    formula="h← = steps of the forward cells over x_T..x_1",
    did="Your backward direction runs through the forward cells; its own cells have no effect.",
    next_step="Call backward and list the parameters whose gradient is zero or None.",
)
def rev_uses_fwd_cells(net: Network) -> Tensor:
    return _joined(net, net.forward()[-1], net.run(net.layers, net.sequence()[::-1])[-1])


@model_mistake(
    "bidir.fwd_duplicated",
    "Forward state used twice",
    formula="y = fc([h→_T, h→_T])",
    did="Both halves that reach your classifier are the forward state.",
    next_step="Print the two halves of the classifier's input.",
)
def fwd_duplicated(net: Network) -> Tensor:
    last = net.forward()[-1]
    return _joined(net, last, last)


@model_mistake(
    "bidir.fwd_first_step",
    "Forward direction read after its first step",
    formula="y = fc([h→_1, h← after x_1])",
    did="Of the forward direction you use the state after its first step, which has seen the first element only.",
    next_step="Let the input require a gradient and print by time step what the forward half depends on.",
)
def fwd_first_step(net: Network) -> Tensor:
    return _joined(net, net.forward()[0], net.backward()[-1])


BOTH_AT_T0 = text(
    "bidir.both_at_t0",
    "Both directions read at the first time step",
    formula="y = fc([h→_1, h← after x_1])",
    did="You read both directions at time step 1; there the forward direction has seen one element only.",
    next_step="Let the input require a gradient and print by time step what the forward half depends on.",
)


@model_mistake(
    "bidir.both_mean",
    "Mean over time in both directions",
    formula="y = fc([mean_t h→_t, mean_t h←_t])",
    did="Your classifier reads the means of the hidden states; the last state of each direction is asked for.",
    next_step="Print the classifier's input and the last hidden states side by side.",
)
def both_mean(net: Network) -> Tensor:
    return _joined(net, torch.stack(net.forward()).mean(0), torch.stack(net.backward()).mean(0))


@model_mistake(
    "bidir.sum_not_concat",
    "Directions added instead of joined",
    formula="y = fc(h→_T + h←)",
    did="You add the states of the two directions; they should stand side by side.",
    next_step="Print the width of the classifier's input and compare it with twice the hidden size.",
)
def sum_not_concat(net: Network) -> Tensor:
    return net.classifier(net.forward()[-1] + net.backward()[-1])


@model_mistake(
    "bidir.concat_swapped",
    "Backward state in front of the forward one",
    formula="y = fc([h←, h→_T])",
    did="Your classifier reads the backward state first, which is the same up to the order of its weights.",
    next_step="Nothing to do, unless the question fixes the order.",
    effect="equivalent",
    severity="minor",
)
def concat_swapped(net: Network) -> Tensor:
    return _joined(net, net.backward()[-1], net.forward()[-1])


@model_mistake(
    "bidir.layer_wise",
    "Directions joined after every layer",
    formula="layer l reads [h→, h←] of layer l − 1",
    did="You join both directions after each layer, as torch's own bidirectional layers do.",
    next_step="Nothing to do, unless the question asks for two independent stacks.",
    effect="equivalent",
    severity="minor",
)
def layer_wise(net: Network) -> Tensor:
    below = net.sequence()
    forward, backward = below, below
    for one, other in zip(net.layers, net.reverse_layers, strict=True):
        forward = net.run([one], below)
        backward = net.run([other], below[::-1])[::-1]
        below = [torch.cat(pair, dim=1) for pair in zip(forward, backward, strict=True)]
    return _joined(net, forward[-1], backward[0])
