"""The budget: what sound rounding may do is permitted, what goes beyond is not, and nothing is permitted twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from comparators.exact import Exact
from comparators.exact.model import LAMBDA, certain_sum_factor, sum_factor
from comparators.interface import Comparator
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Scenario, Verdict
from property_tests.exact.oracle import enclosures, scenario, truth_in


def normals(size: Any) -> Any:
    """The same ones in whatever order the tests run."""
    return np.random.default_rng(17).normal(size=size)


FORMAT_NAMES = tuple(FORMATS)


def total(x: Any) -> Any:
    return x.sum()


def verdict(rule: Any, definition: Any, given_: Scenario) -> Verdict:
    comparator: Comparator = RuleComparator("planted", rule)
    return judge(Question(given_, Exact(definition), ()), comparator).verdict


def summing(add_up: Callable[[Array], Any]) -> Any:
    """A rule for the sum that adds up in its own way."""

    def rule(x: Array) -> Any:
        return np.asarray(add_up(x), x.dtype), lambda y_bar: np.full_like(x, y_bar)

    return rule


def one_after_the_other(x: Any) -> Any:
    s = x.dtype.type(0)
    for value in x:
        s = x.dtype.type(s + value)
    return s


def backwards(x: Array) -> Any:
    return one_after_the_other(x[::-1])


def in_pairs(x: Array) -> Any:
    while len(x) > 1:
        x = np.append(x[: len(x) // 2 * 2].reshape(-1, 2).sum(axis=1, dtype=x.dtype), x[len(x) // 2 * 2 :])
    return x[0]


#: 16 bits cannot hold a running sum of many: stagnation is a law of its own.
LENGTHS = [(d, n) for d in FORMATS for n in (2, 3, 17, 300, 1024, 4096) if n < 64 or FORMATS[d].u < 1e-4]


@pytest.mark.parametrize(("dtype", "n"), LENGTHS)
@pytest.mark.parametrize("add_up", [one_after_the_other, backwards, in_pairs], ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["signed", "positive"])
def test_a_sound_sum_passes(kind: str, add_up: Any, dtype: str, n: int) -> None:
    x = normals(n) if kind == "signed" else 0.5 + np.random.default_rng(17).random(n)
    assert verdict(summing(add_up), total, scenario(x, y_bar=1.5, dtype=dtype)) is Verdict.AGREES


@pytest.mark.parametrize(("dtype", "stops_at"), [("float16", 2048), ("bfloat16", 256)])
def test_a_sum_that_stagnates_is_imprecise(dtype: str, stops_at: int) -> None:
    given_ = scenario(np.ones(4096), y_bar=1.0, dtype=dtype)
    assert float(one_after_the_other(given_.args[0])) == stops_at
    assert verdict(summing(one_after_the_other), total, given_) is Verdict.IMPRECISE
    sound = summing(lambda x: x.astype(np.float32).sum())
    assert verdict(sound, total, given_) is Verdict.AGREES


def test_duplicates_that_stagnate_in_a_scatter_are_imprecise() -> None:
    operation = OPERATIONS["get_item"]
    index = np.zeros(4096, int)

    def in_float16(x: Any, *, index: Any) -> Any:
        def pullback(y_bar: Any) -> Any:
            x_bar = np.zeros_like(x)
            np.add.at(x_bar, index, y_bar)
            return x_bar

        return x[index], pullback

    given_ = scenario(np.ones(2), y_bar=np.ones(4096), dtype="float16", index=index)
    assert float(in_float16(*given_.args, index=index)[1](given_.cotangent)[0]) == 2048
    assert verdict(in_float16, operation.definition, given_) is Verdict.IMPRECISE
    assert verdict(operation.rule, operation.definition, given_) is Verdict.AGREES


# -- how sharp it is ------------------------------------------------------------------------------------------


def softmax_scaled(factor: float, roundings: int = 0) -> Any:
    """The catalogue's softmax with its gradient multiplied by ``factor`` and rounded some more times."""

    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["softmax"].rule(x)

        def changed(y_bar: Any) -> Any:
            x_bar = pullback(y_bar).astype(np.longdouble) * np.longdouble(factor)
            for _ in range(roundings):
                # A multiplication and a division, each rounded to the dtype: nearly the identity.
                x_bar = ((x_bar * 3).astype(x.dtype).astype(np.longdouble) / 3).astype(x.dtype)
            return x_bar.astype(x.dtype)

        return y, changed

    return rule


