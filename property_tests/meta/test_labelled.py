"""Of 40 labelled discrepancies the report names verdict and cause, and what it cannot name it calls wrong, and when."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from comparators import registry
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Discrepancy, Row, Verdict
from property_tests.meta.labelled.again import Again, replayed
from property_tests.meta.labelled.entry import Labelled
from property_tests.meta.labelled.page import page
from property_tests.meta.labelled.table import TABLE
from reports.results_json import document

PAGE = Path(__file__).resolve().parents[2] / "docs" / "labelled.md"
#: How many of them the report may leave unnamed, and how large the median of the smallest examples may be.
UNNAMED, ENTRIES = 2, 4

by_name = pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)


@cache
def row_of(entry: Labelled) -> Row:
    reason = entry.missing()
    if reason is not None:
        pytest.skip(reason)
    return entry.row()


def runnable() -> list[Labelled]:
    return [entry for entry in TABLE if entry.missing() is None]


def called(found: Discrepancy | None) -> str:
    if found is None:
        return "nothing"
    return f"{found.verdict} ({found.cause}); condition: {found.condition}; remarks: {found.remarks}"


def true_at_least(found: Discrepancy | None) -> bool:
    """Whether a discrepancy that was not named is called wrong, under a condition that only it meets."""
    return (
        found is not None
        and found.verdict is Verdict.WRONG
        and found.condition is not None
        and found.condition.precision == 1
    )


def test_the_table_spreads_over_operations_and_verdicts() -> None:
    assert len(TABLE) == 40
    assert len({entry.name for entry in TABLE}) == 40
    assert {entry.operation for entry in TABLE} <= set(OPERATIONS)
    assert len({entry.operation for entry in TABLE}) >= 12
    failing = {verdict for verdict in Verdict if verdict.fails}
    assert {entry.verdict for entry in TABLE} == failing | {Verdict.CONVENTION, Verdict.SUBGRADIENT}


def test_the_page_shows_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


@by_name
def test_a_labelled_discrepancy_is_found(entry: Labelled) -> None:
    row = row_of(entry)
    assert entry.main(row) is not None, f"{row.scenarios} scenarios of {entry.operation} show nothing"


@by_name
def test_no_convention_is_claimed_that_is_not_followed(entry: Labelled) -> None:
    found = [d for d in row_of(entry).discrepancies if d.verdict is Verdict.CONVENTION]
    assert all(map(entry.allows, found)), [called(d) for d in found if not entry.allows(d)]


def test_verdict_and_cause_are_named_and_what_is_not_named_is_wrong_under_a_true_condition() -> None:
    mains = [(entry, entry.main(row_of(entry))) for entry in runnable()]
    unnamed = [(entry, found) for entry, found in mains if found is None or not entry.names(found)]
    said = "\n".join(f"{entry.operation}, {entry.name}: {called(found)}" for entry, found in unnamed)
    assert len(unnamed) <= UNNAMED, f"{len(unnamed)} of {len(mains)} are not named:\n{said}"
    assert all(true_at_least(found) for _, found in unnamed), said


def test_the_smallest_examples_have_few_entries() -> None:
    mains = [entry.main(row_of(entry)) for entry in runnable()]
    sizes = [sum(x.size for x in found.example.scenario.args) for found in mains if found is not None]
    assert median(sizes) <= ENTRIES, sorted(sizes)


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Again]:
    """What a process that knows nothing of this one shows of each smallest example, by the entry's name."""
    folder = tmp_path_factory.mktemp("labelled")
    asked = []
    for number, entry in enumerate(runnable()):
        row = row_of(entry)
        found = entry.main(row)
        assert found is not None, entry.name
        file = folder / f"{number}.json"
        file.write_text(json.dumps(document(entry.run(row)), allow_nan=False), encoding="utf-8")
        asked.append((entry.name, found.id, str(file)))
    return replayed(asked, folder)


@by_name
def test_a_smallest_example_is_shown_again_in_a_clean_process(
    entry: Labelled, again: dict[str, Again]
) -> None:
    found = entry.main(row_of(entry))
    assert found is not None
    shown = again[entry.name]
    assert (shown.code, shown.verdict) == (0, found.verdict.value), shown.printed
    assert shown.cause == (found.found or found.cause), shown.printed


@by_name
def test_the_script_of_a_failing_rule_exits_with_1_and_knows_no_gradassay(
    entry: Labelled, again: dict[str, Again]
) -> None:
    if entry.implementation != registry.NUMPY or not entry.verdict.fails:
        pytest.skip("a script of a framework, or of nothing that fails; test_standalone.py has some")
    if entry.verdict is Verdict.IMPURE:
        pytest.skip("a script compares two calls, and not what is done between them")
    done = subprocess.run(
        [sys.executable, "-I", again[entry.name].script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 1, done.stdout
    assert "gradassay" not in Path(again[entry.name].script).read_text(encoding="utf-8").partition('"""')[2]
