"""Finite differences: what is right agrees, what is planted is wrong, what cannot be told is inconclusive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.finite_differences import Finding, FiniteDifferences
from gradassay.catalogue import operations
from gradassay.vocabulary import Array, Rule, Scenario, Verdict
from property_tests.strategies.scenarios import draw_scenarios

Function = Callable[[Array], Any]
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def elementwise(function: Function, derivative: Function) -> Rule:
    return lambda x: (function(x), lambda y_bar: y_bar * derivative(x))


def softmax(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y = e / e.sum(axis=-1, keepdims=True)
    return y, lambda y_bar: y * (y_bar - (y_bar * y).sum(axis=-1, keepdims=True))


def changed(rule: Rule, change: Callable[[Array], Array]) -> Rule:
    """The rule with another pullback: ``change`` is done to what it returns."""

    def bad(*args: Array) -> tuple[Any, Callable[[Any], Any]]:
        y, pullback = rule(*args)
        return y, lambda y_bar: change(pullback(y_bar))

    return bad


def scenario(rule: Rule, *args: Any, y_bar: Any = None, differentiable: tuple[int, ...] = (0,)) -> Scenario:
    """A scenario with a signed cotangent, unless ``y_bar`` is given."""
    arrays = tuple(np.asarray(arg) for arg in args)
    shape = np.shape(rule(*(array.copy() for array in arrays))[0])
    cotangent = (
        np.random.default_rng(7).normal(size=shape) if y_bar is None else np.asarray(y_bar, dtype=np.float64)
    )
    return Scenario("anything", "float64", arrays, {}, np.asarray(cotangent), differentiable)


def judge(rule: Rule, *args: Any, **options: Any) -> Finding:
    return FiniteDifferences(rule).judge(scenario(rule, *args, **options))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def step(x: Array) -> Array:
    return (x > 0).astype(np.float64)


SIGMOID = elementwise(sigmoid, lambda x: sigmoid(x) * sigmoid(-x))
RELU = elementwise(lambda x: np.maximum(x, 0), step)
ABS = elementwise(np.abs, np.sign)
CLIP = elementwise(lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1).astype(np.float64))
SMOOTH: dict[str, tuple[Function, Function]] = {
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": (lambda x: np.logaddexp(0, x), sigmoid),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "bell": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
    "runge": (lambda x: 1 / (1 + 25 * x * x), lambda x: -50 * x / (1 + 25 * x * x) ** 2),
    "log of a square": (lambda x: np.log1p(x * x), lambda x: 2 * x / (1 + x * x)),
    "a period of one rung": (lambda x: np.sin(16 * np.pi * x), lambda x: 16 * np.pi * np.cos(16 * np.pi * x)),
}
ROWS = np.random.default_rng(1).normal(size=(4, 5))
seeds = st.integers(0, 2**32 - 1)


def spread_out(seed: int, size: int = 6) -> Array:
    """Values of all signs, from a thousandth to about thirty."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=size) * 10.0 ** rng.uniform(-3, 1, size)


@pytest.mark.parametrize("name", SMOOTH)
@given(seed=seeds)
def test_a_right_gradient_of_a_smooth_function_is_never_wrong(name: str, seed: int) -> None:
    rule = elementwise(*SMOOTH[name])
    assert judge(rule, spread_out(seed)).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_right_gradient_of_a_smooth_function_agrees_at_ordinary_values(name: str) -> None:
    assert judge(elementwise(*SMOOTH[name]), ROWS).verdict is Verdict.AGREES


@pytest.mark.parametrize("name", SMOOTH)
@given(seed=seeds)
def test_the_error_estimate_bounds_the_error(name: str, seed: int) -> None:
    function, derivative = SMOOTH[name]
    rule, x = elementwise(function, derivative), spread_out(seed)
    problem = scenario(rule, x)
    (estimate,) = FiniteDifferences(rule).differentiate(problem).estimates
    told = estimate.reasons == ""
    true = problem.cotangent * derivative(x)
    own = 8 * 2.0**-53 * np.maximum(np.abs(true), estimate.scale)  # of the derivative's formula
    assert (np.abs(estimate.value - true) <= estimate.error + own)[told].all()