LOGITS = normals((4, 5))
COTANGENT = normals((4, 5))


@pytest.mark.parametrize("dtype", FORMAT_NAMES)
def test_one_more_rounding_passes(dtype: str) -> None:
    given_ = scenario(LOGITS, y_bar=COTANGENT, dtype=dtype)
    definition = OPERATIONS["softmax"].definition
    assert verdict(softmax_scaled(1.0), definition, given_) is Verdict.AGREES
    assert verdict(softmax_scaled(1.0, roundings=1), definition, given_) is Verdict.AGREES


@pytest.mark.parametrize(
    ("dtype", "error"),
    [
        ("float64", 1e-3),
        ("float32", 1e-3),
        ("float64", 2.0**-47),
        ("float32", 2.0**-18),
        ("float16", 2.0**-5),
        ("bfloat16", 2.0**-2),
    ],
)
def test_a_relative_error_of_a_few_units_more_does_not_pass(dtype: str, error: float) -> None:
    given_ = scenario(LOGITS, y_bar=COTANGENT, dtype=dtype)
    found = verdict(softmax_scaled(1 + error), OPERATIONS["softmax"].definition, given_)
    assert found.fails
    if error == 1e-3:
        assert found is Verdict.WRONG


@pytest.mark.parametrize("dtype", FORMAT_NAMES)
def test_the_budget_is_some_roundings_of_the_value_and_no_more(dtype: str) -> None:
    truth = Exact(OPERATIONS["softmax"].definition).evaluate(scenario(LOGITS, y_bar=COTANGENT, dtype=dtype))
    assert truth is not None
    u = FORMATS[dtype].u
    units = (truth.primal.budget / np.abs(truth.primal.mid) / u).astype(float)
    # exp of x wiggled by u |x|, its 3 ulp, a sum of five, a division.
    assert np.all(units > 5)
    assert np.all(units < 40)


# -- decisions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FORMAT_NAMES)
def test_a_near_tie_of_arguments_excuses_nothing(dtype: str) -> None:
    form = FORMATS[dtype]
    x = np.array([1.0, 1 + 2 * form.u])
    given_ = scenario(x, y_bar=1.0, dtype=dtype)
    assert given_.args[0][0] != given_.args[0][1]
    truth = Exact(np.max).evaluate(given_)
    assert truth is not None
    assert not truth.extremes
    assert np.all(truth.gradients[0].budget < 0.1)

    def first_wins(x: Array) -> Any:
        return np.max(x), lambda y_bar: np.array([y_bar, 0], x.dtype)

    assert verdict(first_wins, np.max, given_) is Verdict.WRONG


def test_where_the_compared_values_were_computed_the_budget_takes_in_both_branches() -> None:
    # x² and 2 are closer than float32 can compute x².
    x = np.array([np.float32(np.sqrt(2)), 3.0])

    def definition(x: Any) -> Any:
        return np.where(x * x > 2, 10 * x, -x)

    truth = Exact(definition).evaluate(scenario(x, y_bar=np.ones(2), dtype="float32"))
    assert truth is not None
    assert abs(float(truth.gradients[0].mid[0]) + 1) < 1e-6
    assert 10 <= float(truth.gradients[0].budget[0]) < 12
    assert float(truth.primal.budget[0]) >= 10
    assert float(truth.gradients[0].budget[1]) < 1e-5, "the other entry is in no doubt"


# -- the model's constants ---------------------------------------------------------------------------------------


def test_a_sum_is_permitted_the_smaller_of_two_bounds() -> None:
    n = np.array([0, 1, 2, 5, 9, 12, 100, 4096])
    np.testing.assert_allclose(sum_factor(n), np.minimum(np.maximum(n - 1, 0), LAMBDA * np.sqrt(n)))
    assert np.all(sum_factor(n) <= certain_sum_factor(n))
    ratios = certain_sum_factor(n[2:]) / sum_factor(n[2:])
    assert np.all(np.diff(ratios) >= 0), "the certificate takes the ratio of the longest sum"


