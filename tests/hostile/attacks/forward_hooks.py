"""Registers hooks for all modules, which replace outputs behind the back of the code that is read."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Hooks run in every probe alike, and what they return is what is judged.",
    first="""
def first(module, inputs, output):
    return torch.zeros_like(output)

handle = torch.nn.modules.module.register_module_forward_hook(first)
other = torch.nn.modules.module.register_module_forward_pre_hook(lambda module, inputs: inputs)
""",
    waits=("step",),
    room="patches",
)
