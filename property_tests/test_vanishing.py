"""What is no longer measured has vanished, or has another name now; what was never approved is unlisted."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from gradassay.vocabulary import Run
from property_tests.fake_runs import row, run
from property_tests.fake_states import IMPRECISE, TIE, WRONG, checked, kinds, state_of
from reports.gate.breaches import Kind
from reports.gate.places import Place


@pytest.mark.parametrize(
    "gone",
    [{"operation": "get_item"}, {"dtype": "float16"}, {"implementation": "torch"}],
    ids=["operation", "dtype", "implementation"],
)
def test_what_is_no_longer_measured_has_vanished_and_is_told_once(gone: dict[str, Any]) -> None:
    """Its discrepancy, its bound and its witness are not there either, of course."""
    state = state_of(run(row(), row(**gone, found=[IMPRECISE])))
    for now in (run(row()), run(row(), row(**gone, scenarios=0, verdicts={}))):
        (breach,) = checked(now, state).breaches
        assert breach.kind is Kind.VANISHED
        told = breach.sentence("reports")
        assert "measured when approved, and not in this run" in told
        assert all(name in told for name in gone.values())


def test_an_operation_that_is_gone_is_one_breach_and_not_one_a_row() -> None:
    rows = [row("get_item", name, dtype) for name in ("numpy", "torch") for dtype in ("float64", "float32")]
    (breach,) = checked(run(row()), state_of(run(row(), *rows))).breaches
    assert breach.place == Place("get_item", "", "")
    assert "4 rows" in breach.what


@pytest.mark.parametrize("implementation", ["tensorflow", "tensorflow.keras"])
def test_a_framework_that_is_not_installed_is_unchecked_and_no_breach(implementation: str) -> None:
    state = state_of(run(row(), row(implementation=implementation, found=[IMPRECISE])))
    holding = checked(run(row(), missing={"tensorflow": "pip install it"}), state)
    assert holding.breaches == ()
    assert holding.unchecked == {"tensorflow": 1}


def test_a_framework_of_a_name_that_begins_alike_is_not_excused() -> None:
    state = state_of(run(row(), row(implementation="torchvision")))
    assert kinds(run(row(), missing={"torch": "pip install it"}), state) == [Kind.VANISHED]


def test_what_was_never_approved_is_unlisted_and_told_once() -> None:
    (breach,) = checked(run(row(), row(operation="relu", found=[TIE])), state_of(run(row()))).breaches
    assert (breach.kind, breach.place.operation) == (Kind.UNLISTED, "relu")


def under(name: str, *more: Any, found: Any = (IMPRECISE,)) -> Run:
    rows = (row(name, "numpy", found=found), row(name, "torch", "float32", found=[TIE]))
    return run(row("tanh"), *rows, *more)


def test_an_operation_under_a_new_name_is_renamed_and_told_once() -> None:
    (breach,) = checked(under("soft_max"), state_of(under("softmax"))).breaches
    assert (breach.kind, breach.place) == (Kind.RENAMED, Place("softmax", "", ""))
    assert "it is soft_max now" in breach.what
    assert shlex.split(breach.remedy("reports"))[:4] == ["gradassay", "approve", "softmax", "soft_max"]


def test_a_renamed_operation_of_which_a_framework_is_not_yet_known_is_renamed() -> None:
    now = run(row("tanh"), row("soft_max", "numpy", found=[IMPRECISE]))
    assert Kind.RENAMED in kinds(now, state_of(under("softmax")))


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (under("affine"), "names that are not alike"),
        (under("soft_max", found=[WRONG]), "rows that say something else"),
        (run(row("tanh"), row("soft_max", "jax")), "no row in common"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_operation_is_not_the_old_one(now: Run, why: str) -> None:
    found = set(kinds(now, state_of(under("softmax"))))
    assert {Kind.VANISHED, Kind.UNLISTED} <= found, why
    assert Kind.RENAMED not in found, why


def test_max_is_not_min() -> None:
    assert set(kinds(under("min"), state_of(under("max")))) == {Kind.VANISHED, Kind.UNLISTED}


def test_of_two_new_names_the_one_most_alike_is_taken() -> None:
    twice = run(*under("soft_max").rows, *under("softmaxed_out").rows[1:])
    breaches = checked(twice, state_of(under("softmax"))).breaches
    assert [breach.renamed for breach in breaches if breach.kind is Kind.RENAMED] == ["soft_max"]
    assert [breach.place.operation for breach in breaches if breach.kind is Kind.UNLISTED] == [
        "softmaxed_out"
    ]


def test_a_name_that_was_there_before_is_nobody_s_new_one() -> None:
    both = run(*under("softmax").rows, *under("soft_max").rows[1:])
    assert kinds(under("soft_max"), state_of(both)) == [Kind.VANISHED]
