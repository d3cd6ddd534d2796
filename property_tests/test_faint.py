"""What underflows inside of a rule costs no more than the budget has for underflow: large and tiny cotangents."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comparators.numpy_rules import RuleComparator
from gradassay.formats import FORMATS
from gradassay.judging import AgainstTruth
from gradassay.second_order import operation_named
from gradassay.vocabulary import Scenario, Verdict
from gradassay.why.cases import Case
from reference_impls.affine import affine
from reference_impls.chain import chain
from reference_impls.distributions import distributions
from reference_impls.lifting import SMALL
from reference_impls.losses import l2_penalty, l2_penalty_grad, mean_squared_error, mean_squared_error_grad
from reference_impls.softmax import log_softmax, log_softmax_grad, softmax, softmax_grad
from reference_impls.softmax_cross_entropy import softmax_cross_entropy, softmax_cross_entropy_grad
from reference_impls.softmax_regression import softmax_regression

seeds = st.integers(0, 2**32 - 1)
sizes = st.sampled_from([1.0, 300.0, 1e4])
wide_dtypes = pytest.mark.parametrize(
    "dtype", ["float64", "float32"]
)  # 16 bits are computed in 32, with room to spare


def told(name: str, dtype: str, args: tuple[Any, ...], y_bar: Any, **params: Any) -> tuple[Verdict, str]:
    """Our own rule's verdict, first or second order, on one scenario, and its sentence."""
    operation, form = operation_named(name), FORMATS[dtype].dtype
    arrays = tuple(x if x.dtype.kind == "i" else x.astype(form) for x in map(np.asarray, args))
    wanted = tuple(i % len(arrays) for i in operation.differentiable)
    scenario = Scenario(name, dtype, arrays, params, np.asarray(y_bar).astype(form), wanted)
    case = AgainstTruth(RuleComparator("numpy", operation.rule), operation.definition)(scenario)
    assert isinstance(case, Case), case
    return case.finding.verdict, case.finding.sentence


def faint_logits(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Any:
    """Logits of which all but the first of a row have a probability below the normal numbers, or none."""
    form = FORMATS[dtype]
    lowest, highest = np.log(form.eta) - 1, np.log(form.tiny)
    x = rng.uniform(lowest, highest, shape)
    x[..., 0] = 0
    return x + rng.choice([-30.0, 0.0, 50.0])


def some_zero(rng: np.random.Generator, y_bar: Any) -> Any:
    """At a cotangent of 0 nothing but the products with p is left."""
    return np.where(rng.random(y_bar.shape) < 0.3, 0, y_bar)


@wide_dtypes
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "grad(softmax)", "grad(log_softmax)"])
@given(seed=seeds, size=sizes)
def test_a_subnormal_probability_loses_nothing_to_a_large_cotangent(
    name: str, dtype: str, seed: int, size: float
) -> None:
    rng = np.random.default_rng(seed)
    x = faint_logits(rng, dtype, (2, int(rng.integers(2, 20))))
    *bars, y_bar = (
        some_zero(rng, rng.normal(size=x.shape) * size) for _ in range(1 + name.startswith("grad"))
    )
    verdict, sentence = told(name, dtype, (x, *bars), y_bar)
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@pytest.mark.parametrize("soft", [False, True], ids=["index labels", "labels of any sum"])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "grad(softmax_cross_entropy)"])
@given(seed=seeds, size=sizes)
def test_a_subnormal_probability_loses_nothing_to_the_weight_of_its_sample(
    name: str, soft: bool, dtype: str, seed: int, size: float
) -> None:
    rng = np.random.default_rng(seed)
    x = faint_logits(rng, dtype, (3, int(rng.integers(2, 8))))
    labels = rng.integers(0, 30, x.shape).astype(float) if soft else rng.integers(0, x.shape[1], 3)
    y_bar = rng.normal(size=3) * size
    bars = (y_bar, rng.normal(size=x.shape) * size) if name.startswith("grad") else (y_bar,)
    verdict, sentence = told(name, dtype, (x, labels, *bars[:-1]), bars[-1], reduction="none")
    assert verdict is Verdict.AGREES, sentence


