"""PyTorch: ``from_torch``, and the table of what its users would write for each operation.

Shapes and parameters are the catalogue's (class axis last, labels by index or as a distribution); a function
here moves axes where PyTorch wants them elsewhere and does nothing else. Tensors stay on the CPU, eager.
"""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from comparators.adapters import (
    FrameworkComparator,
    Function,
    Lazy,
    Native,
    convert,
    exposing,
    index_parts,
    indexes_classes,
    select,
    spread,
)
from gradassay.vocabulary import Array, Rule, Scenario

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F  # noqa: N812 - its name everywhere
else:
    torch, F = Lazy("torch"), Lazy("torch.nn.functional")


# ---- NumPy in, NumPy out


def from_torch(fn: Function, *, differentiable: tuple[int, ...] | None = None) -> Rule:
    """The rule of a PyTorch function, by autograd.

    ``fn(*tensors, **params)`` returns one tensor. Every floating argument (or only those at the positions
    ``differentiable``) requires grad; the pullback returns a cotangent for each argument, None where PyTorch
    has none, or the one alone of a single argument. Arrays in parameters (an index) become tensors too.
    Memory is shared where PyTorch allows it, so that a function that writes into its arguments, or a backward
    that writes into its cotangent, is seen to; read-only and negatively strided arrays are copied.
    """

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        tensors = [_tensor(array) for array in args]
        wanted = select((tensor.is_floating_point() for tensor in tensors), differentiable)
        leaves = [tensors[i].requires_grad_() for i in wanted]
        with torch.enable_grad():
            y = fn(*tensors, **{name: convert(value, _tensor) for name, value in params.items()})

        def pullback(y_bar: Any) -> Any:
            found: Any = [None] * len(leaves)
            if y.requires_grad:
                found = torch.autograd.grad(
                    y, leaves, _tensor(y_bar).to(y.dtype), retain_graph=True, allow_unused=True
                )
            return spread([None if x_bar is None else _array(x_bar) for x_bar in found], wanted, len(args))

        return _array(y), pullback

    return rule


def _tensor(value: Any) -> torch.Tensor:
    array = np.asarray(value)
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _array(tensor: torch.Tensor) -> Array:
    tensor = tensor.detach().cpu()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.dtype == torch.bfloat16:
        return np.array(tensor.contiguous().view(torch.int16).numpy()).view(ml_dtypes.bfloat16)
    return np.array(tensor.numpy())


# ---- the operations


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
    return _reduce(-(labels * p.log()).sum(-1), reduction)


def softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    target = _indices(x, labels) if _indexes(x, labels) else _classes_second(labels.to(x.dtype))
    return F.cross_entropy(_classes_second(x), target, reduction=reduction)


def gathered_cross_entropy(p: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return _reduce(-p.gather(-1, _indices(p, labels).unsqueeze(-1)).squeeze(-1).log(), reduction)


def gathered_softmax_cross_entropy(x: Native, labels: Native, *, reduction: str = "mean") -> Native:
    picked = torch.log_softmax(x, -1).gather(-1, _indices(x, labels).unsqueeze(-1))
    return _reduce(-picked.squeeze(-1), reduction)


def get_item(x: Native, *, index: Any) -> Native:
    return x[index]


def get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    """index_put where the index is made of integer tensors, else at the flat positions that it selects."""
    arrays = index_parts(index)
    if arrays and all(torch.is_tensor(part) and part.dtype != torch.bool for part in arrays):
        return y_bar.new_zeros(shape).index_put(arrays, y_bar, accumulate=True)
    size = math.prod(shape)
    positions = torch.arange(size).reshape(shape)[index]
    return y_bar.new_zeros(size).index_put((positions,), y_bar, accumulate=True).reshape(shape)


def gathered_get_item(x: Native, *, index: Any) -> Native:
    (positions,) = index_parts(index)
    return x.gather(0, positions)


def gathered_get_item_grad(y_bar: Native, *, index: Any, shape: tuple[int, ...]) -> Native:
    (positions,) = index_parts(index)
    return y_bar.new_zeros(shape).scatter_add(0, positions, y_bar)


def _indexes(p: Native, labels: Native) -> bool:
    return indexes_classes(p, labels, integer=not labels.is_floating_point())


def _indices(p: Native, labels: Native) -> Native:
    """Class indices as PyTorch's losses want them: int64, without a trailing axis of one."""
    return labels.reshape(p.shape[:-1]).long()


def _classes_second(x: Native) -> Native:
    """PyTorch's losses have the classes on axis 1, after the batch."""
    return x.movedim(-1, 1) if x.ndim > 2 else x


def _reduce(loss: Native, reduction: str) -> Native:
    return {"none": lambda: loss, "mean": loss.mean, "sum": loss.sum}[reduction]()


FUNCTIONS: Mapping[str, Function] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cross_entropy": cross_entropy,
    "softmax_cross_entropy": softmax_cross_entropy,
    "get_item": get_item,
    "get_item_grad": get_item_grad,
}

#: The second way: pick with ``gather``, whose backward is ``scatter_add`` and not ``index_put``.
GATHER: Mapping[str, Function] = {
    "cross_entropy": gathered_cross_entropy,
    "softmax_cross_entropy": gathered_softmax_cross_entropy,
    "get_item": gathered_get_item,
    "get_item_grad": gathered_get_item_grad,
}


# ---- what PyTorch cannot express


def _limits(scenario: Scenario) -> str | None:
    parts = index_parts(scenario.params.get("index", ()))
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return "torch slices have no negative step"
    return None


def _gather_limits(scenario: Scenario) -> str | None:
    if "index" not in scenario.params:
        p, labels = scenario.args
        by_index = indexes_classes(p, labels, integer=labels.dtype.kind in "iu")
        return None if by_index or not scenario.valid else "torch.gather takes labels by index alone"
    parts = index_parts(scenario.params["index"])
    arrays = [part for part in parts if isinstance(part, np.ndarray) and part.dtype.kind in "iu"]
    rank = len(scenario.params.get("shape", scenario.args[0].shape))
    if len(parts) != 1 or [array.ndim for array in arrays] != [1] or rank != 1:
        return "torch.gather stands for a vector indexed by one vector of integers alone"
    if scenario.valid and (arrays[0] < 0).any():
        return "torch.gather takes no negative index"
    return None


COMPARATORS = {
    comparator.name: comparator
    for comparator in (
        FrameworkComparator("torch", FUNCTIONS, from_torch, torch, _limits),
        FrameworkComparator("torch.gather", GATHER, from_torch, torch, _gather_limits),
    )
}
