"""What was computed in a narrower format than asked for: it has that format's digits, and is right to them."""

from __future__ import annotations

import numpy as np

from gradassay.comparison import compare_array
from gradassay.formats import FORMATS, Format
from gradassay.question import Question
from gradassay.vocabulary import Array, Enclosure, Evaluation

#: Format -> significant binary digits that it has, the narrowest last.
DIGITS = {"float32": 24, "float16": 11, "bfloat16": 8}
#: Numbers with so few digits are in every format, by chance or for their roundness.
FEW = 4


def narrower(question: Question, evaluation: Evaluation) -> str | None:
    """The narrower format that explains what is off in the evaluation, if one does.

    No entry of an array that is off has more digits than the format, one has more than a still narrower format would
    hold, and all are as near to the truth as that format's roundings leave them.
    """
    truth, form = next(question.truths()), question.form
    arrays = zip((evaluation.primal, *evaluation.gradients), (truth.primal, *truth.gradients), strict=True)
    off = [
        (got, enclosure)
        for got, enclosure in arrays
        if got is not None and compare_array("", got, enclosure, form).outside
    ]
    narrow = _format(max((digits(got) for got, _ in off), default=0))
    if narrow is None or narrow.u <= form.u:
        return None
    return narrow.name if all(_near(got, enclosure, form, narrow) for got, enclosure in off) else None


def digits(array: Array) -> int:
    """The most significant binary digits that an entry uses: 1 for powers of two, 53 at most."""
    finite = array.astype(np.float64)
    fractions, _ = np.frexp(finite[np.isfinite(finite) & (finite != 0)])
    whole = np.abs(fractions * 2.0**53).astype(np.int64)
    lowest = whole & -whole
    return int(np.max(53 - np.log2(lowest.astype(np.float64)), initial=0))


def _format(used: int) -> Format | None:
    """The format whose digits these are; None for the widest, and for so few that they say nothing."""
    fitting = [name for name, has in DIGITS.items() if used <= has]
    return FORMATS[fitting[-1]] if fitting and used > FEW else None


def _near(got: Array, truth: Enclosure, form: Format, narrow: Format) -> bool:
    with np.errstate(all="ignore"):
        permitted = truth.budget * (narrow.u / form.u) + narrow.u * np.abs(truth.mid) + narrow.eta
        return bool(np.all(np.abs(got.astype(truth.mid.dtype) - truth.mid) + truth.rad <= permitted))