def magnitude(rng: np.random.Generator, dtype: str, lowest: float, highest: float) -> float:
    """A number between two powers of the largest one, of either sign."""
    return float(rng.choice([-1, 1]) * 2 ** (rng.uniform(lowest, highest) * np.finfo(dtype).maxexp))


@wide_dtypes
@pytest.mark.parametrize("labels", ["none", "index", "soft"])
@given(seed=seeds)
def test_a_large_cotangent_gives_two_classes_opposite_second_derivatives(
    labels: str, dtype: str, seed: int
) -> None:
    """S p (g - p·g) adds up to 0; in the dominating class g - p·g is subnormal or 0, S p times that is not."""
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x, g = faint_logits(rng, dtype, (1, 2)).astype(dtype), np.array([[0, rng.normal()]], dtype)
    assume(distributions(x).faint)  # a subnormal number that lost no digit raises no flag
    large = form.dtype.type(magnitude(rng, dtype, 0, 0.8))
    if labels == "none":
        _, pullback = log_softmax_grad(x, large * np.eye(1, 2, dtype=dtype))
    else:
        t = np.array([0]) if labels == "index" else rng.random((1, 2)).astype(dtype)
        _, pullback = softmax_cross_entropy_grad(x, t, large[None], reduction="none")
    ((first, second),) = pullback(g)[0]
    assert abs(first + second) <= 16 * form.u * abs(second) + 2 * form.eta


@given(seed=seeds)
def test_a_faint_class_keeps_the_digits_of_softmaxs_second_derivatives(seed: int) -> None:
    """p·g is subnormal times large; float64, for which nothing is faint here, has all its digits."""
    rng = np.random.default_rng(seed)
    x = np.array([[0, 0, rng.uniform(-103, -88)]], np.float32)
    y_bar = np.array([[1, -1, 0]], np.float32) * np.float32(2 ** rng.uniform(0, 30))
    g = np.array([[0, 0, 2 ** rng.uniform(25, 60)]], np.float32)
    ours, exact = (
        softmax_grad(x.astype(dtype), y_bar.astype(dtype))[1](g.astype(dtype))[0] for dtype in "fd"
    )
    assert np.allclose(ours, exact, rtol=64 * FORMATS["float32"].u, atol=0)