# Wider logits make slopes of 1e-9, and 1e-5 of that is below what differences of outputs near 1 can resolve.
@given(seed=seeds, scale=st.sampled_from([0.1, 1.0, 2.0, 1e-300]))
def test_softmax_agrees_and_with_a_factor_of_one_and_a_hundred_thousandth_is_wrong(
    seed: int, scale: float
) -> None:
    x = np.random.default_rng(seed).normal(size=(2, 4)) * scale
    assert judge(softmax, x).verdict is Verdict.AGREES
    finding = judge(changed(softmax, lambda x_bar: x_bar * (1 + 1e-5)), x)
    assert finding.verdict is Verdict.WRONG
    assert finding.path == "x_bar[0]"
    assert finding.index is not None
    assert finding.expected is not None
    assert finding.got == pytest.approx(finding.expected * (1 + 1e-5), rel=1e-8)


@pytest.mark.parametrize(
    ("what", "bug"),
    {
        "the wrong sign": changed(softmax, np.negative),
        "the sum left out": lambda x: ((y := softmax(x)[0]), lambda y_bar: y * y_bar),
        "the cotangent ignored": lambda x: ((y := softmax(x)[0]), lambda y_bar: y * (1 - y)),
        "all NaN": changed(softmax, lambda x_bar: x_bar * np.nan),
        "one NaN": changed(softmax, lambda x_bar: np.where(np.arange(20).reshape(4, 5) == 7, np.nan, x_bar)),
        "one infinity": changed(
            softmax, lambda x_bar: np.where(np.arange(20).reshape(4, 5) == 7, np.inf, x_bar)
        ),
        "all zero": changed(softmax, np.zeros_like),
        "rows swapped": changed(softmax, lambda x_bar: x_bar[::-1]),
    }.items(),
)
def test_a_planted_bug_is_wrong(what: str, bug: Rule) -> None:
    assert judge(bug, ROWS).verdict is Verdict.WRONG, what


def test_a_wrong_pullback_under_the_zero_cotangent_is_wrong_and_the_right_one_agrees() -> None:
    zero = np.zeros((4, 5))
    assert judge(softmax, ROWS, y_bar=zero).verdict is Verdict.AGREES
    assert judge(changed(softmax, lambda x_bar: x_bar + 1e-9), ROWS, y_bar=zero).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("rule", "x", "entries"),
    [
        (RELU, [1.0, 0.0, -2.0], "2 of 3"),
        (RELU, [0.0, -0.0], "0 of 2"),
        (ABS, [0.0, 1.0], "1 of 2"),
        (CLIP, [0.5, 1.0, -1.0], "1 of 3"),
        (CLIP, [1 - 1e-12], "0 of 1"),
        (elementwise(np.round, np.zeros_like), [0.5, 0.2], "1 of 2"),
    ],
)
def test_a_kink_is_inconclusive_and_named_and_its_neighbours_are_judged(
    rule: Rule, x: Any, entries: str
) -> None:
    finding = judge(rule, x)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.sentence.startswith(f"{entries} entries agree")
    assert finding.sentence.endswith("kink")


def test_a_tie_of_the_maximum_is_a_kink_and_a_near_tie_is_none() -> None:
    def first(x: Array) -> tuple[Any, Callable[[Any], Array]]:
        return x.max(), lambda y_bar: y_bar * (np.arange(x.size) == x.argmax())

    assert judge(first, [1.0, 3.0, 3.0]).sentence.startswith("1 of 3")
    assert judge(first, [1.0, 3.0, 3.0001]).verdict is Verdict.AGREES


