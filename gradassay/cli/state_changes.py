"""What ``gradassay approve`` changed, told line by line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradassay.cli.output import style

if TYPE_CHECKING:
    from gradassay.vocabulary import Witness
    from reports.gate.accuracy import Bound
    from reports.gate.holding import State


def changes(before: State, after: State) -> list[str]:
    """What differs between two states, a line each."""
    from reports.gate.accuracy import change

    then, now = before.expectations.known, after.expectations.known
    lines = [
        f"{style('+', fg='green')} {' '.join(known.place)} {known}"
        for known in sorted(now.keys() - then.keys())
    ]
    lines += [
        f"{style('-', fg='red')} {' '.join(known.place)} {known}"
        for known in sorted(then.keys() - now.keys())
    ]
    for place, bound in sorted(after.accuracy.bounds.items()):
        old = before.accuracy.bounds.get(place)
        if old is not None and old != bound:
            lines.append(f"~ {' '.join(place)}: {change(old, bound)}")
    return [*lines, *_listed(before, after), *_unbounded(before, after), *_failures(before, after)]


def summary(before: State, after: State, folder: str) -> str:
    """How much changed, and how much there is now."""
    then, now = before.expectations.known, after.expectations.known
    added, gone = len(now.keys() - then.keys()), len(then.keys() - now.keys())
    kept = len(now) - added
    rows, witnesses = len(after.expectations.measured), len(after.witnesses)
    return (
        f"{folder}: {added} added, {gone} removed, {kept} unchanged; {rows} rows, "
        f"{len(after.accuracy.bounds)} bounds, {witnesses} witnesses"
    )


def _listed(before: State, after: State) -> Iterator[str]:
    """The witnesses that have to be stored now and had not to be, and the other way about."""
    from gradassay.cli.state import stored

    was, is_ = before.expectations.witnesses, after.expectations.witnesses
    then = frozenset(stored(before)) if was is None else was
    now = frozenset(stored(after)) if is_ is None else is_
    for mark, colour, ids in (("+", "green", now - then), ("-", "red", then - now)):
        for operation, name in sorted(ids):
            yield f"{style(mark, fg=colour)} witness {name} of {operation}"


def _unbounded(before: State, after: State) -> Iterator[str]:
    """The bounds that hold nothing, and did before: what hardly anybody means to approve."""
    for place, bound in sorted(after.accuracy.bounds.items()):
        old = before.accuracy.bounds.get(place)
        then = {} if old is None else _limits(old)
        for label, now in _limits(bound).items():
            if not math.isfinite(now) and math.isfinite(then.get(label, 0.0)):
                mark = style("!", fg="red", bold=True)
                so = "no run keeps it" if math.isnan(now) else "no error is too large for it"
                yield f"{mark} {' '.join(place)}: the bound on its {label} is {now}: {so}"


def _limits(bound: Bound) -> dict[str, float]:
    regions = {f"norm-wise error in region {name}": limit for name, limit in (bound.regions or {}).items()}
    return {"error/budget": bound.budget_ratio, "norm-wise error": bound.normwise, **regions}


def _failures(before: State, after: State) -> list[str]:
    """The witnesses on which a rule of ours fails, and did not before: what hardly anybody means to approve."""
    ours = {place.implementation for place in after.accuracy.bounds}
    return [
        f"{style('!', fg='red', bold=True)} {w.scenario.operation} {who} {w.scenario.dtype} fails on witness {w.id}: "
        f"{vote.verdict} ({vote.cause})"
        for w in after.witnesses.values()
        for who, vote in w.votes.items()
        if who in ours and vote.verdict.fails and not _failed(before.witnesses.get(w.id), who)
    ]


def _failed(witness: Witness | None, who: str) -> bool:
    return witness is not None and who in witness.votes and witness.votes[who].verdict.fails