@wide_dtypes
@given(seed=seeds, weight=st.sampled_from([1.0, 1e-6, 1e3, 1e15]))
def test_a_large_weight_keeps_the_digits_of_second_derivatives(weight: float, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, t = faint_logits(rng, dtype, (1, 3)), rng.random((1, 3)) * weight
    g, y_bar = [[0, *rng.normal(size=2)]], [magnitude(rng, dtype, 0, 0.4)]
    verdict, sentence = told("grad(softmax_cross_entropy)", dtype, (x, t, y_bar), g, reduction="none")
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_a_cotangent_times_the_weights_of_its_sample_may_overflow(dtype: str, seed: int) -> None:
    """Times one of them it need not, nor times a subnormal probability of their sum."""
    rng = np.random.default_rng(seed)
    x, t = faint_logits(rng, dtype, (1, 2)), rng.choice([0, 0.7, 1, 3], (1, 2))
    y_bar = np.array([magnitude(rng, dtype, 0.98, 0.999)])
    verdict, sentence = told("softmax_cross_entropy", dtype, (x, t), y_bar, reduction="none")
    assert verdict is Verdict.AGREES, sentence
    x, t, y_bar = (each.astype(dtype) for each in (x, t, y_bar))
    primal, _ = softmax_cross_entropy_grad(x, t, y_bar, reduction="none")
    assert np.array_equal(primal, softmax_cross_entropy(x, t, reduction="none")[1](y_bar), equal_nan=True)


@wide_dtypes
@given(seed=seeds)
def test_a_slope_too_small_for_its_dtype_is_none_of_zero(dtype: str, seed: int) -> None:
    """A large cotangent makes a number of it, and an infinite one infinity, as long as its root is a number."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.98, 1.98, 6) * np.log(FORMATS[dtype].eta)
    for y_bar in np.full(6, np.inf), [magnitude(rng, dtype, -0.9, 0.999) for _ in range(6)]:
        verdict, sentence = told("sigmoid", dtype, (x,), y_bar)
        assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_a_subnormal_probability_under_a_one_hot_label_is_rounded_after_its_weight(
    dtype: str, seed: int
) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x = faint_logits(rng, dtype, (1, 4)).astype(dtype)
    weight = np.ldexp(form.dtype.type(1), np.finfo(dtype).maxexp - 5)
    by_index, one_hot = (
        softmax_cross_entropy(x, labels, reduction="none")[1](weight[None])
        for labels in (np.array([0]), np.eye(1, 4))
    )
    assert np.array_equal(by_index, one_hot)


@wide_dtypes
@pytest.mark.parametrize("axis", [0, 1])
@given(seed=seeds)
def test_the_sum_of_the_cotangents_of_log_softmax_may_overflow(axis: int, dtype: str, seed: int) -> None:
    """The gradients are 2^10 times those of cotangents 2^10 times smaller, wherever these are numbers."""
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x = (rng.normal(size=(6, 9)) * rng.choice([1, 30])).astype(dtype)
    y_bar = (rng.uniform(0.3, 0.5, x.shape) * rng.choice([1, 1e-30], x.shape)).astype(dtype)
    large = np.ldexp(y_bar, np.finfo(dtype).maxexp)
    large[0] = y_bar[0]  # along axis 1 a row whose sum is a number, else small ones beside large ones
    tiny = np.ldexp(rng.normal(size=x.shape).astype(dtype), 12 - np.finfo(dtype).maxexp)

    def gradients(cotangents: Any) -> tuple[Any, Any]:
        second = log_softmax_grad(x, cotangents, axis=axis)[1]
        return log_softmax(x, axis=axis)[1](cotangents), second(tiny)[0]

    with np.errstate(all="ignore"):
        scaled = [1024 * each for each in gradients(large / 1024)]
    for got, wanted, size in zip(gradients(large), scaled, (np.abs(large), 0), strict=True):
        finite = np.isfinite(wanted)
        assert finite.any()
        assert np.array_equal(np.isfinite(got), finite)
        permitted = 32 * form.u * (np.abs(wanted) + size * form.u) + 2048 * form.eta
        assert np.all(np.abs(got[finite] - wanted[finite]) <= permitted[finite])


@wide_dtypes
@given(seed=seeds, size=sizes)
def test_a_subnormal_probability_loses_nothing_where_its_cotangent_and_the_largest_oppose(
    dtype: str, seed: int, size: float
) -> None:
    """Then y_bar - p·y_bar is twice as large as any cotangent, and the budget only knows of one."""
    rng = np.random.default_rng(seed)
    far = rng.uniform(2, 14) - np.log(FORMATS[dtype].tiny)
    y_bar = np.array([[1, 0.8], [1, -1]]) * size * rng.uniform(1, 2)
    verdict, sentence = told("softmax", dtype, ([[0, far], [far, 0]],), y_bar, axis=None)
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_probabilities_are_lifted_in_just_those_rows_that_need_it(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ordinary = rng.normal(size=(4, 5)).astype(dtype)
    assert not distributions(ordinary).faint
    row = int(rng.integers(4))
    ordinary[row] = faint_logits(rng, dtype, (5,))
    (faint,) = distributions(ordinary).faint.values()
    assert np.array_equal(np.arange(4)[faint.rows], [row])
    assert np.all(faint.lifted >= FORMATS[dtype].tiny)


@wide_dtypes
@given(seed=seeds)
def test_nothing_is_lifted_in_masked_rows(dtype: str, seed: int) -> None:
    """Not even where a row is masked as a whole, and what is masked is its largest logit."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4, 5)).astype(dtype)
    x[rng.random(x.shape) < 0.3] = rng.choice([-1e4, -1e9, -FORMATS[dtype].max])
    x[int(rng.integers(4))] = -1e9
    assert not distributions(x).faint


@wide_dtypes
@pytest.mark.parametrize("rule", [softmax, log_softmax])
@given(seed=seeds)
def test_logits_that_are_written_into_leave_the_pullback_as_it_was(rule: Any, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = faint_logits(rng, dtype, (2, 4)).astype(dtype)
    y_bar = rng.normal(size=x.shape) * 1e4
    wanted = rule(x)[1](y_bar)
    _, pullback = rule(x)
    x[:] = 0
    assert np.array_equal(pullback(y_bar), wanted)


@wide_dtypes
@given(seed=seeds)
def test_in_a_row_with_a_faint_probability_the_others_keep_their_bits(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(size=(3, 20)) * 20, faint_logits(rng, dtype, (3, 4)) - 60], axis=1)
    d, form = distributions(x.astype(dtype)), FORMATS[dtype]
    for faint in d.faint.values():
        normal = faint.p >= 16 * form.tiny
        assert np.array_equal((faint.lifted * faint.lift.down)[normal], faint.p[normal])


def exactly(x: Any) -> tuple[list[Decimal], list[Decimal]]:
    """Softmax of one row in 60 digits, and the row itself."""
    row = [Decimal(float(entry)) for entry in x]
    with localcontext(prec=60):
        e = [entry.exp() for entry in row]
        return [entry / sum(e) for entry in e], row


def roundings(count: int) -> int:
    """Those of one probability: NumPy's exp is within 3 ulp, which are 6, and p = h h / s has three of it.

    A sum of ``count`` terms has one less than those, the division and the product of the halves have one each.
    """
    return 3 * 6 + count - 1 + 2


@wide_dtypes
@pytest.mark.parametrize("rule", ["softmax", "log_softmax"])
@given(seed=seeds)
def test_a_faint_probability_is_rounded_as_often_as_any_other(rule: str, dtype: str, seed: int) -> None:
    """Logits whose exponentials neither overflow nor add up to less than 1 are not shifted, and so not rounded."""
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x = faint_logits(rng, dtype, (1, int(rng.integers(2, 5))))
    x[:, 0] = rng.uniform(0, 3)
    x, large = x.astype(dtype), np.ldexp(form.dtype.type(1), np.finfo(dtype).maxexp - 5)
    first = (np.arange(x.shape[1]) == 0) * large
    scaled = (
        distributions(x).times(np.array([[large]])) if rule == "softmax" else -log_softmax(x)[1](first[None])
    )
    for got, p in list(zip(scaled[0], exactly(x[0])[0], strict=True))[1:]:
        wanted = p * Decimal(float(large))
        permitted = Decimal(form.u) * roundings(x.shape[1]) * wanted + Decimal(form.eta)
        assert abs(Decimal(float(got)) - wanted) <= permitted


@wide_dtypes
@given(seed=seeds)
def test_a_small_cotangent_is_pulled_back_to_the_last_bit_without_lifting(dtype: str, seed: int) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x = faint_logits(rng, dtype, (1, 4))
    x[:, 0] = rng.uniform(0, 3)  # neither shifted, then, nor rounded
    x, y_bar = x.astype(dtype), np.array([[1.0, *rng.choice([-1, 0, 1], 3)]], dtype) * form.dtype.type(SMALL)
    d = distributions(x)
    x_bar, shares = d.centred(y_bar), d.times(y_bar[:, :1])
    assert not any("lifted" in vars(faint) for faint in d.faint.values())
    d.centred(2 * y_bar)
    assert all("lifted" in vars(faint) for faint in d.faint.values())
    (p, _), y = exactly(x[0]), [Decimal(float(entry)) for entry in y_bar[0]]
    with localcontext(prec=60):
        mean = sum(a * b for a, b in zip(p, y, strict=True))
        for i in range(1, 4):
            wanted = p[i] * (y[i] - mean), p[i] * y[0]
            for got, exact in zip((x_bar[0, i], shares[0, i]), wanted, strict=True):
                relative = Decimal(form.u) * (2 * roundings(4) + 7) * 2 * p[i] * y[0]
                assert abs(Decimal(float(got)) - exact) <= relative + Decimal(form.eta)


@wide_dtypes
@given(seed=seeds, decades=st.integers(0, 300))
def test_a_faint_row_keeps_cotangents_of_any_spread(dtype: str, seed: int, decades: int) -> None:
    """x_bar = p (y_bar - p·y_bar), where the largest cotangent may sit on an entry without probability."""
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x = np.append(faint_logits(rng, dtype, (int(rng.integers(2, 5)),)), [rng.uniform(-2, 0), -np.inf])
    x, reach = x.astype(dtype), min(decades / 2, np.log10(form.max) - 1)
    y_bar = (rng.choice([-1, 1], x.size) * 10 ** rng.uniform(-reach, reach, x.size)).astype(dtype)
    y_bar[-1] = 10**reach
    p, _ = exactly(x)
    y = [Decimal(float(entry)) for entry in y_bar]
    # The logits are shifted where their exponentials add up to less than 1; the difference is rounded once, too.
    shifted = 1 if np.exp(x.astype(float)).sum() >= 1 else 1 + np.max(np.abs(x[np.isfinite(x)]))
    each = roundings(x.size) * Decimal(float(shifted))
    with localcontext(prec=60):
        mean = sum(a * b for a, b in zip(p, y, strict=True))
        size = sum(a * abs(b) for a, b in zip(p, y, strict=True))
        for got, a, b in zip(softmax(x)[1](y_bar), p, y, strict=True):
            permitted = Decimal(form.u) * (2 * each + x.size + 3) * a * (abs(b) + size)
            assert abs(Decimal(float(got)) - a * (b - mean)) <= permitted + (x.size + 1) * Decimal(form.eta)


# ---- cotangents near the smallest number, and losses near the largest


@wide_dtypes
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("mean_squared_error", {}),
        ("l2_penalty", {"strength": 2.3}),
        ("l2_penalty", {"strength": 2.3, "squared": True}),
    ],
    ids=["mean squared error", "norm", "squared norm"],
)
@given(seed=seeds, digits=st.integers(0, 20))
def test_a_subnormal_cotangent_loses_nothing_to_large_values(
    name: str, params: dict[str, Any], dtype: str, seed: int, digits: int
) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    args = tuple(rng.normal(size=5) * 1e9 for _ in range(1 + (name == "mean_squared_error")))
    verdict, sentence = told(name, dtype, args, form.eta * rng.integers(1, 2 << digits), **params)
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@given(seed=seeds, digits=st.integers(0, 20))
def test_a_subnormal_cotangent_loses_nothing_to_a_small_probability(
    reduction: str, dtype: str, seed: int, digits: int
) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    p, labels = rng.random((3, 4)) * 1e-6, rng.random((3, 4))
    y_bar = form.eta * rng.integers(1, 2 << digits, 3 if reduction == "none" else ())
    verdict, sentence = told("cross_entropy", dtype, (p, labels), y_bar, reduction=reduction)
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_a_subnormal_weight_among_others_loses_nothing_to_a_large_cotangent(dtype: str, seed: int) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    w = np.append(rng.normal(size=4), form.eta * rng.integers(1, 1000, 3))
    verdict, sentence = told("l2_penalty", dtype, (w,), 849.0 * rng.normal(), strength=2.5)
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_a_loss_is_finite_wherever_its_mean_or_its_share_is(dtype: str, seed: int) -> None:
    rng, largest = np.random.default_rng(seed), FORMATS[dtype].max
    away = rng.uniform(0.6, 1, (3, 1)).astype(dtype) * FORMATS[dtype].dtype.type(largest)
    x = np.concatenate([np.zeros_like(away), away], axis=1)
    mean, _ = softmax_cross_entropy(x, np.zeros(3, int))
    assert abs(float(mean / largest) - float(np.mean(away / largest))) <= 8 * FORMATS[dtype].u
    share, _ = softmax_cross_entropy(np.array([-1, 1], dtype) * away[0], np.array([0.25, 0.75], dtype))
    assert abs(float(share / away[0, 0]) - 0.5) <= 8 * FORMATS[dtype].u
    overflowing, _ = softmax_cross_entropy(x, np.zeros(3, int), reduction="sum")
    assert overflowing == np.inf


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("rule", [mean_squared_error, mean_squared_error_grad, l2_penalty, l2_penalty_grad])
@pytest.mark.parametrize("wide", [1e300, 1e-300])
def test_a_cotangent_of_a_loss_that_its_dtype_cannot_hold_is_rounded_in_silence(
    wide: float, rule: Any, dtype: str
) -> None:
    """Whatever the caller asks NumPy to do about such things."""
    arrays = [np.array([1, 2], dtype)] * (1 + rule.__name__.startswith("mean"))
    with np.errstate(all="raise"):
        if not rule.__name__.endswith("grad"):
            _, pullback = rule(*arrays)
            pullback(wide)
        else:
            _, pullback = rule(*arrays, wide)
            pullback(tuple(arrays) if len(arrays) > 1 else arrays[0])


