"""Laws about what a gradient sums to, and about the powers that a function scales with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Scenario
from gradassay.why.laws.probe import FLOAT64, SLACK, Law, Probe, bound, first_of, violation

# ---- sums


def _sum_to(
    probe: Probe, axes: tuple[int, ...], sums: Array | float, scale: Any, part: int = 0
) -> float | None:
    if probe.base is None:
        return None
    g = probe.base[1 + part]
    terms = int(np.prod([g.shape[i] for i in axes]))
    return violation(g.sum(axis=axes, keepdims=True), np.asarray(sums), bound(scale, terms))


def _softmax_sum(probe: Probe) -> float | None:
    """sum_i x_bar_i = 0 along the axis: adding a number to all logits changes nothing."""
    largest = np.abs(probe.y_bar).sum(axis=probe.axes, keepdims=True, initial=0)
    return _sum_to(probe, probe.axes, 0.0, largest)


def distributions(x: Array, labels: Array) -> bool:
    """Whether the labels of every sample have the sum 1, exactly but for their own rounding."""
    if labels.dtype.kind in "iu" and labels.shape in (x.shape[:-1], (*x.shape[:-1], 1)):
        return True
    if labels.shape != x.shape:
        return False
    return bool(np.all(np.abs(labels.sum(axis=-1) - 1) <= x.shape[-1] * FLOAT64.u))


def _loss_sum(probe: Probe) -> float | None:
    if not probe.x.ndim or not distributions(probe.x, probe.scenario.args[-1]):
        return None
    return _sum_to(probe, (-1,), 0.0, 2 * np.max(np.abs(probe.y_bar), initial=0))


def _bias_sum(probe: Probe) -> float | None:
    x, W, _, labels = probe.scenario.args
    samples = x.size // max(1, x.shape[-1])
    if not distributions(np.empty((*x.shape[:-1], W.shape[-1])), labels):
        return None
    return _sum_to(probe, (-1,), 0.0, 2 * samples * np.max(np.abs(probe.y_bar), initial=0), part=2)


def _shares(probe: Probe) -> float | None:
    """sum x_bar = y_bar in each slice: what is won is handed on once."""
    y_bar = probe.kept(probe.y_bar)
    return _sum_to(probe, probe.axes, y_bar, y_bar) if probe.x.size else None


def _total(probe: Probe) -> float | None:
    """sum x_bar = sum y_bar: every cotangent arrives, once."""
    size = np.abs(probe.y_bar).sum()
    return _sum_to(probe, tuple(range(probe.x.ndim)), probe.y_bar.sum(), (1 + probe.y_bar.size) * size)


def _there_and_back(probe: Probe) -> float | None:
    """What is collected in a place and taken from it again is the sum of what was handed to it.

    Which place is which, the implementation says itself: it is given their numbers.
    """
    scenario, base = probe.scenario, probe.base
    if base is None:
        return None
    y, x_bar = base
    forward = scenario.operation == "get_item"
    numbers = np.arange(float(probe.x.size if forward else probe.y_bar.size))
    if forward:
        numbered = replace(scenario, args=(numbers.reshape(probe.x.shape),))
        again = replace(scenario, args=(x_bar,))
    else:
        numbered = replace(scenario, cotangent=numbers.reshape(probe.y_bar.shape))
        again = replace(scenario, cotangent=y)
    asked, back = probe.at(numbered), probe.at(again)
    if asked is None or back is None:
        return None
    places = asked[not forward].astype(np.intp)
    if not np.isin(places, numbers).all():
        return None
    handed = probe.y_bar if forward else probe.x
    total, size = np.zeros(numbers.size), np.zeros(numbers.size)
    np.add.at(total, places, handed)
    np.add.at(size, places, np.abs(handed))
    return violation(back[not forward], total[places], bound(size[places], handed.size))


# ---- powers


#: f(c x) = c^k f(x).
_DEGREES: Mapping[str, Callable[[Scenario], int]] = {
    **dict.fromkeys(("get_item", "get_item_grad", "sum", "mean", "max", "min", "relu"), lambda s: 1),
    "l2_penalty": lambda s: 2 if s.params.get("squared", False) else 1,
    "mean_squared_error": lambda s: 2,
}


def _euler(probe: Probe) -> float | None:
    """sum <x, x_bar> = k <y, y_bar>, which follows from f(c x) = c^k f(x) by its derivative at c = 1."""
    if probe.base is None:
        return None
    k = _DEGREES[probe.scenario.operation](probe.scenario)
    y, *gradients = probe.base
    args = [probe.scenario.args[i] for i in probe.scenario.differentiable]
    products = np.concatenate([(x * g).ravel() for x, g in zip(args, gradients, strict=True)])
    right = (y * probe.y_bar).ravel()
    scale = np.abs(products).sum() + k * np.abs(right).sum()
    permitted = bound(scale, products.size + right.size) + SLACK * FLOAT64.tiny * products.size
    return violation(products.sum(), k * right.sum(), permitted)


def _doubled(probe: Probe) -> float | None:
    """f(2 x) = 2^k f(x) and g(2 x) = 2^(k - 1) g(x), which is exact but for underflow."""
    k = _DEGREES[probe.scenario.operation](probe.scenario)
    twice = [2 * x if i in probe.scenario.differentiable else x for i, x in enumerate(probe.scenario.args)]
    base, doubled = probe.base, probe.at(replace(probe.scenario, args=tuple(twice)))
    if base is None or doubled is None:
        return None
    factors = (2.0**k, *(2.0 ** (k - 1) for _ in base[1:]))
    return first_of(
        violation(b, c * a, bound(np.max(np.abs(b), initial=0)) + FLOAT64.tiny)
        for a, b, c in zip(base, doubled, factors, strict=True)
    )


def _opposite(probe: Probe) -> float | None:
    if probe.base is None:
        return None
    _, g, h = probe.base
    return violation(g, -h, bound(np.maximum(np.abs(g), np.abs(h))))


SUMS = (
    Law(
        "softmax sum",
        "the gradient does not sum to 0 along the axis",
        _softmax_sum,
        ("softmax", "log_softmax"),
    ),
    Law("loss sum", "the gradient does not sum to 0 over the classes", _loss_sum, ("softmax_cross_entropy",)),
    Law(
        "bias sum",
        "the gradient of the bias does not sum to 0 over the classes",
        _bias_sum,
        ("softmax_regression",),
    ),
    Law(
        "shares", "the gradient does not sum to the cotangent in each slice", _shares, ("max", "min", "mean")
    ),
    Law("total", "the gradient does not sum to what the cotangent sums to", _total, ("get_item",)),
    Law(
        "there and back",
        "get_item after get_item_grad does not give what was collected",
        _there_and_back,
        ("get_item", "get_item_grad"),
    ),
    Law("Euler", "<x, x_bar> is not the degree times <y, y_bar>", _euler, tuple(_DEGREES)),
    Law("doubling", "doubling the argument does not just scale the result", _doubled, tuple(_DEGREES)),
    Law(
        "opposite",
        "the gradients of prediction and target are not opposite",
        _opposite,
        ("mean_squared_error",),
    ),
)
