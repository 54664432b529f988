"""Brings a hundred thousand cells."""

import json

from helpers.hostile_attacks import Content


def make():
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "source": "softmax = 1", "outputs": []}
    return json.dumps({"cells": [cell] * 100_000, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


ATTACK = Content(
    aims_at="the grader", holds="It is refused with a reason.", make=make, refused="notebook-too-many-cells"
)
