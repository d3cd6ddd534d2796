"""Laws that the hand-written NumPy rules keep, without any comparator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comparators.exact.model import sum_factor
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Draft, Operation
from reference_impls.cross_entropy import cross_entropy
from reference_impls.get_item import get_item, get_item_grad
from reference_impls.losses import l2_penalty, mean_squared_error
from reference_impls.softmax import log_softmax, softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

Drawn = tuple[Operation, Draft, Any, Any, np.ndarray[Any, Any]]
seeds = st.integers(0, 2**32 - 1)
every_dtype = pytest.mark.parametrize("dtype", FORMATS)
both_losses = pytest.mark.parametrize("loss", [cross_entropy, softmax_cross_entropy])


@st.composite
def runs(
    draw: st.DrawFn,
    dtypes: tuple[str, ...] = tuple(FORMATS),
    ordinary: bool = False,
    names: tuple[str, ...] = tuple(OPERATIONS),
) -> Drawn:
    """An operation, valid inputs from its own strategy, what its rule returned, and a cotangent."""
    operation = OPERATIONS[draw(st.sampled_from(names))]
    region = draw(st.sampled_from(operation.regions[:1] if ordinary else operation.regions))
    draft = draw(operation.drafts(region, draw(st.sampled_from(dtypes))))
    assume(draft.valid)
    y, pullback = operation.rule(*draft.args, **draft.params)
    y_bar = np.random.default_rng(draw(seeds)).normal(size=y.shape).astype(y.dtype)
    return operation, draft, y, pullback, y_bar


def pulled(pullback: Any, y_bar: Any) -> list[Any]:
    """The cotangents of the differentiable arguments, one alone as a list of one."""
    bars = pullback(y_bar)
    return [bar for bar in bars if bar is not None] if isinstance(bars, tuple) else [bars]


def rows(rng: np.random.Generator, dtype: str = "float64") -> Any:
    return rng.normal(scale=5, size=(3, 4, 5)).astype(FORMATS[dtype].dtype)


# ---- all rules


@given(runs())
def test_a_primal_has_the_dtype_of_the_first_argument_and_a_cotangent_all_of_its_own(run: Drawn) -> None:
    operation, draft, y, pullback, y_bar = run
    assert (type(y), y.dtype) == (np.ndarray, draft.args[0].dtype)
    for i, x_bar in zip(operation.differentiable, pulled(pullback, y_bar), strict=True):
        x = draft.args[i]
        assert (type(x_bar), x_bar.dtype, x_bar.shape) == (np.ndarray, x.dtype, x.shape)


@given(runs())
def test_arguments_and_cotangent_stay_as_they_were(run: Drawn) -> None:
    operation, draft, _, _, y_bar = run
    arrays = (*draft.args, y_bar)
    before = [array.tobytes() for array in arrays]
    _, pullback = operation.rule(*draft.args, **draft.params)
    pullback(y_bar)
    assert [array.tobytes() for array in arrays] == before


@given(runs())
def test_results_share_no_memory_with_what_they_came_from(run: Drawn) -> None:
    _, draft, y, pullback, y_bar = run
    results = [y, *pulled(pullback, y_bar)]
    for given_array in (*draft.args, y_bar):
        assert not any(np.shares_memory(result, given_array) for result in results)


@given(runs())
def test_a_pullback_may_be_called_again(run: Drawn) -> None:
    *_, pullback, y_bar = run
    once, again = (pulled(pullback, y_bar) for _ in range(2))
    assert [x_bar.tobytes() for x_bar in once] == [x_bar.tobytes() for x_bar in again]


@given(runs())
def test_memory_layout_changes_no_bit(run: Drawn) -> None:
    operation, draft, y, pullback, y_bar = run
    args = [np.array(a, order="F") if is_floating(a.dtype) else a for a in draft.args]
    again, pullback_again = operation.rule(*args, **draft.params)
    assert again.tobytes() == y.tobytes()
    once, twice = pulled(pullback, y_bar), pulled(pullback_again, np.array(y_bar, order="F"))
    assert [x_bar.tobytes() for x_bar in once] == [x_bar.tobytes() for x_bar in twice]


@pytest.mark.filterwarnings("error")
@given(runs())
def test_no_warning_is_given_whatever_the_values(run: Drawn) -> None:
    operation, draft, _, _, y_bar = run
    with np.errstate(all="warn"):
        _, pullback = operation.rule(*draft.args, **draft.params)
        pullback(y_bar)


@given(runs())
def test_neither_error_state_nor_buffer_size_leaks_out(run: Drawn) -> None:
    operation, draft, _, _, y_bar = run
    before = np.geterr(), np.getbufsize()
    operation.rule(*draft.args, **draft.params)[1](y_bar)
    assert (np.geterr(), np.getbufsize()) == before


@given(runs(dtypes=("float64",), ordinary=True), seeds)
def test_pullback_is_the_adjoint_of_the_directional_derivative(run: Drawn, seed: int) -> None:
    """<y_bar, dy> = <x_bar, dx>, with dy by central differences of the rule's own forward."""
    operation, draft, y, pullback, y_bar = run
    x, *rest = draft.args
    assume(y.size and np.all(np.isfinite(x)) and np.all(np.isfinite(y)))
    direction, step = np.random.default_rng(seed).normal(size=x.shape), 1e-5
    if operation.name == "cross_entropy":  # stay within the logarithm's domain, and far from its pole
        assume(np.min(x, initial=1) > 1e-2)
    there, _ = operation.rule(x + step * direction, *rest, **draft.params)
    back, _ = operation.rule(x - step * direction, *rest, **draft.params)
    x_bar, *_ = pulled(pullback, y_bar)
    left, right = np.sum(y_bar * (there - back)) / (2 * step), np.sum(x_bar * direction)
    scale = np.sum(np.abs(y_bar)) * (1 + np.max(np.abs(y))) + np.sum(np.abs(x_bar * direction))
    assert abs(left - right) <= 1e-4 * scale


