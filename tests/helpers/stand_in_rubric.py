"""The example coursework with a stand-in for the student's network, which one more check looks at."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers.command_line import ROOT

_EXECUTION = """\
execution:
  stand_ins: {Network: torch.nn.Linear}
"""
_PROBES = """\
  - id: made
    steps:
      - {do: construct, save: network, target: Network, args: [5, 8]}
  - id: made-otherwise
    stand_ins: true
    steps:
      - {do: construct, save: network, target: Network, args: [5, 8]}
"""
_TEST = """

@pytest.mark.question("made", marks=2)
@pytest.mark.probe("made", statuses=("done", "raised", "missing-name"))
@pytest.mark.probe("made-otherwise", instead_of="made")
def test_a_network_is_made(check, probe):
    own = probe.probe("made")
    run = own if own.status == "done" else probe.probe("made-otherwise")
    check.award(1 if run is own else 2, reason="Made with " + run.facts("network").class_name)
"""


def with_stand_ins(folder: Path) -> Path:
    """Write the coursework; the student's own network takes three sizes, so that it is never made by this check."""
    shutil.copytree(ROOT / "rubrics" / "first_steps", folder)
    rubric, tests = folder / "rubric.yaml", folder / "test_first_steps.py"
    text = rubric.read_text(encoding="utf-8").rstrip() + "\n" + _PROBES
    question = "questions:\n  - {id: made, title: Made, marks: 2}\n"
    rubric.write_text(_EXECUTION + text.replace("questions:\n", question), encoding="utf-8")
    tests.write_text(tests.read_text(encoding="utf-8") + _TEST, encoding="utf-8")
    return folder
