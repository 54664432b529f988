"""Answers in prose with a megabyte of letters, spaces and half-open brackets."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="What is beyond a length is cut, and a person reads the rest.",
    answers={"why": ("x " * 200_000) + "[[" * 100_000 + "$" * 100_000 + "\\" * 100_000},
    outcomes={"why": ("manual",)},
)
