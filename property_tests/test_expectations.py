"""The gate: a run is as approved, or every difference is a breach with a name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.errors import UsageError
from gradassay.vocabulary import Run, Verdict
from property_tests.fake_runs import realistic, row, run
from reports.gate.expectations import APPROVE, Expectations, Known, Place, approve, measured, seen
from reports.gate.expected_toml import read, text
from reports.holding import Kind, hold, holding

IMPRECISE = (Verdict.IMPRECISE, "stagnation", 3)
WRONG = (Verdict.WRONG, "sum term missing", 3)
CONVENTION = (Verdict.CONVENTION, "renormalised", 3)


def approved(what: Run, reason: str = "checked by hand") -> Expectations:
    return approve(what, Expectations(), reason, seed=0, examples=200)


def kinds(what: Run, expectations: Expectations) -> list[Kind]:
    return [breach.kind for breach in hold(what, expectations)]


def test_a_run_holds_against_its_own_approval() -> None:
    assert hold(realistic(), approved(realistic())) == []


def test_a_changed_count_is_no_breach() -> None:
    few, many = run(row(found=[(Verdict.IMPRECISE, "c", 1)])), run(row(found=[(Verdict.IMPRECISE, "c", 90)]))
    assert hold(many, approved(few)) == []


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ([], [WRONG], Kind.NEW),
        ([], [CONVENTION], Kind.NEW),
        ([IMPRECISE], [WRONG], Kind.WORSE),
        ([CONVENTION], [IMPRECISE], Kind.WORSE),
        ([IMPRECISE], [], Kind.STALE),
        ([IMPRECISE], [IMPRECISE, WRONG], Kind.NEW),
    ],
    ids=lambda value: (
        str(value) if isinstance(value, Kind) else "+".join(each[0] for each in value) or "nothing"
    ),
)
@pytest.mark.parametrize("implementation", ["numpy", "torch"])
def test_a_difference_is_a_breach_that_names_itself_and_its_remedy(before, now, kind, implementation) -> None:  # type: ignore[no-untyped-def]
    (breach,) = hold(
        run(row(implementation=implementation, found=now)),
        approved(run(row(implementation=implementation, found=before))),
    )
    assert breach.kind is kind
    for word in (kind, "softmax", implementation, "float64", breach.verdict or "", APPROVE):
        assert word in breach.sentence


def test_a_better_verdict_is_new_and_stale() -> None:
    assert kinds(run(row(found=[IMPRECISE])), approved(run(row(found=[WRONG])))) == [Kind.NEW, Kind.STALE]


def test_a_changed_cause_is_new_and_stale() -> None:
    other = (Verdict.IMPRECISE, "cancellation", 3)
    assert kinds(run(row(found=[other])), approved(run(row(found=[IMPRECISE])))) == [Kind.NEW, Kind.STALE]


def test_a_failing_verdict_without_a_discrepancy_does_not_slip_through() -> None:
    silent = dataclasses.replace(row(found=[WRONG]), discrepancies=())
    assert kinds(run(silent), approved(run(row()))) == [Kind.NEW]


def test_good_verdicts_and_undefined_need_no_approval() -> None:
    harmless = [
        (verdict, "", 2) for verdict in (Verdict.SUBGRADIENT, Verdict.UNDEFINED, Verdict.INCONCLUSIVE)
    ]
    assert seen(run(row(found=harmless))) == {}


@pytest.mark.parametrize(
    "gone", [{"operation": "get_item"}, {"dtype": "float16"}, {"implementation": "torch"}]
)
def test_what_is_no_longer_measured_has_vanished(gone: dict[str, Any]) -> None:
    before = approved(run(row(), row(**gone, found=[IMPRECISE])))
    assert kinds(run(row()), before) == [Kind.VANISHED]
    assert kinds(run(row(), row(**gone, scenarios=0, verdicts={})), before) == [Kind.VANISHED]


@pytest.mark.parametrize("implementation", ["tensorflow", "tensorflow.keras"])
def test_a_framework_that_is_not_installed_is_unchecked_and_no_breach(implementation: str) -> None:
    before = approved(run(row(), row(implementation=implementation, found=[IMPRECISE])))
    held = holding(run(row(), missing={"tensorflow": "pip install it"}), before)
    assert held.breaches == ()
    assert held.unchecked == {"tensorflow": 1}


def test_what_was_never_approved_is_unlisted() -> None:
    assert kinds(run(row(), row(operation="relu")), approved(run(row()))) == [Kind.UNLISTED]


def test_approving_keeps_the_reason_of_what_did_not_change() -> None:
    before = approved(run(row(found=[IMPRECISE])), "float16 stagnates")
    after = approve(run(row(found=[IMPRECISE, CONVENTION])), before, "documented", seed=0, examples=200)
    assert {known.verdict: why for known, why in after.known.items()} == {
        Verdict.IMPRECISE: "float16 stagnates",
        Verdict.CONVENTION: "documented",
    }


def test_approving_drops_what_is_gone_but_not_what_could_not_be_measured() -> None:
    before = approved(run(row(found=[IMPRECISE]), row(implementation="jax", found=[WRONG])))
    after = approve(run(row(), missing={"jax": "pip install it"}), before, "fixed", seed=0, examples=200)
    assert {known.place.implementation for known in after.known} == {"jax"}
    assert after.measured == before.measured


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_empty_reason_is_refused(reason: str) -> None:
    with pytest.raises(UsageError, match="--reason is empty"):
        approved(run(row()), reason)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=12)
places = st.builds(Place, words, words, st.sampled_from(["float64", "float32", "bfloat16"]))
knowns = st.builds(Known, places, st.sampled_from(list(Verdict)), st.just("") | words)


@given(
    measured=st.frozensets(places, min_size=1, max_size=4),
    reasons=st.dictionaries(knowns, words.filter(str.strip), max_size=4),
    seed=st.integers(0, 9),
)
def test_the_file_keeps_everything(tmp_path_factory, measured, reasons, seed) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("expected") / "expected.toml"
    before = Expectations(seed, 100, measured, reasons)
    path.write_text(text(before), encoding="utf-8")
    assert read(path) == before


def test_the_file_depends_on_the_content_alone() -> None:
    forth, back = realistic(), realistic()
    back = dataclasses.replace(back, rows=back.rows[::-1])
    assert text(approved(forth)) == text(approved(back))
    assert measured(forth) == measured(back)


def test_a_missing_file_is_a_usage_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected\.toml.*gradassay approve --reason TEXT"):
        read(tmp_path / "expected.toml")


DAMAGE: dict[str, tuple[Callable[[str], str], str]] = {
    "cut off": (lambda s: s[: s.index("verdict = ") + 12], r":\d+: not TOML"),
    "another schema": (lambda s: s.replace("schema = 1", "schema = 7"), r":3: schema is 7, should be 1"),
    "no seed": (lambda s: s.replace("seed = 0", ""), r"seed is None"),
    "examples of 0": (lambda s: s.replace("examples = 200", "examples = 0"), r":5: examples is 0"),
    "nothing measured": (lambda s: s.replace('["float64"]', "[]"), r"missing or empty"),
    "a dtype without its list": (
        lambda s: s.replace('["float64"]', '"float64"'),
        r"should be a list of dtypes",
    ),
    "unknown verdict": (lambda s: s.replace('"imprecise"', '"inexact"'), r":\d+: unknown verdict 'inexact'"),
    "no reason": (lambda s: s.replace("reason = ", "raison = "), r":\d+: .*has no reason"),
    "an empty reason": (lambda s: s.replace("checked by hand", " "), r":\d+: .*empty reason"),
    "an entry twice": (lambda s: s + s[s.index("[[expected]]") :], r":\d+: .*twice"),
    "an empty file": (lambda s: "", r"schema is None"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_a_usage_error_with_line_and_remedy(damage: str, tmp_path: Path) -> None:
    change, message = DAMAGE[damage]
    path = tmp_path / "expected.toml"
    whole = text(approved(run(row(found=[IMPRECISE]))))
    path.write_text(change(whole))
    assert path.read_text() != whole
    with pytest.raises(UsageError, match=message) as caught:
        read(path)
    assert APPROVE in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["operation", "implementation", "dtype"])
def test_an_unknown_name_in_an_entry_is_a_usage_error_with_its_line(kind: str, tmp_path: Path) -> None:
    names = {"operation": ["softmax"], "implementation": ["numpy"], "dtype": ["float64"]}
    path = tmp_path / "expected.toml"
    whole = text(approved(run(row(found=[IMPRECISE]))))
    path.write_text(whole)
    assert read(path, names) == read(path)
    head, tail = whole.split("[[expected]]")
    path.write_text(f"{head}[[expected]]{tail.replace(names[kind][0], 'other')}")
    line = head.count("\n") + 1
    with pytest.raises(
        UsageError, match=rf"\.toml:{line}: unknown {kind} 'other'; known: {names[kind][0]}; "
    ):
        read(path, names)


def test_finite_differences_are_gated_on_any_platform() -> None:
    """They judge our own rules, and no framework."""
    found = run(row(implementation="finite_differences", found=[WRONG]), environment={"simd": "AVX2"})
    held = holding(found, Expectations(measured=measured(found), platform={"simd": "AVX512"}))
    assert [breach.kind for breach in held.breaches] == [Kind.NEW]
    assert held.elsewhere == ()


def test_a_framework_on_another_platform_is_not_gated_but_the_subject_is() -> None:
    """Rare discrepancies of a framework depend on its version and the processor; the rules' own never do."""
    found = dataclasses.replace(realistic(), environment={"simd": "AVX2"})
    elsewhere = Expectations(measured=measured(found), reasons={}, platform={"simd": "AVX512"})
    held = holding(found, elsewhere)
    assert {breach.implementation for breach in held.breaches} <= set(found.subjects)
    assert held.elsewhere
    assert not holding(found, dataclasses.replace(elsewhere, platform={"simd": "AVX2"})).elsewhere