@pytest.mark.parametrize("rule", [softmax_grad, log_softmax_grad])
@pytest.mark.parametrize("wide", [1e300, 1e-300])
def test_a_cotangent_of_a_row_that_its_dtype_cannot_hold_is_rounded_in_silence(
    wide: float, rule: Any
) -> None:
    x, y_bar = np.zeros(2, np.float32), np.array([wide, 0])
    with np.errstate(all="raise"):
        _, pullback = rule(x, y_bar)
        pullback(y_bar)
        softmax(x)[1](y_bar)
        log_softmax(x)[1](y_bar)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("order", [1, 2])
def test_the_penalty_of_zeros_has_gradient_zero_under_the_largest_cotangent(
    order: int, squared: bool
) -> None:
    w = np.zeros(2)
    if order == 1:
        w_bar = l2_penalty(w, strength=1e200, squared=squared)[1](1e200)
    else:
        w_bar, _ = l2_penalty_grad(w, 1e200, strength=1e200, squared=squared)[1](w)
    assert np.array_equal(w_bar, w)


# ---- chains


@wide_dtypes
@pytest.mark.parametrize("name", ["softmax_regression", "sigmoid_classifier"])
@given(seed=seeds, digits=st.integers(0, 20))
def test_a_chain_loses_nothing_to_large_weights_under_a_subnormal_cotangent(
    name: str, dtype: str, seed: int, digits: int
) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x, W, b = rng.normal(size=(2, 3)) * 1e-3, rng.normal(size=(3, 4)) * 1e3, rng.normal(size=4)
    labels = rng.integers(0, 4, 2)
    verdict, sentence = told(name, dtype, (x, W, b, labels), form.eta * rng.integers(1, 2 << digits))
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_a_chain_loses_nothing_to_large_weights_behind_a_subnormal_slope(dtype: str, seed: int) -> None:
    """The logits are 0 and far from 0, where the slope of a sigmoid is no normal number, or none at all."""
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    far = rng.uniform(-np.log(form.tiny), 2 - np.log(form.eta)) * rng.choice([-1, 1])
    W = np.array([[0, 2 * far]])
    verdict, sentence = told("sigmoid_classifier", dtype, ([0.5], W, [0.0, 0.0], [0.0, 1.0]), 1.0)
    assert verdict is Verdict.AGREES, sentence


