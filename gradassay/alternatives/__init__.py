"""Which named alternative an evaluation is: one, two in a row, or one in the primal and another in the gradient."""

from gradassay.alternatives.candidates import Alternative, by_name
from gradassay.alternatives.holding import PARTS, held
from gradassay.alternatives.matching import Matching
from gradassay.alternatives.outside import of_invalid, shape_of

__all__ = ["PARTS", "Alternative", "Matching", "by_name", "held", "of_invalid", "shape_of"]
