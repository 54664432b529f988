"""Functions on arrays that an answer may consist of: what each needs, what is right, and which mistakes have a name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference.functions.columns_lstm import LSTM_FUNCTIONS
from reference.functions.columns_rnn import RNN_FUNCTIONS
from reference.functions.formulas import Function, OutputVerdict
from reference.functions.judging import judge_outputs
from reference.functions.others import OTHER_FUNCTIONS
from reference.functions.sampling import SAMPLING_FUNCTIONS

__all__ = ["FUNCTIONS", "Function", "OutputVerdict", "judge_outputs"]

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {**RNN_FUNCTIONS, **LSTM_FUNCTIONS, **OTHER_FUNCTIONS, **SAMPLING_FUNCTIONS}
)
"""By the name that rubrics use."""
