"""Rules that are wrong on purpose: what a checker of gradients has to find.

Some are written by hand, a file a family: the wrong gradients of the source documents, and others like those. Each
file ends in a table that says what is wrong, where it shows, and what has to be said of it. The others are made of
right rules by operators (``systematic``).
"""

from __future__ import annotations

from collections.abc import Mapping

from gradassay.vocabulary.audit import Defect
from reference_impls.defects import (
    activations,
    classifiers,
    cross_entropy,
    cross_entropy_layers,
    elementwise,
    extrema,
    indexing,
    linear,
    reductions,
    softmax,
    softmax_cross_entropy_layers,
    softmax_layers,
)
from reference_impls.defects.entry import joined
from reference_impls.defects.systematic import SYSTEMATIC

__all__ = ["DEFECTS"]

#: The zoo: name -> defect, a defect's name being its operation and a few words.
DEFECTS: Mapping[str, Defect] = joined(
    softmax.DEFECTS,
    softmax_layers.DEFECTS,
    cross_entropy.DEFECTS,
    cross_entropy_layers.DEFECTS,
    softmax_cross_entropy_layers.DEFECTS,
    indexing.DEFECTS,
    elementwise.DEFECTS,
    reductions.DEFECTS,
    extrema.DEFECTS,
    activations.DEFECTS,
    linear.DEFECTS,
    classifiers.DEFECTS,
    SYSTEMATIC,
)
