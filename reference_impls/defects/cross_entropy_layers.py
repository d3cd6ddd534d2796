"""Wrong cross entropies of probabilities in the source documents, each with its own mistake and no other."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.cross_entropy import cross_entropy
from reference_impls.defects.cross_entropy import indexed, of_each_sample, reduced
from reference_impls.defects.entry import NONFINITE, STRUCTURE, WRONG, defect, gradient
from reference_impls.textbook import distribution


def every_product(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """``sum t log p`` over all classes, and -t / p over all of them."""
    t = distribution(labels, p.shape)
    with np.errstate(all="ignore"):
        y = reduced(-(t * np.log(p)).sum(axis=-1), reduction, p.dtype)

    def pullback(y_bar: Array) -> Array:
        return np.asarray(-t / p * of_each_sample(y_bar, p, reduction), p.dtype)

    return y, pullback


def clipped_forward_alone(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, _ = cross_entropy(np.maximum(p, p.dtype.type(1e-15)), labels, reduction=reduction)
    return y, cross_entropy(p, labels, reduction=reduction)[1]


def ten_classes(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = cross_entropy(p, labels, reduction=reduction)
    if not indexed(p, labels):
        return y, pullback
    n, indices = labels.size, labels.reshape(-1)

    def pull(y_bar: Array) -> Array:
        p_bar, at_label = np.zeros((n, 10), p.dtype), (np.arange(n), indices)
        p_bar[at_label] = pullback(y_bar).reshape(-1, p.shape[-1])[at_label]
        return p_bar.reshape(*p.shape[:-1], 10)

    return y, pull


def one_more_in_every_entry(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = cross_entropy(p, labels, reduction=reduction)
    return y, lambda y_bar: pullback(y_bar) + of_each_sample(y_bar, p, reduction)


def every_label_in_every_row(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """``y[:, t]`` where ``y[arange(n), t]`` was meant: as many probabilities a sample as there are samples."""
    right = cross_entropy(p, labels, reduction=reduction)
    if not indexed(p, labels):
        return right
    rows, t = p.reshape(-1, p.shape[-1]), labels.reshape(-1)
    with np.errstate(all="ignore"):
        picked = rows[:, t] + p.dtype.type(1e-7)
        losses = -np.log(picked).sum(axis=1).reshape(p.shape[:-1])
    chosen = (t[:, np.newaxis] == np.arange(p.shape[-1])).astype(p.dtype)

    def pullback(y_bar: Array) -> Array:
        share = of_each_sample(y_bar, p, reduction).reshape(-1, 1)
        return np.asarray(-share / picked @ chosen, p.dtype).reshape(p.shape)

    return reduced(losses, reduction, p.dtype), pullback


def all_of_the_product(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """All entries of t log pᵀ, where its trace was meant: each sample against the labels of all."""
    t = distribution(labels, p.shape).reshape(-1, p.shape[-1]).sum(axis=0).astype(p.dtype)
    return every_product(p, np.broadcast_to(t, p.shape), reduction=reduction)


def stores_the_loss_as_the_gradient(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, _ = cross_entropy(p, labels, reduction=reduction)
    return y, lambda y_bar: y.copy()


DEFECTS = (
    defect(
        "cross_entropy",
        "0 log 0",
        every_product,
        NONFINITE,
        mistake="t log p of every class, whose product of 0 and infinity is NaN, and -t / p, whose 0 / 0 is",
        shows="where a class that is no label has p = 0",
        source="document 003, evaluate",
    ),
    defect(
        "cross_entropy",
        "the loss clipped, its gradient not",
        clipped_forward_alone,
        WRONG,
        mistake="the loss is that of max(p, 1e-15), which is flat below; the gradient is -1 / p",
        shows="where the label's p is below 1e-15",
        source="document 002, CategoricalCrossEntropyLoss; document 002, CategoricalCrossEntropyLoss.gradient",
    ),
    defect(
        "cross_entropy",
        "ten classes always",
        ten_classes,
        STRUCTURE,
        mistake="the gradient has room for ten classes",
        shows="where there are more classes or fewer",
        source="document 002, CategoricalCrossEntropyLoss.gradient",
    ),
    defect(
        "cross_entropy",
        "1 more in every entry of the gradient",
        one_more_in_every_entry,
        WRONG,
        mistake="the gradient of the loss of p / sum p beside the loss of p",
        shows="where p does not sum to 1; where it does, it is the convention `renormalised`",
        source="document 002, sparse_categorical_crossentropy",
    ),
    defect(
        "cross_entropy",
        "every label in every row",
        every_label_in_every_row,
        WRONG,
        mistake="y[:, t] for y[arange(n), t]: each sample is held against the labels of all",
        shows="in a batch of more than one; in one of one it is the convention `1e-7 added`",
        source="document 004, cross_entropy_error; document 004, LossFunc.cross_entropy",
    ),
    defect(
        "cross_entropy",
        "all of t log yᵀ instead of its trace",
        all_of_the_product,
        WRONG,
        mistake="the products of all samples with the labels of all are added up",
        shows="in a batch of more than one",
        source="document 004, CrossEntropy.forward",
    ),
    defect(
        "cross_entropy",
        "the loss stored as the gradient",
        stores_the_loss_as_the_gradient,
        STRUCTURE,
        mistake="what the layer keeps for its gradient is the loss",
        source="document 004, CrossEntropy.forward_matrix",
    ),
    defect(
        "cross_entropy",
        "a backward that returns nothing",
        gradient(cross_entropy, lambda p_bar, y_bar, p, labels: None),
        STRUCTURE,
        mistake="the pullback returns None",
        source="document 004, CrossEntropy.backward",
    ),
)
