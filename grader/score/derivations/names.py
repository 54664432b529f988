"""The symbols that may stand in a derivation: their keys, other spellings, functions and index letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ACCENT_SIGNS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307"}
_GREEK_SIGNS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "ell": "ℓ",
}  # fmt: skip
BUILT_IN = {
    "tanh": "tanh", "sigmoid": "sigmoid", "sigma": "sigmoid", "softmax": "softmax", "exp": "exp", "log": "log",
    "ln": "log", "diag": "diag", "diagonal": "diag", "Diag": "diag", "sqrt": "sqrt", "sech": "sech", "cosh": "cosh",
    "relu": "relu", "ReLU": "relu",
}  # fmt: skip
"""Spelling of a function -> what it computes."""
SLOPES = ("tanh", "sigmoid", "relu", "exp", "log")
"""Functions that have a slope entry by entry."""


def key_of(base: str, accent: str = "", primes: int = 0, label: str = "") -> str:
    """The one spelling of a symbol without its step: `hat y_out'`."""
    for ending in ("hat", "tilde", "bar"):
        if not accent and label.endswith(ending) and label != ending:
            accent, label = ending, label.removesuffix(ending)
        elif not accent and label == ending:
            accent, label = ending, ""
    return f"{accent} {base}".strip() + (f"_{label}" if label else "") + "'" * primes


def shown_key(key: str) -> str:
    """A key as a message prints it: `ŷ_out'`."""
    head, underscore, label = key.partition("_")
    *before, base = head.split(" ")
    primes = "'" * (len(base) - len(base.rstrip("'")))
    letter = _GREEK_SIGNS.get(base.rstrip("'"), base.rstrip("'"))
    accent = "".join(ACCENT_SIGNS.get(one, "") for one in before)
    differential = "d" if "d" in before else ""
    return f"{differential}{letter}{accent}{primes}{underscore}{label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the rubric says about a symbol, as far as reading needs it."""

    key: str
    steps: bool = False
    """True if there is one for each of several steps."""
    dimensions: int = 1


@dataclass(slots=True, kw_only=True)
class Names:
    """Everything that a name may mean."""

    symbols: Mapping[str, Declared]
    aliases: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    """Key of another spelling -> key, and the step that it stands for if it stands for one."""
    functions: Mapping[str, str] = field(default_factory=lambda: BUILT_IN)
    indices: Mapping[str, int] = field(default_factory=dict)
    """Free index letters and what they stand for; the first is the present step."""
    sizes: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    """Names of several letters."""
    defined: set[str] = field(default_factory=set)
    """Keys that the student defines."""

    @property
    def labels(self) -> frozenset[str]:
        """Letters that name things here, so that as a subscript of something new they are no index."""
        found = {letter for key in (*self.symbols, *self.aliases) for letter in key.partition("_")[2]}
        return frozenset(found | set(self.symbols)) - set(self.indices)

    def knows(self, key: str) -> bool:
        """True if the key is declared, another spelling, or defined by the student."""
        return key in self.symbols or key in self.aliases or key in self.defined

    def of(self, key: str) -> Declared | None:
        """What is declared under a key or another spelling of it; None for what only the student defines."""
        found = self.symbols.get(key)
        if found is None and key in self.aliases:
            found = self.symbols.get(self.aliases[key][0])
        return found
