"""How far a median of paired ratios can be trusted, whatever the distribution of the times."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from gradassay.vocabulary.bench import Ratio


def median_ratio(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> Ratio:
    """Median of first[i] / second[i] between the order statistics r, n + 1 - r, r the largest that still covers.

    The true median m of a continuous distribution lies outside with probability 2 Σ_{k<r} C(n, k) / 2^n, since the
    count of ratios below m is binomial with 1/2 (David and Nagaraja 2003, Order Statistics, 7.1). Up to 5 ratios
    cannot reach 95 percent: then it is between the extremes, and ``confidence`` says what that is worth.
    ValueError for unequal counts, or none; ZeroDivisionError for a second that is 0.
    """
    ratios = sorted(a / b for a, b in zip(first, second, strict=True))
    n = len(ratios)
    if not n:
        raise ValueError("a median of no ratios")
    rank, outside = 1, 2.0 ** (1 - n)  # P(the median is below the smallest or above the largest of n)
    while (more := outside + 2 * math.comb(n, rank) / 2**n) <= 1 - confidence:
        rank, outside = rank + 1, more
    return Ratio(statistics.median(ratios), ratios[rank - 1], ratios[n - rank], 1 - outside)