def test_a_kink_of_one_output_cannot_hide_behind_that_of_another() -> None:
    def both(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        y = np.array([max(x[0], x[1]), max(x[0], x[2])])
        return y, lambda y_bar: np.array([y_bar[0], 0.0, y_bar[1]])

    # Along x[0] the two kinks cancel under (1, -1), yet a convention may well say 1 - 0.
    assert judge(both, [2.0, 2.0, 2.0], y_bar=[1.0, -1.0]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, 1e-9, 1e-300])
@pytest.mark.parametrize("sign", [1, -1])
def test_beside_a_kink_it_tells(distance: float, sign: int) -> None:
    assert judge(RELU, [sign * distance]).verdict is Verdict.AGREES
    assert judge(changed(RELU, lambda x_bar: x_bar + 1), [sign * distance]).verdict is Verdict.WRONG


def test_a_step_function_with_an_identity_for_gradient_is_wrong() -> None:
    assert judge(elementwise(np.round, np.ones_like), [0.2, 0.4]).verdict is Verdict.WRONG


LOG = elementwise(np.log, lambda x: 1 / x)


@pytest.mark.parametrize("x", [1e-300, 1e-30, 1e-3, 1.0, 1e300])
def test_log_agrees_down_to_its_edge(x: float) -> None:
    assert judge(LOG, [x]).verdict is Verdict.AGREES
    assert judge(changed(LOG, lambda x_bar: x_bar * (1 + 1e-5)), [x]).verdict is Verdict.WRONG


SQRT = elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x))


@pytest.mark.parametrize("x", [[1e-20, 1e20], [1e-300, 1e200], [1e-300, 1.0], [1e-20, 1e20, 1.0]])
def test_a_large_neighbour_does_not_make_a_right_gradient_at_a_small_entry_wrong(x: list[float]) -> None:
    assert judge(SQRT, x).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)
    assert judge(changed(SQRT, np.negative), x).verdict is Verdict.WRONG


def test_many_entries_of_many_magnitudes_are_not_wrong_along_directions() -> None:
    x = np.tile([1.48e-1, 2.69e23, 2.41e-12, 1.65e10], 30)
    assert judge(SQRT, x).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("amplitude", [1.0, 1e-3, 1e-6, 1e-10])
@given(seed=seeds, exponent=st.floats(2, 14))
def test_an_oscillation_below_the_steps_never_makes_a_right_gradient_wrong(
    amplitude: float, seed: int, exponent: float
) -> None:
    rate = 10.0**exponent
    rule = elementwise(
        lambda x: x + amplitude * np.sin(rate * x), lambda x: 1 + amplitude * rate * np.cos(rate * x)
    )
    finding = judge(rule, np.random.default_rng(seed).normal(size=4))
    assert finding.verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)


def test_the_aliases_of_periods_are_withdrawn_with_a_reason() -> None:
    rate = 2 * np.pi * 2.0**12
    rule = elementwise(lambda x: np.sin(rate * x), lambda x: rate * np.cos(rate * x))
    finding = judge(rule, ROWS)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "cannot be told" in finding.sentence


@pytest.mark.parametrize("many", [1, 100])
def test_the_output_of_a_large_entry_does_not_hide_an_error_at_a_small_one(many: int) -> None:
    rule = elementwise(lambda x: x**20, lambda x: 20 * x**19 + 0.01)
    assert judge(rule, [0.5] * many + [10.0]).verdict is Verdict.INCONCLUSIVE
    assert judge(rule, [0.5] * many).verdict is Verdict.WRONG


def test_outside_the_domain_nothing_is_told() -> None:
    assert "leaves the domain" in judge(LOG, [0.0, 1.0]).sentence
    assert judge(elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x)), [0.0]).verdict is Verdict.INCONCLUSIVE
    assert judge(elementwise(np.sqrt, np.zeros_like), [0.0]).verdict is Verdict.INCONCLUSIVE


