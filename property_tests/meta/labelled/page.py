"""The table as a page of the documentation: ``python -m property_tests.meta.labelled.page > docs/labelled.md``."""

from __future__ import annotations

from property_tests.meta.labelled.table import TABLE

_HEAD = """\
# Labelled discrepancies

Implementations that are known to be off, or to choose, and what has to be said of each. Verdict and cause follow from
the mathematics and were written down before Gradassay was asked; `property_tests/meta/test_labelled.py` holds the
report to them. The implementations stand in `property_tests/meta/labelled/`; [verdicts.md](verdicts.md) explains the
verdicts.

A label is met if the discrepancy with the most scenarios has the verdict and names the cause, in itself, in its
condition or in its remarks. That has to be so for all but two, and those are called `wrong` under a condition that is
true. None may be called by a convention that it does not follow.

Every smallest example is [replayed](replay.md) in a process of its own, and has to get the same verdict and cause
there; a script of what fails by its numbers, by its structure or by an exception has to exit with 1. Half of the
examples have at most four entries, all arguments together.

| implementation | held against | verdict | cause | from |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(
        f"| {entry.name} | `{entry.operation}` | `{entry.verdict}` | {entry.why} | {entry.source} |\n"
        for entry in TABLE
    )


if __name__ == "__main__":
    print(page(), end="")
