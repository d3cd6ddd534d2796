"""From the smallest error found in each scenario to the smallest that 100 scenarios find with probability 0.99.

A batch is 100 scenarios, ``m_r`` of them in region r, drawn anew for every batch. With ``p_r`` the probability that
one scenario of region r finds an error, a batch finds it with ``P = 1 - prod_r (1 - p_r)^(m_r)``. The estimate puts the
share of the scenarios of the region in the place of ``p_r``: it is the chance of a batch that is drawn again, region by
region, from all scenarios seen. Taking them for draws with one probability p would be too low: the mean of
log(1 - p_r) is at most the log(1 - p) of the mean, so ``P >= 1 - (1 - p)^100``.

The interval has both ends at 97.5 %, by Clopper and Pearson (1934), each from what holds without assumptions on the
regions. Excluded is what is found in too few *batches* (they are independent and alike). Proven is what is found in
enough of them, or in so many *scenarios* that ``1 - (1 - p)^100`` reaches 0.99: p >= 0.045. That Clopper-Pearson holds
for scenarios of unequal probabilities, too, is Hoeffding's theorem of 1956: a sum of them is less spread out than the
binomial with their mean. Within a region scenarios are independent as far as Hypothesis draws them so. Proof for a
delta is proof for every larger one, as hits only grow, so one comparison decides each end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradassay.vocabulary import Array

#: The size of a batch, what has to be its probability of finding the error, and the confidence of each end.
BATCH, FOUND, CONFIDENCE = 100, 0.99, 0.975


class Measured(NamedTuple):
    """What one input says: which batch and region it is of, and the position of the smallest delta found, or -1."""

    batch: int
    region: str
    level: int


class Estimate(NamedTuple):
    """Fields of ``gradassay.vocabulary.audit.Curve``."""

    hits: tuple[int, ...]
    batches_found: tuple[int, ...]
    probabilities: tuple[float, ...]
    smallest: float | None
    interval: tuple[float | None, float | None]


def estimate(measured: Sequence[Measured], batches: int, deltas: tuple[float, ...]) -> Estimate:
    """The curve through what was measured; ``deltas`` fall, and are found where a smaller one is."""
    regions, of = np.unique([each.region for each in measured], return_inverse=True)
    batch = np.array([each.batch for each in measured], dtype=int)
    found = np.array([each.level for each in measured])[:, None] >= np.arange(len(deltas))
    drawn = np.bincount(of, minlength=len(regions))[:, None]
    hits = _counts(of, found, len(regions))
    in_batches = (_counts(batch, found, batches) > 0).sum(axis=0)
    missed = np.prod((1 - hits / drawn) ** (drawn / batches), axis=0)
    by_scenarios = 1 - (1 - lower(hits.sum(axis=0), len(measured))) ** BATCH
    proven = np.maximum(by_scenarios, lower(in_batches, batches))

    def last(probability: Array) -> float | None:
        reached = np.flatnonzero(probability >= FOUND)
        return deltas[reached[-1]] if reached.size else None

    return Estimate(
        tuple(hits.sum(axis=0).tolist()),
        tuple(in_batches.tolist()),
        tuple((1 - missed).tolist()),
        last(1 - missed),
        (last(upper(in_batches, batches)), last(proven)),
    )


def lower(found: Array, of: int) -> Array:
    """The probability that is exceeded at 97.5 % where ``found`` of so many trials succeeded."""
    from scipy.stats import beta

    return np.where(found == 0, 0.0, beta.ppf(1 - CONFIDENCE, np.maximum(found, 1), of - found + 1))


def upper(found: Array, of: int) -> Array:
    """The probability that is not reached at 97.5 %."""
    return 1 - lower(of - np.asarray(found), of)


def _counts(group: Array, found: Array, groups: int) -> Array:
    """For each group and delta, how many find it."""
    counts = np.zeros((groups, found.shape[1]), dtype=int)
    np.add.at(counts, group, found.astype(int))
    return counts
