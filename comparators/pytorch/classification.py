"""Softmax and its losses in PyTorch; ``torch.gather`` picks with gather, whose backward is scatter_add."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from comparators.adapters import Function, Native, indexes_classes, limited, reduce_loss
from comparators.pytorch.adapter import F, torch
from gradassay.vocabulary import Scenario


def softmax(x: Native, *, axis: Any = -1) -> Native:
    return torch.softmax(x, axis) if isinstance(axis, int) else _over(torch.softmax, x, axis)


def log_softmax(x: Native, *, axis: Any = -1) -> Native:
    return torch.log_softmax(x, axis) if isinstance(axis, int) else _over(torch.log_softmax, x, axis)


def _over(fn: Function, x: Native, axis: tuple[int, ...] | None) -> Native:
    """``fn`` over several axes at once: PyTorch takes one, so they are moved to the end and made one."""
    if axis is None:
        return fn(x.flatten(), 0).reshape(x.shape)
    last = tuple(range(-len(axis), 0))
    moved = x.movedim(axis, last)
    rows = moved.reshape(*moved.shape[: x.ndim - len(axis)], math.prod(x.shape[i] for i in axis))
    return fn(rows, -1).reshape(moved.shape).movedim(last, axis)


def cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    if _indexes(p, labels):
        return F.nll_loss(_classes_second(p.log()), _indices(p, labels), reduction=reduction)
    return reduce_loss(-(labels * p.log()).sum(-1), reduction)


def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    target = _indices(x, labels) if _indexes(x, labels) else _classes_second(labels.to(x.dtype))
    return F.cross_entropy(_classes_second(x), target, reduction=reduction)


def _by_index(scenario: Scenario) -> str | None:
    p, labels = scenario.args[:2]
    by_index = indexes_classes(p, labels, integer=labels.dtype.kind in "iu")
    return None if by_index or not scenario.valid else "torch.gather takes labels by index alone"


@limited(_by_index)
def gathered_cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return reduce_loss(-p.gather(-1, _indices(p, labels).unsqueeze(-1)).squeeze(-1).log(), reduction)


@limited(_by_index)
def gathered_softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    picked = torch.log_softmax(x, -1).gather(-1, _indices(x, labels).unsqueeze(-1))
    return reduce_loss(-picked.squeeze(-1), reduction)


def _indexes(p: Native, labels: Native) -> bool:
    return indexes_classes(p, labels, integer=not labels.is_floating_point())


def _indices(p: Native, labels: Native) -> Native:
    """Class indices as PyTorch's losses want them: int64, without a trailing axis of one."""
    return labels.reshape(p.shape[:-1]).long()


def _classes_second(x: Native) -> Native:
    """PyTorch's losses have the classes on axis 1, after the batch."""
    return x.movedim(-1, 1) if x.ndim > 2 else x


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "torch": {
        "softmax": softmax,
        "log_softmax": log_softmax,
        "cross_entropy": cross_entropy,
        "softmax_cross_entropy": softmax_cross_entropy,
    },
    "torch.gather": {
        "cross_entropy": gathered_cross_entropy,
        "softmax_cross_entropy": gathered_softmax_cross_entropy,
    },
}
