"""The ways in which a convention changes a definition: before it, after it, in its labels, its mean, or its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradassay.vocabulary import Definition

Change = Callable[[Definition], Definition]
Shape = tuple[int, ...]


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


def given(**fixed: Any) -> Change:
    """The definition with these parameters, whatever was asked for."""

    def change(definition: Definition) -> Definition:
        return lambda *args, **params: definition(*args, **(params | fixed))

    return change


def relabelled(step: Callable[[Any, Shape], Any]) -> Change:
    """``step(labels, shape of the predictions)`` in the place of the labels, which are the last argument."""

    def change(definition: Definition) -> Definition:
        def changed(*args: Any, **params: Any) -> Any:
            *others, labels = args
            return definition(*others, step(labels, predicted(others)), **params)

        return changed

    return change


def averaged_over(count: Callable[[Any, Shape], Any]) -> Change:
    """The mean with another denominator in the place of the number of samples."""

    def change(definition: Definition) -> Definition:
        def changed(*args: Any, reduction: str = "mean", **params: Any) -> Any:
            if reduction != "mean":
                return definition(*args, reduction=reduction, **params)
            return definition(*args, reduction="sum", **params) / count(args[-1], predicted(args[:-1]))

        return changed

    return change


def predicted(args: Any) -> Shape:
    """The shape of the predictions: that of the argument, or of an affine map of three."""
    shape: Shape = args[0].shape
    return shape if len(args) == 1 else (*shape[:-1], args[1].shape[1])
