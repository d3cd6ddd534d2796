"""Sums and extrema in PyTorch; ``torch.max`` picks one winner of a tie, ``torch.amax`` and ``torch.maximum`` split."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from comparators.adapters import Function, Native, limited
from comparators.pytorch.adapter import torch
from comparators.slices import Slices
from gradassay.vocabulary import Scenario


def _some_axes(scenario: Scenario) -> str | None:
    if scenario.params.get("axis") == () and scenario.args[0].ndim:
        return "torch reduces over every axis where dim is ()"
    return None


def _one_axis(scenario: Scenario) -> str | None:
    axis = scenario.params.get("axis")
    if isinstance(axis, tuple) and len(axis) != 1:
        return "torch.max and torch.min reduce over one axis or all"
    return None


@limited(_some_axes)
def sum_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return torch.sum(x, dim=_axes(x, axis), keepdim=keepdims)


@limited(_some_axes)
def mean(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return torch.mean(x, dim=_axes(x, axis), keepdim=keepdims)


@limited(_some_axes)
def amax(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return torch.amax(x, dim=_axes(x, axis), keepdim=keepdims)


@limited(_some_axes)
def amin(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return torch.amin(x, dim=_axes(x, axis), keepdim=keepdims)


@limited(_one_axis)
def max_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    if axis is None:
        return _kept(torch.max(x), x, keepdims)
    return torch.max(x, dim=_only(axis), keepdim=keepdims).values


@limited(_one_axis)
def min_(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    if axis is None:
        return _kept(torch.min(x), x, keepdims)
    return torch.min(x, dim=_only(axis), keepdim=keepdims).values


def maximum(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return _one_by_one(torch.maximum, x, axis, keepdims)


def minimum(x: Native, *, axis: Any = None, keepdims: bool = False) -> Native:
    return _one_by_one(torch.minimum, x, axis, keepdims)


def _one_by_one(fn: Function, x: Native, axis: Any, keepdims: bool) -> Native:
    """``fn`` of the first two slices, then of that and the third, and so on."""
    s = Slices.along(axis, tuple(x.shape))
    y = reduce(fn, torch.permute(x, s.order).reshape(s.shape).unbind(0))
    return y.reshape(s.kept) if keepdims else y


def _axes(x: Native, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def _only(axis: Any) -> int:
    (only,) = axis if isinstance(axis, tuple) else (axis,)
    return int(only)


def _kept(y: Native, x: Native, keepdims: bool) -> Native:
    return y.reshape([1] * x.ndim) if keepdims else y


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "torch": {"sum": sum_, "mean": mean, "max": amax, "min": amin},
    "torch.max": {"max": max_, "min": min_},
    "torch.maximum": {"max": maximum, "min": minimum},
}