def test_a_zero_costs_no_rounding() -> None:
    some, many = np.array([1.0, 2.0]), np.array([1.0, 2.0, *[0.0] * 500])
    budgets = [
        float(t.primal.budget)
        for x in (some, many)
        if (t := Exact(total).evaluate(scenario(x, y_bar=1.0, dtype="float32"))) is not None
    ]
    assert budgets[1] / budgets[0] == pytest.approx(1)


# -- two arithmetics, one budget --------------------------------------------------------------------------------

WELL_CONDITIONED: dict[str, Callable[[Any], Any]] = {
    "softmax": OPERATIONS["softmax"].definition,
    "log_softmax": OPERATIONS["log_softmax"].definition,
    "tanh": np.tanh,
    "log(2 + x²)": lambda x: np.log(2 + x * x),
    "log1p(exp x)": lambda x: np.log1p(np.exp(x)),
    "x exp(-x²)": lambda x: x * np.exp(-x * x),
    "1 / (1 + exp -x)": lambda x: 1 / (1 + np.exp(-x)),
    "x xᵀ": lambda x: x @ x.T,
    "mean of squares": lambda x: np.mean(x**2),
    "relu": lambda x: np.maximum(x, 0),
    "gather": lambda x: x[[0, 0, 1]],
}


@pytest.mark.parametrize("name", WELL_CONDITIONED)
@pytest.mark.parametrize("dtype", FORMAT_NAMES)
def test_midpoint_radius_and_arb_permit_the_same(dtype: str, name: str) -> None:
    f = WELL_CONDITIONED[name]
    given_ = scenario(LOGITS, y_bar=normals(np.shape(f(LOGITS))), dtype=dtype)
    truths = [t for n in ("longdouble", "arb-128") if (t := truth_in(n, f, given_)) is not None]
    assert len(truths) == 2
    for ours, arbs in zip(*map(enclosures, truths), strict=True):
        # What both leave out is of second order in u, and propagated by different bounds.
        slack = 0.08 + 40 * FORMATS[dtype].u
        np.testing.assert_allclose(
            ours.budget.astype(float),
            arbs.budget.astype(float),
            rtol=slack,
            atol=float(np.max(arbs.budget)) * 0.02,
        )


def test_both_permit_the_same_error_of_a_square_root() -> None:
    given_ = scenario(LOGITS, y_bar=COTANGENT)
    permitted = [
        float(np.max(t.primal.budget))
        for name in ("longdouble", "arb-128")
        if (t := truth_in(name, lambda x: np.sqrt(1 + x * x), given_)) is not None
    ]
    assert permitted[0] / permitted[1] == pytest.approx(1, rel=0.08)


@pytest.mark.parametrize("dtype", FORMAT_NAMES)
def test_a_budget_is_never_less_than_half_an_ulp_nor_negative(dtype: str) -> None:
    truth = Exact(lambda x: np.exp(x) * 1e-3).evaluate(scenario(LOGITS, y_bar=COTANGENT, dtype=dtype))
    assert truth is not None
    for part in enclosures(truth):
        assert np.all(part.budget >= FORMATS[dtype].u * np.abs(part.mid))
        assert np.all(part.budget >= part.rad)


def test_rounding_the_truth_to_the_dtype_is_within_budget_for_every_bit_pattern_of_bfloat16() -> None:
    patterns = np.arange(2**16, dtype=np.uint16)
    patterns = patterns[(patterns & 0x7F80) != 0x7F80]  # an exponent of ones is infinite or NaN
    x = patterns.view(ml_dtypes.bfloat16).astype(np.float64)
    given_ = scenario(x, y_bar=np.ones(x.shape), dtype="bfloat16")
    for definition in (lambda x: x * 3, lambda x: x / 7):
        truth = next(iter(Exact(definition).truths(given_)))
        with np.errstate(over="ignore"):
            rounded = truth.primal.mid.astype(np.float64).astype(ml_dtypes.bfloat16).astype(np.longdouble)
        inside = np.abs(rounded - truth.primal.mid) <= truth.primal.budget
        assert np.all(inside | np.isinf(rounded))
