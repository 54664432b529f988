"""A small Python script, as text, that rebuilds a probe's inputs and loads what came back."""

from __future__ import annotations

from typing import Any

from grader.probes import Let, Probe, Repeat, Step

_HEAD = '''"""Inputs of the probe {probe} again, and what came back. Run it in the run folder."""
from pathlib import Path

from grader.draws import draw, draw_between, draw_integers
from grader.evidence import Evidence

evidence = Evidence(Path("evidence") / {key!r})
part = evidence.part({part!r})
run = part.probe({probe!r}, 0)
print(run.status, run.raised)
'''


def repeat_script(key: str, probe: Probe) -> str:
    """The script for the first definition.

    Args:
        key: name of the submission's evidence folder.
        probe: what was asked.
    """
    part = "stand-ins" if probe.stand_ins else "student"
    lines = [_HEAD.format(probe=probe.id, key=key, part=part).rstrip()]
    lines += dict.fromkeys(line for step in probe.steps for line in _drawn(step))
    lines += [
        "for name, value in run.values.items():",
        "    print(name, value.kind, part.tensor(value))",
        "    for wrt, key in value.gradients.items():",
        "        print(name, wrt, part.tensor(key))",
        "",
    ]
    return "\n".join(lines)


def _drawn(step: Step) -> list[str]:
    """One line for each input that a step draws."""
    if isinstance(step, Let):
        return [f"{_name(step.save)} = {code}" for code in _draws(step.value)]
    if isinstance(step, Repeat) or hasattr(step, "steps"):
        return [line for inner in step.steps for line in _drawn(inner)]
    found = [*getattr(step, "args", ()), *getattr(step, "kwargs", {}).values(), getattr(step, "value", None)]
    lines = []
    for expression in found:
        for code in _draws(expression):
            name = code.split('"')[1] if '"' in code else "value"
            lines.append(f"{_name(name)} = {code}")
    return lines


def _draws(expression: Any) -> list[str]:
    """The calls that rebuild the drawn tensors inside an expression."""
    if isinstance(expression, list | tuple):
        return [code for item in expression for code in _draws(item)]
    if not isinstance(expression, dict):
        return []
    if "between" in expression:
        shape, (low, high) = list(expression["shape"]), expression["between"]
        return [f'draw_between(run.seed, "{expression["draw"]}", {shape!r}, low={low!r}, high={high!r})']
    if "draw" in expression:
        scale = f", scale={expression['scale']!r}" if "scale" in expression else ""
        return [f'draw(run.seed, "{expression["draw"]}", {list(expression["shape"])!r}{scale})']
    if "integers" in expression:
        shape, below = list(expression["shape"]), expression["below"]
        return [f'draw_integers(run.seed, "{expression["integers"]}", {shape!r}, below={below!r})']
    return [code for item in expression.values() for code in _draws(item)]


def _name(text: str) -> str:
    """A Python name for a value."""
    name = "".join(character if character.isalnum() else "_" for character in text)
    return name if name[:1].isalpha() else f"value_{name}"
