"""What a student puts in place of the evidence is refused with a reason, and reads nothing of the host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.execute_cases import LEVELS, AtLevel, notebook, opened, plan, probe, status_of

from grader.errors import SandboxError

pytestmark = pytest.mark.sandbox

FORGERIES = {
    "link": "os.symlink('/etc/hostname', path)",
    "fifo": "os.mkfifo(path)",
    "folder": "os.mkdir(path)",
    "giant": "open(path, 'wb').truncate(12 << 20)",
    "malformed": "open(path, 'w').write('{')",
    "praise": 'open(path, \'w\').write(\'{"probe": "praise", "status": "passed", "marks": 100}\')',
    "deep": "open(path, 'w').write('[' * 1000000)",
}
SOURCE = "import os\ndef answer():\n    return 4.5\ndef forge():\n" + "".join(
    f"    path = '/evidence/probe-{name}@0.json'; os.unlink(path); {attack}\n" for name, attack in FORGERIES.items()
)


@pytest.fixture(scope="module", params=LEVELS)
def take(request: pytest.FixtureRequest) -> Iterator[AtLevel]:
    with opened(request.param) as isolation:
        yield AtLevel(isolation)


def test_every_forgery_is_refused_and_costs_only_itself(take: AtLevel) -> None:
    probes = [*(probe(name) for name in FORGERIES), probe("forge", "forge"), probe("honest")]

    record = take(plan(notebook(SOURCE), probes=probes)).record

    statuses = status_of(record)
    assert statuses.pop("honest") == "done"
    assert statuses.pop("forge") == "done"
    assert statuses == dict.fromkeys(FORGERIES, "refused")
    assert len([sentence for sentence in record.limits_met if "not taken" in sentence]) >= len(FORGERIES)
    assert record.kernels == 1


def test_evidence_that_was_deleted_is_missing_and_not_passed(take: AtLevel) -> None:
    source = "import os\ndef answer():\n    return 4.5\ndef wipe():\n    os.unlink('/evidence/probe-p@0.json')\n"

    record = take(plan(notebook(source), probes=[probe("p"), probe("wipe", "wipe")])).record

    assert status_of(record)["p"] == "skipped"


def test_an_agent_that_does_not_start_is_our_fault(take: AtLevel, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("def start():\n    raise KeyError\n")

    with pytest.raises(SandboxError) as caught:
        take(plan(notebook("x = 1"), agent=tmp_path))

    assert caught.value.code == "kernel-not-started"
    assert "KeyError" in caught.value.what
