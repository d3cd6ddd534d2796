"""Of losses and penalties that are no cross-entropy."""

from __future__ import annotations

from collections.abc import Mapping

from gradassay.why.relations.formulas.formula import Formula

FORMULAS: Mapping[str, tuple[Formula, ...]] = {
    "l2_penalty": (
        Formula(
            "not divided by the norm",
            "strength w y_bar",
            lambda y, g, w, strength=1.0, squared=False: strength * w * g,
        ),
        Formula(
            "the gradient of the squared norm",
            "2 strength w y_bar",
            lambda y, g, w, strength=1.0, squared=False: 2 * strength * w * g,
        ),
    ),
    "mean_squared_error": (
        Formula("1 in place of the error", "2 y_bar / n", lambda y, g, a, b: 2 * g / a.size + 0 * a),
    ),
}
