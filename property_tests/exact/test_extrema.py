"""What the tape says about a maximum where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comparators.exact import Exact
from gradassay.vocabulary import Scenario


@pytest.mark.parametrize("extremum", [np.max, np.min])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_slice_with_nan_has_no_gradient_in_any_arithmetic(extremum: Any, dtype: str) -> None:
    x = np.array([[1.0, np.nan, 1.0], [2.0, 5.0, 5.0]], dtype)
    scenario = Scenario("nan", dtype, (x,), {"axis": 1}, np.array([2.0, 2.0], dtype))
    truths = list(Exact(extremum).truths(scenario))
    assert truths[-1].arithmetic == "arb-1536"
    for truth in truths:
        for *_, gradient in (truth.gradients, *truth.extremes.values()):
            assert np.isnan(gradient.mid[0]).all()
            assert gradient.mid[1].sum() == 2
