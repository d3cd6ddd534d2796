"""Affine maps, penalties and classifiers in PyTorch."""

# ruff: noqa: D103 - reference_impls documents the operations; here each is one call
from __future__ import annotations

from collections.abc import Mapping

from comparators.adapters import Function, Native
from comparators.pytorch.adapter import F, torch
from comparators.pytorch.classification import cross_entropy, softmax_cross_entropy


def affine(x: Native, W: Native, b: Native) -> Native:
    return F.linear(x, W.T, b)


def mean_squared_error(y: Native, t: Native) -> Native:
    return F.mse_loss(y, t)


def l2_penalty(w: Native, *, strength: float = 1.0, squared: bool = False) -> Native:
    return strength * (w.square().sum() if squared else torch.linalg.vector_norm(w))


def softmax_regression(x: Native, W: Native, b: Native, labels: Native, *, reduction: str = "mean") -> Native:
    return softmax_cross_entropy(affine(x, W, b), labels, reduction=reduction)


def sigmoid_classifier(x: Native, W: Native, b: Native, labels: Native, *, reduction: str = "mean") -> Native:
    p = torch.softmax(torch.sigmoid(affine(x, W, b)), -1)
    return cross_entropy(p, labels, reduction=reduction)


FUNCTIONS: Mapping[str, Mapping[str, Function]] = {
    "torch": {
        "affine": affine,
        "mean_squared_error": mean_squared_error,
        "l2_penalty": l2_penalty,
        "softmax_regression": softmax_regression,
        "sigmoid_classifier": sigmoid_classifier,
    },
}