# ---- softmax and log_softmax


@pytest.mark.parametrize("rule", [softmax, log_softmax])
@given(seed=seeds, axis=st.sampled_from([0, 1, -1, (0, 2), None, ()]), shift=st.integers(-1000, 1000))
def test_adding_a_number_to_every_logit_changes_nothing(rule: Any, seed: int, axis: Any, shift: int) -> None:
    x = np.round(rows(np.random.default_rng(seed)), 3)
    (y, pullback), (shifted, pullback_shifted) = rule(x, axis=axis), rule(x + shift, axis=axis)
    y_bar = np.random.default_rng(seed).normal(size=y.shape)
    # x + shift is rounded, by at most 2**-53 * 2**10, and log p moves by no more than twice that.
    assert np.allclose(y, shifted, rtol=0, atol=2.0**-41)
    assert np.allclose(pullback(y_bar), pullback_shifted(y_bar), rtol=0, atol=2.0**-36)


@every_dtype
@pytest.mark.parametrize("rule", [softmax, log_softmax])
@given(seed=seeds, axis=st.sampled_from([0, 1, -1, (0, 2), None, ()]))
def test_gradient_sums_to_zero_along_the_axis(rule: Any, dtype: str, seed: int, axis: Any) -> None:
    rng = np.random.default_rng(seed)
    y, pullback = rule(rows(rng, dtype), axis=axis)
    y_bar = rng.normal(size=y.shape).astype(y.dtype)
    sums = pullback(y_bar).astype(np.float64).sum(axis=axis)
    assert np.abs(sums).max() <= 64 * FORMATS[dtype].u * np.abs(y_bar.astype(np.float64)).sum()


@every_dtype
@given(seed=seeds, axis=st.sampled_from([0, 1, -1, (0, 2), None, ()]))
def test_softmax_is_a_distribution_and_the_exponential_of_log_softmax(
    dtype: str, seed: int, axis: Any
) -> None:
    x = rows(np.random.default_rng(seed), dtype)
    p, log_p = (rule(x, axis=axis)[0].astype(np.float64) for rule in (softmax, log_softmax))
    u = FORMATS[dtype].u
    assert np.all((p >= 0) & (p <= 1))
    assert np.allclose(p.sum(axis=axis), 1, rtol=0, atol=16 * u)
    # NumPy bounds its exponential by 4 u: one is in p, one in the sum, one in the sum of log p.
    assert np.allclose(p, np.exp(log_p), rtol=0, atol=12 * u)


