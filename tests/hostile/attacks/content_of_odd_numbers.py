"""Writes numbers that JSON has not, or that no number holds, and the same key many times."""

from helpers.hostile_attacks import Content
from helpers.hostile_coursework import hand_in


def make():
    text = hand_in("right", first=["# odd numbers"]).decode()
    odd = '"nbformat_minor": 4, "a": NaN, "b": -Infinity, "c": 1e999, "d": ' + "9" * 5000 + ', "cells2": [1], "a": 1'
    return text.replace('"nbformat_minor": 4', odd).encode()


ATTACK = Content(aims_at="the grader", holds="What is not needed is not read, and the rest is graded.", make=make)
