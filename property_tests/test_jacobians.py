"""gradassay.jacobian, and the closed forms of document 003 held against it and against certified truth."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators.exact import Exact
from gradassay import UsageError, Verdict, jacobian
from gradassay.formats import FORMATS
from gradassay.question import Question, hold
from gradassay.vocabulary import Array, Definition, Evaluation, Scenario
from reference_impls.affine import affine, affine_definition
from reference_impls.cross_entropy import cross_entropy, cross_entropy_definition
from reference_impls.get_item import get_item
from reference_impls.jacobians import (
    affine_jacobians,
    classifier_gradients,
    cross_entropy_jacobian,
    softmax_jacobian,
)
from reference_impls.softmax import softmax, softmax_definition
from reference_impls.softmax_regression import softmax_regression

five_hundred = settings(max_examples=500)


class Case:
    """A batch for a softmax classifier in one of the formats: x W + b, logits, probabilities, one-hot labels."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.dtype = str(rng.choice(list(FORMATS)))
        samples, features, classes = rng.integers(1, 4, size=3)
        self.x = self._drawn(rng, samples, features)
        # Logits stay within some tens, so that float32 has a number for every probability.
        self.W, self.b = self._drawn(rng, features, classes) / 4, self._drawn(rng, classes)
        self.z = self._drawn(rng, samples, classes)
        self.p = rng.uniform(0.01, 1, (samples, classes)).astype(self.x.dtype)
        self.labels = np.eye(classes)[rng.integers(0, classes, samples)].astype(self.x.dtype)

    def _drawn(self, rng: np.random.Generator, *shape: int) -> Array:
        drawn: Array = (rng.choice((0.1, 1.0, 4.0)) * rng.normal(size=shape)).astype(
            FORMATS[self.dtype].dtype
        )
        return drawn

    def __repr__(self) -> str:
        return f"{self.dtype} {self.x.shape} -> {self.z.shape}"


cases = st.integers(0, 2**32 - 1).map(Case)


def verdicts(
    definition: Definition, args: tuple[Array, ...], y: Array, wanted: tuple[int, ...], *answers: Any
) -> set[Verdict]:
    """What the engine says of every row of each answer: a tuple of Jacobians, one for each wanted argument."""
    found = set()
    for entry in np.ndindex(y.shape):
        y_bar = np.zeros_like(y)
        y_bar[entry] = 1
        scenario = Scenario("given", y.dtype.name, args, {}, y_bar, wanted)
        question = Question(scenario, Exact(definition), conventions=())
        for jacobians in answers:
            row = tuple(np.asarray(J[entry]) for J in jacobians)
            found.add(hold(question, Evaluation(primal=y, gradients=row)).verdict)
    return found


# ---- closed forms, pullbacks and truth


@five_hundred
@given(case=cases)
def test_softmax_has_diag_s_minus_s_s_transposed_within_the_budget(case: Case) -> None:
    y, _ = softmax(case.z)
    closed, pulled = softmax_jacobian(case.z), jacobian(softmax, case.z)
    assert closed.dtype == pulled.dtype == case.z.dtype
    assert verdicts(softmax_definition, (case.z,), y, (0,), (closed,), (pulled,)) == {Verdict.AGREES}


@five_hundred
@given(case=cases)
def test_affine_has_w_x_and_the_identity_within_the_budget(case: Case) -> None:
    args = case.x, case.W, case.b
    y, _ = affine(*args)
    closed, pulled = affine_jacobians(*args), jacobian(affine, *args)
    assert verdicts(affine_definition, args, y, (0, 1, 2), closed, pulled) == {Verdict.AGREES}


@five_hundred
@given(case=cases)
def test_cross_entropy_has_minus_y_over_p_over_m_within_the_budget(case: Case) -> None:
    args = case.p, case.labels
    y, _ = cross_entropy(*args)
    closed, (pulled, of_labels) = cross_entropy_jacobian(*args), jacobian(cross_entropy, *args)
    assert of_labels is None
    assert verdicts(cross_entropy_definition, args, y, (0,), (closed,), (pulled,)) == {Verdict.AGREES}


def classifier_definition(x: Any, W: Any, b: Any, labels: Any) -> Any:
    return cross_entropy_definition(softmax_definition(affine_definition(x, W, b)), labels)