@wide_dtypes
@given(seed=seeds)
def test_a_chain_loses_nothing_to_large_weights_beside_a_slope_too_small_for_its_dtype(
    dtype: str, seed: int
) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    w, far = np.log(form.tiny) * rng.uniform(-0.9, -0.1), np.log(form.eta) * rng.uniform(-2, -1)
    y_bar = form.eta * np.exp(w) * 2 ** rng.uniform(-3, 20)
    args = ([1.0], [[w, 0, 0]], [-2 * w, 0, far], 1)
    verdict, sentence = told("sigmoid_classifier", dtype, args, y_bar, reduction="sum")
    assert verdict is Verdict.AGREES, sentence


def pulled_through(y_bar: Any, dtype: str) -> list[float]:
    """The largest of each cotangent that a chain hands to its last rule."""
    seen: list[float] = []

    def watched(x: Any, labels: Any, *, reduction: str = "mean") -> tuple[Any, Any]:
        y, pullback = softmax_cross_entropy(x, labels, reduction=reduction)

        def noted(bar: Any) -> Any:
            seen.append(float(np.nanmax(np.abs(bar))))
            return pullback(bar)

        return y, noted

    x = np.eye(2, 3, dtype=dtype)
    _, pullback = chain(affine, watched)(x, np.eye(3, dtype=dtype), x[0], np.array([0, 1]), reduction="none")
    pullback(np.array(y_bar, dtype))
    return seen


