"""Cases of ``framework_cases`` for reductions, affine maps, penalties and classifiers; all gradients, in order."""

# ruff: noqa: D103 - the test that they serve says what each is for
from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Scenario
from property_tests.framework_cases import labelled, normal, plain_softmax, scenario

Case = tuple[Scenario, Array, tuple[Array, ...]]
"""A scenario, its primal and its gradients."""


def reduction_case(operation: str, axis: Any, keepdims: bool) -> Case:
    x = normal(3, 4, 2)
    kept = np.asarray(getattr(np, operation)(x, axis=axis, keepdims=True))
    y = kept if keepdims else np.asarray(getattr(np, operation)(x, axis=axis))
    y_bar = normal(*y.shape)
    n = x.size // kept.size
    weights = {"sum": np.ones_like(x), "mean": np.full_like(x, 1 / n)}.get(operation, x == kept)
    x_bar = weights * y_bar.reshape(kept.shape)
    return scenario(operation, x, cotangent=y_bar, axis=axis, keepdims=keepdims), y, (x_bar,)


def affine_case(samples: tuple[int, ...]) -> Case:
    x, W, b, y_bar = normal(*samples, 3), normal(3, 5), normal(5), normal(*samples, 5)
    given = Scenario("affine", "float64", (x, W, b), {}, y_bar, (0, 1, 2))
    return given, x @ W + b, pulled(x, W, y_bar)


def pulled(x: Array, W: Array, y_bar: Array) -> tuple[Array, Array, Array]:
    summed = tuple(range(x.ndim - 1))
    return y_bar @ W.T, np.asarray((x[..., :, None] * y_bar[..., None, :]).sum(summed)), y_bar.sum(summed)


def error_case(shape: tuple[int, ...]) -> Case:
    y, t, y_bar = normal(*shape), normal(*shape), normal()
    given = Scenario("mean_squared_error", "float64", (y, t), {}, y_bar, (0, 1))
    y_t = np.asarray(2 * y_bar * (y - t) / y.size)
    return given, np.asarray(((y - t) ** 2).mean()), (y_t, -y_t)


def penalty_case(shape: tuple[int, ...], squared: bool) -> Case:
    w, y_bar = normal(*shape), normal()
    r = np.sqrt((w * w).sum())
    y, slope = (r * r, 2 * w) if squared else (r, w / r)
    given = scenario("l2_penalty", w, cotangent=y_bar, strength=0.5, squared=squared)
    return given, np.asarray(0.5 * y), (np.asarray(0.5 * y_bar * slope),)


def classifier_case(operation: str, form: str, samples: tuple[int, ...], reduction: str) -> Case:
    x, W, b = normal(*samples, 3), normal(3, 5), normal(5)
    labels, t = labelled(form, samples, 5)
    z = x @ W + b
    s = 1 / (1 + np.exp(-z))
    p = plain_softmax(s if operation == "sigmoid_classifier" else z, -1)
    losses = np.asarray(-(t * np.log(p)).sum(-1))
    y = np.asarray({"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction])
    y_bar = normal(*y.shape)
    each = np.broadcast_to(y_bar / losses.size if reduction == "mean" else y_bar, samples)[..., None]
    z_bar = each * (p - t) * (s * (1 - s) if operation == "sigmoid_classifier" else 1)
    args = (x, W, b, labels)
    given = Scenario(operation, "float64", args, {"reduction": reduction}, y_bar, (0, 1, 2))
    return given, y, pulled(x, W, z_bar)


CASES: dict[str, Case] = {
    **{
        f"{operation} over {axis}{', kept' if keepdims else ''}": reduction_case(operation, axis, keepdims)
        for operation in ("sum", "mean", "max", "min")
        for axis, keepdims in (
            (None, False),
            (None, True),
            (1, False),
            (-1, True),
            ((0, -1), False),
            ((), False),
        )
    },
    **{f"affine of {samples}": affine_case(samples) for samples in ((), (1,), (4,), (2, 3))},
    **{f"mean_squared_error of {shape}": error_case(shape) for shape in ((), (4,), (2, 3))},
    **{
        f"l2_penalty of {shape}{', squared' if squared else ''}": penalty_case(shape, squared)
        for shape in ((), (4,), (2, 3, 2))
        for squared in (False, True)
    },
    **{
        f"{operation} {form} {samples} {reduction}": classifier_case(operation, form, samples, reduction)
        for operation in ("softmax_regression", "sigmoid_classifier")
        for form in ("index", "column", "one_hot", "soft")
        for samples, reduction in (((4,), "mean"), ((), "none"), ((2, 3), "sum"))
    },
}
