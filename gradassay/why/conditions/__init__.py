"""The vocabulary of conditions on a scenario: what may be the cause of a discrepancy, in words.

One table, from what is most likely a cause to what is most likely a coincidence: where two conditions hold for the same
scenarios, the first is named. A region is no cause, as it only says how an input was made. ``docs/causes.md`` has the
meaning of each.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from gradassay.vocabulary import Array, Scenario
from gradassay.why.conditions.facts import Fact, Quantity
from gradassay.why.conditions.forms import INDICES, MEMORY, PARAMETERS, SHAPES, SIZES
from gradassay.why.conditions.kinks import KINKS
from gradassay.why.conditions.labels import LABELS, PROBABILITIES
from gradassay.why.conditions.numbers import COTANGENT, NONFINITE, RANGES
from gradassay.why.conditions.view import ROLES, View

__all__ = ["ROLES", "VOCABULARY", "Fact", "Quantity", "View", "measured"]

VOCABULARY: tuple[Fact | Quantity, ...] = (
    *KINKS,
    *PROBABILITIES,
    *LABELS,
    *INDICES,
    *NONFINITE,
    *RANGES,
    *SHAPES,
    *COTANGENT,
    *PARAMETERS,
    *SIZES,
    *MEMORY,
)

_measured: WeakKeyDictionary[Scenario, tuple[str, Array]] = WeakKeyDictionary()


def measured(scenario: Scenario, operation: str) -> Array:
    """One number for each condition of the vocabulary, in its order: 1 or 0 for a fact, the value of a quantity.

    A scenario is measured once, however many implementations are judged on it.
    """
    known = _measured.get(scenario)
    if known is None or known[0] != operation:
        view = View(scenario, operation)
        values = [item.holds(view) if isinstance(item, Fact) else item.value(view) for item in VOCABULARY]
        known = operation, np.array(values, dtype=np.float64)
        _measured[scenario] = known
    return known[1]
