"""docs/mistakes.md: every named mistake and every known collision, family by family."""

from __future__ import annotations

from docs_pages.markdown import code, link, listed, prose
from reference.mistakes import Mistake, all_mistakes, collisions

FAMILIES = {
    "lstm": "Long short-term memory cell",
    "peep": "Long short-term memory cell with peepholes",
    "ph": "Phased long short-term memory cell and its time gate",
    "gru": "Gated recurrent unit",
    "rnn": "Plain recurrent cell",
    "cell": "Any cell",
    "model": "Stacked model",
    "bidir": "Model with two directions",
    "uva": "Gradients of a plain recurrent network",
    "tau": "Gradients of a gated recurrent unit",
    "seq": "Backward pass of a long short-term memory cell",
    "seqrnn": "A step of a plain recurrent network in columns",
    "seqloop": "Loops over time in columns",
    "rms": "RMSProp",
    "adam": "Adam",
    "clip": "Clipping of gradients",
    "descent": "A step of gradient descent with clipped gradients",
    "temp": "Temperature of a softmax",
    "ppl": "Perplexity",
    "samp": "Sampling from a language model",
    "lmloss": "Loss of a language model",
    "count": "Numbers of parameters",
    "theo": "Numbers of parameters of a plain network",
}
"""Titles of families in the order of the page; others follow under their own names."""

_INTRODUCTION = """\
Made by `scripts/make_docs.py` from the catalogue in `reference/mistakes/`. A mistake is named by computing it: its
formula gives what the student's answer gives. Each entry has the text that the student reads: what you did, next step.
The effect is `wrong`, or `equivalent` for what earns full marks: another way to write the same function, or a published
variant. The severity is `minor` for a slip in one place and `major` for an idea that is missing. Symbols are those of
[reference.md](reference.md); A_k is the whole pre-activation of gate k.

A collision is a condition under which formulas give the same numbers, so that inputs which meet it cannot tell them
apart. Away from these conditions every two formulas of a family differ."""


def mistakes_page() -> str:
    entries = list(all_mistakes().values())
    present = dict.fromkeys(entry.family for entry in entries)
    families = [family for family in FAMILIES if family in present]
    families += sorted(family for family in present if family not in FAMILIES)
    lines = ["# Named mistakes", "", *_INTRODUCTION.split("\n"), "", "## Contents", ""]
    body: list[str] = []
    for family in families:
        own = [entry for entry in entries if entry.family == family]
        known = [collision for collision in collisions() if collision.family == family]
        title = FAMILIES.get(family, family)
        lines.append(f"- {link(title)} (`{family}`): {len(own)} entries, {len(known) or 'no'} collisions")
        body += ["", f"## {title}", "", *_table(own)]
        for entry in own:
            body += ["", f"### {entry.id}", "", *_entry(entry)]
        if known:
            body += ["", f"### Collisions of {family}", "", "These give the same numbers:", ""]
            body += listed(
                f"{', '.join(link(name, code(name)) for name in collision.same)}, where {prose(collision.condition)}"
                for collision in known
            )
    return "\n".join([*lines, *body, ""])


def _table(entries: list[Mistake]) -> list[str]:
    rows = [f"| {link(one.id, code(one.id))} | {prose(one.title)} | {_weight(one)} |" for one in entries]
    return ["| entry | title | effect, severity |", "| --- | --- | --- |", *rows]


def _entry(entry: Mistake) -> list[str]:
    told = [
        f"formula: {code(entry.formula)}",
        f"what you did: {prose(entry.what_you_did)}",
        f"next step: {prose(entry.next_step)}",
    ]
    return [f"**{prose(entry.title)}** ({_weight(entry)})", "", *listed(told)]


def _weight(entry: Mistake) -> str:
    """Effect and severity; how severe a right form would be means nothing."""
    if ".correct" in entry.id:
        return "right form"
    return entry.effect if entry.effect == "equivalent" else f"{entry.effect}, {entry.severity}"
