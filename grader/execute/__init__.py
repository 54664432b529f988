"""Execution: submissions and probes go in, evidence comes out. It runs untrusted code, never in this process."""

from grader.execute.batch import Job, execute_batch
from grader.execute.contract import Clause, examine
from grader.execute.detect import detect
from grader.execute.doctor import Finding, report
from grader.execute.environment import KernelEnvironment, locate
from grader.execute.kept import Isolations
from grader.execute.plan import ON_DEMAND, PARTS, agent_digest, conditions_of, part_key, parts_wanted
from grader.execute.session import PartOutcome

__all__ = [
    "ON_DEMAND",
    "PARTS",
    "Clause",
    "Finding",
    "Isolations",
    "Job",
    "KernelEnvironment",
    "PartOutcome",
    "agent_digest",
    "conditions_of",
    "detect",
    "examine",
    "execute_batch",
    "locate",
    "part_key",
    "parts_wanted",
    "report",
]
