"""Laws of the elementwise rules about arrays: shapes, dtypes, memory; and of their pullbacks' rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from comparators.exact import Exact
from comparators.numpy_rules import RulesComparator
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS
from gradassay.question import Question
from gradassay.second_order import pullback_operation
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Verdict
from property_tests.strategies import draw_scenarios
from reference_impls.entrywise import BLOCK

every_name = pytest.mark.parametrize("name", ["exp", "log", "clip", "relu", "sigmoid", "tanh"])
every_dtype = pytest.mark.parametrize("dtype", FORMATS)
BOUNDED = {"clip": {"low": -1.0, "high": 1.0}}


def value_and_slope(rule: Callable[..., Any], x: Any, **params: Any) -> tuple[Array, Array]:
    y, pullback = rule(np.asarray(x), **params)
    return y, pullback(np.ones(y.shape, y.dtype))


@every_name
def test_integers_give_float64(name: str) -> None:
    y, slope = value_and_slope(OPERATIONS[name].rule, np.array([1, 2]), **BOUNDED.get(name, {}))
    assert y.dtype == slope.dtype == np.float64
    same, _ = value_and_slope(OPERATIONS[name].rule, np.array([1.0, 2.0]), **BOUNDED.get(name, {}))
    assert np.array_equal(y, same)


@every_name
@every_dtype
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1,), (2, 3)])
def test_any_shape_and_a_read_only_array_will_do(name: str, dtype: str, shape: tuple[int, ...]) -> None:
    x = np.full(shape, 0.5, FORMATS[dtype].dtype)
    x.flags.writeable = False
    for result in value_and_slope(OPERATIONS[name].rule, x, **BOUNDED.get(name, {})):
        assert (type(result), result.shape, result.dtype) == (np.ndarray, shape, x.dtype)
        assert result.flags.writeable
    with pytest.raises(ValueError, match=r"an array has shape \(7,\), where the first"):
        OPERATIONS[name].rule(x)[1](np.ones(7, x.dtype))


@every_name
def test_a_block_more_or_less_makes_no_difference(name: str) -> None:
    x = np.random.default_rng(0).uniform(0.1, 3, 2 * BLOCK + 3)
    params = BOUNDED.get(name, {})
    y, slope = value_and_slope(OPERATIONS[name].rule, x, **params)
    for part in (slice(0, 5), slice(BLOCK - 3, BLOCK + 3), slice(-4, None)):
        piece, its_slope = value_and_slope(OPERATIONS[name].rule, x[part], **params)
        assert np.allclose(y[part], piece, rtol=2.0**-50, atol=0)
        assert np.allclose(slope[part], its_slope, rtol=2.0**-49, atol=0)


@every_name
def test_what_becomes_of_arguments_and_results_later_does_not_reach_the_pullback(name: str) -> None:
    operation, x = OPERATIONS[name], np.random.default_rng(0).uniform(0.1, 3, (4, 5))
    assert operation.pullback_rule is not None
    for rule, args in ((operation.rule, (x.copy(),)), (operation.pullback_rule, (x.copy(), x - 1))):
        y, pullback = rule(*args, **BOUNDED.get(name, {}))
        before = pullback(np.ones_like(x))
        for array in (*args, y):
            array[:] = np.nan
        assert np.array_equal(pullback(np.ones_like(x)), before)


# ---- second order


@every_name
@every_dtype
def test_a_pullbacks_primal_is_what_the_rule_pulls_back(name: str, dtype: str) -> None:
    operation = OPERATIONS[name]
    assert operation.pullback_rule is not None
    for drawn in draw_scenarios(operation, dtype=dtype, examples=40, seed=5):
        (x,), params, y_bar = drawn.args, drawn.params, drawn.cotangent
        x_bar, _ = operation.pullback_rule(x, y_bar, **params)
        assert x_bar.tobytes() == operation.rule(x, **params)[1](y_bar).tobytes()


@every_name
@every_dtype
def test_a_pullbacks_pullback_is_the_derivative_of_the_pullback(name: str, dtype: str) -> None:
    """Held against the truth, tape over tape, in every region."""
    operation = pullback_operation(OPERATIONS[name])
    rules = RulesComparator("numpy", {operation.name: operation.rule})
    judged = []
    for drawn in draw_scenarios(operation, dtype=dtype, examples=60, seed=5):
        finding = judge(Question(drawn, Exact(operation.definition), ()), rules)
        judged.append(finding.verdict)
        assert finding.verdict.rank <= Verdict.UNDEFINED.rank, finding
    assert judged.count(Verdict.AGREES) > len(judged) / 2
