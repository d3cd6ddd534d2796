"""Every stored witness is replayed, and who does something else on it is named, with everybody's vote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.environment import fingerprint
from gradassay.replay.witnesses import witness_of
from gradassay.vocabulary import Run, Verdict, Vote, Witness
from property_tests.fake_runs import example, row, run
from property_tests.fake_states import checked, state_of
from reports.gate.breaches import Breach, Kind
from reports.gate.expectations import Expectations
from reports.gate.held_witnesses import EPS, FACTOR, held_witnesses
from reports.gate.holding import State
from reports.gate.places import Listed, Scope

SCENARIO = example("float64").scenario
AGREES = Vote(Verdict.AGREES, "", {fingerprint("numpy"): 1.0, fingerprint("torch"): 1.0})
WRONG = Vote(Verdict.WRONG, "the gradient")
Votes = Mapping[str, Vote]
BOTH = (row(), row(implementation="torch"))


def stored(votes: Votes) -> Witness:
    return replace(witness_of(SCENARIO, "a tie"), votes=votes)


def state_with(votes: Votes, *rows: object, **environment: str) -> State:
    witness = stored(votes)
    approved = state_of(run(*BOTH, environment=environment))
    return replace(approved, witnesses={witness.id: witness}, position=lambda _: ("witnesses/x.jsonl", 3))


def breaches(then: Votes, now: Votes, scope: Scope | None = None) -> tuple[Breach, ...]:
    replayed = run(*BOTH, replayed=(stored(now),))
    return checked(replayed, state_with(then), *([scope] if scope else [])).breaches


def test_votes_that_are_as_they_were_are_no_breach() -> None:
    assert breaches({"numpy": AGREES, "torch": WRONG}, {"numpy": AGREES, "torch": WRONG}) == ()


CHANGES = {
    "a worse verdict": (AGREES, WRONG, Kind.WORSE),
    "a better verdict": (WRONG, AGREES, Kind.CHANGED),
    "another cause": (WRONG, replace(WRONG, cause="factor 2"), Kind.CHANGED),
    "no vote any more": (AGREES, None, Kind.VANISHED),
    "a vote that was not there": (None, AGREES, Kind.UNLISTED),
}


@pytest.mark.parametrize("implementation", ["numpy", "torch"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_vote_that_changed_is_one_breach_with_everybody_s_vote(change: str, implementation: str) -> None:
    then, now, kind = CHANGES[change]
    other = "torch" if implementation == "numpy" else "numpy"
    votes = [{other: AGREES} | ({} if vote is None else {implementation: vote}) for vote in (then, now)]
    (breach,) = breaches(votes[0], votes[1])
    assert (breach.kind, breach.place.implementation) == (kind, implementation)
    assert breach.place.operation == "softmax"
    assert breach.edits("reports") == "reports/witnesses/x.jsonl:3"
    told = breach.sentence("reports")
    assert stored({}).id in told
    assert f" --implementations {implementation} --dtypes float64 --reason" in told
    assert all(str(vote.verdict) in told for vote in (then, now) if vote is not None and vote is not AGREES)
    assert {line.partition(":")[0] for line in breach.votes} == {"numpy", "torch"}
    (line,) = (line for line in breach.votes if line.startswith(implementation))
    assert "(was " in line


def error(value: float) -> Vote:
    return Vote(Verdict.AGREES, "", {fingerprint("numpy"): value})


@given(st.floats(0, 1e9), st.floats(0, 1e12))
def test_an_error_may_rise_to_four_times_the_recorded_one_or_to_eight_units(was: float, now: float) -> None:
    found = breaches({"numpy": error(was)}, {"numpy": error(now)})
    assert bool(found) is not (now <= 4 * max(2, was))
    assert all(breach.kind is Kind.WORSE and "4 max(eps" in breach.what for breach in found)


def test_eps_is_two_units_and_the_factor_four() -> None:
    assert (EPS, FACTOR) == (2, 4)


@pytest.mark.parametrize("now", [error(math.inf), error(math.nan), Vote(Verdict.AGREES)])
def test_an_error_that_is_no_finite_number_passes_no_recorded_one(now: Vote) -> None:
    (breach,) = breaches({"numpy": error(1.0)}, {"numpy": now})
    assert breach.kind is Kind.WORSE


def test_an_error_of_another_platform_is_told_and_not_gated() -> None:
    """Where a truth cancels, another BLAS may leave as much as its budget allows."""
    there = {"numpy": Vote(Verdict.AGREES, "", {"numpy 1.0": 3.0})}
    assert breaches(there, {"numpy": error(12.5)}) == ()
    for now, told in ((12.0, 0), (12.5, 1)):
        holding = checked(run(row(), BOTH[1], replayed=(stored({"numpy": error(now)}),)), state_with(there))
        assert [breach.platform for breach in holding.elsewhere] == [fingerprint("numpy")] * told
    worse = Vote(Verdict.WRONG, "sign", {fingerprint("numpy"): 1.0})
    assert len(breaches(there, {"numpy": worse})) == 1


def test_what_is_outside_of_the_scope_is_not_held() -> None:
    for change in CHANGES.values():
        votes = [{"numpy": AGREES} | ({} if vote is None else {"torch": vote}) for vote in change[:2]]
        assert breaches(votes[0], votes[1], Scope(implementations=("numpy",))) == ()
        assert len(breaches(votes[0], votes[1], Scope(implementations=("numpy", "torch")))) == 1


def test_the_votes_of_a_framework_that_is_not_installed_are_not_asked_for() -> None:
    """Not even where its rows were never approved: everybody votes on a witness."""
    witnesses = state_with({"numpy": AGREES, "torch": AGREES}).witnesses
    state = replace(state_of(run(row())), witnesses=witnesses)
    now = run(row(), missing={"torch": "pip install it"}, replayed=(stored({"numpy": AGREES}),))
    assert checked(now, state).breaches == ()


def test_a_witness_of_an_operation_that_is_gone_is_a_breach() -> None:
    """Where the rest of the state does not tell of it already."""
    gone = replace(witness_of(replace(SCENARIO, operation="soft_max"), "a tie"), votes={"numpy": AGREES})
    state = replace(state_of(run(row())), witnesses={gone.id: gone})
    (breach,) = checked(run(row(), replayed=(stored({}),)), state).breaches
    assert (breach.kind, breach.place.operation) == (Kind.VANISHED, "soft_max")
    assert "it was not replayed" in breach.what


IDS = st.frozensets(st.tuples(st.sampled_from(["softmax", "max"]), st.sampled_from("abc")))
FILES = ("witnesses/x.jsonl", 3)


@given(
    IDS,
    IDS,
    st.sampled_from([None, ("softmax",), ("max", "softmax"), ("exp",)]),
    st.sampled_from([None, ("float16",), ("float16", SCENARIO.dtype)]),
)
def test_what_is_listed_and_not_stored_has_vanished_and_the_reverse_is_unlisted(
    listed: frozenset[Listed],
    there: frozenset[Listed],
    operations: tuple[str, ...] | None,
    dtypes: tuple[str, ...] | None,
) -> None:
    """In the operations that are asked for, whatever the implementations, and in the dtypes where they are known."""
    witnesses = {
        f"{operation}{name}": Witness(f"{operation}{name}", replace(SCENARIO, operation=operation), "")
        for operation, name in there
    }
    names = frozenset((operation, f"{operation}{name}") for operation, name in listed)
    known = Expectations(witnesses=names, witness_lines={each: i for i, each in enumerate(sorted(names), 7)})
    scope = Scope(operations, implementations=("torch",), dtypes=dtypes)
    found = list(held_witnesses(run(), witnesses, lambda _: FILES, scope, known))
    of_them = there if dtypes is None or SCENARIO.dtype in dtypes else there & listed
    asked = {each for each in listed ^ of_them if operations is None or each[0] in operations}
    assert {(breach.kind, breach.place.operation, breach.what.split()[1]) for breach in found} == {
        (Kind.VANISHED if each in listed else Kind.UNLISTED, each[0], "".join(each)) for each in asked
    }
    assert len(found) == len(asked)
    for breach in found:
        each = (breach.place.operation, breach.what.split()[1])
        where = ("expected.toml", known.witness_lines.get(each)) if breach.kind is Kind.VANISHED else FILES
        assert (breach.file, breach.line) == where
        assert ("is listed in expected.toml and not stored" in breach.what) == (breach.kind is Kind.VANISHED)


def test_where_there_is_no_list_none_is_held() -> None:
    witness = stored({})
    assert list(held_witnesses(run(), {witness.id: witness}, lambda _: FILES)) == []


THERE = {"simd": "AVX512", "torch": "2.4"}


def elsewhere(then: Votes, now: Votes, **here: str) -> Run:
    return run(*BOTH, replayed=(stored(now),), environment=THERE | here)


@pytest.mark.parametrize("change", CHANGES)
def test_another_version_of_a_framework_shows_what_changed_in_it_and_fails_nobody(change: str) -> None:
    then, now, kind = CHANGES[change]
    votes = [{"numpy": AGREES} | ({} if vote is None else {"torch": vote}) for vote in (then, now)]
    state = state_with(votes[0], **THERE)
    holding = checked(elsewhere(*votes, torch="2.5"), state)
    assert holding.breaches == ()
    assert [breach.kind for breach in holding.elsewhere] == [kind]
    assert holding.other == {"torch": ("2.4", "2.5")}
    assert len(checked(elsewhere(*votes), state).breaches) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_the_subject_is_gated_on_any_platform(change: str) -> None:
    then, now, kind = CHANGES[change]
    votes = [{"torch": AGREES} | ({} if vote is None else {"numpy": vote}) for vote in (then, now)]
    holding = checked(elsewhere(*votes, simd="AVX2"), state_with(votes[0], **THERE))
    assert [breach.kind for breach in holding.breaches] == [kind]
    assert holding.elsewhere == ()


def test_the_witness_whose_error_rose_most_is_shown_with_a_bound_that_is_not_kept() -> None:
    state = state_with({"numpy": error(1.0)})
    worse = replace(row(), typical=1e6)
    now = run(worse, BOTH[1], replayed=(stored({"numpy": error(5.0)}),))
    (breach,) = checked(now, state).breaches
    assert breach.file == "accuracy.toml"
    assert f"{stored({}).id} shows it" in breach.what
    assert breach.votes == ("numpy: agrees, norm-wise error 5 u (was agrees, norm-wise error 1 u)",)
