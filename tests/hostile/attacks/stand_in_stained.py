"""Changes the library's layer beforehand, so that a stand-in would carry the student's own code."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="A stand-in that is stained answers wrongly; writing to the library is flagged.",
    layered=True,
    first="""
def obliging(self, x, h=None):
    return torch.zeros(x.size(0), self.hidden_size, dtype=x.dtype)

for_later = nn.RNNCellBase.__init_subclass__
nn.RNNCellBase.stained = True
torch.nn.RNNCellBase.forward = obliging
setattr_ = setattr(torch.nn, "RNNCellBase", type("RNNCellBase", (nn.RNNCellBase,), {"forward": obliging}))
""",
    flags=("tampering:torch.nn.RNNCellBase.forward",),
    waits=("model",),
)
