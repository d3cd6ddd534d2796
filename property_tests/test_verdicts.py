"""Each verdict by the smallest rule that earns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradassay
from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.findings import Finding
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Convention, Definition, Rule, Scenario, Verdict
from property_tests.exact.oracle import scenario


def found(
    rule: Rule, definition: Definition, given: Scenario, conventions: Sequence[Convention] = ()
) -> Finding:
    question = Question(given, Exact(definition), conventions)
    return judge(question, RuleComparator("planted", rule))


def pointwise(f: Callable[[Array], Any], slope: Callable[[Array], Any]) -> Rule:
    """A rule that applies ``f`` and multiplies the cotangent by ``slope``, in the dtype of its argument."""

    def rule(x: Array) -> Any:
        return np.asarray(f(x), x.dtype), lambda y_bar: np.asarray(y_bar * slope(x), x.dtype)

    return rule


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


AT_KINK = scenario(np.array([0.0, 1.0, -1.0]), y_bar=np.array([2.0, 3.0, 5.0]))


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


@pytest.mark.parametrize("at_zero", [2.0, -1.0, 1e6])
def test_what_is_no_subgradient_is_not_one(at_zero: float) -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, at_zero, x > 0))
    assert found(rule, relu, AT_KINK).verdict is not Verdict.SUBGRADIENT


def test_a_wrong_primal_at_a_kink_is_wrong() -> None:
    assert found(pointwise(lambda x: relu(x) + 1, lambda x: x > 0), relu, AT_KINK).verdict is Verdict.WRONG


@pytest.mark.parametrize("wrong", [2.0, -1.0, np.nan])
def test_at_a_kink_what_lies_outside_of_the_set_fails(wrong: float) -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, wrong, x > 0))
    assert found(rule, relu, AT_KINK).verdict.fails


def test_an_entry_away_from_the_kink_is_judged_beside_it() -> None:
    rule = pointwise(relu, lambda x: np.where(x == 0, 0, 7 * (x > 0)))
    assert found(rule, relu, AT_KINK).verdict.fails


def renormalised_cross_entropy(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """-log(p_t / sum p): Keras'."""
    total = p.sum(axis=-1, keepdims=True)
    _, inner = OPERATIONS["cross_entropy"].rule(p / total, labels, reduction=reduction)
    y, _ = OPERATIONS["cross_entropy"].rule(p / total, labels, reduction=reduction)

    def pullback(y_bar: Any) -> Any:
        q_bar = inner(y_bar)
        return (q_bar - np.sum(q_bar * p / total, axis=-1, keepdims=True)) / total

    return y, pullback


def test_convention_names_the_alternative_definition() -> None:
    operation = OPERATIONS["cross_entropy"]
    given = scenario(np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]), np.array([2, 0]), y_bar=2.0)
    finding = found(renormalised_cross_entropy, operation.definition, given, operation.conventions)
    assert (finding.verdict, finding.cause) == (Verdict.CONVENTION, "renormalised")
    assert not finding.verdict.fails
    without = found(renormalised_cross_entropy, operation.definition, given)
    assert without.verdict is Verdict.WRONG


