"""The evidence of several kernels is put together, and what hung is left out of the next one."""

from __future__ import annotations

from grader.evidence import CellRun, Definition, ProbeRun, StatementRun
from grader.execute.collect import KernelEvidence
from grader.execute.ledger import Ledger
from grader.execute.tensors import Layout, Tensors
from grader.probes import Probe

TENSORS = Tensors(Layout({}, ()), b"")
NET = Definition(name="Net", cell=0, line=1)


def probe(identifier: str, subject: str = "Net", after: tuple[str, ...] = ()) -> Probe:
    return Probe(id=identifier, subject=subject, steps=(), after=after)


def done(identifier: str, definition: int = 0) -> ProbeRun:
    return ProbeRun(probe=identifier, definition=definition, status="done")


def test_what_an_earlier_kernel_has_proved_is_not_replaced() -> None:
    ledger = Ledger(probes=[probe("a")])
    ledger.take(KernelEvidence(definitions=(NET,), probes={("a", 0): done("a")}))
    later = ProbeRun(probe="a", status="raised")
    ledger.take(KernelEvidence(definitions=(), probes={("a", 0): later}, tensors={("a", 0): TENSORS}))

    assert ledger.runs["a", 0].status == "done"
    assert ledger.tensors == {}
    assert ledger.definitions == (NET,)
    assert ledger.done() == ["a@0"]


def test_a_probe_that_ended_its_kernel_loses_its_tensors() -> None:
    ledger = Ledger(probes=[probe("a")])
    ledger.take(KernelEvidence(probes={("a", 0): done("a")}, tensors={("a", 0): TENSORS}))

    assert ledger.blame_probe("a", 0, "killed")
    assert not ledger.blame_probe("a", 0, "timeout")
    assert (ledger.runs["a", 0].status, ledger.tensors) == ("killed", {})


def test_what_builds_on_a_bad_definition_is_skipped_on_that_definition_only() -> None:
    ledger = Ledger(probes=[probe("a"), probe("b", after=("a",))], definitions=(NET, NET))
    ledger.blame_probe("a", 0, "timeout")

    left_out = ledger.skip_dependents()

    assert left_out == set()
    assert ledger.runs["b", 0].status == "skipped"
    assert ("b", 1) not in ledger.runs


def test_what_builds_on_another_name_is_skipped_if_its_last_definition_is_bad() -> None:
    probes = [probe("a"), probe("model", "Model", ("a",)), probe("more", "Other", ("model",))]
    ledger = Ledger(probes=probes, definitions=(NET, NET))
    ledger.blame_probe("a", 1, "killed")

    assert ledger.skip_dependents() == {"model", "more"}


def test_what_builds_on_another_name_runs_if_only_an_early_definition_is_bad() -> None:
    ledger = Ledger(probes=[probe("a"), probe("model", "Model", ("a",))], definitions=(NET, NET))
    ledger.blame_probe("a", 0, "killed")

    assert ledger.skip_dependents() == set()


def test_no_probe_is_left_without_a_run() -> None:
    ledger = Ledger(probes=[probe("a"), probe("b")])
    ledger.take(KernelEvidence(probes={("a", 0): done("a")}))

    ledger.close("there was no time")

    assert ledger.runs["b", 0].status == "skipped"
    assert ledger.sentences == ["not run, because there was no time: b"]


def test_what_ended_a_kernel_is_put_into_the_cells() -> None:
    statements = (StatementRun(kind="other", line=1, end_line=1, status="not-run"),)
    ledger = Ledger(probes=[])
    ledger.take(KernelEvidence(cells={0: CellRun(index=0, status="run", statements=statements)}))
    ledger.bad_statements = {(0, 0): "timeout", (1, 3): "killed"}
    ledger.bad_cells = {2: "killed"}

    runs = ledger.cell_runs()

    assert [run.index for run in runs] == [0, 1, 2]
    assert runs[0].statements[0].status == "timeout"
    assert [run.statements[0].status for run in runs[1:]] == ["killed", "killed"]


def test_a_sentence_is_said_once_and_there_are_not_endlessly_many() -> None:
    ledger = Ledger(probes=[])
    for number in range(300):
        ledger.say(f"sentence {number // 2}")

    assert len(ledger.sentences) == 100
