"""What the floor asks of the agent is what a session asks of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from helpers.execute_cases import launch, notebook
from peers.floor import floor_job, requests

from grader.evidence import PartRecord, ProbeRun
from grader.execute.isolation import Isolation
from grader.execute.layout import AGENT_PACKAGE, job_text
from grader.execute.plan import cells_to_train, training_cells
from grader.execute.session import Clock, PartPlan, PartSession
from grader.pipeline.course import Course

RUBRIC = Path(__file__).resolve().parents[3] / "rubrics" / "imperial_cw3"
HAND_IN = notebook("x = 1", "loss.backward()\noptimizer.step()", "y = 2")


@pytest.fixture(scope="module")
def course() -> Course:
    return Course.load(RUBRIC)


def session(course: Course, part: Any) -> PartSession:
    """A session of the part, with all probes that the rubric plans."""
    execution = course.rubric.execution
    trains = cells_to_train(HAND_IN, execution.training.model_copy(update={"when": "always"}))
    plan = PartPlan(
        part=part,
        notebook=HAND_IN,
        launch=launch(limits=execution.limits),
        execution=execution,
        seed="a-seed",
        probes={"student": course.plan.student, "stand-ins": course.plan.stand_ins, "training": ()}[part],
        subjects=course.plan.subjects,
        training_cells=training_cells(HAND_IN, execution.training),
        train=trains if part == "training" else (),
    )
    return PartSession(cast(Isolation, None), plan, Clock(60))


def record(course: Course, part: Any) -> PartRecord:
    """Evidence in which every planned probe was done."""
    planned = {"student": course.plan.student, "stand-ins": course.plan.stand_ins, "training": ()}[part]
    runs = tuple(ProbeRun(probe=probe.id, status="done") for probe in planned)
    return PartRecord(part=part, level="bubblewrap", seed="a-seed", probes=runs)


@pytest.mark.parametrize("part", ["student", "stand-ins"])
def test_the_agent_reads_the_same_job_as_in_a_kernel(course: Course, part: str) -> None:
    job = floor_job(record(course, part), HAND_IN, course, Path("/data"))
    wanted = json.loads(job_text(session(course, part)._job()))
    assert {name: value for name, value in job.items() if name not in ("requests", "expected")} == wanted


@pytest.mark.parametrize("part", ["student", "stand-ins"])
def test_the_agent_is_asked_for_the_same_in_the_same_order(course: Course, part: str) -> None:
    asked = floor_job(record(course, part), HAND_IN, course, Path("/data"))["requests"]
    units = list(session(course, part)._units(set()))
    code = [f'__import__("{AGENT_PACKAGE}").{name}({", ".join(map(repr, arguments))})' for name, *arguments in asked]
    assert code == [line for unit in units for line in unit.code.split("; ")]


def test_probes_without_evidence_are_left_out(course: Course) -> None:
    whole = record(course, "student")
    part = whole.model_copy(update={"probes": whole.probes[:3]})
    job = floor_job(part, HAND_IN, course, Path("/data"))
    assert {probe["id"] for probe in job["probes"]} == {run.probe for run in whole.probes[:3]}
    assert set(job["expected"]) == {f"probe-{run.probe}@0" for run in whole.probes[:3]}


def test_training_stays_in_its_place_and_what_comes_after_is_left_out() -> None:
    assert requests((0, 1, 2, 3), (), (2,), "training", after=False) == [
        ["cell", 0, 1],
        ["train", 2],
        ["finish"],
    ]


def test_training_comes_after_all_definitions_where_the_rubric_says_so() -> None:
    assert requests((0, 1, 2), (), (1,), "training", after=True) == [
        ["cell", 0, 2],
        ["train", 1],
        ["finish"],
    ]


def test_cells_look_for_data_where_they_are_on_this_host(course: Course) -> None:
    hand_in = notebook('folder = "/content/"')
    job = floor_job(record(course, "student"), hand_in, course, Path("/here/data"))
    assert job["cells"] == [{"index": 0, "source": 'folder = "/here/data/"'}]
