"""What was computed in a narrower format than asked for: it has that format's digits, and is right to them."""

from __future__ import annotations

import numpy as np

from gradassay.comparison import compare_array
from gradassay.formats import FORMATS, Format
from gradassay.question import Question
from gradassay.vocabulary import Array, Enclosure, Evaluation

#: Format -> significant binary digits that it has, the narrowest last.
DIGITS = {"float32": 24, "float16": 11, "bfloat16": 8}
#: Chance makes numbers of few digits, such as 0.375: different ones together need so many that one in a format of 16
#: bits is not enough. A double happens to have no more than 24 digits once in 2^29.
EVIDENCE = 12


def narrower(question: Question, evaluation: Evaluation) -> str | None:
    """The narrower format that explains what is off in the evaluation, if one does.

    No entry of an array that is off has more digits than the format, together they have enough to say so, and all are
    as near to the truth as that format's roundings leave them.
    """
    truth, form = next(question.truths()), question.form
    arrays = zip((evaluation.primal, *evaluation.gradients), (truth.primal, *truth.gradients), strict=True)
    off = [
        (got, enclosure)
        for got, enclosure in arrays
        if got is not None and compare_array("", got, enclosure, form).outside
    ]
    # Below the normal range every number has few digits.
    normal = [got[np.abs(got.astype(np.float64)) >= form.tiny] for got, _ in off]
    used = np.concatenate(list(map(digits, normal))) if off else np.zeros(0)
    fitting = [name for name, has in DIGITS.items() if np.max(used, initial=0) <= has]
    if not fitting or np.sum(used[used > 1]) < EVIDENCE or FORMATS[fitting[-1]].u <= form.u:
        return None
    narrow = FORMATS[fitting[-1]]
    return narrow.name if all(_near(got, enclosure, form, narrow) for got, enclosure in off) else None


def digits(array: Array) -> Array:
    """How many significant binary digits each different finite entry uses; 1 for a power of two."""
    values = np.unique(np.abs(array.astype(np.float64)))
    fractions, _ = np.frexp(values[np.isfinite(values) & (values > 0)])
    whole = (fractions * 2.0**53).astype(np.int64)
    return np.asarray(53 - np.log2((whole & -whole).astype(np.float64)), dtype=np.int64)


def _near(got: Array, truth: Enclosure, form: Format, narrow: Format) -> bool:
    with np.errstate(all="ignore"):
        permitted = truth.budget * (narrow.u / form.u) + narrow.u * np.abs(truth.mid) + narrow.eta
        return bool(np.all(np.abs(got.astype(truth.mid.dtype) - truth.mid) + truth.rad <= permitted))
