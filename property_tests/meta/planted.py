"""A zoo of wrong gradients: each is the catalogue's rule, or a textbook one, with one mistake.

``BUGS`` is the table: name -> (operation, rule, the verdicts that say what is wrong with it). ``CORRECT`` holds the
textbook rules without the mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Rule, Verdict

WRONG, IMPRECISE, NONFINITE, STRUCTURE, IMPURE, RAISES = (
    Verdict.WRONG,
    Verdict.IMPRECISE,
    Verdict.NONFINITE,
    Verdict.STRUCTURE,
    Verdict.IMPURE,
    Verdict.RAISES,
)
BUGS: dict[str, tuple[str, Rule, set[Verdict]]] = {}


def planted(operation: str, *verdicts: Verdict) -> Callable[[Rule], Rule]:
    """Enter a rule into the table under its own name."""

    def enter(rule: Rule) -> Rule:
        BUGS[rule.__name__.replace("_", " ")] = operation, rule, set(verdicts)
        return rule

    return enter


def pulled(operation: str, change: Callable[[Array, Array, Array], Any]) -> Rule:
    """The catalogue's rule with ``change(x_bar, y_bar, x)`` in the place of its gradient."""
    right = OPERATIONS[operation].rule

    def rule(*args: Any, **params: Any) -> Any:
        y, pullback = right(*args, **params)
        return y, lambda y_bar: change(pullback(y_bar), y_bar, args[0])

    return rule


def changed(
    operation: str, name: str, change: Callable[[Array, Array, Array], Any], *verdicts: Verdict
) -> None:
    """Enter the catalogue's rule with its gradient changed."""
    BUGS[name] = operation, pulled(operation, change), set(verdicts)


def scaled(x_bar: Array, by_64: float, by_32: float, by_16: float = 1.0) -> Array:
    """Multiplied by 1 + a little that depends on the dtype, rounded once."""
    factor = {8: 1 + np.longdouble(by_64), 4: 1 + np.longdouble(by_32)}.get(
        x_bar.itemsize, np.longdouble(by_16)
    )
    return np.asarray(x_bar.astype(np.longdouble) * factor).astype(x_bar.dtype)


# -- softmax: the gradient changed ----------------------------------------------------------------------------

changed("softmax", "times 1 + 2^-48", lambda g, y_bar, x: scaled(g, 2.0**-48, 2.0**-19), IMPRECISE, WRONG)
changed("softmax", "wrong only where x < -12", lambda g, y_bar, x: np.where(x < -12, -g, g), WRONG)
changed("softmax", "wrong sign", lambda g, y_bar, x: -g, WRONG)
changed("softmax", "twice as large", lambda g, y_bar, x: g + g, WRONG)
changed("softmax", "wrong by 1e-3", lambda g, y_bar, x: scaled(g, 1e-3, 1e-3), WRONG)
changed("softmax", "zero", lambda g, y_bar, x: np.zeros_like(g), WRONG, IMPRECISE)
changed("softmax", "NaN", lambda g, y_bar, x: np.full_like(g, np.nan), NONFINITE)
changed("softmax", "None", lambda g, y_bar, x: None, STRUCTURE)
changed("softmax", "float64 whatever comes in", lambda g, y_bar, x: g.astype(np.float64), STRUCTURE)
changed(
    "softmax",
    "float16 in between",
    lambda g, y_bar, x: g.astype(np.float16).astype(g.dtype),
    IMPRECISE,
    WRONG,
)
changed(
    "softmax",
    "float32 in between",
    lambda g, y_bar, x: g.astype(np.float32).astype(g.dtype),
    IMPRECISE,
    WRONG,
)
changed("softmax", "a leading axis too many", lambda g, y_bar, x: g[None], STRUCTURE)
changed("softmax", "two gradients for one argument", lambda g, y_bar, x: (g, g), STRUCTURE)
changed("softmax", "summed to a number", lambda g, y_bar, x: g.sum(), STRUCTURE)
changed("softmax", "clipped to 0.1", lambda g, y_bar, x: np.clip(g, -0.1, 0.1), WRONG)
changed("softmax", "the cotangent itself", lambda g, y_bar, x: y_bar.copy(), WRONG)
changed(
    "softmax", "flushed below 1e-30", lambda g, y_bar, x: np.where(np.abs(g) < 1e-30, 0, g), IMPRECISE, WRONG
)
changed("log_softmax", "wrong sign of log_softmax", lambda g, y_bar, x: -g, WRONG)


