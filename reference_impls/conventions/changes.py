"""The ways in which a convention changes a definition: before it, after it, in its parameters, or in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradassay.vocabulary import Definition

Change = Callable[[Definition], Definition]


def preceded(step: Callable[[Any], Any]) -> Change:
    """The definition of ``step(x)`` in the place of its first argument x."""

    def change(definition: Definition) -> Definition:
        return lambda x, *rest, **params: definition(step(x), *rest, **params)

    return change


def followed(step: Callable[[Any], Any]) -> Change:
    """``step`` of the definition's result."""

    def change(definition: Definition) -> Definition:
        return lambda *args, **params: step(definition(*args, **params))

    return change


def instead(other: Definition) -> Change:
    """Another formula, whatever the definition was."""
    return lambda definition: other
