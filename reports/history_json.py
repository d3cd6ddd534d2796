"""A history for a program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gradassay.vocabulary.history import History


def as_json(history: History) -> dict[str, Any]:
    """``history`` as plain JSON values; infinities by their names."""
    return {"schema": 1, **_plain(asdict(history))}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