def test_a_rule_that_refuses_arguments_outside_its_domain_is_differentiated_from_inside() -> None:
    def guarded(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        if (x < 0).any():
            raise ValueError("negative")
        return x**2.5, lambda y_bar: y_bar * 2.5 * x**1.5

    assert judge(guarded, [0.0, 1.0]).verdict is Verdict.AGREES
    assert judge(changed(guarded, lambda x_bar: x_bar + 1), [0.0, 1.0]).verdict is Verdict.WRONG


def test_large_logits_agree_and_an_overflowing_forward_is_not_judged() -> None:
    def naive(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        return np.exp(x) / np.exp(x).sum(), lambda y_bar: y_bar

    assert judge(softmax, ROWS * 1000).verdict is Verdict.AGREES
    assert judge(softmax, [[1000.0, 1000.5, 999.0]]).verdict is Verdict.AGREES
    assert judge(naive, [1000.0, 0.0]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("shape", [(), (0,), (0, 5), (1,), (2, 1, 3)])
def test_every_shape_is_judged(shape: tuple[int, ...]) -> None:
    rule = elementwise(np.sin, np.cos)
    assert judge(rule, np.full(shape, 0.5)).verdict is Verdict.AGREES
    if np.prod(shape):
        assert judge(changed(rule, np.negative), np.full(shape, 0.5)).verdict is Verdict.WRONG


def matmul(x: Array, w: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    return x @ w, lambda y_bar: (y_bar @ w.T, x.T @ y_bar)


def test_of_several_arguments_the_wrong_one_is_named() -> None:
    def transposed(x: Array, w: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
        return x @ w, lambda y_bar: (y_bar @ w.T, (x.T @ y_bar).T)

    w = np.random.default_rng(3).normal(size=(5, 5))
    assert judge(matmul, ROWS, w, differentiable=(0, 1)).verdict is Verdict.AGREES
    assert judge(matmul, np.zeros((4, 5)), w, differentiable=(0, 1)).verdict is Verdict.AGREES
    assert judge(transposed, ROWS, w, differentiable=(0, 1)).path == "x_bar[1]"


def test_integers_are_never_moved_and_arguments_never_changed() -> None:
    seen: set[bytes] = set()

    def take(x: Array, index: Array) -> tuple[Array, Callable[[Array], Array]]:
        seen.add(index.tobytes())
        y = x[index].copy()
        x[:] = index[:] = 0  # a rule without manners

        def pullback(y_bar: Array) -> Array:
            x_bar: Array = np.zeros_like(x)
            np.add.at(x_bar, [0, 0, 2], y_bar)
            y_bar[:] = 0
            return x_bar

        return y, pullback

    x, index = np.array([0.3, 0.4, 0.5]), np.array([0, 0, 2])
    problem = scenario(take, x, index)
    y_bar = problem.cotangent.copy()
    assert FiniteDifferences(take).judge(problem).verdict is Verdict.AGREES
    assert seen == {np.array([0, 0, 2]).tobytes()}
    assert problem.args[0].tolist() == [0.3, 0.4, 0.5]
    assert problem.args[1].tolist() == [0, 0, 2]
    assert problem.cotangent.tolist() == y_bar.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_narrow_arguments_are_cast_up(dtype: Any) -> None:
    assert judge(softmax, ROWS.astype(dtype)).verdict is Verdict.AGREES


@pytest.mark.parametrize("inside", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("outside", [np.float64, None])
@given(seed=seeds)
def test_a_right_gradient_of_a_forward_in_a_narrow_format_is_never_wrong(
    inside: Any, outside: Any, seed: int
) -> None:
    def forward(x: Array) -> Array:
        return np.asarray(np.sin(x.astype(inside)).astype(outside or inside))

    finding = judge(elementwise(forward, np.cos), np.random.default_rng(seed).normal(size=5))
    assert finding.verdict in (Verdict.INCONCLUSIVE, Verdict.AGREES)


def test_a_wrong_sign_shows_through_the_noise_of_float32() -> None:
    rule = elementwise(lambda x: np.sin(x.astype(np.float32)), lambda x: -np.cos(x))
    assert judge(rule, ROWS).verdict is Verdict.WRONG
    right = elementwise(lambda x: np.sin(x.astype(np.float32)), np.cos)
    assert judge(right, ROWS).verdict is Verdict.INCONCLUSIVE


def loss(x: Array) -> tuple[Any, Callable[[Any], Array]]:
    """Cross entropy of logits with label 0."""
    shifted = x - x.max()
    y = np.log(np.exp(shifted).sum()) - shifted[0]
    return y, lambda y_bar: y_bar * (softmax(x)[0] - (np.arange(x.size) == 0))


@pytest.mark.parametrize("gap", [5.0, 30.0, 36.0, 40.0, 100.0, 700.0])
def test_a_saturated_loss_whose_slope_is_lost_in_rounding_is_not_wrong(gap: float) -> None:
    assert judge(loss, [gap, 0.0, -1.0]).verdict in (Verdict.AGREES, Verdict.INCONCLUSIVE)
    assert judge(changed(loss, lambda x_bar: x_bar + 1e-3), [gap, 0.0, -1.0]).verdict is not Verdict.AGREES


def test_what_a_huge_argument_absorbs_is_not_wrong() -> None:
    def total(x: Array) -> tuple[Any, Callable[[Any], Array]]:
        return x.sum(), lambda y_bar: np.full(x.shape, y_bar)

    assert judge(total, [1e300, 1.0, -1e300]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", sorted(operations()))
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_no_rule_of_the_catalogue_is_wrong(name: str, dtype: str) -> None:
    operation = operations()[name]
    differences = FiniteDifferences(operation.rule)
    drawn = draw_scenarios(operation, dtype=dtype, examples=60, seed=5)
    findings = [differences.judge(each) for each in drawn if differences.supports(each) is None]
    assert {finding.verdict for finding in findings} <= {Verdict.AGREES, Verdict.INCONCLUSIVE}
    agreeing = sum(finding.verdict is Verdict.AGREES for finding in findings)
    assert agreeing > len(findings) / 2


N = 30_000
MANY = np.random.default_rng(2).normal(size=N)


def test_many_entries_agree_along_directions_and_the_chance_of_a_miss_is_stated() -> None:
    finding = judge(SIGMOID, MANY)
    assert finding.verdict is Verdict.AGREES
    assert "at most 2^-16 = 1.5e-05" in finding.sentence


def test_a_gradient_of_zeros_is_wrong_at_a_size_where_fast_checkers_pass_it() -> None:
    assert judge(changed(SIGMOID, np.zeros_like), MANY).verdict is Verdict.WRONG


@pytest.mark.parametrize("entry", [0, 4321, N - 1])
@pytest.mark.parametrize("bug", [lambda v: v * (1 + 1e-3), lambda v: 0.0, lambda v: np.nan, lambda v: np.inf])
def test_one_wrong_entry_of_many_is_found_and_pointed_out(entry: int, bug: Callable[[float], float]) -> None:
    def change(x_bar: Array) -> Array:
        x_bar[entry] = bug(x_bar[entry])
        return x_bar

    finding = judge(changed(SIGMOID, change), MANY)
    assert finding.verdict is Verdict.WRONG
    assert (finding.path, finding.index) == ("x_bar[0]", (entry,))


def test_equal_errors_of_two_entries_are_found() -> None:
    def change(x_bar: Array) -> Array:
        x_bar[10] += 1e-3
        x_bar[20] -= 1e-3
        return x_bar

    finding = judge(changed(SIGMOID, change), MANY)
    assert finding.verdict is Verdict.WRONG
    assert finding.index in ((10,), (20,))


def test_relu_of_many_entries_agrees_although_some_are_close_to_the_kink() -> None:
    assert judge(RELU, MANY).verdict is Verdict.AGREES
    assert judge(RELU, np.where(MANY > 0, MANY, 0)).verdict is Verdict.INCONCLUSIVE


def test_one_scenario_gives_one_finding() -> None:
    problem = scenario(SIGMOID, MANY[:100])
    assert FiniteDifferences(SIGMOID).judge(problem) == FiniteDifferences(SIGMOID).judge(problem)


def raising(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    raise RuntimeError("no gradient today")


def late(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    def pullback(y_bar: Array) -> Array:
        raise RuntimeError("no gradient today")

    return x, pullback


@pytest.mark.parametrize("rule", [raising, late])
def test_an_exception_is_a_finding(rule: Rule) -> None:
    finding = FiniteDifferences(rule).judge(Scenario("f", "float64", (ROWS,), {}, ROWS))
    assert (finding.verdict, finding.sentence) == (Verdict.RAISES, "RuntimeError: no gradient today")


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: x,
        lambda x: (x, lambda y_bar: None),
        lambda x: (x, lambda y_bar: (y_bar, y_bar)),
        lambda x: (x, lambda y_bar: y_bar.sum()),
        lambda x: (x.sum(), lambda y_bar: y_bar),
    ],
)
def test_what_has_not_the_form_of_a_rule_is_a_finding(rule: Rule) -> None:
    finding = FiniteDifferences(rule).judge(Scenario("f", "float64", (ROWS,), {}, ROWS))
    assert finding.verdict is Verdict.STRUCTURE
    with pytest.raises(ValueError, match=r"."):
        FiniteDifferences(rule).differentiate(Scenario("f", "float64", (ROWS,), {}, ROWS))


@pytest.mark.parametrize(
    ("args", "y_bar", "valid", "reason"),
    [
        ((np.array([1.0, np.inf]),), np.ones(2), True, "the arguments are not finite"),
        (
            (np.array([1.0, np.nan], dtype=ml_dtypes.bfloat16),),
            np.ones(2),
            True,
            "the arguments are not finite",
        ),
        ((np.array([1, 2]),), np.ones(2), True, "no argument can be moved"),
        ((np.ones(2),), np.array([1.0, np.nan]), True, "the cotangent is not finite"),
        ((np.ones(2),), np.ones(0), False, "the scenario is invalid on purpose"),
    ],
)
def test_what_cannot_be_differentiated_is_refused_with_a_reason(
    args: Any, y_bar: Array, valid: bool, reason: str
) -> None:
    problem = Scenario("f", "float64", args, {}, y_bar, valid=valid)
    assert FiniteDifferences(RELU).supports(problem) == reason
    assert FiniteDifferences(RELU).judge(problem).verdict is Verdict.INCONCLUSIVE


def test_products_that_overflow_accuse_nobody() -> None:
    """Gradients of ordinary size, steps as large as the arguments: <x_bar, v> is no number."""
    x = np.where(np.arange(300) % 2, 1.5e308, -1.5e308).reshape(3, 100)

    def halved(x: Array) -> Any:
        return x / 2, lambda y_bar: y_bar / 2

    scenario = Scenario("halved", "float64", (x,), {}, np.full(x.shape, 4.0))
    found = FiniteDifferences(halved).judge(scenario)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "leaves the domain" in found.sentence


def test_infinite_gradients_of_both_signs_are_no_crash() -> None:
    """Of two arguments one has the gradient +inf and the other -inf: their sum is no number."""

    def poles(x: Array, z: Array) -> Any:
        return x + z, lambda y_bar: (np.full(x.shape, np.inf), np.full(z.shape, -np.inf))

    x = np.linspace(1.0, 2.0, 300)
    scenario = Scenario("poles", "float64", (x, x.copy()), {}, np.ones(300), differentiable=(0, 1))
    assert FiniteDifferences(poles).judge(scenario).verdict is Verdict.WRONG
