"""The gate: a run is as approved, or every difference is a breach with a name."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from gradassay.vocabulary import Run, Verdict
from property_tests.fake_runs import realistic, row, run
from property_tests.fake_states import CONVENTION, IMPRECISE, TIE, WRONG, checked, kinds, state_of
from reports.gate.breaches import Kind
from reports.gate.expectations import Expectations, measured, seen
from reports.gate.places import Known, Place, Scope


def test_a_run_holds_against_its_own_approval() -> None:
    assert checked(realistic(), state_of(realistic())).breaches == ()


def test_a_changed_count_is_no_breach() -> None:
    few, many = run(row(found=[(Verdict.IMPRECISE, "c", 1)])), run(row(found=[(Verdict.IMPRECISE, "c", 90)]))
    assert checked(many, state_of(few)).breaches == ()


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ([], [WRONG], Kind.NEW),
        ([], [CONVENTION], Kind.NEW),
        ([], [TIE], Kind.NEW),
        ([IMPRECISE], [WRONG], Kind.WORSE),
        ([TIE], [WRONG], Kind.WORSE),
        ([CONVENTION], [IMPRECISE], Kind.WORSE),
        ([IMPRECISE], [], Kind.STALE),
        ([IMPRECISE], [IMPRECISE, WRONG], Kind.NEW),
    ],
    ids=lambda value: (
        str(value) if isinstance(value, Kind) else "+".join(each[0] for each in value) or "nothing"
    ),
)
@pytest.mark.parametrize("implementation", ["numpy", "torch"])
def test_a_difference_is_one_breach_of_the_row_that_names_itself_and_its_remedy(  # type: ignore[no-untyped-def]
    before, now, kind, implementation
) -> None:
    state = state_of(run(row(implementation=implementation, found=before)))
    breaches = checked(run(row(implementation=implementation, found=now)), state).breaches
    (breach,) = (each for each in breaches if each.file == "expected.toml")
    assert breach.kind is kind
    assert all(
        each.kind in (kind, Kind.CHANGED) and "witness" in each.what for each in {*breaches} - {breach}
    )
    told = breach.sentence("reports")
    narrow = f"--implementations {implementation} --dtypes float64"
    command = f'{narrow} --reason "why {implementation} softmax float64 is right"'
    for word in (kind, "softmax", implementation, "float64", breach.verdict, command):
        assert word is not None
        assert word in told
    cause = {each[1] for each in (*before, *now)} - {each[1] for each in set(before) & set(now)}
    assert all(each in told for each in cause)


def test_what_is_new_comes_with_its_example() -> None:
    (breach,) = checked(run(row(found=[WRONG])), state_of(run(row()))).breaches
    assert breach.shown is not None
    assert (breach.shown.verdict, breach.shown.cause) == WRONG[:2]
    assert breach.shown.example.scenario.operation == "softmax"


def test_a_better_verdict_is_new_and_stale() -> None:
    state = dataclasses.replace(state_of(run(row(found=[WRONG]))), witnesses={})
    assert kinds(run(row(found=[IMPRECISE])), state) == [Kind.NEW, Kind.STALE]


def test_a_changed_cause_is_new_and_stale() -> None:
    other = (Verdict.IMPRECISE, "cancellation", 3)
    state = dataclasses.replace(state_of(run(row(found=[IMPRECISE]))), witnesses={})
    assert kinds(run(row(found=[other])), state) == [Kind.NEW, Kind.STALE]


def test_a_failing_verdict_without_a_discrepancy_does_not_slip_through() -> None:
    silent = dataclasses.replace(row(found=[WRONG]), discrepancies=())
    assert kinds(run(silent), state_of(run(row()))) == [Kind.NEW]


def test_what_agrees_is_undefined_or_inconclusive_needs_no_approval() -> None:
    harmless = [(verdict, "", 2) for verdict in (Verdict.UNDEFINED, Verdict.INCONCLUSIVE)]
    assert seen(run(row(found=harmless))) == {}


def test_the_gravest_comes_first() -> None:
    before = run(row(found=[IMPRECISE]), row(operation="max", found=[TIE]), row(operation="exp"))
    now = run(row(found=[WRONG]), row(operation="max"), row(operation="tanh", found=[WRONG]))
    state = dataclasses.replace(state_of(before), witnesses={})
    assert kinds(now, state) == [Kind.WORSE, Kind.STALE, Kind.VANISHED, Kind.UNLISTED]


def test_the_line_of_an_entry_is_the_line_to_edit() -> None:
    state = state_of(run(row(found=[IMPRECISE])))
    lines: dict[Known | Place, int] = dict.fromkeys(state.expectations.known, 7)
    state = dataclasses.replace(state, expectations=dataclasses.replace(state.expectations, lines=lines))
    for now in ([WRONG], []):
        edits = [breach.edits("reports") for breach in checked(run(row(found=now)), state).breaches]
        assert "reports/expected.toml:7" in edits


SCOPES = {
    "an operation": Scope(operations=("max",)),
    "an implementation": Scope(implementations=("torch",)),
    "a dtype": Scope(dtypes=("float32",)),
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
def test_what_is_outside_of_the_scope_is_not_held(scope: Scope) -> None:
    """It has vanished, is new, is stale and is unlisted, and all of it is somebody else's question."""
    inside = row(operation="max", implementation="torch", dtype="float32", found=[TIE])
    gone, worse, stale = row(operation="exp"), row(operation="tanh"), row(operation="relu", found=[TIE])
    state = state_of(run(inside, gone, worse, stale))
    worse, stale = row(operation="tanh", found=[WRONG]), row(operation="relu")
    now = run(inside, worse, stale, row(operation="affine"))
    assert checked(now, state).breaches
    assert checked(now, state, scope).breaches == ()
    assert kinds(run(worse), state, scope) == [Kind.VANISHED]


