"""The approved state (``expected.toml``): what was measured, and every known discrepancy with its reason.

The gate holds a run against *intended* statements and not against recorded numbers: a discrepancy is known by
operation, implementation, dtype, verdict and cause. Whatever differs is a breach, in either direction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from gradassay.errors import UsageError
from gradassay.orders import order_of, pullback_name
from gradassay.vocabulary import Row, Run, Verdict, Witness
from reports.gate.places import EVERYTHING, OURS, Known, Listed, Place, Scope

APPROVE = "gradassay approve --reason TEXT"
#: Entries of a run's environment that a framework's rare discrepancies depend on; Hypothesis draws the scenarios.
PLATFORM = ("simd", "blas", "numpy", "torch", "tensorflow", "jax", "hypothesis")
#: What the gate holds beside failures: what is meant, and who wins a tie.
INTENDED = (Verdict.CONVENTION, Verdict.SUBGRADIENT)


@dataclass(frozen=True)
class Expectations:
    """The content of ``expected.toml``."""

    seed: int = 0
    examples: int = 100
    measured: frozenset[Place] = frozenset()
    """Everything that was measured when it was approved."""
    reasons: Mapping[Known, str] | None = None
    """Known discrepancy -> the reason why it was accepted."""
    platform: Mapping[str, str] = field(default_factory=dict)
    """What the last bits of the frameworks depend on: their versions and the processor's vector extensions."""
    witnesses: frozenset[Listed] | None = None
    """The witnesses that have to be stored; None where there is no list."""
    second_order: bool = True
    """Whether the second order is held; False in files of a time that did not, as long as a row lacks it."""
    lines: Mapping[Known | Place, int] = field(default_factory=dict, compare=False)
    """Where each of them stands in the file that it was read from."""
    witness_lines: Mapping[Listed, int] = field(default_factory=dict, compare=False)
    """Where each of ``witnesses`` stands there."""

    @property
    def known(self) -> Mapping[Known, str]:
        """``reasons``, empty when there are none."""
        return self.reasons or {}


def seen(run: Run) -> dict[Known, int]:
    """What has to be expected, with counts: failures, conventions and ties of all implementations."""
    found: dict[Known, int] = {}
    for row in run.rows:
        place = place_of(row)
        explained: dict[Verdict, int] = {}
        for each in row.discrepancies:
            if gated(each.verdict):
                known = Known(place, each.verdict, each.cause)
                found[known] = found.get(known, 0) + each.count
                explained[each.verdict] = explained.get(each.verdict, 0) + each.count
        for verdict, number in row.verdicts.items():
            # a verdict without a discrepancy must not slip through
            if gated(verdict) and number > explained.get(verdict, 0):
                found[Known(place, verdict, "")] = number - explained.get(verdict, 0)
    return found


def platform_of(run: Run) -> dict[str, str]:
    """What the last bits of the frameworks depend on, as far as the run's environment tells."""
    return {name: str(run.environment[name]) for name in PLATFORM if run.environment.get(name)}


def place_of(row: Row) -> Place:
    """Where a row stands."""
    return Place(row.operation, row.implementation, row.dtype)


def measured(run: Run) -> frozenset[Place]:
    """The rows that judged anything."""
    return frozenset(place_of(row) for row in run.rows if row.scenarios)


def within(run: Run, scope: Scope) -> Run:
    """The part of ``run`` that is in ``scope``; nothing else than what is held ever is."""

    def scoped(witness: Witness) -> Witness:
        operation, dtype = witness.scenario.operation, witness.scenario.dtype
        votes = {who: v for who, v in witness.votes.items() if Place(operation, who, dtype) in scope}
        return replace(witness, votes=votes)

    rows = tuple(row for row in run.rows if place_of(row) in scope)
    return replace(run, rows=rows, replayed=tuple(map(scoped, run.replayed)))


def absent(run: Run, place: Place) -> str | None:
    """The framework that is not installed here and would be needed for ``place``; None when there is none."""
    name = place.implementation
    return next((lost for lost in run.missing if name == lost or name.startswith(f"{lost}.")), None)


def approve(
    run: Run,
    before: Expectations,
    reason: str,
    *,
    seed: int,
    examples: int,
    scope: Scope = EVERYTHING,
    new_only: bool = False,
) -> Expectations:
    """Accept ``run``: unchanged entries keep their reason, new ones get ``reason``, others go.

    What could not be measured here, because its framework is not installed, and what lies outside of ``scope``, stays
    as it was; with ``new_only`` everything does that is not new.
    """
    reason = given(reason)

    def stays(place: Place) -> bool:
        return new_only or place not in scope or absent(run, place) is not None

    kept = {known: why for known, why in before.known.items() if stays(known.place)}
    now = {known: before.known.get(known, reason) for known in seen(run)}
    places = measured(run) | {place for place in before.measured if stays(place)}
    platform = platform_of(run) if scope.whole and not new_only else before.platform or platform_of(run)
    return replace(
        before,
        seed=seed,
        examples=examples,
        measured=frozenset(places),
        reasons={**kept, **now},
        second_order=before.second_order or not _first_alone(places),
        platform=platform,
        lines={},
        witness_lines={},
    )


def unheld(run: Run, expectations: Expectations) -> frozenset[Place]:
    """The rows of second order of which a file knows nothing yet that is of a time that did not hold them."""
    if expectations.second_order:
        return frozenset()
    return frozenset(p for p in measured(run) - expectations.measured if order_of(p.operation) == 2)


def _first_alone(places: Collection[Place]) -> set[Place]:
    """The rows of ours of which there is the first order alone."""
    ours = {p for p in places if p.implementation == OURS and order_of(p.operation) == 1}
    return {p for p in ours if p._replace(operation=pullback_name(p.operation)) not in places}


def given(reason: str) -> str:
    """``reason`` on one line; UsageError where it says nothing."""
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError("--reason is empty: say in a sentence why the new state is right")
    try:
        reason.encode()
    except UnicodeEncodeError:  # what a shell passes on that is no UTF-8
        raise UsageError(f"--reason {reason!r} is no UTF-8: write it in UTF-8, or in ASCII") from None
    return reason


def gated(verdict: Verdict) -> bool:
    """Whether scenarios of that verdict have to be expected."""
    return verdict.fails or verdict in INTENDED
