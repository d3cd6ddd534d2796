"""Hypothesis strategies of the inputs on which gradients are assayed.

Hypothesis draws shape, structure and a seed; NumPy's generator fills the values in from that seed.
"""

from __future__ import annotations

from property_tests.strategies.cotangents import cotangents, signed_cotangent
from property_tests.strategies.drafts import (
    CROSS_ENTROPY_REGIONS,
    GET_ITEM_GRAD_REGIONS,
    GET_ITEM_REGIONS,
    SOFTMAX_CROSS_ENTROPY_REGIONS,
    SOFTMAX_REGIONS,
    cross_entropy_drafts,
    get_item_drafts,
    get_item_grad_drafts,
    softmax_cross_entropy_drafts,
    softmax_drafts,
)
from property_tests.strategies.layouts import LAYOUTS, lay_out
from property_tests.strategies.scenarios import draw_scenarios, explicit_scenarios, scenarios

__all__ = [
    "CROSS_ENTROPY_REGIONS",
    "GET_ITEM_GRAD_REGIONS",
    "GET_ITEM_REGIONS",
    "LAYOUTS",
    "SOFTMAX_CROSS_ENTROPY_REGIONS",
    "SOFTMAX_REGIONS",
    "cotangents",
    "cross_entropy_drafts",
    "draw_scenarios",
    "explicit_scenarios",
    "get_item_drafts",
    "get_item_grad_drafts",
    "lay_out",
    "scenarios",
    "signed_cotangent",
    "softmax_cross_entropy_drafts",
    "softmax_drafts",
]