def test_finite_differences_alone_fail_nothing_and_beside_a_rule_of_ours_they_count() -> None:
    """They judge our own rules; truth has judged the same rule."""

    def both(ours: list[Any], differences: list[Any]) -> Run:
        return run(row(found=ours), row(implementation="finite_differences", found=differences))

    state = state_of(both([], []))
    alone = checked(both([], [WRONG]), state)
    assert alone.breaches == ()
    assert [breach.kind for breach in alone.elsewhere] == [Kind.NEW]
    beside = checked(both([WRONG], [WRONG]), state)
    assert [breach.kind for breach in beside.breaches] == [Kind.NEW, Kind.NEW]


@pytest.mark.parametrize("other", ["simd", "torch"])
def test_a_framework_on_another_platform_is_not_gated_but_told_and_the_subject_is_gated(other: str) -> None:
    """Rare discrepancies of a framework depend on its version and the processor; the rules' own never do."""
    there = {"simd": "AVX512", "torch": "2.4", "jax": "0.5"}
    here = there | {other: "another"}
    state = state_of(run(row(), row(implementation="torch"), environment=there))
    now = run(row(found=[WRONG]), row(implementation="torch", found=[IMPRECISE]), environment=here)
    holding = checked(now, state)
    assert {breach.place.implementation for breach in holding.breaches} == {"numpy"}
    assert [breach.place.implementation for breach in holding.elsewhere] == ["torch"]
    assert holding.other == {other: (there[other], "another")}
    same = checked(dataclasses.replace(now, environment=there), state)
    assert {breach.place.implementation for breach in same.breaches} == {"numpy", "torch"}
    assert same.elsewhere == ()


def test_a_framework_is_gated_where_another_one_has_another_version() -> None:
    there = {"simd": "AVX512", "torch": "2.4", "jax": "0.5"}
    state = state_of(run(row(implementation="torch"), environment=there))
    now = run(row(implementation="torch", found=[IMPRECISE]), environment=there | {"jax": "0.6"})
    assert kinds(now, state) == [Kind.NEW]


def test_nothing_approved_holds_nothing() -> None:
    """Whoever approves nothing is told of every row."""
    found = realistic()
    state = dataclasses.replace(state_of(found), expectations=Expectations(), witnesses={})
    places = {place.operation for place in measured(found)}
    assert {b.place.operation for b in checked(found, state).breaches if b.kind is Kind.UNLISTED} == places