@wide_dtypes
@pytest.mark.parametrize("y_bar", [[1, 0], [1, np.nan], [0, 0], [1e-18, 1]])
def test_a_cotangent_that_cannot_underflow_is_pulled_back_once(y_bar: list[float], dtype: str) -> None:
    """Zero has no digits to lose, and 2^-60 of these is a normal number."""
    assert pulled_through(y_bar, dtype) == [max(y_bar[0], np.nan_to_num(y_bar[1]))]


@wide_dtypes
def test_a_tiny_cotangent_is_pulled_back_lifted_and_once_more_only_beside_what_is_not_finite(
    dtype: str,
) -> None:
    tiny = 2 * FORMATS[dtype].tiny
    assert pulled_through([0, tiny], dtype) == [tiny * 2.0**60]
    assert pulled_through([np.nan, tiny], dtype) == [tiny * 2.0**60, tiny]


@wide_dtypes
@given(seed=seeds)
def test_a_sample_without_a_gradient_costs_no_other_its_digits(dtype: str, seed: int) -> None:
    rng, form = np.random.default_rng(seed), FORMATS[dtype]
    x, W, b = np.zeros((2, 1), dtype), (rng.normal(size=(1, 3)) * 1e30).astype(dtype), np.zeros(3, dtype)
    _, pullback = softmax_regression(x, W, b, np.zeros(2, int), reduction="none")
    tiny = form.eta * rng.integers(1, 1 << 20)
    alone, beside = (pullback(np.array([tiny, other], dtype))[0] for other in (0, np.nan))
    assert np.array_equal(alone[0], beside[0])


def test_lifting_a_cotangent_changes_nothing_else() -> None:
    rng = np.random.default_rng(0)
    args = (rng.normal(size=(3, 2)), rng.normal(size=(2, 4)), rng.normal(size=4), rng.integers(0, 4, 3))
    _, pullback = softmax_regression(*args, reduction="none")
    y_bar = rng.normal(size=3)
    once, lifted = pullback(y_bar), pullback(np.append(y_bar[:2], 1e-300))
    alone = pullback(np.append(y_bar[:2], 0.0))
    assert np.array_equal(lifted[0][:2], once[0][:2])
    assert np.array_equal(lifted[1], alone[1])
