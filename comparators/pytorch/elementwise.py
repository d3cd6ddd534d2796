"""Elementwise functions in PyTorch; ``torch.hardtanh`` and ``torch.maximum`` are the other ways to cut off."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping

from comparators.adapters import Function, Native, limited
from comparators.pytorch.adapter import F, torch
from gradassay.vocabulary import Scenario


def _one_bound(scenario: Scenario) -> str | None:
    if scenario.params.get("low") is None and scenario.params.get("high") is None:
        return "torch.clamp takes at least one bound"
    return None


def _both_bounds(scenario: Scenario) -> str | None:
    low, high = scenario.params.get("low"), scenario.params.get("high")
    if low is None or high is None:
        return "hardtanh takes both bounds"
    return "hardtanh refuses a lower bound above the upper" if low > high else None


def exp(x: Native) -> Native:
    return torch.exp(x)


def log(x: Native) -> Native:
    return torch.log(x)


@limited(_one_bound)
def clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    return torch.clamp(x, low, high)


@limited(_both_bounds)
def hardtanh_clip(x: Native, *, low: float, high: float) -> Native:
    return F.hardtanh(x, low, high)


def maximum_clip(x: Native, *, low: float | None = None, high: float | None = None) -> Native:
    y = x if low is None else torch.maximum(x, x.new_tensor(low))
    return y if high is None else torch.minimum(y, x.new_tensor(high))


def relu(x: Native) -> Native:
    return torch.relu(x)


def maximum_relu(x: Native) -> Native:
    return torch.maximum(x, x.new_tensor(0))


def sigmoid(x: Native) -> Native:
    return torch.sigmoid(x)


def tanh(x: Native) -> Native:
    return torch.tanh(x)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "torch": {"exp": exp, "log": log, "clip": clip, "relu": relu, "sigmoid": sigmoid, "tanh": tanh},
    "torch.hardtanh": {"clip": hardtanh_clip},
    "torch.maximum": {"clip": maximum_clip, "relu": maximum_relu},
}