@five_hundred
@given(case=cases)
def test_the_contracted_jacobians_are_the_classifiers_gradients_within_the_budget(case: Case) -> None:
    args = case.x, case.W, case.b, case.labels
    y, _ = softmax_regression(*args)
    contracted, (_, *pulled, _) = classifier_gradients(*args), jacobian(softmax_regression, *args)
    assert verdicts(classifier_definition, args, y, (1, 2), contracted, pulled) == {Verdict.AGREES}


def test_contracting_divides_by_a_probability_of_0_where_the_fused_rule_does_not() -> None:
    args = np.ones((1, 1)), np.array([[0.0, 1000.0]]), np.zeros(2), np.array([[1.0, 0.0]])
    contracted, (_, by_W, by_b, _) = classifier_gradients(*args), jacobian(softmax_regression, *args)
    assert np.isnan(contracted[1]).all()
    assert (by_W.tolist(), by_b.tolist()) == ([[-1, 1]], [-1, 1])


@given(case=cases)
def test_the_weights_jacobian_is_identity_kron_x_once_flattened_by_columns(case: Case) -> None:
    _, by_W, _ = affine_jacobians(case.x, case.W, case.b)
    (samples, features), classes = case.x.shape, len(case.b)
    flat = by_W.transpose(1, 0, 3, 2).reshape(classes * samples, classes * features)
    assert np.array_equal(flat, np.kron(np.eye(classes), case.x.astype(float)))


def test_a_wrong_closed_form_is_told_from_the_truth() -> None:
    z = np.array([[1.0, 2.0, 4.0]])
    s, _ = softmax(z)
    diagonal_alone = (s - s**2)[..., None, None] * np.eye(3)[None, :, None, :]
    assert verdicts(softmax_definition, (z,), s, (0,), (diagonal_alone,)) == {Verdict.WRONG}


# ---- gradassay.jacobian itself


def test_the_shape_is_the_primals_and_then_the_arguments() -> None:
    taken = jacobian(get_item, np.arange(6.0).reshape(2, 3), index=(slice(None), 2))
    assert taken.shape == (2, 2, 3)
    assert np.flatnonzero(taken).tolist() == [2, 6 + 5]


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
def test_numbers_and_empty_arrays_have_jacobians(shape: tuple[int, ...]) -> None:
    J = jacobian(softmax, np.ones(shape, np.float32), axis=None)
    assert (type(J), J.shape, J.dtype) == (np.ndarray, shape + shape, np.float32)


def test_the_dtype_is_the_gradients() -> None:
    assert jacobian(softmax, np.ones(2, ml_dtypes.bfloat16)).dtype == ml_dtypes.bfloat16
    assert jacobian(softmax, [1, 2]).dtype == np.float64


def test_a_pullback_that_changes_or_reuses_arrays_spoils_no_other_row() -> None:
    def doubling(x: Any) -> Any:
        kept = np.empty_like(x)

        def pullback(y_bar: Any) -> Any:
            np.multiply(y_bar, 2, out=kept)
            y_bar[...] = np.nan
            return kept

        return 2 * x, pullback

    assert jacobian(doubling, np.ones(3)).tolist() == (2 * np.eye(3)).tolist()


def returning(*pulled: Any) -> Any:
    """A rule whose pullback returns these, one after the other, whatever it is given."""
    answers = iter(pulled)

    def planted(*args: Any) -> Any:
        return np.ones(2), lambda y_bar: next(answers)

    return planted


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (3, r"the rule is 3; a rule is a function"),
        (np.exp, r"exp is no rule: it returned ndarray instead of \(primal, pullback\)"),
        (lambda x: (x, x), r"<lambda> is no rule: it returned \(ndarray, ndarray\) instead of"),
        (returning(np.ones(3)), r"planted's pullback returned shape \(3,\) for argument 0 of shape \(2,\)"),
        (returning((np.ones(2), None)), "planted's pullback returned 2 cotangents for 1 argument$"),
        (
            returning(None, np.ones(2)),
            "planted's gradient of argument 0 is None for one entry of the primal and an array",
        ),
    ],
    ids=["no function", "no pair", "no pullback", "another shape", "too many", "None and an array"],
)
def test_what_is_no_rule_is_named(rule: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        jacobian(rule, np.ones(2))
