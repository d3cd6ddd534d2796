"""An audit as a page of the documentation: the checkers side by side, and who sees which defect."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gradassay.vocabulary.audit import Assayed, Audit, Sensitivity, Sighting
from reports.audit_curves import table as sensitivity_table
from reports.audit_summary import AuditSummary, Line
from reports.audit_text import duration
from reports.marking import bullets, code, escape, table
from reports.numbers import count, short

_HEAD = """\
# The audit

Gradassay is judged here, and so are the other checkers of gradients: by rules that are known to be wrong, all of which
a checker should find, and by rules that are known to be right, none of which it should reject. Written by
`gradassay audit --out docs`; `gradassay audit --quick` is the part of it that every commit has to pass.

Every checker gets the same rule, forward and pullback, wrapped as its own documentation says, with its default steps
and tolerances. Each of the others is asked twice: on the inputs that its documentation tells a user to give (random
arrays in float64 of about 4 × 5, standard normal where the operation takes any number, three or four for each
operation with different parameters), and on scenarios of ours, those that `gradassay.verify` takes in float64, since
most of them ask for double precision. What shows in float32 alone they cannot see, nor what shows on an input that
has to be refused. Where a checker takes no such input (too large for a numerical Jacobian, a parameter that the rule
does not have), it says nothing.

A defect counts as *found* on an input on which the checker rejects the defect and accepts the correct rule: who
rejects both has said nothing. *Alarms* are inputs on which it rejects the correct rule. Ours are those of the
scenarios on which defects are found, and of as many more as the table says, in four formats, with the pullbacks as
operations among them.
"""


def page(audit: Audit, curves: Sensitivity | None = None) -> str:
    """The whole page; ``sensitivity.svg`` lies beside it where there are curves."""
    return "\n".join(_lines(AuditSummary(audit), curves)).rstrip() + "\n"


def _lines(summary: AuditSummary, curves: Sensitivity | None) -> Iterator[str]:
    audit = summary.audit
    yield _HEAD
    if audit.interrupted:
        yield "**Interrupted:** this is what was found so far.\n"
    yield "## The checkers\n"
    header = ["checker", "inputs", "found", "alarms", "rules alarmed", "inputs to detection", "time"]
    yield from table(header, [_row(line) for line in summary.lines])
    yield "Inputs and time to detection are medians over the defects that were found.\n"
    yield from bullets(f"Not installed: {name}: {escape(why)}" for name, why in audit.missing.items())
    yield from _calls(audit)
    yield from _alarms(summary)
    yield from _frameworks(audit)
    yield from _verdicts(summary)
    if curves is not None:
        yield "## Sensitivity\n"
        yield "gradcheck's documentation asks for double precision; what it says in float32 stands here to show why.\n"
        yield sensitivity_table(curves)
        yield "![the smallest error found, and every curve](sensitivity.svg)\n"
    yield "## Who sees which defect\n"
    yield "✓ found, · not found, – it could say nothing; for the others on documented inputs, and then on ours.\n"
    for operation, defects in groupby(audit.defects, key=lambda each: each.operation):
        yield f"### {operation}\n"
        yield from _defects(audit, list(defects))
    yield "## Environment\n"
    yield ", ".join(
        f"{name} {code(str(value))}" for name, value in audit.environment.items() if value is not None
    )


def _row(line: Line) -> list[str]:
    alarms = line.alarms
    return [
        escape(line.checker.name),
        line.checker.inputs,
        f"{line.found} of {line.defects} ({short(100 * line.rate)} %)",
        f"{alarms.rejected:,} of {alarms.inputs:,}",
        f"{len(alarms.alarmed)} of {len(alarms.rules)}",
        "" if line.inputs is None else short(line.inputs),
        "" if line.seconds is None else duration(line.seconds),
    ]


def _calls(audit: Audit) -> Iterator[str]:
    """What exactly each checker was asked."""
    yield "## The calls\n"
    for name, checkers in groupby(audit.checkers, key=lambda checker: checker.name):
        checker = next(checkers)
        yield f"{escape(name)}, {escape(checker.version)}:\n"
        yield f"```python\n{checker.call}\n```\n"


def _alarms(summary: AuditSummary) -> Iterator[str]:
    yield "## Correct rules that are rejected\n"
    for line in summary.lines:
        alarmed = line.alarms.alarmed
        names = ", ".join(map(code, alarmed)) if alarmed else "none"
        yield f"- {escape(line.checker.title)}: {names}"
    yield ""
    yield from bullets(map(escape, summary.ours.alarms.examples))


def _frameworks(audit: Audit) -> Iterator[str]:
    if not audit.frameworks:
        return
    yield "## Frameworks\n"
    yield (
        "What fails in a framework's own gradients has to be proven, or it is a mistake of ours. Each failing\n"
        "scenario is held against `reports/expected.toml`, whose discrepancies have their reason there and their\n"
        "proof in [findings](findings.md), by operation, verdict and cause; the seed is another one than theirs.\n"
    )
    header = ["implementation", "scenarios", "failing", "of those proven", "not proven"]
    yield from table(
        header,
        [
            [
                code(each.implementation),
                f"{each.scenarios:,}",
                f"{each.failing:,}",
                f"{each.proven:,}",
                "; ".join(map(escape, each.unproven)) or "none",
            ]
            for each in audit.frameworks
        ],
    )


def _verdicts(summary: AuditSummary) -> Iterator[str]:
    matched, counted = summary.matched
    if not counted:
        return
    yield "## Verdicts\n"
    yield f"{matched} of {count(counted, 'defect')} got the verdict that was expected of most of their scenarios."
    yield "The others:\n" if summary.mistaken else ""
    yield from bullets(
        f"{escape(each.name)}: {each.leading}, expected {each.expected}" for each in summary.mistaken
    )


def _defects(audit: Audit, defects: list[Assayed]) -> Iterator[str]:
    ours, *others = (
        (name, [checker.title for checker in checkers])
        for name, checkers in groupby(audit.checkers, key=lambda checker: checker.name)
    )
    header = [
        "defect",
        "mistake",
        "shows",
        "expected",
        ours[0],
        *(escape(name) for name, _ in others),
        "from",
    ]
    rows = [
        [
            escape(each.name.removeprefix(f"{each.operation}: ")),
            escape(each.mistake),
            escape(each.shows),
            f"`{each.expected}`",
            _ours(each, each.sightings[ours[1][0]]),
            *("".join(_sign(each.sightings[title]) for title in titles) for _, titles in others),
            escape(each.source),
        ]
        for each in defects
    ]
    yield from table(header, rows)


def _ours(each: Assayed, sighting: Sighting) -> str:
    """Found after how many scenarios, and as what where that is not what was expected."""
    if not sighting.found:
        return "·"
    other = f" `{each.leading}`" if each.leading not in (None, each.expected) else ""
    return f"✓ {sighting.inputs}{other}"


def _sign(sighting: Sighting) -> str:
    return "✓" if sighting.found else "·" if sighting.able else "–"