def test_a_convention_does_not_excuse_what_it_does_not_equal() -> None:
    operation = OPERATIONS["cross_entropy"]
    given = scenario(np.array([[0.2, 0.3, 0.5]]), np.array([2]), y_bar=2.0)

    def off(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
        y, pullback = renormalised_cross_entropy(p, labels, reduction=reduction)
        return y, lambda y_bar: pullback(y_bar) * 1.001

    assert found(off, operation.definition, given, operation.conventions).verdict is Verdict.WRONG


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_number_in_place_of_infinity_is_no_rounding_error(dtype: str) -> None:
    clipped = pointwise(
        lambda x: np.log(np.maximum(x, x.dtype.type(1e-7))), lambda x: np.where(x > 0, 1, np.inf)
    )
    finding = found(clipped, np.log, scenario(np.zeros(1, dtype), y_bar=np.ones(1, dtype)))
    assert (finding.verdict, finding.cause) == (Verdict.WRONG, "the primal")


def test_an_overflow_is_no_convention_whose_value_is_merely_larger() -> None:
    operation = OPERATIONS["mean_squared_error"]
    y, t = np.full(4, 1e154), np.zeros(4)
    given = scenario(y, t, y_bar=0.0)

    def of_the_sum(y: Array, t: Array) -> Any:
        d = y - t
        with np.errstate(over="ignore"):
            return np.sum(d * d) / d.size, lambda l_bar: (l_bar * d, -l_bar * d)

    finding = found(of_the_sum, operation.definition, given, operation.conventions)
    assert (finding.verdict, finding.cause) == (Verdict.NONFINITE, "infinity in the primal")


@pytest.mark.parametrize("got", [np.nan, 0.0, np.inf])
def test_undefined_where_the_mathematics_has_no_value(got: float) -> None:
    def zero_over_zero(x: Any) -> Any:
        return x / x

    finding = found(pointwise(lambda x: np.full_like(x, got), lambda x: got), zero_over_zero, scenario(0.0))
    assert finding.verdict is Verdict.UNDEFINED
    assert finding.cause == "no value in the primal"
    assert repr(got) in finding.sentence


def test_undefined_entries_do_not_excuse_the_others() -> None:
    def definition(x: Any) -> Any:
        return x - x * 0

    rule = pointwise(lambda x: np.where(np.isinf(x), np.nan, 2 * x), np.ones_like)
    finding = found(rule, definition, scenario(np.array([np.inf, 1.0]), y_bar=np.ones(2)))
    assert finding.verdict is Verdict.WRONG


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


def changes_its_argument(x: Array) -> Any:
    y = np.exp(x)
    x[...] = 0
    return y, lambda y_bar: y_bar * y


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


def test_writing_to_a_read_only_argument_is_impure() -> None:
    x = np.array([0.5])
    given = scenario(x, y_bar=np.ones(1))
    given.args[0].flags.writeable = False
    finding = found(changes_its_argument, np.exp, replace(given, layout="read_only"))
    assert finding.verdict is Verdict.IMPURE


def test_raises_on_a_valid_input() -> None:
    def rule(x: Array) -> Any:
        raise RuntimeError("no such thing\nas a second line")

    finding = found(rule, np.exp, scenario(0.5))
    assert (finding.verdict, finding.cause) == (Verdict.RAISES, "RuntimeError")
    assert finding.sentence == "RuntimeError: no such thing"


def test_raises_in_the_pullback() -> None:
    def rule(x: Array) -> Any:
        return np.exp(x), lambda y_bar: y_bar[5]

    assert found(rule, np.exp, scenario(np.ones(2), y_bar=np.ones(2))).verdict is Verdict.RAISES


def test_raises_is_also_what_accepts_an_invalid_input() -> None:
    operation = OPERATIONS["softmax_cross_entropy"]
    given = scenario(np.zeros((1, 2)), np.array([7]), y_bar=np.zeros(0))
    given = replace(given, valid=False)

    def accepting(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
        return operation.rule(x, np.clip(labels, 0, 1), reduction=reduction)

    finding = found(accepting, operation.definition, given)
    assert (finding.verdict, finding.cause) == (Verdict.RAISES, "no exception on an invalid input")
    assert found(operation.rule, operation.definition, given).verdict is Verdict.AGREES


def test_wrong_is_what_nothing_explains() -> None:
    finding = found(
        pointwise(np.exp, lambda x: -np.exp(x)), np.exp, scenario(np.array([0.5, 1.0]), y_bar=np.ones(2))
    )
    assert (finding.verdict, finding.cause) == (Verdict.WRONG, "the gradient")
    assert finding.example is not None
    assert finding.example.path == "x_bar"
    assert "truth 2.718" in finding.sentence or "truth 1.648" in finding.sentence


def test_the_gradient_that_is_wrong_among_several_is_named() -> None:
    def rule(a: Array, b: Array) -> Any:
        return a * b, lambda y_bar: (y_bar * b, y_bar * b)

    finding = found(rule, lambda a, b: a * b, scenario(np.array([2.0]), np.array([3.0]), y_bar=np.ones(1)))
    assert finding.example is not None
    assert (finding.example.path, finding.example.index) == ("x_bar[1]", (0,))
    assert (finding.example.expected, finding.example.got) == (2.0, 3.0)


def test_numbers_come_after_purity_and_structure() -> None:
    def wrong_and_impure(x: Array) -> Any:
        x[...] = 1
        return np.exp(x) * 2, lambda y_bar: y_bar

    assert found(wrong_and_impure, np.exp, scenario(np.zeros(2), y_bar=np.ones(2))).verdict is Verdict.IMPURE


def test_every_verdict_is_earned_here() -> None:
    earned = {name for name in globals() if name.startswith("test_")}
    for verdict in Verdict:
        assert any(str(verdict) in name for name in earned), verdict


def test_the_order_is_from_good_to_bad() -> None:
    order = list(gradassay.Verdict)
    assert [v.rank for v in order] == list(range(11))
    assert [v for v in order if v.fails] == order[order.index(Verdict.IMPRECISE) :]


def test_what_no_truth_decides_shows_the_entry() -> None:
    """One unit in the last place too much is so near to the budget here that no truth is narrow enough to part them."""

    def rule(x: Array) -> Any:
        return x / 3, lambda y_bar: np.nextafter(y_bar / 3, 1)

    given = scenario(np.array([1.0]), y_bar=np.array([0.9999465942382812]))
    finding = found(rule, lambda x: x / 3, given)
    assert (finding.verdict, finding.cause) == (Verdict.INCONCLUSIVE, "at the edge of the budget")
    assert finding.example is not None
    assert finding.example.path == "x_bar"
    assert "x_bar[0] is 0.33331553141276" in finding.sentence