# -- softmax: textbook rules with a mistake ---------------------------------------------------------------------


def stable(x: Array, axis: Any) -> Array:
    """The catalogue's primal: the textbook's has no value beside +inf, and would be found for that."""
    p: Array = OPERATIONS["softmax"].rule(x, axis=axis)[0]
    return p


def textbook_softmax(x: Array, *, axis: Any = -1) -> Any:
    """Without a mistake."""
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", WRONG)
def drops_the_sum_term(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * y_bar


@planted("softmax", WRONG)
def ignores_its_cotangent(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * (1 - p)


@planted("softmax", WRONG)
def only_the_diagonal_of_the_jacobian(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: y_bar * p * (1 - p)


@planted("softmax", WRONG)
def sums_over_the_whole_batch(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar))


@planted("softmax", WRONG)
def normalises_the_whole_batch(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, None)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar))


@planted("softmax", WRONG)
def takes_the_first_axis(x: Array, *, axis: int = -1) -> Any:
    p = stable(x, 0)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=0, keepdims=True))


@planted("softmax", WRONG)
def mean_instead_of_sum(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.mean(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", NONFINITE)
def naive_exponentials(x: Array, *, axis: Any = -1) -> Any:
    e = np.exp(x)
    p = e / e.sum(axis=axis, keepdims=True)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPRECISE)
def epsilon_in_the_denominator(x: Array, *, axis: Any = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    p = e / (e.sum(axis=axis, keepdims=True) + x.dtype.type(1e-8))
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPURE)
def adds_to_its_cotangent_in_place(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)

    def pullback(y_bar: Array) -> Array:
        y_bar -= np.sum(p * y_bar, axis=axis, keepdims=True)
        return p * y_bar

    return p, pullback


@planted("softmax", IMPURE)
def overwrites_its_argument(x: Array, *, axis: Any = -1) -> Any:
    x -= np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    p = stable(x, axis)
    return p, lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


_RESIDUALS: list[Array] = []


@planted("softmax", IMPURE, WRONG, STRUCTURE, RAISES)
def uses_the_residual_of_the_call_before(x: Array, *, axis: Any = -1) -> Any:
    _RESIDUALS.append(stable(x, axis))
    p = _RESIDUALS[-2] if len(_RESIDUALS) > 1 else _RESIDUALS[-1]
    return _RESIDUALS[-1], lambda y_bar: p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPURE)
def draws_a_random_number(x: Array, *, axis: Any = -1) -> Any:
    p = stable(x, axis)
    noise = x.dtype.type(np.random.default_rng().uniform(0.9, 1.1))
    return p, lambda y_bar: noise * p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))


@planted("softmax", IMPURE)
def reads_memory_in_its_own_order(x: Array, *, axis: int = -1) -> Any:
    p, pullback = OPERATIONS["softmax"].rule(x, axis=axis)

    def in_order(y_bar: Array) -> Array:
        x_bar: Array = pullback(y_bar)
        return x_bar if x.flags.c_contiguous else -x_bar

    return p, in_order


@planted("softmax", RAISES)
def refuses_anything_but_a_matrix(x: Array, *, axis: int = -1) -> Any:
    rows, columns = x.shape
    return OPERATIONS["softmax"].rule(x.reshape(rows, columns), axis=axis)


# -- cross entropy -------------------------------------------------------------------------------------------


changed("softmax_cross_entropy", "twice the loss's gradient", lambda g, y_bar, x: g + g, WRONG)
changed("cross_entropy", "wrong sign of cross entropy", lambda g, y_bar, x: -g, WRONG)


def rows_of(x: Array) -> tuple[Array, Array]:
    return x.reshape(-1, x.shape[-1]), stable(x, -1).reshape(-1, x.shape[-1])


def indexed(x: Array, labels: Array) -> bool:
    return labels.dtype.kind in "iu" and labels.shape in (x.shape[:-1], (*x.shape[:-1], 1))


