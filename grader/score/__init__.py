"""Score: evidence, rubric, oracle and events in, marks out. Pure: no kernel, clock, network or chance."""

from __future__ import annotations

from grader.score.answer_texts import answer_texts
from grader.score.explain import Explanation, explain
from grader.score.planning import ProbePlan, load_oracle, probe_plan
from grader.score.reading import marks_by_hand, read_questions, score_read
from grader.score.rows import Applied, apply_events, choose_attempts, finish
from grader.score.worker_lines import ScoredSubmission
from grader.score.worker_records import ScoreItem
from grader.score.workers import Workers, score_evidence

__all__ = [
    "Applied",
    "Explanation",
    "ProbePlan",
    "ScoreItem",
    "ScoredSubmission",
    "Workers",
    "answer_texts",
    "apply_events",
    "choose_attempts",
    "explain",
    "finish",
    "load_oracle",
    "marks_by_hand",
    "probe_plan",
    "read_questions",
    "score_evidence",
    "score_read",
]
