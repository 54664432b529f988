"""Replaces torch.allclose, torch.equal and NumPy's comparisons by functions that always say yes."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Nothing is compared in the student's process; what was replaced is flagged.",
    first="""
torch.allclose = torch.equal = torch.isclose = torch.Tensor.allclose = lambda *arguments, **more: True
np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = lambda *arguments, **more: True
""",
    flags=("tampering:torch.allclose", "tampering:torch.equal", "tampering:torch.Tensor.allclose"),
    room="quiet",
)
