"""The made defects: each operator on a few operations, and what has to be said of the wrong rules that come out.

The verdict of a line is what its mistake is called by what the verdicts mean: a shape is ``structure``, lost digits
are ``imprecise``, what depends on an earlier call is ``impure``.
"""

from __future__ import annotations

from gradassay.vocabulary.audit import Defect
from reference_impls.defects.systematic.behaviour import BEHAVIOUR
from reference_impls.defects.systematic.formulas import FORMULAS
from reference_impls.defects.systematic.gradients import GRADIENTS

SYSTEMATIC: tuple[Defect, ...] = (*GRADIENTS, *FORMULAS, *BEHAVIOUR)
