"""Each verdict by the smallest rule that earns it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Rule, Verdict
from property_tests.exact.oracle import scenario
from property_tests.planted_rules import (
    AT_KINK,
    changes_its_argument,
    found,
    pointwise,
    relu,
    renormalised_cross_entropy,
)


def test_agrees() -> None:
    finding = found(pointwise(np.exp, np.exp), np.exp, scenario(np.array([0.5]), y_bar=np.ones(1)))
    assert finding.verdict is Verdict.AGREES
    assert finding.sentence == ""
    assert 0 <= finding.worst.budget_ratio <= 1


@pytest.mark.parametrize(
    ("at_zero", "cause"),
    [
        (0.5, "tie: split"),
        (1.0, "tie: all to the first"),
        (0.0, "tie: all to the last"),
        (0.25, "tie: between the winners"),
    ],
)
def test_subgradient_names_the_convention(at_zero: float, cause: str) -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, at_zero, x > 0))
    finding = found(rule, relu, AT_KINK)
    assert (finding.verdict, finding.cause) == (Verdict.SUBGRADIENT, cause)
    assert not finding.verdict.fails


def test_convention_names_the_alternative_definition() -> None:
    operation = OPERATIONS["cross_entropy"]
    given = scenario(np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]), np.array([2, 0]), y_bar=2.0)
    finding = found(renormalised_cross_entropy, operation.definition, given, operation.conventions)
    assert (finding.verdict, finding.cause) == (Verdict.CONVENTION, "renormalised")
    assert not finding.verdict.fails
    without = found(renormalised_cross_entropy, operation.definition, given)
    assert without.verdict is Verdict.WRONG


@pytest.mark.parametrize("got", [np.nan, 0.0, np.inf])
def test_undefined_where_the_mathematics_has_no_value(got: float) -> None:
    def zero_over_zero(x: Any) -> Any:
        return x / x

    finding = found(pointwise(lambda x: np.full_like(x, got), lambda x: got), zero_over_zero, scenario(0.0))
    assert finding.verdict is Verdict.UNDEFINED
    assert finding.cause == "no value in the primal"
    assert repr(got) in finding.sentence


def test_inconclusive_where_no_truth_can_be_certified() -> None:
    def definition(x: Any) -> Any:
        return np.log(np.exp(x) / np.exp(x) - 1)

    finding = found(pointwise(definition, np.ones_like), definition, scenario(0.3))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.cause == "the truth could not be certified"
    assert not finding.verdict.fails


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def cancelling(x: Array) -> Any:
    s = sigmoid(x)
    return s * (1 - s)


@pytest.mark.parametrize(("dtype", "x"), [("float64", 38.0), ("float32", 17.5), ("float64", 20.0)])
def test_imprecise_by_cancellation(dtype: str, x: float) -> None:
    finding = found(pointwise(sigmoid, cancelling), sigmoid, scenario(x, y_bar=1.5, dtype=dtype))
    assert finding.verdict is Verdict.IMPRECISE
    assert finding.verdict.fails
    assert finding.worst.budget_ratio > 1


def test_imprecise_by_flush_to_zero() -> None:
    def flushing(x: Array) -> Any:
        e = np.exp(x)
        return np.where(np.abs(e) < np.finfo(x.dtype).tiny, 0, e)

    finding = found(pointwise(flushing, flushing), np.exp, scenario(-90.0, dtype="float32"))
    assert (finding.verdict, finding.cause) == (Verdict.IMPRECISE, "flush to zero")


def test_imprecise_by_stagnation() -> None:
    def one_by_one(x: Array) -> Any:
        s = x.dtype.type(0)
        for value in x:
            s = x.dtype.type(s + value)
        return s

    rule = pointwise(one_by_one, np.ones_like)
    finding = found(rule, np.sum, scenario(np.ones(4096), y_bar=1.0, dtype="float16"))
    assert finding.verdict is Verdict.IMPRECISE
    assert finding.example is not None
    assert (finding.example.path, finding.example.expected, finding.example.got) == ("y", 4096.0, 2048.0)


def test_nonfinite_where_the_truth_is_finite() -> None:
    operation = OPERATIONS["softmax"]

    def naive(x: Array, *, axis: int = -1) -> Any:
        e = np.exp(x)
        p = e / e.sum(axis=axis, keepdims=True)
        return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))

    given = scenario(np.array([1000.0, 0.0]), y_bar=np.array([1.0, -2.0]))
    finding = found(naive, operation.definition, given)
    assert (finding.verdict, finding.cause) == (Verdict.NONFINITE, "NaN in the primal")
    shifted = found(naive, operation.definition, replace(given, args=(np.array([1000.0, -np.inf]),)))
    assert shifted.cause == "NaN in the primal, -inf in an argument"


STRUCTURES: dict[str, tuple[Any, str]] = {
    "dtype of the primal": (lambda x: (np.exp(x).astype(np.float32), lambda g: g * np.exp(x)), "float32"),
    "dtype of the gradient": (lambda x: (np.exp(x), lambda g: (g * np.exp(x)).astype("float32")), "float32"),
    "shape of the primal": (lambda x: (np.exp(x)[None], lambda g: g[0] * np.exp(x)), "shape"),
    "shape of the gradient": (lambda x: (np.exp(x), lambda g: (g * np.exp(x))[None]), "shape"),
    "None": (lambda x: (np.exp(x), lambda g: None), "None"),
    "arity": (lambda x: (np.exp(x), lambda g: (g, g)), "arity"),
    "no pullback": (np.exp, "arity"),
    "a number": (lambda x: (np.exp(x), 3), "arity"),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structure_comes_first(name: str) -> None:
    rule, word = STRUCTURES[name]
    finding = found(rule, np.exp, scenario(np.array([0.5, 1.0]), y_bar=np.ones(2)))
    assert finding.verdict is Verdict.STRUCTURE
    assert word in finding.cause


def changes_the_cotangent(x: Array) -> Any:
    def pullback(y_bar: Array) -> Array:
        y_bar *= np.exp(x)
        return y_bar

    return np.exp(x), pullback


class Stateful:
    """A rule that remembers."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Array) -> Any:
        self.calls += 1
        calls = self.calls
        return np.exp(x), lambda y_bar: y_bar * np.exp(x) * calls


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        (changes_the_cotangent, "changes the cotangent in place"),
        (changes_its_argument, "changes argument 0 in place"),
        (Stateful(), "two identical calls differ"),
    ],
    ids=["cotangent", "argument", "state"],
)
def test_impure(rule: Rule, cause: str) -> None:
    finding = found(rule, np.exp, scenario(np.array([0.5, 1.0]), y_bar=np.array([1.0, -2.0])))
    assert (finding.verdict, finding.cause) == (Verdict.IMPURE, cause)


