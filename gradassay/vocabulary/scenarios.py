"""Arrays, and the inputs that are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Draft:
    """What an operation's strategy draws: a scenario without its cotangent and its dtype's name."""

    args: tuple[Array, ...]
    """Arrays, positional; floating ones already in the dtype under test."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Keyword-only parameters: axis, index, reduction, ..."""
    valid: bool = True
    """False where the operation has to raise (an index or a label out of range)."""
    primal_shape: tuple[int, ...] | None = None
    """The primal's shape, where it is known without evaluating the definition."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """One concrete input: what every rule is given."""

    operation: str
    dtype: str
    """Name of the dtype under test: float64, float32, float16 or bfloat16."""
    args: tuple[Array, ...]
    params: Mapping[str, Any]
    cotangent: Array
    """``y_bar``: shape of the primal, in the dtype under test. Empty where an invalid scenario has none."""
    differentiable: tuple[int, ...] = (0,)
    """Positions in ``args`` of the arguments that have a gradient."""
    region: str = "ordinary"
    """Name of the region that the values come from: ordinary, large, ties, ..."""
    layout: str = "C"
    """How the arguments lie in memory: C, F, strided, reversed, read_only."""
    valid: bool = True
