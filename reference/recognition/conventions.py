"""Which accepted ways of writing a cell a rubric's policies refuse, and how the others are called."""

from __future__ import annotations

from collections.abc import Mapping

from reference.recognition.hits import Formula

CONVENTIONS = {
    "gru.correct_after": "",
    "gru.correct_after_conv2": "update gate weights the candidate; reset after the product",
    "gru.correct_before": "update gate weights the old state; reset before the product",
    "gru.correct_before_conv2": "update gate weights the candidate; reset before the product",
}


def refused(name: str, policy: Mapping[str, str]) -> bool:
    """True if a formula earns full marks in general, and not under this policy."""
    if name == "lstm.forget_bias_plus1":
        return policy.get("forget_bias", "accept") == "mistake"
    if not name.startswith("gru.correct_"):
        return False
    reset = "before" if "before" in name else "after"
    update = "2" if "conv2" in name else "1"
    return policy.get("gru.reset", "any") not in ("any", reset) or policy.get("gru.update", "any") not in (
        "any",
        update,
    )


def written(formula: Formula) -> str:
    """In which convention a named mistake is written; empty for the one of its definition."""
    words = []
    if formula.negated is not None:
        words.append("update gate weights the candidate")
    if formula.gate_first:
        words.append("reset before the product")
    return "; ".join(words)
