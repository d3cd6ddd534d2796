"""The known wrong gradients of single operations as candidates, and arithmetic in a lower precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradassay.formats import FORMATS
from gradassay.vocabulary import Definition, Enclosure
from gradassay.why.relations.candidates import Candidate, valued
from gradassay.why.relations.formulas import FORMULAS, PRIMAL_FORMULAS, Formula
from gradassay.why.relations.samples import Fit, Sample


def _of_formula(formula: Formula, order: int) -> Candidate:
    """One of the formulas of an operation, on the tape."""

    def value(sample: Sample) -> Enclosure | None:
        if sample.number != order:
            return None
        assert sample.case.question is not None  # samples_of has seen to both
        assert sample.case.question.exact is not None
        definition = sample.case.question.exact.definition
        return sample.formula(f"{order} {formula.name}", _wrong(definition, formula, primal=order < 0))

    return valued(formula.name, formula.words, value)


def _wrong(definition: Definition, formula: Formula, *, primal: bool) -> Definition:
    def wrong(*given: Any, **params: Any) -> Any:
        *args, y_bar = given
        if primal:
            return formula.value(*args, **params)
        return formula.value(definition(*args, **params), y_bar, *args, **params)

    return wrong


def special(operation: str) -> Iterator[Candidate]:
    """The relations of one operation alone."""
    for formula in FORMULAS.get(operation, ()):
        yield _of_formula(formula, formula.argument)
    for formula in PRIMAL_FORMULAS.get(operation, ()):
        yield _of_formula(formula, -1)


def _in(narrow: str) -> Candidate:
    """The truth rounded to a narrower format: representable in it, and as near as its roundings leave."""
    form = FORMATS[narrow]

    def fit(sample: Sample) -> Fit:
        got, truth = sample.value, sample.truth
        with np.errstate(all="ignore"):
            same = (got.astype(form.dtype).astype(got.dtype) == got) | np.isnan(got)
            if form.u <= sample.form.u or not same.all():
                return Fit.NO
            budget = truth.budget * (form.u / sample.form.u) + form.u * np.abs(truth.mid) + form.eta
            near = sample.fit(replace(truth, budget=budget))
            visible = np.abs(truth.mid) > APART_FROM_0 * form.eta
        return Fit.EVIDENCE if near is not Fit.NO and visible.any() and got.any() else near

    return Candidate(f"computed in {narrow}", f"the truth rounded to {narrow}", fit)


#: A number has to be this many smallest numbers of a format large for its rounding to say anything.
APART_FROM_0 = 16
PRECISIONS = tuple(_in(name) for name in ("float32", "float16", "bfloat16"))
