"""``from_torch``: a PyTorch function as a rule. Tensors stay on the CPU, eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from comparators.adapters import (
    Function,
    Lazy,
    Unconnected,
    convert,
    exposing,
    no_gradient,
    select,
    spread,
)
from gradassay.vocabulary import Array, Rule

__all__ = ["F", "array_of", "from_torch", "tensor_of", "torch"]

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F  # noqa: N812 - its name everywhere
else:
    torch, F = Lazy("torch"), Lazy("torch.nn.functional")


def from_torch(
    fn: Function, *, differentiable: tuple[int, ...] | None = None, unconnected: Unconnected = no_gradient
) -> Rule:
    """The rule of a PyTorch function, by autograd.

    ``fn(*tensors, **params)`` returns one tensor. Every floating argument (or only those at the positions
    ``differentiable``) requires grad; the pullback returns a cotangent for each argument, None where PyTorch
    has none (or ``unconnected(argument)``), or the one alone of a single argument. Arrays in parameters (an index)
    become tensors too.
    Memory is shared where PyTorch allows it, so that a function that writes into its arguments, or a backward
    that writes into its cotangent, is seen to; read-only and negatively strided arrays are copied.
    """

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        tensors = [tensor_of(array) for array in args]
        wanted = select((tensor.is_floating_point() for tensor in tensors), differentiable)
        leaves = [tensors[i].requires_grad_() for i in wanted]
        with torch.enable_grad():
            y = fn(*tensors, **{name: convert(value, tensor_of) for name, value in params.items()})

        def pullback(y_bar: Any) -> Any:
            found: Any = [None] * len(leaves)
            if y.requires_grad:
                found = torch.autograd.grad(
                    y, leaves, tensor_of(y_bar).to(y.dtype), retain_graph=True, allow_unused=True
                )
            x_bars = [
                unconnected(args[i]) if x_bar is None else array_of(x_bar)
                for i, x_bar in zip(wanted, found, strict=True)
            ]
            return spread(x_bars, wanted, len(args))

        return array_of(y), pullback

    return rule


def tensor_of(value: Any) -> torch.Tensor:
    """The array as a tensor, in shared memory where PyTorch allows it."""
    array = np.asarray(value)
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def array_of(tensor: torch.Tensor) -> Array:
    """The tensor as an array of its own."""
    tensor = tensor.detach().cpu()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.dtype == torch.bfloat16:
        return np.array(tensor.contiguous().view(torch.int16).numpy()).view(ml_dtypes.bfloat16)
    return np.array(tensor.numpy())
