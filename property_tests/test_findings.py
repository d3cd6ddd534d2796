"""docs/findings.md stays complete: every approved discrepancy is in its table, and every row of it leads to a proof."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from gradassay import Verdict
from property_tests.test_docs import anchor
from reports.gate.expectations import Expectations
from reports.gate.expected_toml import read
from reports.gate.places import Known, Place

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "findings.md"
PROOFS = sorted((ROOT / "docs" / "findings").glob("*.md"))
APPROVED = ROOT / "reports" / "expected.toml"


class Told(NamedTuple):
    """One row of the table: what is told together."""

    finding: str
    implementations: frozenset[str]
    verdicts: frozenset[str]
    """``verdict (cause)``."""
    operations: frozenset[str]


def table(text: str) -> list[Told]:
    rows = []
    for line in re.findall(r"^\|(.*)\|$", text, flags=re.MULTILINE)[2:]:
        finding, implementations, verdicts, operations = (cell.strip() for cell in line.split(" | "))
        rows.append(
            Told(
                finding,
                frozenset(implementations.split(", ")),
                frozenset(re.findall(r"\w+ \([^)]*\)", verdicts)),
                frozenset(operations.split(", ")),
            )
        )
    return rows


def told_of(approved: Expectations) -> dict[Known, str]:
    """What a finding is about, with its reason: failures and conventions; who wins a tie is nobody's discrepancy."""
    return {
        known: reason
        for known, reason in approved.known.items()
        if known.verdict.fails or known.verdict is Verdict.CONVENTION
    }


def is_told(known: Known, rows: list[Told]) -> bool:
    name = f"{known.verdict} ({known.cause})"
    return any(
        known.place.operation in row.operations
        and known.place.implementation in row.implementations
        and name in row.verdicts
        for row in rows
    )


@pytest.mark.skipif(not APPROVED.exists(), reason="nothing was approved yet")
def test_every_approved_discrepancy_of_a_framework_is_told() -> None:
    rows = table(PAGE.read_text(encoding="utf-8"))
    missing = [
        f"{known.place.operation} {known.place.implementation}: {known.verdict} ({known.cause})"
        for known in told_of(read(APPROVED))
        if not is_told(known, rows)
    ]
    assert not missing, "\n".join(sorted(set(missing)))


def test_every_finding_has_a_section_with_an_example() -> None:
    sections = {
        (heading.lower(), f"findings/{page.name}#{anchor(heading)}"): section
        for page in PROOFS
        for heading, section in re.findall(
            r"^## (.+)\n((?:(?!^##).*\n)*)", page.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    }
    assert {link(row.finding) for row in table(PAGE.read_text(encoding="utf-8"))} == sections.keys()
    assert all("```pycon " in section for section in sections.values())


def link(finding: str) -> tuple[str, str]:
    """Title, in lower case, and target."""
    found = re.fullmatch(r"\[(.+)\]\((.+)\)", finding)
    assert found, f"{finding} is no link"
    return found[1].lower(), found[2]


@pytest.mark.skipif(not APPROVED.exists(), reason="nothing was approved yet")
def test_what_is_approved_for_one_reason_is_told_as_one_finding() -> None:
    rows = table(PAGE.read_text(encoding="utf-8"))
    findings: dict[str, set[str]] = {}
    for known, reason in told_of(read(APPROVED)).items():
        telling = {row.finding for row in rows if is_told(known, [row])}
        findings[reason] = findings.get(reason, telling) & telling
    scattered = sorted(reason for reason, common in findings.items() if not common)
    assert not scattered, "\n".join(scattered)


def test_an_untold_discrepancy_is_noticed() -> None:
    rows = table(
        "| a | b | c | d |\n|---|---|---|---|\n| [x](#x) | jax | wrong (the primal) | softmax, get_item |\n"
    )

    def known(operation: str, implementation: str, cause: str) -> Known:
        return Known(Place(operation, implementation, "float32"), Verdict.WRONG, cause)

    assert is_told(known("get_item", "jax", "the primal"), rows)
    assert not is_told(known("get_item", "jax", "the gradient"), rows)
    assert not is_told(known("get_item", "torch", "the primal"), rows)
    assert not is_told(known("log_softmax", "jax", "the primal"), rows)


def test_failures_and_conventions_are_told_and_ties_are_not() -> None:
    known = {Known(Place("max", "torch", "float32"), verdict, ""): "why" for verdict in Verdict}
    assert {each.verdict for each in told_of(Expectations(reasons=known))} == {
        Verdict.CONVENTION,
        *(verdict for verdict in Verdict if verdict.fails),
    }
