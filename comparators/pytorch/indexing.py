"""Indexing and its adjoint in PyTorch; ``torch.gather`` stands for one vector of integers."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from comparators.adapters import Function, Native, index_parts, limited
from comparators.pytorch.adapter import torch
from gradassay.vocabulary import Scenario


def _steps_forward(scenario: Scenario) -> str | None:
    parts = index_parts(scenario.params["index"])
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return "torch slices have no negative step"
    return None


def _by_one_vector(scenario: Scenario) -> str | None:
    parts = index_parts(scenario.params["index"])
    arrays = [part for part in parts if isinstance(part, np.ndarray) and part.dtype.kind in "iu"]
    rank = len(scenario.params.get("shape", scenario.args[0].shape))
    if len(parts) != 1 or [array.ndim for array in arrays] != [1] or rank != 1:
        return "torch.gather stands for a vector indexed by one vector of integers alone"
    if scenario.valid and (arrays[0] < 0).any():
        return "torch.gather takes no negative index"
    return None


@limited(_steps_forward)
def get_item(x: Native, *, index: Any) -> Native:
    return x[index]


@limited(_steps_forward)
def get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    """index_put where the index is made of integer tensors, else at the flat positions that it selects."""
    arrays = index_parts(index)
    if arrays and all(torch.is_tensor(part) and part.dtype != torch.bool for part in arrays):
        return y_bar.new_zeros(shape).index_put(arrays, y_bar, accumulate=True)
    size = math.prod(shape)
    positions = torch.arange(size).reshape(shape)[index]
    return y_bar.new_zeros(size).index_put((positions,), y_bar, accumulate=True).reshape(shape)


@limited(_by_one_vector)
def gathered_get_item(x: Native, *, index: Any) -> Native:
    (positions,) = index_parts(index)
    return x.gather(0, positions)


@limited(_by_one_vector)
def gathered_get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    (positions,) = index_parts(index)
    return y_bar.new_zeros(shape).scatter_add(0, positions, y_bar)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "torch": {"get_item": get_item, "get_item_grad": get_item_grad},
    "torch.gather": {"get_item": gathered_get_item, "get_item_grad": gathered_get_item_grad},
}
