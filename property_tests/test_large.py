"""Large arrays: what is wrong with them is found, named and shown by a small part, in few runs of the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Rule, Verdict

#: Rows of ten, as labels need them.
N = 200_000
RNG = np.random.default_rng(0)
X = RNG.standard_normal(N).astype(np.float32)
LABELS = RNG.integers(0, 10, N // 10)


def zeroed(rule: Rule, sizes: list[int], least: int = 0) -> Rule:
    """The rule with gradients of 0 where an argument has ``least`` entries; ``sizes`` collects that of each call."""

    def wrong(*args: Any, **params: Any) -> Any:
        size = max(np.size(x) for x in args)
        y, pullback = rule(*args, **params)
        sizes.append(size)

        def zero(y_bar: Array) -> Any:
            x_bar = pullback(y_bar)
            if size < least:
                return x_bar
            if isinstance(x_bar, tuple):
                return tuple(None if part is None else np.zeros_like(part) for part in x_bar)
            return np.zeros_like(x_bar)

        return y, zero

    return wrong


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_gradient_that_is_zero_for_many_entries_alone_is_found(name: str) -> None:
    sizes: list[int] = []
    for dtype in ("float64", "float32"):
        report = gradassay.verify(zeroed(OPERATIONS[name].rule, sizes, 30_000), like=name, dtypes=(dtype,))
        found = [each for each in report.discrepancies if each.verdict.fails]
        assert {each.verdict for each in found} == {Verdict.WRONG}
    assert max(sizes) > 30_000


@pytest.mark.parametrize(
    ("name", "args", "params"),
    [
        *((name, (X,), {}) for name in ("sigmoid", "softmax", "log_softmax", "exp", "sum", "max", "relu")),
        ("softmax_cross_entropy", (X.reshape(-1, 10), LABELS), {}),
        ("get_item", (X,), {"index": RNG.permutation(N)}),
        ("affine", (X.reshape(-1, 10), np.ones((10, 3), np.float32), np.zeros(3, np.float32)), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_all_zero_gradient_is_run_on_the_whole_a_few_times(name: str, args: Any, params: Any) -> None:
    sizes: list[int] = []
    rule = zeroed(OPERATIONS[name].rule, sizes)
    (found,) = gradassay.verify(
        rule, like=name, inputs=[args], params=params, dtypes=("float32",)
    ).discrepancies
    assert found.verdict is Verdict.WRONG
    assert sum(x.size for x in found.example.scenario.args) <= 10
    # Twice to judge it, twice to see whether it is so again, each time on two copies; once in float64.
    assert sizes.count(N) <= 6
    assert sum(sizes) <= 7 * N


def test_one_wrong_entry_among_many_is_all_that_is_shown() -> None:
    x = X.copy()
    x[123_457] = 9.5

    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return y, lambda y_bar: np.where(x == 9.5, 1, pullback(y_bar)).astype(x.dtype)

    (found,) = gradassay.verify(rule, like="tanh", inputs=[(x,)], dtypes=("float32",)).discrepancies
    assert found.verdict is Verdict.WRONG
    assert found.example.scenario.args[0] == 9.5


def test_a_convention_is_one_on_many_entries_as_well() -> None:
    def rule(x: Array) -> Any:
        return np.log2(x), lambda y_bar: (y_bar / x / np.log(2)).astype(x.dtype)

    report = gradassay.verify(rule, like="log", inputs=[(np.exp(X),)], dtypes=("float32",))
    assert [(each.verdict, each.cause) for each in report.discrepancies] == [(Verdict.CONVENTION, "base 2")]