@pytest.mark.parametrize("layout", ["F", "strided", "reversed"])
def test_impure_is_what_depends_on_the_layout(layout: str) -> None:
    def rule(x: Array) -> Any:
        sign = 1 if x.flags.c_contiguous else -1
        return np.exp(x), lambda y_bar: sign * y_bar * np.exp(x)

    values = np.array([[0.5, 1.0], [2.0, -1.0]])
    laid_out = {
        "F": np.asfortranarray(values),
        "strided": np.repeat(values, 2, axis=1)[:, ::2],
        "reversed": values[::-1, ::-1].copy()[::-1, ::-1],
    }[layout]
    given = scenario(values, y_bar=np.ones((2, 2)))
    assert found(rule, np.exp, given).verdict is Verdict.AGREES
    finding = found(rule, np.exp, replace(given, args=(laid_out,), layout=layout))
    assert (finding.verdict, finding.cause) == (Verdict.IMPURE, "depends on the memory layout")


def test_raises_on_a_valid_input() -> None:
    def rule(x: Array) -> Any:
        raise RuntimeError("no such thing\nas a second line")

    finding = found(rule, np.exp, scenario(0.5))
    assert (finding.verdict, finding.cause) == (Verdict.RAISES, "RuntimeError")
    assert finding.sentence == "RuntimeError: no such thing"


def test_wrong_is_what_nothing_explains() -> None:
    finding = found(
        pointwise(np.exp, lambda x: -np.exp(x)), np.exp, scenario(np.array([0.5, 1.0]), y_bar=np.ones(2))
    )
    assert (finding.verdict, finding.cause) == (Verdict.WRONG, "the gradient")
    assert finding.example is not None
    assert finding.example.path == "x_bar"
    assert "truth 2.718" in finding.sentence or "truth 1.648" in finding.sentence


def test_every_verdict_is_earned_here() -> None:
    earned = {name for name in globals() if name.startswith("test_")}
    for verdict in Verdict:
        assert any(str(verdict) in name for name in earned), verdict


def test_the_order_is_from_good_to_bad() -> None:
    order = list(gradassay.Verdict)
    assert [v.rank for v in order] == list(range(11))
    assert [v for v in order if v.fails] == order[order.index(Verdict.IMPRECISE) :]
