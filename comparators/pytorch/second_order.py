"""PyTorch's second derivatives: backward twice, and forward over backward.

Both are rules of a function's pullback: ``rule(*args, y_bar) -> x_bar``, one vector where there are several
gradients. What does not depend on an argument has the gradient 0; PyTorch says None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comparators.adapters import Function, Native, convert, exposing
from comparators.pytorch.adapter import array_of, from_torch, tensor_of, torch
from gradassay.vocabulary import Array, Rule


def backward_twice(fn: Function, *, differentiable: tuple[int, ...]) -> Rule:
    """The pullback of ``fn``, itself differentiated by autograd (``create_graph``)."""
    wanted = differentiable[:-1]

    @exposing(fn)
    def pullback(*tensors: Native, **params: Any) -> Native:
        *inputs, y_bar = tensors
        return _joined(_pulled(fn(*inputs, **params), [inputs[i] for i in wanted], y_bar, create_graph=True))

    return from_torch(pullback, differentiable=differentiable, unconnected=np.zeros_like)


def forward_over_backward(fn: Function, *, differentiable: tuple[int, ...]) -> Rule:
    """The pullback of ``fn``, itself differentiated by dual numbers in the direction of its cotangent."""
    wanted = differentiable[:-1]

    @exposing(fn)
    def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
        *inputs, y_bar = map(tensor_of, args)
        params = {name: convert(value, tensor_of) for name, value in params.items()}
        leaves = [inputs[i].requires_grad_() for i in wanted]
        with torch.enable_grad():
            x_bars = _pulled(fn(*inputs, **params), leaves, y_bar, create_graph=False)

        def pullback(x_bar_bar: Any) -> Any:
            sizes = [leaf.numel() for leaf in leaves]
            parts = tensor_of(x_bar_bar).reshape(-1).split(sizes)
            forward = torch.autograd.forward_ad
            with torch.enable_grad(), forward.dual_level():
                duals = list(inputs)
                for i, part in zip(wanted, parts, strict=True):
                    duals[i] = forward.make_dual(inputs[i], part.reshape(inputs[i].shape))
                y = fn(*duals, **params)
                found = _pulled(y, [duals[i] for i in wanted], y_bar, create_graph=False)
                dotted = [forward.unpack_dual(dual) for dual in (*found, y)]
                return tuple(
                    array_of(torch.zeros_like(d.primal) if d.tangent is None else d.tangent) for d in dotted
                )

        return array_of(_joined(x_bars)), pullback

    return rule


def _pulled(y: Native, leaves: list[Native], y_bar: Native, *, create_graph: bool) -> tuple[Native, ...]:
    if not y.requires_grad:
        return tuple(map(torch.zeros_like, leaves))
    found = torch.autograd.grad(
        y, leaves, y_bar.to(y.dtype), create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
    return tuple(found)


def _joined(x_bars: tuple[Native, ...]) -> Native:
    return x_bars[0] if len(x_bars) == 1 else torch.cat([x_bar.reshape(-1) for x_bar in x_bars])
