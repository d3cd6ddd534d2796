"""The model of sound rounding that the budget is made of: every constant of the budget is derived here.

*One operation.* A result v rounds to v (1 + d) with |d| <= u, the unit roundoff of the dtype under test
(Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 2.2).  Intermediate results are
given an unbounded exponent: a sound implementation scales (subtracts the maximum, works with logarithms)
so that what it needs neither overflows nor underflows.

*A library function.*  exp, log, ... are not rounded correctly but to a few units in the last place: 2.52 (exp) and
3.83 (log) are the worst errors stated for NumPy's own vectorised float32 loops, 4 that of the vector library behind
its float64 ones, and TensorFlow's and XLA's are of the same size.  A sound rule calls the library it has, so that is
permitted (``FUNCTION_ULPS``); one ulp is at most 2 u |v|.

*A sum of n terms.*  Recursive summation in any order has an error of at most (n - 1) u sum|v| to first
order (Higham, section 4.2).  Rounding errors are signed and mostly cancel: with mean-independent errors the
bound LAMBDA sqrt(n) u sum|v| holds with probability at least 1 - 2 exp(-LAMBDA^2 / 2) (Higham and Mary,
A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41(5), 2019, Theorem 2.4).
A sum is permitted the smaller of the two.  With LAMBDA = 3 the theorem gives 97.8 % for an adversarial
distribution of the errors; errors spread evenly over [-u, u] have a third of that variance and positive terms
of similar size leave it at LAMBDA = 9.  Adding an exact zero is exact, so zeros are not counted.
Stagnation is not within it: 4,096 ones added up in float16 stop at 2,048, an error of 0.5 of the sum where
3 · 64 · 2^-11 = 0.094 is permitted.

*Underflow.*  A result below the normal range is off by up to eta / 2, half the smallest subnormal; a value that was
rounded there before being rounded again is off by up to eta, which is permitted for a primal.  A gradient is a row of
the Jacobian times the cotangent, and both the row's entries and their products may underflow, so it is permitted
eta (1 + max|y_bar|).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.formats import Format

LAMBDA = 3.0

#: Permitted error of a library function in units in the last place.
FUNCTION_ULPS = {"exp": 3.0, "expm1": 4.0, "log": 4.0, "log1p": 4.0, "tanh": 4.0}


def sum_factor(n: Any) -> Any:
    """The permitted error of a sum of ``n`` nonzero terms, in units of u · sum|v|; elementwise in ``n``."""
    n = np.asarray(n, dtype=np.float64)
    return np.minimum(np.maximum(n - 1.0, 0.0), LAMBDA * np.sqrt(n))


def certain_sum_factor(n: Any) -> Any:
    """The certain error bound of a sum of ``n`` terms in any order, in units of u · sum|v|."""
    return np.maximum(np.asarray(n, dtype=np.float64) - 1.0, 0.0)


def primal_underflow(form: Format) -> float:
    """Permitted absolute error of a primal entry by underflow alone."""
    return form.eta


def gradient_underflow(form: Format, cotangent_max: float) -> float:
    """Permitted absolute error of a gradient entry by underflow alone."""
    return form.eta * (1 + cotangent_max)
