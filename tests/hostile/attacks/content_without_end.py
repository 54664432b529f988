"""Nests lists in lists a million deep where a notebook's metadata should be."""

from helpers.hostile_attacks import Content


def make():
    return b'{"cells": [], "nbformat": 4, "nbformat_minor": 4, "metadata": ' + b"[" * 1_000_000 + b"}"


ATTACK = Content(aims_at="the grader", holds="It is refused with a reason.", make=make, refused="notebook-too-deep")
