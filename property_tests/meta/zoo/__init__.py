"""A zoo of wrong gradients: each is the catalogue's rule, or a textbook one, with one mistake; one file a family.

``BUGS`` is the table. ``CORRECT`` holds the textbook rules without the mistake.
"""

from __future__ import annotations

from gradassay.vocabulary import Rule
from property_tests.meta.zoo import cross_entropy, entrywise, indexing, linear, reductions, softmax
from property_tests.meta.zoo.table import BUGS, stable

__all__ = [
    "BUGS",
    "CORRECT",
    "cross_entropy",
    "entrywise",
    "indexing",
    "linear",
    "reductions",
    "softmax",
    "stable",
]

CORRECT: dict[str, Rule] = {
    "softmax": softmax.textbook_softmax,
    "get_item": indexing.textbook_get_item,
}
