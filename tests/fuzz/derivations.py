"""Random bytes into the reader and the judge of derivations: nothing is raised, and nothing runs on.

python tests/fuzz/derivations.py [--runs N] [--seed N]           mixtures of what derivations are made of
python tests/fuzz/derivations.py --atheris [corpus folder]       guided by coverage, if atheris is installed
"""

from __future__ import annotations

import argparse
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    options, rest = parser.parse_known_args()
    if not options.atheris:
        plain(options.runs, options.seed)
        return 0
    from guided import search

    packages = ("grader.score.derivations", "grader.score.kinds.derivation")
    search(one_input, packages, [f"-runs={options.runs}", f"-seed={options.seed}", *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
