"""What is told of a relation: whose it is, and nothing where the cases do not prove it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array
from gradassay.why.relations import related, relations
from gradassay.why.relations.constants import Interval, simplest
from gradassay.why.relations.samples import Fit, evenly, samples_of
from gradassay.why.relations.varying import VARYING
from property_tests.planted_changes import cases_of, planted, wrong_cases


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("operation", "factor"), [("get_item", 2.0), ("sum", -1.0), ("affine", 0.5)])
def test_a_factor_is_found_in_every_dtype(operation: str, factor: float, dtype: str) -> None:
    rule = planted(operation, lambda g, y_bar, x, y: g * g.dtype.type(factor))
    found = related(wrong_cases(operation, rule, dtype=dtype))
    assert found is not None
    assert found.name == {2.0: "factor 2", -1.0: "wrong sign", 0.5: "factor 1/2"}[factor]
    assert found.sentence.startswith(
        "the gradient of argument 0 " if operation == "affine" else "the gradient "
    )


def test_the_number_of_samples_is_told_from_other_sizes() -> None:
    def rule(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
        y, _ = OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)
        _, summed = OPERATIONS["softmax_cross_entropy"].rule(
            x, labels, reduction="sum" if reduction == "mean" else reduction
        )
        return y, summed

    found = related(wrong_cases("softmax_cross_entropy", rule))
    assert found is not None
    assert found.name == "factor N, N the number of samples"


def test_primal_and_gradient_that_share_a_relation_are_told_together() -> None:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return 2 * y, lambda y_bar: 2 * pullback(y_bar)

    found = related(wrong_cases("tanh", rule))
    assert found is not None
    assert (found.name, found.sentence) == ("factor 2", "the primal and the gradient are 2 times the truth")


def test_primal_and_gradient_with_two_relations_are_told_apart() -> None:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return -y, lambda y_bar: 2 * pullback(y_bar)

    found = related(wrong_cases("tanh", rule))
    assert found is not None
    assert found.name == "primal: wrong sign, gradient: factor 2"


def test_what_is_off_in_the_primal_alone_says_so() -> None:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["exp"].rule(x)
        return y * 4, pullback

    found = related(wrong_cases("exp", rule))
    assert found is not None
    assert (found.name, found.sentence) == ("primal: factor 4", "the primal is 4 times the truth")


def noise(*arrays: Array, size: int) -> Array:
    """Random numbers that are the same for the same arrays."""
    seed = [int(b) for array in arrays for b in np.ascontiguousarray(array).tobytes()[:64]]
    return np.random.default_rng([len(seed), *seed]).standard_normal(size)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("operation", ["softmax", "exp", "affine", "get_item"])
@pytest.mark.parametrize("kind", ["instead of", "on top of", "times"])
def test_random_errors_are_related_to_nothing(operation: str, kind: str, dtype: str) -> None:
    def change(g: Array, y_bar: Array, x: Array, y: Array) -> Any:
        z = noise(y_bar, x, size=g.size).reshape(g.shape)
        wide = g.astype(np.float64)
        return {"instead of": z, "on top of": wide + z, "times": wide * (1.5 + np.abs(z))}[kind]

    cases = wrong_cases(operation, planted(operation, change), dtype=dtype, examples=45)
    assert len(cases) > 10
    assert related(cases) is None
    assert relations(cases) == []


def test_one_case_proves_nothing() -> None:
    cases = cases_of("softmax", "factor 2")
    assert related(cases[:1]) is None
    assert related([]) is None
    assert relations([]) == []


def test_an_entry_alone_is_proportional_to_anything_and_proves_nothing() -> None:
    cases = [case for case in cases_of("exp", "proportional to the truth") if case.scenario.args[0].size == 1]
    varying = {c.name: c for c in VARYING}["proportional to the truth"]
    samples = [sample for case in cases for sample in samples_of(case)]
    assert samples
    assert all(varying.fit(sample) is not Fit.EVIDENCE for sample in samples)


def test_two_mistakes_are_told_one_after_the_other() -> None:
    def change(g: Array, y_bar: Array, x: Array, y: Array) -> Any:
        return 3 * g if y_bar.sum() > 0.8 * np.abs(y_bar).sum() else -g

    cases = wrong_cases("exp", planted("exp", change), examples=120)
    found = relations(cases)
    assert [relation.name for relation, _ in found] == ["wrong sign", "factor 3"]
    assert sum(len(covered) for _, covered in found) == len(cases)
    assert all(relation.holds(case) for relation, covered in found for case in covered)


def test_the_cases_looked_at_are_evenly_chosen_and_always_the_same() -> None:
    cases = cases_of("softmax", "factor 2")
    few = evenly(cases, 5)
    assert [few[0], few[-1]] == [cases[0], cases[-1]]
    assert [id(case) for case in few] == [id(case) for case in evenly(cases, 5)]
    assert len({id(case) for case in few}) == 5


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1.999, 2.001, "2"),
        (0.3333, 0.33334, "1/3"),
        (-0.2501, -0.2499, "-1/4"),
        (1.00099, 1.00101, "1.001"),
        (0.69314, 0.69315, "log 2"),
        (0.3, 0.4, None),
        (-1.0, 1.0, None),
        (2.0, 1.0, None),
        (np.nan, np.nan, None),
    ],
)
def test_a_number_is_called_by_its_shortest_name(low: float, high: float, words: str | None) -> None:
    found = simplest(Interval(low, high))
    assert (found.words if found else None) == words
