"""Relations with a number in them that differs from one input to the next: what is told when nothing simpler holds."""

from __future__ import annotations

import numpy as np

from gradassay.vocabulary import Array
from gradassay.why.relations.candidates import Candidate
from gradassay.why.relations.constants import difference, plus, ratio
from gradassay.why.relations.samples import Fit, Sample


def _parallel(sample: Sample) -> Fit:
    """got = c g with some c: two entries that are not 0 have to agree on it."""
    interval = ratio(sample)
    if interval is None:
        return Fit.TRIVIAL
    fit = sample.fit(sample.scaled((interval.low + interval.high) / 2))
    return Fit.TRIVIAL if np.count_nonzero(_large(sample)) < 2 and fit is Fit.EVIDENCE else fit


def _raised(sample: Sample) -> Fit:
    """got = g + c with some c: two entries that are not equal have to agree on it."""
    interval = difference(sample)
    if not np.isfinite(interval).all():
        return Fit.TRIVIAL
    if interval.low > interval.high:
        return Fit.NO
    fit = sample.fit(plus(sample, np.longdouble((interval.low + interval.high) / 2)))
    return Fit.TRIVIAL if sample.got.size < 2 and fit is Fit.EVIDENCE else fit


def _raised_by_rows(sample: Sample) -> Fit:
    """got = g + c with some c for each row."""
    if sample.got.ndim < 2 or not sample.got.size:
        return Fit.NO
    with np.errstate(all="ignore"):
        off = sample.value - sample.truth.mid
        row = (off.max(axis=-1, keepdims=True) + off.min(axis=-1, keepdims=True)) / 2
    fit = sample.fit(plus(sample, row))
    return Fit.TRIVIAL if sample.got.shape[-1] < 2 and fit is Fit.EVIDENCE else fit


def _large(sample: Sample) -> Array:
    """Entries whose truth is well above its budget."""
    large: Array = np.abs(sample.truth.mid) > 16 * (sample.truth.budget + sample.truth.rad)
    return large


VARYING = (
    Candidate("proportional to the truth", "the truth times a factor that differs with the input", _parallel),
    Candidate("a term added to every entry", "the truth plus a number that differs with the input", _raised),
    Candidate(
        "a term added to every row", "the truth plus a number that differs from row to row", _raised_by_rows
    ),
)