@pytest.mark.parametrize(("rule", "zero"), [(softmax, 0.0), (log_softmax, -np.inf)])
def test_infinite_logits_follow_the_limit_or_are_nan(rule: Any, zero: float) -> None:
    inf = np.inf
    y, pullback = rule(np.array([[0.0, -inf], [0.0, inf], [-inf, -inf], [1.0, 1.0]]))
    assert y[0].tolist() == [float(rule is softmax), zero]
    assert y[1, 0] == zero
    assert np.isnan([y[1, 1], *y[2]]).all()
    assert np.isfinite(y[3]).all()
    assert np.isfinite(pullback(np.ones_like(y))[[0, 3]]).all()


@pytest.mark.parametrize("rule", [softmax, log_softmax])
def test_an_array_without_axes_reduces_over_none_or_all_of_them(rule: Any) -> None:
    for axis in (None, ()):
        y, pullback = rule(np.array(3.0), axis=axis)
        assert (y.shape, y.item(), pullback(np.array(2.0)).item()) == ((), float(rule is softmax), 0.0)
    with pytest.raises(np.exceptions.AxisError):
        rule(np.array(3.0), axis=-1)


# ---- the losses


@both_losses
@pytest.mark.parametrize("bits", [8, 16])
def test_a_negative_label_is_no_class_however_many_classes_there_are(loss: Any, bits: int) -> None:
    """Nor is a label that a narrow integer would wrap to."""
    classes = 2**bits + 10
    for label in (-1, -10, -(2 ** (bits - 1))):
        with pytest.raises(ValueError, match=f"label {label} is no class"):
            loss(np.full((1, classes), 1 / classes), np.array([label], f"int{bits}"))
    with pytest.raises(ValueError, match=f"label {2**64 - 1} is no class"):
        loss(np.full((1, classes), 1 / classes), np.array([2**64 - 1], "uint64"))
    last = np.array([2**bits - 1], f"uint{bits}")
    y, pullback = loss(np.full((1, classes), 1 / classes), last)
    assert np.argmin(pullback(y)) == last[0]


@both_losses
@pytest.mark.parametrize("label", [-1, -100, 4])
def test_a_label_outside_of_the_classes_raises(loss: Any, label: int) -> None:
    with pytest.raises(ValueError, match=rf"label {label} is no class: labels have to be in \[0, 4\)"):
        loss(np.full((2, 4), 0.25), np.array([0, label]))


@both_losses
@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros((2, 3)), np.zeros(2), np.zeros((1, 2), int)])
def test_labels_of_another_shape_raise(loss: Any, labels: Any) -> None:
    with pytest.raises(ValueError, match="do not fit predictions of shape"):
        loss(np.full((2, 4), 0.25), labels)


@both_losses
def test_an_unknown_reduction_raises(loss: Any) -> None:
    with pytest.raises(ValueError, match="'average' is none of none, mean, sum"):
        loss(np.full((2, 4), 0.25), np.array([0, 1]), reduction="average")


@both_losses
@given(seed=seeds, reduction=st.sampled_from(["none", "mean", "sum"]))
def test_index_and_one_hot_labels_are_the_same_labels(loss: Any, seed: int, reduction: str) -> None:
    rng = np.random.default_rng(seed)
    x, labels = rng.uniform(0.1, 1, size=(3, 2, 4)), rng.integers(0, 4, size=(3, 2))
    y, pullback = loss(x, labels, reduction=reduction)
    y_bar = rng.normal(size=y.shape)
    for same in (labels[..., None], np.eye(4, dtype=int)[labels], np.eye(4)[labels]):
        again, pullback_again = loss(x, same, reduction=reduction)
        assert np.allclose(again, y, rtol=2.0**-48, atol=0)
        assert np.allclose(pullback_again(y_bar), pullback(y_bar), rtol=2.0**-48, atol=2.0**-50)


