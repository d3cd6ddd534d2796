"""Laws of sums over rows: equal terms, whose roundings all have one sign, stay within what a sum is permitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comparators.exact.model import sum_factor
from reference_impls.rows import RUN, row_dots, row_sums


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, RUN, RUN + 1, 2 * RUN, 65536, 300_001])
def test_equal_terms_add_up_within_the_budget_of_a_sum(length: int, dtype: Any) -> None:
    u = np.finfo(dtype).eps / 2
    terms, ones = np.full((2, length), 0.1, dtype), np.ones((2, length), dtype)
    right = np.longdouble(terms[0, 0]) * length
    allowed = float(sum_factor(length)) * u * right
    for column in (row_sums(terms), row_dots(terms, ones)):
        assert column.shape == (2, 1)
        assert column.dtype == dtype
        assert (np.abs(column - right) <= allowed).all()