@planted("softmax_cross_entropy", WRONG)
def subtracts_one_from_every_row(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)
    if not indexed(x, labels) or reduction == "none":
        return y, pullback
    _, p = rows_of(x)

    def every_row(y_bar: Array) -> Array:
        x_bar = p.copy()
        x_bar[:, labels.ravel()] -= 1
        return (y_bar * x_bar / (len(p) if reduction == "mean" else 1)).reshape(x.shape).astype(x.dtype)

    return y, every_row


@planted("softmax_cross_entropy", WRONG)
def divides_by_the_classes(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)
    if reduction != "mean":
        return y, pullback
    samples = x.size / x.shape[-1]
    return y, lambda y_bar: (pullback(y_bar) * x.dtype.type(samples / x.shape[-1])).astype(x.dtype)


@planted("softmax_cross_entropy", WRONG)
def ignores_the_upstream_gradient(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)
    return y, lambda y_bar: pullback(np.ones_like(y_bar))


@planted("softmax_cross_entropy", RAISES)
def takes_any_label(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    if indexed(x, labels):
        labels = np.clip(labels, 0, x.shape[-1] - 1)
    return OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)


@planted("cross_entropy", WRONG, IMPRECISE)
def clips_probabilities(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    q = np.clip(p, p.dtype.type(1e-3), None)
    y, pullback = OPERATIONS["cross_entropy"].rule(q, labels, reduction=reduction)
    return y, lambda y_bar: np.where(q == p, pullback(y_bar), 0).astype(p.dtype)


@planted("cross_entropy", NONFINITE)
def zero_times_the_logarithm_of_zero(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = OPERATIONS["cross_entropy"].rule(p, labels, reduction=reduction)
    if labels.shape != p.shape or indexed(p, labels):
        return y, pullback
    t = labels.astype(p.dtype)
    losses = -(t * np.log(p)).sum(axis=-1)
    y = losses if reduction == "none" else losses.sum() / (max(losses.size, 1) if reduction == "mean" else 1)
    return np.asarray(y, p.dtype), pullback


# -- get_item --------------------------------------------------------------------------------------------------


def textbook_get_item(x: Array, *, index: Any) -> Any:
    """Without a mistake."""

    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


CORRECT: dict[str, Rule] = {"softmax": textbook_softmax, "get_item": textbook_get_item}


@planted("get_item", WRONG)
def overwrites_duplicates(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros_like(x)
        x_bar[index] = y_bar
        return x_bar

    return np.array(x[index]), pullback


@planted("get_item", STRUCTURE)
def scatters_into_float64(x: Array, *, index: Any) -> Any:
    def pullback(y_bar: Array) -> Array:
        x_bar = np.zeros(x.shape)
        np.add.at(x_bar, index, y_bar)
        return x_bar

    return np.array(x[index]), pullback


@planted("get_item", WRONG)
def shifts_by_one(x: Array, *, index: Any) -> Any:
    y, pullback = OPERATIONS["get_item"].rule(x, index=index)
    return y, lambda y_bar: np.roll(pullback(y_bar), 1)


@planted("get_item", STRUCTURE)
def transposes_its_gradient(x: Array, *, index: Any) -> Any:
    y, pullback = OPERATIONS["get_item"].rule(x, index=index)
    return y, lambda y_bar: pullback(y_bar).T


@planted("get_item", WRONG)
def reverses_its_gradient(x: Array, *, index: Any) -> Any:
    y, pullback = OPERATIONS["get_item"].rule(x, index=index)
    return y, lambda y_bar: np.flip(pullback(y_bar)).copy()


@planted("get_item", STRUCTURE)
def keeps_the_shape_of_what_was_selected(x: Array, *, index: Any) -> Any:
    y, _ = OPERATIONS["get_item"].rule(x, index=index)
    return y, lambda y_bar: y_bar.copy()


@planted("get_item", NONFINITE)
def nan_where_nothing_was_selected(x: Array, *, index: Any) -> Any:
    y, pullback = OPERATIONS["get_item"].rule(x, index=index)
    return y, lambda y_bar: pullback(y_bar) if y_bar.size else np.full_like(x, np.nan)


@planted("get_item_grad", WRONG)
def keeps_the_last_of_duplicates(y_bar: Array, *, index: Any, shape: tuple[int, ...]) -> Any:
    _, pullback = OPERATIONS["get_item_grad"].rule(y_bar, index=index, shape=shape)
    x_bar = np.zeros(shape, y_bar.dtype)
    x_bar[index] = y_bar
    return x_bar, pullback
