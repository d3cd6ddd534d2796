"""Truth where a definition compares equal values twice, or compares with nothing."""

from __future__ import annotations

import numpy as np
import pytest

from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Definition, Scenario, Truth

CLIP, RELU, LOG = (OPERATIONS[name].definition for name in ("clip", "relu", "log"))
DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])


def truth_of(definition: Definition, x: list[float], dtype: str, **params: float) -> Truth:
    y_bar = np.ones(len(x), dtype)
    truth = Exact(definition).evaluate(Scenario("kinks", dtype, (np.array(x, dtype),), params, y_bar))
    assert truth is not None
    return truth


def slopes(truth: Truth) -> Array:
    return truth.gradients[0].mid


@DTYPES
def test_both_bounds_of_a_clip_are_ties_and_the_value_is_the_bound(dtype: str) -> None:
    truth = truth_of(CLIP, [-2, -1, 0, 1, 2], dtype, low=-1, high=1)
    assert truth.primal.mid.tolist() == [-1, -1, 0, 1, 1]
    assert slopes(truth).tolist() == [0, 0.5, 1, 0.5, 0]
    assert (truth.winners is not None, truth.split, set(truth.extremes)) == (True, True, {"first", "last"})


@DTYPES
def test_a_value_that_was_tied_still_decides_exactly(dtype: str) -> None:
    """One unit in the last place above the lower bound, which is the upper one: no doubt is left."""
    one, above = 1.0, float(np.nextafter(np.array(1, dtype), np.array(2, dtype)))
    truth = truth_of(CLIP, [one, above], dtype, low=one, high=above)
    assert truth.primal.mid.tolist() == [one, above]
    assert slopes(truth).tolist() == [0.5, 0.5]
    assert np.all(truth.gradients[0].budget < 4 * np.finfo(dtype).eps)


@DTYPES
@pytest.mark.parametrize("definition", [CLIP, RELU, LOG])
def test_nan_has_no_slope_and_its_neighbour_has(definition: Definition, dtype: str) -> None:
    params = {"low": 0.0, "high": 9.0} if definition is CLIP else {}
    truth = truth_of(definition, [np.nan, 1], dtype, **params)
    assert np.isnan(truth.primal.mid).tolist() == np.isnan(slopes(truth)).tolist() == [True, False]
    assert slopes(truth)[1] == 1


@DTYPES
def test_a_branch_that_is_not_taken_keeps_its_zero_where_it_compared_nan(dtype: str) -> None:
    truth = truth_of(lambda x: np.where(np.isnan(x), 0, np.maximum(x, 0)), [np.nan, 2], dtype)
    assert slopes(truth).tolist() == [0, 1]


@DTYPES
def test_a_logarithm_without_a_value_has_no_slope(dtype: str) -> None:
    truth = truth_of(LOG, [-1, -np.inf, 0, 4], dtype)
    assert np.isnan(truth.primal.mid).tolist() == [True, True, False, False]
    assert np.isnan(slopes(truth)).tolist() == [True, True, False, False]
    assert slopes(truth)[2:].tolist() == [np.inf, 0.25]
