"""Rules for the verdicts that they earn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.findings import Finding
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Convention, Definition, Rule, Scenario
from property_tests.exact.oracle import scenario


def found(
    rule: Rule, definition: Definition, given: Scenario, conventions: Sequence[Convention] = ()
) -> Finding:
    """What is found out about the rule at one scenario, held against the certified truth of the definition."""
    question = Question(given, Exact(definition), conventions)
    return judge(question, RuleComparator("planted", rule))


def pointwise(f: Callable[[Array], Any], slope: Callable[[Array], Any]) -> Rule:
    """A rule that applies ``f`` and multiplies the cotangent by ``slope``, in the dtype of its argument."""

    def rule(x: Array) -> Any:
        return np.asarray(f(x), x.dtype), lambda y_bar: np.asarray(y_bar * slope(x), x.dtype)

    return rule


def relu(x: Any) -> Any:
    """max(x, 0), with its kink at 0."""
    return np.maximum(x, 0)


AT_KINK = scenario(np.array([0.0, 1.0, -1.0]), y_bar=np.array([2.0, 3.0, 5.0]))


def renormalised_cross_entropy(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """-log(p_t / sum p): Keras'."""
    total = p.sum(axis=-1, keepdims=True)
    _, inner = OPERATIONS["cross_entropy"].rule(p / total, labels, reduction=reduction)
    y, _ = OPERATIONS["cross_entropy"].rule(p / total, labels, reduction=reduction)

    def pullback(y_bar: Any) -> Any:
        q_bar = inner(y_bar)
        return (q_bar - np.sum(q_bar * p / total, axis=-1, keepdims=True)) / total

    return y, pullback


def changes_its_argument(x: Array) -> Any:
    """exp, which writes over its argument."""
    y = np.exp(x)
    x[...] = 0
    return y, lambda y_bar: y_bar * y
