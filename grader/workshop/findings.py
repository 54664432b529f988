"""What a test of a coursework finds, and how it is printed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from itertools import groupby

from grader.records import Record

OUR_FAULT = "grader-fault"
"""Code of a finding that says nothing about the coursework."""


class CheckFinding(Record):
    """One property of the coursework, and whether it holds."""

    code: str
    ok: bool
    text: str
    where: str = ""
    """The question; empty where it is about a whole hand-in."""
    hand_in: str = ""
    """Which hand-in of ours shows it: a mutant by its heading."""
    at: str = ""
    """File of the coursework, with the line."""
    checks: tuple[str, ...] = ()
    """The checks that show it."""


def exit_code(findings: Iterable[CheckFinding]) -> int:
    """0 if all hold, 3 if the grader itself failed somewhere, else 1."""
    failed = {finding.code for finding in findings if not finding.ok}
    return 3 if OUR_FAULT in failed else 1 if failed else 0


def render(findings: Sequence[CheckFinding], output_format: str) -> str:
    """Findings as text, JSON or JUnit XML."""
    if output_format == "json":
        return json.dumps([finding.model_dump(mode="json") for finding in findings], indent=2)
    if output_format == "junit":
        return _junit(findings)
    return _text(findings)


def _text(findings: Sequence[CheckFinding]) -> str:
    """A line for each hand-in in which all holds; every finding that does not hold."""
    lines = []
    for (hand_in, at), group in groupby(findings, key=lambda finding: (finding.hand_in, finding.at)):
        members = list(group)
        failed = [finding for finding in members if not finding.ok]
        if not failed:
            held = ", ".join(dict.fromkeys(finding.code for finding in members))
            lines.append(f"ok    {hand_in}: {held}")
        for finding in failed:
            place = f" {finding.where}" if finding.where else ""
            lines += [f"FAIL  {hand_in}: {finding.code}{place}: {finding.text}", f"      at {at}"]
    count = sum(not finding.ok for finding in findings)
    return "\n".join([*lines, f"{len(findings) - count} hold, {count} do not"])


def _junit(findings: Sequence[CheckFinding]) -> str:
    failures = str(sum(not finding.ok for finding in findings))
    suite = ElementTree.Element("testsuite", name="coursework", tests=str(len(findings)), failures=failures)
    for finding in findings:
        name = f"{finding.hand_in}, {finding.where}" if finding.where else finding.hand_in
        case = ElementTree.SubElement(suite, "testcase", classname=finding.code, name=name, file=finding.at)
        if not finding.ok:
            ElementTree.SubElement(case, "failure", message=finding.text)
    return ElementTree.tostring(suite, encoding="unicode")
