"""What a known wrong gradient is described by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Formula:
    """A wrong gradient of one operation."""

    name: str
    words: str
    """What the gradient is: ``y y_bar``."""
    value: Callable[..., Any]
    """``value(y, y_bar, *args, **params)``: what a rule with this mistake returns."""
    argument: int = 0
    """Which of the differentiable arguments it is the gradient of."""
