"""docs/operations.md is complete: every operation, and all that is known of it, stands in its section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comparators import registry
from gradassay.catalogue import OPERATIONS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = {
    title: " ".join(text.split())
    for title, text in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE)
}


def test_the_page_has_a_section_for_each_operation_in_their_order() -> None:
    assert [title for title in SECTIONS if title in OPERATIONS] == list(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_section_names_who_implements_the_operation_and_nobody_else(name: str) -> None:
    rows = re.findall(r"\| `([\w.]+)` \| [^|]+ \|", SECTIONS[name])
    assert rows == [other for other in registry.COMPARATORS if name in registry.operations(other)]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_section_names_the_regions_the_conventions_and_the_edges(name: str) -> None:
    operation, section = OPERATIONS[name], SECTIONS[name]
    regions, edges = (re.search(rf"{kind}: (.*?)\.(?= [A-Z]|$)", section) for kind in ("Regions", "Edges"))
    assert regions
    assert edges
    assert regions[1] == ", ".join(f"`{region}`" for region in operation.regions)
    assert edges[1] == "; ".join(edge.title for edge in operation.edges)
    kinds = {
        "Conventions": [c.name for c in operation.conventions if c.accepted and not c.on_invalid],
        "Known mistakes": [c.name for c in operation.conventions if not c.accepted and not c.on_invalid],
        "Of invalid inputs": [c.name for c in operation.conventions if c.on_invalid],
    }
    for kind, names in kinds.items():
        listed = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
        assert not names or f" {kind}: {listed}." in section


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_section_has_one_formula(name: str) -> None:
    assert len(re.findall(r"```text .*? ```", SECTIONS[name])) == 1
