"""The reporters; a new one is one file and one line here."""

from __future__ import annotations

from reports.explanation import ExplanationReporter
from reports.interface import Reporter
from reports.markdown import MarkdownReporter
from reports.results_json import JsonReporter
from reports.terminal import TerminalReporter

REPORTERS: dict[str, Reporter] = {
    reporter.name: reporter
    for reporter in (
        TerminalReporter(),
        ExplanationReporter(),
        MarkdownReporter(),
        JsonReporter(),
    )
}


def reporter(name: str) -> Reporter:
    """The reporter of that name."""
    return REPORTERS[name]
