"""Known wrong gradients of single operations, as formulas: what is left when one part of the right one is forgotten.

Each is a definition of its own, ``formula(y, y_bar, *args, **params)`` in plain NumPy with y the operation's primal,
and the ``exact`` comparator gives its value and its budget like those of any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradassay.why.relations.formulas import cross_entropy, get_item, losses, slopes, softmax
from gradassay.why.relations.formulas.formula import Formula
from gradassay.why.relations.formulas.get_item import PRIMAL_FORMULAS

__all__ = ["FORMULAS", "PRIMAL_FORMULAS", "Formula"]

FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    **softmax.FORMULAS,
    **cross_entropy.FORMULAS,
    **get_item.FORMULAS,
    **losses.FORMULAS,
    **slopes.FORMULAS,
}
