"""The tape: every gradient against its closed form, to all orders, at kinks and where entries are missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators.exact import Exact, Vjp
from gradassay.vocabulary import Array
from property_tests.exact.oracle import every_miss, scenario, truth_in
from property_tests.exact.test_functions import CALLS, MORE_CALLS, B, P, X


def normals(size: Any) -> Any:
    """The same ones in whatever order the tests run."""
    return np.random.default_rng(17).normal(size=size)


def gradient(definition: Callable[..., Any], *args: Any, y_bar: Any, wanted: int = 0) -> Array:
    """The certified gradient, rounded to float64."""
    truth = Exact(definition).evaluate(scenario(*args, y_bar=y_bar))
    assert truth is not None
    return truth.gradients[wanted].mid.astype(np.float64)


def close(got: Any, expected: Any) -> None:
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-13)


#: NumPy has no loop over Python objects for these; their closed forms are below.
WITHOUT_OBJECTS = {
    *("exp2", "log2", "log10", "logaddexp", "fabs", "isnan", "isfinite", "isinf", "var", "std", "bincount")
}


@pytest.mark.parametrize("arithmetic", ["longdouble", "arb-128"])
@pytest.mark.parametrize("name", [name for name in [*CALLS, *MORE_CALLS] if name not in WITHOUT_OBJECTS])
def test_a_gradient_is_the_central_difference_in_3000_bits(name: str, arithmetic: str) -> None:
    call = CALLS.get(name) or MORE_CALLS[name]
    # Away from the kinks of the table's calls.
    x, p = X + 0.0625, P + 0.015625
    y_bar = normals(np.shape(call(x, p)))
    given_ = scenario(x, p, y_bar=y_bar)
    truth = truth_in(arithmetic, call, given_)
    assert truth is not None
    assert not truth.extremes
    assert not every_miss(call, given_, truth)


def test_variance_and_deviation_have_their_closed_forms() -> None:
    x = np.array([0.3, 1.0, 2.75, 1.5])
    centred = x - x.mean()
    close(gradient(np.var, x, y_bar=-1.5), -1.5 * 2 * centred / x.size)
    close(gradient(np.std, x, y_bar=-1.5), -1.5 * centred / (x.size * x.std()))


def test_each_weight_is_given_the_cotangent_of_its_place() -> None:
    places, y_bar = np.array([2, 0, 2, 2]), np.array([0.5, -1.0, 3.0, 7.0])
    close(gradient(lambda w: np.bincount(places, w, 4), normals(4), y_bar=y_bar), y_bar[places])


LN2, LN10 = np.log(2), np.log(10)
SLOPES: dict[str, tuple[Callable[[Any], Any], Callable[[Array], Array]]] = {
    "exp2": (np.exp2, lambda x: LN2 * np.exp2(x)),
    "log2": (np.log2, lambda x: 1 / (x * LN2)),
    "log10": (np.log10, lambda x: 1 / (x * LN10)),
    "fabs": (np.fabs, np.sign),
    "logaddexp with 1": (lambda x: np.logaddexp(x, 1), lambda x: 1 / (1 + np.exp(1 - x))),
    "where isnan": (lambda x: np.where(np.isnan(x), 0, x * x), lambda x: 2 * x),
    "where isinf": (lambda x: np.where(np.isinf(x), 0, x * x), lambda x: 2 * x),
    "where isfinite": (lambda x: np.where(np.isfinite(x), x * x, 0), lambda x: 2 * x),
    "x^2.5": (lambda x: x**2.5, lambda x: 2.5 * x**1.5),
    "x^-0.5": (lambda x: x**-0.5, lambda x: -0.5 * x**-1.5),
    "x^70": (lambda x: x**70, lambda x: 70 * x**69),
    "x^0": (lambda x: x**0, np.zeros_like),
    "sign": (np.sign, np.zeros_like),
    "a constant": (lambda x: np.ones(x.shape), np.zeros_like),
    "itself": (lambda x: x, np.ones_like),
}


@pytest.mark.parametrize("name", SLOPES)
def test_a_gradient_is_its_closed_form(name: str) -> None:
    f, slope = SLOPES[name]
    x = np.array([0.3, 1.0, 2.75, 1.5])
    y_bar = normals(x.shape)
    np.testing.assert_allclose(gradient(f, x, y_bar=y_bar), y_bar * slope(x), rtol=1e-12, atol=1e-13)


@settings(max_examples=60)
@given(st.data())
def test_the_gradient_of_broadcasting_sums_over_what_was_repeated(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 3), min_size=0, max_size=3)))
    kept = data.draw(st.integers(0, len(shape)))
    small = tuple(n if data.draw(st.booleans()) else 1 for n in shape[kept:])
    a, b = normals(shape), normals((2, *small))[1]
    y_bar = normals((3, *shape))[2]
    extra = tuple(range(kept))
    ones = tuple(kept + i for i, n in enumerate(small) if n == 1)
    expected = (y_bar * a).sum(axis=(*extra, *ones), keepdims=True).reshape(small)
    close(gradient(lambda p, q: p * q, a, b, y_bar=y_bar, wanted=1), expected)
    close(
        gradient(lambda p, q: q + p, a, b, y_bar=y_bar, wanted=1),
        y_bar.sum(axis=(*extra, *ones)).reshape(small),
    )


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), (-1, 0), (0, 1, 2), None, ()])
@pytest.mark.parametrize("shape", [(2, 3, 2), (0, 3, 2), (1, 1, 1)])
def test_reductions_over_any_axes(shape: tuple[int, ...], axis: Any, keepdims: bool) -> None:
    x = normals(shape)
    y_bar = normals(np.sum(x, axis=axis, keepdims=True).shape)
    given_ = y_bar if keepdims else y_bar.reshape(np.sum(x, axis=axis).shape)
    spread = np.broadcast_to(y_bar, shape)
    n = x.size / max(y_bar.size, 1)

    def total(x: Any) -> Any:
        return np.sum(x, axis=axis, keepdims=keepdims)

    close(gradient(total, x, y_bar=given_), spread)
    if x.size:
        close(gradient(lambda x: np.mean(x, axis=axis, keepdims=keepdims), x, y_bar=given_), spread / n)
        largest = x == np.max(x, axis=axis, keepdims=True)
        close(gradient(lambda x: np.max(x, axis=axis, keepdims=keepdims), x, y_bar=given_), spread * largest)
        others = np.prod(x, axis=axis, keepdims=True) / x
        close(gradient(lambda x: np.prod(x, axis=axis, keepdims=keepdims), x, y_bar=given_), spread * others)


def test_the_gradient_of_a_product_with_a_zero_factor_divides_by_nothing() -> None:
    close(gradient(np.prod, [0.0, 2.0, 3.0], y_bar=1.0), [6, 0, 0])
    close(gradient(np.prod, [0.0, 2.0, 0.0], y_bar=1.0), [0, 0, 0])


@pytest.mark.parametrize(
    "definition",
    [lambda x: x * 2, np.exp, lambda x: x.sum(axis=0), lambda x: x[:0], lambda x: np.concatenate([x, x], 1)],
    ids=["x * 2", "exp", "sum", "x[:0]", "concatenate"],
)
def test_nothing_has_an_empty_gradient(definition: Any) -> None:
    x = np.zeros((0, 3))
    assert gradient(definition, x, y_bar=np.zeros(definition(x).shape)).shape == (0, 3)


@pytest.mark.parametrize(
    "index", [0, slice(None, None, -2), [1, 1, 1], (..., None, [0, 0]), B > 0, ()], ids=repr
)
def test_indexing_scatters_and_adds_up_duplicates(index: Any) -> None:
    y_bar = normals(X[index].shape)
    expected = np.zeros_like(X)
    np.add.at(expected, index, y_bar)
    close(gradient(lambda x: x[index], X, y_bar=y_bar), expected)


def test_several_paths_add_up() -> None:
    close(gradient(lambda x: x * x + np.exp(x) * x, [0.5], y_bar=[2.0]), [2 * (1 + np.exp(0.5) * 1.5)])


def test_an_argument_that_does_not_matter_has_gradient_zero() -> None:
    y_bar = np.ones(X.shape)
    close(gradient(lambda a, b: np.tanh(a), X, B, y_bar=y_bar, wanted=1), np.zeros_like(B))


# -- second order ----------------------------------------------------------------------------------------


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def hessian_of_softmax(p: Array, y_bar: Array, v: Array) -> Array:
    """d/dx of <v, x_bar(x)> where x_bar = p (y_bar - sum p y_bar)."""
    s, t = np.sum(p * y_bar), np.sum(p * v)
    inner = p * v * (y_bar - s)
    hessian: Array = inner - p * np.sum(inner) - p * t * (y_bar - s)
    return hessian


SECOND: dict[str, tuple[Callable[[Any], Any], Callable[[Array, Array, Array], Array]]] = {
    "softmax": (softmax, lambda x, g, v: hessian_of_softmax(softmax(x), g, v)),
    "exp": (np.exp, lambda x, g, v: g * v * np.exp(x)),
    "tanh": (np.tanh, lambda x, g, v: -2 * g * v * np.tanh(x) * (1 - np.tanh(x) ** 2)),
    "log": (lambda x: np.log(x * x), lambda x, g, v: -2 * g * v / x**2),
    "sqrt": (lambda x: np.sqrt(x * x + 1), lambda x, g, v: g * v * (x * x + 1) ** -1.5),
    "x³": (lambda x: x**3, lambda x, g, v: 6 * g * v * x),
    "1 / x": (lambda x: 1 / x, lambda x, g, v: 2 * g * v / x**3),
    "log1p of exp": (
        lambda x: np.log1p(np.exp(x)),
        lambda x, g, v: g * v / (2 * np.cosh(x / 2)) ** 2,
    ),
    "a linear map": (lambda x: np.einsum("i,ij->j", x, B), lambda x, g, v: np.zeros_like(x)),
    "sum of squares": (lambda x: (x * x).sum(), lambda x, g, v: 2 * g * v),
    "relu": (lambda x: np.maximum(x, 0.1) ** 2, lambda x, g, v: 2 * g * v * (x > 0.1)),
    "max²": (lambda x: np.max(x) ** 2, lambda x, g, v: 2 * g * v * (x == x.max())),
}


@pytest.mark.parametrize("name", SECOND)
def test_second_order_is_the_closed_form(name: str) -> None:
    f, hessian_vector = SECOND[name]
    x, v = np.array([0.75, -1.25]), np.array([0.3, 2.0])
    if name in {"softmax", "exp", "tanh", "relu"}:
        x, v = np.array([0.75, -1.25, 2.0]), np.array([0.3, 2.0, -1.0])
    y_bar = normals(np.shape(f(x)))
    truth = truth_in("arb-128", Vjp(f), scenario(x, y_bar.reshape(np.shape(f(x))), y_bar=v))
    assert truth is not None
    close(truth.gradients[0].mid.astype(np.float64), hessian_vector(x, y_bar, v))


def test_the_gradient_with_respect_to_the_cotangent_is_the_tangent_map() -> None:
    x, y_bar, v = np.array([0.75, -1.25, 2.0]), np.array([0.3, 2.0, -1.0]), np.array([1.0, -0.5, 0.25])
    p = softmax(x)
    close(gradient(Vjp(softmax), x, y_bar, y_bar=v, wanted=1), p * (v - np.sum(p * v)))


def test_the_pullback_of_scattering_is_gathering() -> None:
    index, v = ([0, 0, 1], [2, 2, 0]), normals(X.shape)
    scatter = Vjp(lambda x: x[index])
    y_bar = np.array([1.0, 2.0, 3.0])
    close(gradient(scatter, X, y_bar, y_bar=v, wanted=1), v[index])
    close(gradient(scatter, X, y_bar, y_bar=v), np.zeros_like(X))


def test_third_order() -> None:
    cube = Vjp(Vjp(lambda x: x**3))
    close(gradient(cube, [2.0], [1.0], [1.0], y_bar=[1.0]), [6.0])


def test_vjp_of_plain_arrays_is_plain() -> None:
    x, y_bar = np.array([0.75, -1.25, 2.0]), np.array([0.3, 2.0, -1.0])
    p = softmax(x)
    x_bar = Vjp(softmax)(x, y_bar)
    assert isinstance(x_bar, np.ndarray)
    close(x_bar, p * (y_bar - np.sum(p * y_bar)))


# -- kinks -----------------------------------------------------------------------------------------------

#: definition, x, and the gradients under y_bar = 1: split, to the first, to the last.
KINKS: dict[str, tuple[Callable[[Any], Any], list[float], list[float], list[float], list[float]]] = {
    "max of two equal": (np.max, [3, 1, 3], [0.5, 0, 0.5], [1, 0, 0], [0, 0, 1]),
    "max of three equal": (np.max, [2, 2, 2], [1 / 3] * 3, [1, 0, 0], [0, 0, 1]),
    "min": (np.min, [1, 3, 1], [0.5, 0, 0.5], [1, 0, 0], [0, 0, 1]),
    "maximum": (lambda x: np.maximum(x, 2), [2, 3, 1], [0.5, 1, 0], [1, 1, 0], [0, 1, 0]),
    "minimum": (lambda x: np.minimum(x, 2), [2, 3, 1], [0.5, 0, 1], [1, 0, 1], [0, 0, 1]),
    "relu": (lambda x: np.maximum(x, 0), [0, 1, -1], [0.5, 1, 0], [1, 1, 0], [0, 1, 0]),
    "relu at -0": (lambda x: np.maximum(x, 0), [-0.0, 1, -1], [0.5, 1, 0], [1, 1, 0], [0, 1, 0]),
    "relu by where": (lambda x: np.where(x > 0, x, 0), [0, 1, -1], [0, 1, 0], [1, 1, 0], [0, 1, 0]),
    "relu by a mask": (lambda x: x * (x > 0), [0, 1, -1], [0, 1, 0], [1, 1, 0], [0, 1, 0]),
    "abs": (np.abs, [0, 2, -1], [0, 1, -1], [1, 1, -1], [-1, 1, -1]),
    "clip": (lambda x: np.clip(x, 0, 1), [0, 0.5, 1], [0.5, 1, 0.5], [1, 1, 1], [0, 1, 0]),
}


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_tie_has_extreme_gradients(name: str, dtype: str) -> None:
    f, x, split, first, last = KINKS[name]
    y_bar = np.ones(np.shape(f(np.array(x))))
    truth = Exact(f).evaluate(scenario(np.array(x, float), y_bar=y_bar, dtype=dtype))
    assert truth is not None
    close(truth.gradients[0].mid.astype(float), split)
    close(truth.extremes["first"][1].mid.astype(float), first)
    close(truth.extremes["last"][1].mid.astype(float), last)


@pytest.mark.parametrize("name", KINKS)
def test_without_a_tie_there_are_no_extremes(name: str) -> None:
    f = KINKS[name][0]
    x = np.array([0.25, 0.5, 0.75])
    truth = Exact(f).evaluate(scenario(x, y_bar=np.ones(np.shape(f(x)))))
    assert truth is not None
    assert not truth.extremes


def test_a_tie_that_does_not_show_in_the_gradient_has_no_extremes() -> None:
    def shifted(x: Any) -> Any:
        return softmax(x - np.max(x, axis=-1, keepdims=True))

    given_ = scenario(np.array([3.0, 1.0, 3.0]), y_bar=np.array([1.0, 2.0, -1.0]), dtype="float32")
    for name in ("float64", "longdouble", "arb-128"):
        truth = truth_in(name, shifted, given_)
        assert truth is not None
        assert not truth.extremes, name


def test_a_decision_between_arguments_that_are_not_differentiated_is_no_tie() -> None:
    labels = np.array([0, 1])
    truth = Exact(lambda x, t: np.where(t >= 0, x, -x)).evaluate(
        scenario(np.array([1.0, 2.0]), labels, y_bar=np.ones(2))
    )
    assert truth is not None
    assert not truth.extremes


# -- what is zero because it was not taken -----------------------------------------------------------------


def test_a_branch_that_is_not_taken_contributes_nothing_even_where_it_is_infinite() -> None:
    def masked(x: Any) -> Any:
        return np.where(x != 0, np.log(x), 0)

    close(gradient(masked, [0.0, 2.0], y_bar=[1.0, 1.0]), [0.0, 0.5])


def test_the_logarithm_behind_a_guard_has_gradient_zero_at_the_guard() -> None:
    close(gradient(lambda x: np.where(x > 0, np.log(x), 0), [0.0, 2.0], y_bar=[1.0, 1.0]), [0.0, 0.5])


def test_zero_times_infinity_has_no_value() -> None:
    def product(x: Any) -> Any:
        return (x > 0) * np.log(x)

    for name in ("longdouble", "arb-128"):
        truth = truth_in(name, product, scenario(np.array([0.0, 2.0]), y_bar=np.ones(2)))
        assert truth is not None
        assert np.isnan(truth.primal.mid).tolist() == [True, False]
        assert np.isnan(truth.gradients[0].mid).tolist() == [True, False]


def test_an_entry_that_was_not_selected_contributes_nothing() -> None:
    close(gradient(lambda x: np.log(x)[1:], [0.0, 2.0], y_bar=[3.0]), [0.0, 1.5])


@pytest.mark.parametrize("f", [np.log, np.log1p])
def test_what_has_no_value_has_no_second_derivative_either(f: Any) -> None:
    x, y_bar = np.array([np.nan, -2.0, 2.0]), np.ones(3)
    truth = truth_in("arb-128", Vjp(f), scenario(x, y_bar, y_bar=y_bar))
    assert truth is not None
    assert np.isnan(truth.gradients[0].mid[:2]).all()
    assert np.isfinite(truth.gradients[0].mid[2])