@given(seed=seeds, reduction=st.sampled_from(["none", "mean", "sum"]))
def test_soft_labels_weigh_each_class_whatever_they_sum_to(seed: int, reduction: str) -> None:
    """The loss is linear in the labels: it is the weighted sum of the losses of one-hot labels."""
    rng = np.random.default_rng(seed)
    x, weights = rng.normal(size=(3, 4)), rng.integers(0, 3, size=(3, 4)) / 2
    loss, pullback = softmax_cross_entropy(x, weights, reduction=reduction)
    y_bar = rng.normal(size=loss.shape)
    summed, summed_bar = np.zeros(loss.shape), np.zeros((3, 4))
    for weight, one_hot in zip(weights.T, np.eye(4), strict=True):
        part, pullback_part = softmax_cross_entropy(x, weight[:, None] * one_hot, reduction=reduction)
        summed, summed_bar = summed + part, summed_bar + pullback_part(y_bar)
    assert np.allclose(loss, summed, rtol=2.0**-46, atol=0)
    assert np.allclose(pullback(y_bar), summed_bar, rtol=0, atol=2.0**-46)
    p, through_softmax = softmax(x)
    _, through_loss = cross_entropy(p, weights, reduction=reduction)
    assert np.allclose(pullback(y_bar), through_softmax(through_loss(y_bar)), rtol=0, atol=2.0**-42)


def test_a_probability_of_zero_costs_infinity_at_the_label_and_nothing_elsewhere() -> None:
    for zero in (0.0, -0.0):
        p = np.array([[zero, 1.0], [zero, 1.0]])
        for labels in (np.array([0, 1]), np.eye(2)):
            losses, pullback = cross_entropy(p, labels, reduction="none")
            assert losses.tolist() == [np.inf, 0]
            assert pullback(np.ones(2)).tolist() == [[-np.inf, 0], [0, -1]]


def test_a_logit_of_minus_infinity_costs_infinity_at_the_label_and_nothing_elsewhere() -> None:
    x = np.array([[-np.inf, 1.0], [-np.inf, 1.0]])
    for labels in (np.array([0, 1]), np.eye(2)):
        losses, pullback = softmax_cross_entropy(x, labels, reduction="none")
        assert losses.tolist() == [np.inf, 0]
        assert pullback(np.ones(2)).tolist() == [[-1, 1], [0, 0]]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [180, 1000, 6400])
def test_equal_squares_behind_a_large_one_lose_no_more_than_a_sum_may(dtype: str, size: int) -> None:
    """Each is rounded the same way when it is added, so that errors do not cancel."""
    w = np.full(size, 1.3995502158965325e-3, dtype)
    w[size // 7] = 0.4
    exact = math.fsum(float(v) ** 2 for v in w)
    for loss, _ in (l2_penalty(w, squared=True), mean_squared_error(w * size**0.5, np.zeros_like(w))):
        assert abs(float(loss) / exact - 1) <= float(sum_factor(size)) * FORMATS[dtype].u


# ---- get_item and get_item_grad


@every_dtype
@pytest.mark.parametrize("shape", [(1,), (1, 300)], ids=["entries", "rows"])
def test_4096_duplicates_collect_in_one_place(dtype: str, shape: tuple[int, ...]) -> None:
    index = np.zeros(4096, int)
    y_bar = np.ones((4096, *shape[1:]), FORMATS[dtype].dtype)
    x_bar, _ = get_item_grad(y_bar, index=index, shape=shape)
    assert np.all(x_bar.astype(np.float64) == 4096)


@pytest.mark.parametrize("columns", [3, 300], ids=["entries", "rows"])
@given(seed=seeds, count=st.integers(0, 9))
def test_get_item_after_get_item_grad_multiplies_by_how_often_a_row_is_taken(
    columns: int, seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    index, of_row = rng.integers(-4, 4, size=count), rng.integers(-9, 9, size=(4, columns)).astype(float)
    times = np.bincount(index % 4, minlength=4)
    collected, _ = get_item_grad(of_row[index], index=index, shape=(4, columns))
    y, _ = get_item(collected, index=index)
    assert np.array_equal(y, (of_row * times[:, None])[index])


@given(runs(dtypes=("float64",), names=("get_item", "get_item_grad")))
def test_get_item_and_get_item_grad_are_each_others_pullback(run: Drawn) -> None:
    operation, draft, _, pullback, y_bar = run
    index = draft.params["index"]
    if operation.name == "get_item":
        other, _ = get_item_grad(y_bar, index=index, shape=draft.args[0].shape)
    else:
        other, _ = get_item(y_bar, index=index)
    assert np.array_equal(pullback(y_bar), other)
