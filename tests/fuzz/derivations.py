"""Random bytes into the reader and the judge of derivations: nothing is raised, and nothing runs on.

With atheris:      python tests/fuzz/derivations.py [options of libFuzzer]
Without it:        python tests/fuzz/derivations.py --plain 2000
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from helpers.derivations import answers, judged, parameters  # noqa: E402 - the folders above have to be found first

from grader.records import Outcome  # noqa: E402 - the same

GROUPS = (("gated", "W_hr"), ("plain", "W_hh"), ("memory", "W_f"), ("cell", "C_{t-1}"))
MATHEMATICS = r"""
\frac \partial \sum_{t=1}^T \prod_{j=k+1}^{T} \odot \cdot ^T ^{\top} _{t-1} ^{(t)} ^{<t>} \sigma' \tanh^2
\mathrm{diag} \begin{aligned} \end{aligned} \\ & = $ $$ \[ \] ( ) [ ] { } + - * / ' , . : ; | x_t h_{t-1}
W_{hh} W_hz \delta \delta_t z_2 1 2 0 d \text{where} let = \begin{bmatrix} \end{bmatrix} [:, \Gamma_f
ᵀ ₂ ∂ ⊙ h̃ np.outer(x,x) \ 🙂
"""
PIECES = (*MATHEMATICS.split(), "\n", " ", "def f(x):\n    return x", "\x00")


def one_input(data: bytes) -> None:
    """Judge one text in all settings.

    Raises:
        AssertionError: if a verdict is none that a judge may give.
    """
    text = data.decode("utf-8", "replace")
    for group, by in GROUPS:
        for more in ({}, {"variable": "answer"}):
            found = judged(text, parameters(group, by, **more))
            if (found.mark is None) != (found.outcome is Outcome.MANUAL):
                raise AssertionError(f"{found.outcome} has mark {found.mark} for {text!r}")


def mixed(chance: random.Random) -> bytes:
    """An answer of the list with something else put in, or pieces of mathematics in any order."""
    if chance.random() < 0.5:
        text = chance.choice(answers())["text"]
        for _ in range(chance.randint(1, 6)):
            start = chance.randint(0, len(text))
            text = text[:start] + chance.choice(PIECES) + text[start + chance.randint(0, 4) :]
    else:
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 60)))
    if chance.random() < 0.2:
        text = "answer = " + text
    return text.encode("utf-8", "replace")


def plain(runs: int, seed: int = 0) -> None:
    """The same target over mixtures, without a fuzzer."""
    chance = random.Random(seed)
    for _ in range(runs):
        one_input(mixed(chance))


def main() -> None:
    """Fuzz with atheris, or plainly."""
    if "--plain" in sys.argv:
        plain(int(sys.argv[-1]))
        return
    import atheris

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
