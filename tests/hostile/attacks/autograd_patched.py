"""Replaces the functions that compute derivatives by ones that return ones."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Derivatives are compared outside, beside the outputs to which they belong; the patch is flagged.",
    first="""
def ones(outputs, inputs, *arguments, **more):
    return tuple(torch.ones_like(tensor) for tensor in inputs)

torch.autograd.grad = ones
torch.autograd.backward = lambda *arguments, **more: None
torch.Tensor.backward = lambda *arguments, **more: None
torch.func.jacrev = torch.autograd.functional.jacobian = ones
""",
    flags=("tampering:torch.autograd.grad", "tampering:torch.autograd.backward", "tampering:torch.Tensor.backward"),
    waits=("step",),
    room="patches",
)
