"""Recurrent networks for reading: models of torch modules over the reference cells, each with its loop over time.

Nothing here judges anybody: the judge of models has loops of its own in `reference.models`.
"""

from __future__ import annotations

from reference.networks.affine import Affine
from reference.networks.bidirectional import TwoStackNetwork, reversed_in_time
from reference.networks.bidirectional_layers import LayerwiseNetwork
from reference.networks.cells import MODES, Mode, RecurrentCell, State
from reference.networks.four_modes import FourModeBidirectionalModel, FourModeModel
from reference.networks.language_models import CharacterLanguageModel, WordLanguageModel
from reference.networks.losses import class_loss, sequence_loss
from reference.networks.palindromes import PalindromeClassifier
from reference.networks.stacked import StackedNetwork, run_layer

__all__ = [
    "MODES",
    "Affine",
    "CharacterLanguageModel",
    "FourModeBidirectionalModel",
    "FourModeModel",
    "LayerwiseNetwork",
    "Mode",
    "PalindromeClassifier",
    "RecurrentCell",
    "StackedNetwork",
    "State",
    "TwoStackNetwork",
    "WordLanguageModel",
    "class_loss",
    "reversed_in_time",
    "run_layer",
    "sequence_loss",
]
