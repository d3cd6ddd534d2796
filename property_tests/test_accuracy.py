"""``accuracy.toml``: a bound is kept, or it is a breach; what is infinite or no number keeps none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.errors import UsageError
from gradassay.vocabulary import Row, Run, Verdict, Worst
from property_tests.fake_runs import row, run
from property_tests.fake_states import PLACES, WORDS, checked, state_of
from reports.gate.accuracy import ELSEWHERE, MARGIN, RATIO_MARGIN, Accuracy, Bound, approve, bound_of
from reports.gate.accuracy_toml import read, text
from reports.gate.breaches import Kind
from reports.gate.places import Place, Scope

PLACE = Place("softmax", "numpy", "float64")
#: The bounds on the regions of every row made here.
REGIONS = {"ordinary": 1.125, "ties": 2.25}
errors = st.floats(0, 1e6)


def measured(ratio: float = 0.5, typical: float = 2.0, **changes: object) -> Row:
    return row(worst=Worst(ratio, 3.0, 5.0), typical=typical, **changes)  # type: ignore[arg-type]


def renewed(before: Bound, now: Row, **how: object) -> Bound:
    return approve(run(now), Accuracy({PLACE: before}), "second", **how).bounds[PLACE]  # type: ignore[arg-type]


@given(errors, errors)
def test_a_bound_is_a_margin_above_what_was_measured_up_to_a_thousandth(ratio: float, typical: float) -> None:
    now = measured(ratio, typical)
    bound = bound_of(now, "why")
    assert bound.keeps(now)
    assert MARGIN * typical <= bound.normwise <= max(MARGIN * typical + 0.001, 0.001) * (1 + 1e-12)
    assert bound.budget_ratio <= max(RATIO_MARGIN * ratio + 0.001, 0.001) * (1 + 1e-12)
    assert math.isclose(bound.normwise * 1000, round(bound.normwise * 1000), rel_tol=1e-9)


@given(st.floats(0, 1), errors)
def test_no_bound_lets_a_row_leave_its_budget_that_was_within(ratio: float, typical: float) -> None:
    assert bound_of(measured(ratio, typical), "why").budget_ratio <= 1


@pytest.mark.parametrize("error", [math.nan, math.inf, math.nextafter(0.5, 1)])
@pytest.mark.parametrize("which", ["budget_ratio", "normwise"])
def test_what_is_larger_or_infinite_or_no_number_keeps_no_bound(error: float, which: str) -> None:
    bound = Bound(0.5, 0.5, "why")
    assert bound.keeps(measured(0.5, 0.5))
    assert not bound.keeps(measured(error, 0.5) if which == "budget_ratio" else measured(0.5, error))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (measured(typical=3.0), "the typical norm-wise error is 3 u, bound 2.1 u"),
        (measured(ratio=0.75), "the largest error is 0.75 of its budget, bound 0.675"),
    ],
)
def test_an_error_beyond_its_bound_is_worse_and_told_with_both_numbers(now: Row, words: str) -> None:
    state = state_of(run(measured()))
    (breach,) = checked(run(now), state).breaches
    assert (breach.kind, breach.place, breach.file) == (Kind.WORSE, PLACE, "accuracy.toml")
    assert words in breach.what


def test_a_row_without_a_bound_is_unlisted_and_a_bound_without_its_row_has_vanished() -> None:
    state = state_of(run(measured(), measured(dtype="float32")))
    half = {place: bound for place, bound in state.accuracy.bounds.items() if place != PLACE}
    (breach,) = checked(
        run(measured(), measured(dtype="float32")), replace(state, accuracy=Accuracy(half))
    ).breaches
    assert (breach.kind, breach.place) == (Kind.UNLISTED, PLACE)
    more = {**state.accuracy.bounds, Place("relu", "numpy", "float64"): Bound(1, 1, "why")}
    (breach,) = checked(
        run(measured(), measured(dtype="float32")), replace(state, accuracy=Accuracy(more))
    ).breaches
    assert (breach.kind, breach.place.operation, breach.file) == (Kind.VANISHED, "relu", "accuracy.toml")


def test_only_the_subjects_are_bound() -> None:
    both = run(measured(), measured(implementation="torch"))
    assert set(state_of(both).accuracy.bounds) == {PLACE}


@pytest.mark.parametrize("other", ["simd", "numpy"])
def test_a_bound_is_held_on_any_platform(other: str) -> None:
    there = {"seed": 0, "simd": "AVX2", "numpy": "2.1"}
    state = state_of(run(measured(), environment=there))
    worse = run(measured(ratio=0.75), environment=there | {other: "another"})
    holding = checked(worse, state)
    assert [breach.kind for breach in holding.breaches] == [Kind.WORSE]
    assert holding.other == {other: (there[other], "another")}


@pytest.mark.parametrize(
    ("operation", "room"),
    [("affine", ELSEWHERE[1]), ("grad(affine)", ELSEWHERE[2]), ("softmax", 1.0), ("grad(softmax)", 1.0)],
)
@pytest.mark.parametrize("other", ["simd", "numpy", "blas", "torch"])
def test_where_blas_adds_in_another_order_the_typical_error_has_more_room(
    other: str, operation: str, room: float
) -> None:
    there = {"seed": 0, "simd": "AVX2", "numpy": "2.1", "blas": "0.3 Haswell", "torch": "2.4"}
    state = state_of(run(row(operation, typical=2.0), environment=there))
    room = 1.0 if other == "torch" else room

    def broken(factor: float) -> int:
        now = run(row(operation, typical=2.0 * MARGIN * factor), environment=there | {other: "another"})
        return len(checked(now, state).breaches)

    assert (broken(room), broken(room * 1.01)) == (0, 1)


def test_an_error_and_its_bound_are_told_apart() -> None:
    """However near they are."""
    place, bound = PLACE, Bound(0.75, 1.526, "why", REGIONS)
    state = replace(state_of(run(measured())), accuracy=Accuracy({place: bound}))
    (breach,) = checked(run(measured(typical=1.5263)), state).breaches
    assert "the typical norm-wise error is 1.5263 u, bound 1.526 u" in breach.what


def test_approving_leaves_a_bound_that_is_kept_and_no_wider_than_today_s() -> None:
    tight = Bound(0.51, 2.02, "first", REGIONS)
    assert renewed(tight, measured(0.5, 2.0)) == tight


def test_approving_narrows_a_bound_that_is_too_wide_and_only_that() -> None:
    wide, narrow = Bound(0.9, 2.02, "first", REGIONS), Bound(0.675, 2.02, "second", REGIONS)
    assert renewed(wide, measured(0.5, 2.0)) == narrow


def test_approving_widens_a_bound_that_is_not_kept_and_only_that() -> None:
    broken, kept = Bound(0.51, 1.5, "first", REGIONS), Bound(0.51, 2.1, "second", REGIONS)
    assert renewed(broken, measured(0.5, 2.0)) == kept


def test_with_new_only_no_bound_changes_and_new_ones_are_added() -> None:
    before = Bound(0.1, 9.0, "first", REGIONS)
    assert renewed(before, measured(), new_only=True) == before
    other = Place("softmax", "numpy", "float16")
    both = run(measured(), measured(dtype="float16"))
    added = approve(both, Accuracy({PLACE: before}), "second", new_only=True).bounds
    assert added == {PLACE: before, other: bound_of(measured(), "second")}


def test_approving_drops_the_bound_of_what_is_gone_but_for_what_lies_outside_of_the_scope() -> None:
    gone, outside = Place("relu", "numpy", "float64"), Place("exp", "numpy", "float64")
    before = Accuracy(dict.fromkeys((gone, outside), Bound(1, 1, "first")))
    after = approve(run(measured()), before, "second", scope=Scope(operations=("softmax", "relu")))
    assert set(after.bounds) == {PLACE, outside}


numbers = st.floats(0, math.inf)
regions = st.none() | st.dictionaries(WORDS, numbers, max_size=3)
bounds = st.builds(Bound, numbers, numbers, WORDS.filter(str.strip), regions)


@given(st.dictionaries(PLACES, bounds, max_size=4))
def test_the_file_keeps_everything_in_an_order_of_its_own(tmp_path_factory, bounds) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("accuracy") / "accuracy.toml"
    before = Accuracy(bounds)
    path.write_text(text(before), encoding="utf-8")
    assert read(path) == before
    assert text(read(path)) == text(before) == text(Accuracy(dict(reversed(bounds.items()))))


WHOLE = text(Accuracy({PLACE: Bound(0.525, 2.1, "checked by hand", {"many": 7.5})}))
DAMAGE: dict[str, tuple[Callable[[str], str], str]] = {
    "negative": (lambda s: s.replace("0.525", "-0.525"), r":5: budget_ratio is -0\.525"),
    "no number": (lambda s: s.replace("2.1", "nan"), r":5: normwise is nan"),
    "a boolean": (lambda s: s.replace("2.1", "true"), r":5: normwise is True"),
    "a string": (lambda s: s.replace("2.1", '"2.1"'), r":5: normwise is '2\.1'"),
    "an error missing": (lambda s: s.replace("normwise = ", "norm = "), r":5: normwise is None"),
    "an unknown dtype": (lambda s: s.replace("float64", "float99"), r":5: unknown dtype 'float99'"),
    "a name cut off": (lambda s: s.replace("softmax", "grad(softmax"), r":5: 'grad\(softmax' is no name"),
    "a third order": (lambda s: s.replace("softmax", "grad(grad(softmax))"), r":5: .* is no name"),
    "the second order of another": (
        lambda s: s.replace("softmax", "grad(softmax)").replace("numpy", "torch"),
        r":5: grad\(softmax\) of torch: the second order is held of numpy alone; delete this entry",
    ),
    "an empty reason": (lambda s: s.replace("checked by hand", ""), r":5: .*empty reason"),
    "two bounds": (
        lambda s: s.replace("\n]", "\n" + s.splitlines()[4].replace("2.1", "2.2") + "\n]"),
        r":6: there are two bounds for softmax numpy float64; keep one",
    ),
    "marks of a merge": (
        lambda s: s.replace("\nbounds", "\n<<<<<<< HEAD\nbounds"),
        r":4: a merge left its marks",
    ),
    "a negative region": (lambda s: s.replace("7.5", "-7.5"), r":5: the bound of region many is -7\.5"),
    "a region of no number": (lambda s: s.replace("7.5", "nan"), r":5: the bound of region many is nan"),
    "regions in a list": (lambda s: s.replace("{ many = 7.5 }", "[7.5]"), r":5: this entry has no regions"),
    "regions missing": (
        lambda s: s.replace(", regions = { many = 7.5 }", ""),
        r":5: this entry has no regions",
    ),
    "another schema": (lambda s: s.replace("schema = 2", "schema = 3"), r":3: schema is 3, should be 2 or 1"),
    "a schema that equals 2": (lambda s: s.replace("schema = 2", "schema = 2.0"), r":3: schema is 2\.0"),
    "a schema that equals 1": (lambda s: s.replace("schema = 2", "schema = true"), r":3: schema is True"),
    "no bounds": (lambda s: "schema = 2\n", r"bounds is missing"),
    "cut off": (lambda s: s[:-3], r":5: not TOML"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_a_usage_error_with_line_and_remedy(damage: str, tmp_path: Path) -> None:
    change, message = DAMAGE[damage]
    path = tmp_path / "accuracy.toml"
    path.write_text(change(WHOLE))
    assert path.read_text() != WHOLE
    again = f"gradassay approve --approved {tmp_path} --reason TEXT"
    with pytest.raises(UsageError, match=message) as caught:
        read(path)
    assert any(
        remedy in str(caught.value) for remedy in (again, "keep one", "delete the marks", "delete this entry")
    )
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"accuracy\.toml.*gradassay approve .*--reason TEXT"):
        read(tmp_path / "accuracy.toml")


def failing(ratio: float) -> Run:
    return run(measured(ratio, found=[(Verdict.IMPRECISE, "rounding", 1)]))


def test_a_row_that_fails_is_bound_where_it_is_and_not_at_its_budget() -> None:
    assert state_of(failing(7.0)).accuracy.bounds[PLACE].budget_ratio >= 7.35
