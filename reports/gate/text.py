"""The outcome of the gate for a person, and for a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from gradassay.orders import order_of
from gradassay.vocabulary import Run
from gradassay.vocabulary.audit import Audit
from reports.audit_summary import AuditSummary
from reports.gate.breaches import Breach, File
from reports.gate.holding import Holding, State
from reports.gate.places import Scope
from reports.gate.reading import approving
from reports.numbers import count
from reports.showing import show_entry, show_scenario

Style = Callable[..., str]


def text(
    run: Run,
    holding: Holding,
    state: State,
    scope: Scope,
    audit: Audit | None,
    *,
    folder: str,
    coloured: bool,
) -> str:
    """Every breach with its values and votes, what could not be checked, and the result."""
    style: Style = click.style if coloured else _plain
    lines = [line for breach in holding.breaches for line in _breach(breach, folder, scope, style)]
    lines += _not_held(holding, folder, scope, style)
    if audit is not None:
        lines.append(_audited(audit, style))
    if failed(holding, audit):
        breaches = count(len(holding.breaches), "breach", "breaches")
        also = (
            ""
            if audit is None or AuditSummary(audit).ok
            else ", and the audit fails: gradassay audit --quick"
        )
        lines.append(f"{style('FAILED', fg='red', bold=True)}  {breaches} of {folder}{also}")
    elif holding.nothing:
        lines.append(f"{style('NOTHING HELD', fg='red', bold=True)}  {folder} has nothing of this part")
    else:
        extent = _extent(run, holding, state, scope)
        lines.append(f"{style('PASSED', fg='green', bold=True)}  as {folder} has it: {extent}")
    return "\n".join(lines)


def document(holding: Holding, scope: Scope, audit: Audit | None, folder: str) -> str:
    """The same for programs, as JSON."""
    told = {
        "schema": 1,
        "passed": not failed(holding, audit) and not holding.nothing,
        "breaches": [_told(breach, folder, scope) for breach in holding.breaches],
        "not_gated": [_told(breach, folder, scope) for breach in holding.elsewhere],
        "another_platform": {name: {"then": a, "now": b} for name, (a, b) in holding.other.items()},
        "not_installed": dict(holding.unchecked),
        "rows_without_regions": len(holding.without_regions),
        "rows_without_second_order": len(holding.without_second_order),
        "audit": None if audit is None else {"passed": AuditSummary(audit).ok},
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def failed(holding: Holding, audit: Audit | None) -> bool:
    """Whether the gate is closed."""
    return bool(holding.breaches) or not (audit is None or AuditSummary(audit).ok)


def _told(breach: Breach, folder: str, scope: Scope) -> dict[str, object]:
    found = breach.shown
    return {
        "kind": breach.kind.value,
        **breach.place._asdict(),
        "verdict": None if breach.verdict is None else breach.verdict.value,
        "region": breach.region or None,
        "what": breach.what,
        "file": str(breach.file),
        "line": breach.line,
        "id": None if found is None else found.id,
        "votes": list(breach.votes),
        "approve": breach.remedy(folder, scope),
    }


def _breach(breach: Breach, folder: str, scope: Scope, style: Style) -> Iterator[str]:
    yield f"{style(breach.kind, fg='red', bold=True)}  {style(breach.where, bold=True)}  {breach.what}"
    found, example = breach.shown, breach.example
    if example is not None:
        yield from (f"     {name} = {value}" for name, value in show_scenario(example))
        entry = show_entry(example) or (found.message if found is not None else None)
        yield from (f"     {line}" for line in (entry,) if line)
    for vote in breach.votes:
        yield f"     {vote}"
    if found is not None:
        yield f"     look: {found.reproduce}"
    remedy = style(breach.remedy(folder, scope), bold=True)
    yield f"     if this is right: {remedy} (edits {breach.edits(folder)})"


def _not_held(holding: Holding, folder: str, scope: Scope, style: Style) -> Iterator[str]:
    for framework, number in holding.unchecked.items():
        yield f"{style('not checked', fg='yellow')}: {count(number, 'row')} of {framework}, not installed here"
    if holding.without_regions:
        rows = count(len(holding.without_regions), "row")
        what = f"the regions of {rows}, which {folder}/{File.ACCURACY} has no bounds for yet"
        part = scope.around(holding.without_regions, holding.rows)
        yield f"{style('not held', fg='yellow')}: {what}: {_adding(part, folder)}"
    if holding.without_second_order:
        rows = count(len(holding.without_second_order), "row")
        what = f"the second order, {rows} of which {folder}/{File.EXPECTED} has nothing yet"
        of_it = {place for place in holding.rows if order_of(place.operation) == 2}
        part = replace(scope, order=2).around(holding.without_second_order, of_it)
        yield f"{style('not held', fg='yellow')}: {what}: {_adding(part, folder)}"
    changed = [f"{name} was {then} and is {now}" for name, (then, now) in holding.other.items()]
    if not holding.elsewhere:
        if changed:
            yield f"{style('another platform', fg='yellow')}: {'; '.join(changed)}"
        return
    differences = count(len(holding.elsewhere), "difference")
    unrecorded = {
        f"no error is recorded of {breach.platform}" for breach in holding.elsewhere if breach.platform
    }
    other = "; ".join(changed or sorted(unrecorded))
    where = f"where {other}" if other else "by finite differences alone"
    yield f"{style('not gated', fg='yellow')}: {differences} {where}"
    for breach in holding.elsewhere:
        yield f"  {breach.kind}  {breach.where}  {breach.what}"


def _adding(part: Scope, folder: str) -> str:
    """The command that adds what the state has not of ``part``, and leaves what it has."""
    return approving(Path(folder), f"{part.words} --new-only")


def _audited(audit: Audit, style: Style) -> str:
    summary = AuditSummary(audit)
    ours = summary.ours
    found = f"{ours.found} of {ours.defects} defects found, {ours.alarms.rejected} false alarms in {ours.alarms.inputs}"
    return f"audit: {found}" if summary.ok else f"{style('audit', fg='red', bold=True)}: {found}"


def _extent(run: Run, holding: Holding, state: State, scope: Scope) -> str:
    rows = sum(place in scope for place in state.expectations.measured) - sum(holding.unchecked.values())
    known = sum(known.place in scope for known in state.expectations.known)
    parts = (
        count(rows, "row"),
        count(known, "approved discrepancy", "approved discrepancies"),
        count(len(run.replayed), "witness", "witnesses"),
    )
    return ", ".join(parts)


def _plain(words: str, **_how: object) -> str:
    return words
