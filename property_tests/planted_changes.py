"""Changes of a right gradient, for relations to be found in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.question import Question
from gradassay.verdicts import judge_evaluation
from gradassay.vocabulary import Array, Rule, Verdict
from gradassay.why.cases import Case
from property_tests.strategies.scenarios import draw_scenarios

#: ``change(x_bar, y_bar, x, y)`` in the place of the right gradient.
Change = Callable[[Array, Array, Array, Array], Any]


def wrong_cases(operation: str, rule: Rule, *, dtype: str = "float64", examples: int = 45) -> list[Case]:
    """The scenarios in which a rule is wrong."""
    target, comparator = OPERATIONS[operation], RuleComparator("planted", rule)
    cases = []
    for scenario in draw_scenarios(target, dtype=dtype, examples=examples, seed=1):
        question = Question(scenario, Exact(target.definition), ())
        evaluation = comparator.evaluate(scenario)
        finding = judge_evaluation(question, comparator, evaluation)
        if finding.verdict is Verdict.WRONG:
            cases.append(Case(scenario, finding, evaluation, question))
    return cases


def planted(operation: str, change: Change) -> Rule:
    """The catalogue's rule with its first gradient changed."""

    def rule(*args: Array, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)

        def pulled(y_bar: Array) -> Any:
            bars = pullback(y_bar)
            first, *rest = bars if isinstance(bars, tuple) else (bars,)
            with np.errstate(all="ignore"):
                changed = np.asarray(change(first, y_bar, args[0], y), first.dtype)
            return (changed, *rest) if rest else changed

        return y, pulled

    return rule


def only(entries: Callable[[Array], Array]) -> Change:
    """The gradient at these of its entries, counted flat, and 0 elsewhere."""

    def change(g: Array, y_bar: Array, x: Array, y: Array) -> Array:
        part = np.zeros(g.shape, g.dtype)
        flat, source = part.reshape(-1), g.reshape(-1)
        at = entries(np.arange(g.size))
        flat[at] = source[at]
        return part

    return change


CHANGES: dict[str, Change] = {
    "zero": lambda g, y_bar, x, y: 0 * g,
    "wrong sign": lambda g, y_bar, x, y: -g,
    "factor 2": lambda g, y_bar, x, y: g + g,
    "factor 1/2": lambda g, y_bar, x, y: g / 2,
    "factor -3": lambda g, y_bar, x, y: -3 * g,
    "factor 2/3": lambda g, y_bar, x, y: g * 2 / 3,
    "factor 1.001": lambda g, y_bar, x, y: g * 1.001,
    "factor log 2": lambda g, y_bar, x, y: g * np.log(2),
    "factor 0.7123": lambda g, y_bar, x, y: g * 0.71234567,
    "factor N, N the number of entries": lambda g, y_bar, x, y: g * x.size,
    "factor 1/N, N the number of entries": lambda g, y_bar, x, y: g / max(1, x.size),
    "factor N, N the length of the last axis": lambda g, y_bar, x, y: g * (x.shape[-1] if x.ndim else 1),
    "factor 1/N, N the length of the first axis": lambda g, y_bar, x, y: (
        g / (max(1, len(x)) if x.ndim else 1)
    ),
    "+1 in every entry": lambda g, y_bar, x, y: g + 1,
    "-1/2 in every entry": lambda g, y_bar, x, y: g - 0.5,
    "reversed": lambda g, y_bar, x, y: np.flip(g),
    "off by one": lambda g, y_bar, x, y: np.roll(g, 1),
    "off by one backwards": lambda g, y_bar, x, y: np.roll(g, -1),
    "squared": lambda g, y_bar, x, y: g * g,
    "absolute value": lambda g, y_bar, x, y: np.abs(g),
    "clipped at 1/10": lambda g, y_bar, x, y: np.clip(g, -0.1, 0.1),
    "0 where the cotangent is negative": lambda g, y_bar, x, y: np.where(y_bar >= 0, g, 0),
    "0 where the argument is positive": lambda g, y_bar, x, y: np.where(x <= 0, g, 0),
    "0 where negative": lambda g, y_bar, x, y: np.where(g >= 0, g, 0),
    "the first entry alone": only(lambda at: at[:1]),
    "the last entry alone": only(lambda at: at[-1:]),
    "some entries 0": only(lambda at: at[at % 3 != 1]),
    "some signs wrong": lambda g, y_bar, x, y: (
        g * np.where(np.arange(g.size) % 3 == 1, -1, 1).reshape(g.shape)
    ),
    "entries in another order": lambda g, y_bar, x, y: np.sort(g, axis=None).reshape(g.shape),
    "computed in float32": lambda g, y_bar, x, y: g.astype(np.float32),
    "computed in float16": lambda g, y_bar, x, y: g.astype(np.float16),
    "proportional to the truth": lambda g, y_bar, x, y: g * (1.5 + np.sin(np.sum(x))),
    "a term added to every entry": lambda g, y_bar, x, y: g + (1.5 + np.sin(np.sum(y_bar))),
}


@cache
def cases_of(operation: str, name: str) -> tuple[Case, ...]:
    """The scenarios in which a change of the catalogue's rule makes it wrong."""
    return tuple(wrong_cases(operation, planted(operation, CHANGES[name])))
