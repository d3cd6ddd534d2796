"""What only one region of the inputs shows: held against a bound of its own, with an example from there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.engine import compare
from gradassay.replay.documents import run_of
from gradassay.replay.witnesses import witness_of
from gradassay.tally import LEAST, MOST, geometric_mean
from gradassay.vocabulary import Row, Verdict, Vote
from property_tests.fake_runs import example, row, run
from property_tests.fake_states import checked, state_of
from reports.gate.accuracy import REGION_MARGINS, Accuracy, Bound, approve, bound_of, change
from reports.gate.accuracy_toml import read, text
from reports.gate.breaches import Kind
from reports.gate.places import EVERYTHING, Place
from reports.gate.text import text as told
from reports.results_json import JsonReporter

PLACE = Place("softmax", "numpy", "float64")
FEW = min(REGION_MARGINS)
errors = st.floats(0, math.inf)


def measured(regions: Mapping[str, float], scenarios: int = 20, **changes: object) -> Row:
    values = {"regions": dict.fromkeys(regions, scenarios), "typical_by_region": regions, "typical": 1.0}
    return row(**values | changes)  # type: ignore[arg-type]


def held_of_old(now: Row) -> Accuracy:
    """The bounds of ``now`` as a file has them that does not know of regions."""
    return Accuracy({PLACE: replace(bound_of(now, "first"), regions=None)})


# ---- the typical error of a region


@given(st.lists(st.floats(LEAST, MOST), min_size=1))
def test_the_typical_error_of_a_region_is_a_geometric_mean(found: list[float]) -> None:
    mean = geometric_mean(found)
    assert mean == pytest.approx(math.prod(x ** (1 / len(found)) for x in found), rel=1e-9)
    assert min(found) * (1 - 1e-12) <= mean <= max(found) * (1 + 1e-12)


@given(st.lists(errors, min_size=1), errors)
def test_one_scenario_moves_it_by_no_more_than_its_share_however_much_it_cancels(
    found: list[float], other: float
) -> None:
    now, then = geometric_mean(found), geometric_mean([other, *found[1:]])
    share = (MOST / LEAST) ** (1 / len(found)) * (1 + 1e-12)
    assert then / share <= now <= then * share


@given(st.lists(errors, min_size=1), st.lists(st.floats(1, 1e300), min_size=1))
def test_it_is_no_less_where_no_error_is(found: list[float], factors: list[float]) -> None:
    larger = [error * factors[i % len(factors)] for i, error in enumerate(found)]
    assert geometric_mean(larger) >= geometric_mean(found) * (1 - 1e-12)


def test_a_row_has_it_for_each_of_its_regions_and_an_example_from_there() -> None:
    (found,) = compare(["tanh"], implementations=["numpy"], dtypes=["float32"], examples=30, seed=3).rows
    regions = {name for name in found.regions if not name.startswith("layout: ")}
    assert set(found.typical_by_region) == set(found.hardest_by_region) == regions
    assert all(LEAST <= error <= MOST for error in found.typical_by_region.values())
    assert all(scenario.region == name for name, scenario in found.hardest_by_region.items())


def test_results_json_keeps_it_to_the_last_bit(tmp_path: Path) -> None:
    now = run(measured({"many": 1 / 3, "ties": math.pi}))
    with (tmp_path / "results.json").open("w", encoding="utf-8") as stream:
        JsonReporter().write(now, stream)
    (back,) = run_of(tmp_path / "results.json", {}).rows
    assert (back.typical_by_region, back.regions) == (now.rows[0].typical_by_region, now.rows[0].regions)


# ---- its bound


@given(st.floats(LEAST, MOST), st.integers(1, 40))
def test_its_bound_leaves_the_room_that_so_many_scenarios_need(error: float, scenarios: int) -> None:
    bound = bound_of(measured({"many": error}, scenarios), "why")
    if scenarios < FEW:
        assert bound.regions == {}
        return
    margin = REGION_MARGINS[max(least for least in REGION_MARGINS if least <= scenarios)]
    assert bound.keeps(measured({"many": error * margin}, scenarios))
    assert not bound.keeps(measured({"many": error * margin + 0.0011}, scenarios))


@pytest.mark.parametrize("error", [math.nan, math.inf, math.nextafter(0.5, 1)])
def test_what_is_larger_or_no_number_keeps_no_bound_of_a_region(error: float) -> None:
    bound = Bound(1.0, 1.0, "why", {"many": 0.5, "ties": 0.5})
    assert bound.keeps(measured({"many": 0.5, "ties": 0.5}))
    assert not bound.keeps(measured({"many": error, "ties": 0.5}))


def test_a_region_beyond_its_bound_is_worse_and_told_with_both_numbers_and_an_example_from_there() -> None:
    state = state_of(run(measured({"many": 1.0, "ties": 1.0, "large": 1.0})))
    there = {name: replace(example().scenario, region=name) for name in ("many", "ties")}
    now = measured({"many": 3.0, "ties": 5.0, "large": 1.0}, hardest_by_region=there)
    (breach,) = checked(run(now), state).breaches
    assert (breach.kind, breach.place, breach.file) == (Kind.WORSE, PLACE, "accuracy.toml")
    assert breach.what == "less accurate in region ties: 5 u, bound 1.5 u, and so is many"
    assert (breach.region, breach.scenario) == ("ties", there["ties"])


def test_one_breach_tells_of_the_row_and_of_its_region() -> None:
    state = state_of(run(measured({"many": 1.0})))
    (breach,) = checked(run(measured({"many": 3.0}, typical=2.0)), state).breaches
    assert "the typical norm-wise error is 2 u, bound 1.05 u" in breach.what
    assert "in region many: 3 u, bound 1.5 u" in breach.what


def test_a_witness_from_there_whose_error_rose_shows_it_and_no_other() -> None:
    state = state_of(run(measured({"many": 1.0})))
    scenarios = [
        replace(example("float64", params={"axis": axis}).scenario, region=name)
        for axis, name in ((-1, "many"), (0, "ties"))
    ]
    then = [
        replace(witness_of(s, "kept"), votes={"numpy": Vote(Verdict.AGREES, "", {"here": 1.0})})
        for s in scenarios
    ]
    rose = [
        replace(w, votes={"numpy": Vote(Verdict.AGREES, "", {"here": 1.5 + i})}) for i, w in enumerate(then)
    ]
    state = replace(state, witnesses={w.id: w for w in then})
    now = replace(run(measured({"many": 3.0})), replayed=tuple(rose))
    (breach,) = (b for b in checked(now, state).breaches if b.file == "accuracy.toml")
    assert breach.scenario is rose[0].scenario
    assert f"witness {rose[0].id} shows it" in breach.what


def test_a_region_without_a_bound_is_unlisted_and_a_bound_without_its_region_has_vanished() -> None:
    state = state_of(run(measured({"many": 1.0, "ties": 1.0})))
    found = checked(run(measured({"many": 1.0, "large": 1.0})), state).breaches
    assert [(b.kind, b.region) for b in found] == [(Kind.VANISHED, "ties"), (Kind.UNLISTED, "large")]
    assert all(b.place == PLACE and b.file == "accuracy.toml" for b in found)


def test_of_a_region_with_few_scenarios_nothing_is_asked() -> None:
    state = state_of(run(measured({"many": 1.0}, FEW - 1)))
    assert not checked(run(measured({"many": 200.0}, FEW - 1)), state).breaches


def test_scenarios_that_another_hypothesis_draws_are_not_gated_by_region() -> None:
    there = {"seed": 0, "hypothesis": "6.1"}
    state = state_of(run(measured({"many": 1.0, "ties": 1.0}), environment=there))
    now = run(measured({"many": 9.0, "large": 1.0}), environment=there | {"hypothesis": "6.2"})
    holding = checked(now, state)
    assert not holding.breaches
    assert {b.kind for b in holding.elsewhere} == {Kind.WORSE, Kind.UNLISTED, Kind.VANISHED}


# ---- approving


def renewed(before: Mapping[str, float], now: Mapping[str, float], *, new_only: bool = False) -> Bound:
    old = replace(bound_of(measured(now), "first"), regions=before)
    return approve(run(measured(now)), Accuracy({PLACE: old}), "second", new_only=new_only).bounds[PLACE]


def test_approving_moves_the_bounds_of_regions_that_are_not_kept_or_too_wide_and_no_other() -> None:
    now = {"broken": 1.0, "wide": 1.0, "tight": 1.0, "fresh": 1.0}
    bound = renewed({"broken": 0.5, "wide": 9.0, "tight": 1.1, "gone": 1.0}, now)
    assert bound.regions == {"broken": 1.5, "wide": 1.5, "tight": 1.1, "fresh": 1.5}
    assert bound.reason == "second"
    assert renewed({"tight": 1.1}, {"tight": 1.0}).reason == "first"


def test_with_new_only_regions_are_added_and_stay_as_they_are() -> None:
    bound = renewed({"broken": 0.5, "wide": 9.0}, {"broken": 1.0, "wide": 1.0, "fresh": 1.0}, new_only=True)
    assert (bound.regions, bound.reason) == ({"broken": 0.5, "wide": 9.0, "fresh": 1.5}, "first")


def test_a_change_of_a_bound_is_told_region_by_region() -> None:
    old = Bound(0.5, 1.0, "first", {"many": 1.0, "ties": 2.0, "gone": 3.0})
    new = Bound(0.5, 1.0, "second", {"many": 1.5, "ties": 2.0, "fresh": 4.0})
    assert change(old, new) == "regions fresh none -> 4.0, gone 3.0 -> none, many 1.0 -> 1.5 u"
    assert change(replace(old, regions=None), replace(old, normwise=2.0)) == (
        "error/budget 0.5, norm-wise 1.0 u -> 0.5, 2.0 u; bounds for 3 regions"
    )


# ---- a file of a time that did not hold regions


def test_a_file_without_regions_is_read_and_what_it_does_not_hold_is_said(tmp_path: Path) -> None:
    now = measured({"many": 1.0})
    path = tmp_path / "accuracy.toml"
    path.write_text(text(held_of_old(now)), encoding="utf-8")
    assert "schema = 1" in path.read_text(encoding="utf-8").splitlines()
    state = replace(state_of(run(now)), accuracy=read(path))
    holding = checked(run(now), state)
    assert (holding.breaches, holding.without_regions) == ((), frozenset({PLACE}))
    said = told(run(now), holding, state, EVERYTHING, None, folder="st", coloured=False)
    line = "not held: the regions of 1 row, which st/accuracy.toml has no bounds for yet: gradassay approve"
    assert f"{line} --new-only --approved st --reason TEXT" in said


@pytest.mark.parametrize("new_only", [False, True])
def test_approving_gives_it_regions_and_leaves_every_reason(new_only: bool) -> None:
    now = measured({"many": 1.0})
    after = approve(run(now), held_of_old(now), "second", new_only=new_only)
    assert after.bounds == {PLACE: bound_of(now, "first")}
    assert "schema = 2" in text(after).splitlines()


def test_as_long_as_one_row_has_none_the_file_says_so_and_can_be_read(tmp_path: Path) -> None:
    whole, half = bound_of(measured({"many": 1.0}), "why"), Bound(0.5, 1.0, "why")
    before = Accuracy({PLACE: whole, PLACE._replace(dtype="float32"): half})
    (tmp_path / "accuracy.toml").write_text(text(before), encoding="utf-8")
    assert "schema = 1" in text(before).splitlines()
    assert read(tmp_path / "accuracy.toml") == before
