"""Rules with a mistake in them, for trainings to find."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from gradassay.catalogue import OPERATIONS

FRAMEWORKS = [name for name in ("torch", "tensorflow") if find_spec(name)]
some_frameworks = pytest.mark.skipif(not FRAMEWORKS, reason="neither torch nor tensorflow is installed")

Planted = Callable[..., Any]


def pulling(operation: str, change: Callable[[Any], Any]) -> Planted:
    """Our rule with ``change`` done to what its pullback returns."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return y, lambda y_bar: change(pullback(y_bar))

    return planted
