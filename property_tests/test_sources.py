"""docs/sources.md stays complete: every function of every document has a row, and all that a row names is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gradassay.catalogue import OPERATIONS
from property_tests.source_functions import FUNCTIONS
from reference_impls.defects import DEFECTS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "sources.md"
KINDS = ("operation", "convention", "model", "function", "defect")
LINK = re.compile(r"\[`([\w.]+)`\]\(\.\./([\w./]+)\)")
NAMED = re.compile(r"document (\d+), ([\w.#]+)(?=;|$)")

#: What is wrong in a document and no defect of its own.
NO_DEFECT = {
    ("000", "GetItem"): "a view of the argument is a remark, and nothing fails for it",
    ("003", "SoftmaxClassifier.copy_params"): "it copies parameters",
    ("004", "Differentiate.gradient_descent"): "it moves its starting point, by right slopes",
}


class Row(NamedTuple):
    """One row of a document's table."""

    document: str
    names: tuple[str, ...]
    """What stands for these functions of the document ..."""
    kind: str
    here: tuple[tuple[str, str], ...]
    """... is this: dotted path, file."""
    finding: str
    tests: tuple[tuple[str, str], ...]
    """Test function, file."""


def rows_of(text: str) -> Iterator[Row]:
    for document, section in re.findall(
        r"^## Document (\d+):.*\n((?:(?!^## ).*\n?)*)", text, flags=re.MULTILINE
    ):
        for line in re.findall(r"^\|(.*)\|$", section, flags=re.MULTILINE)[2:]:
            names, here, finding, tests = (cell.strip() for cell in line.split(" | "))
            yield Row(
                document,
                tuple(re.findall(r"`([^`]+)`", names)),
                here.partition(":")[0],
                tuple(LINK.findall(here)),
                finding,
                tuple(LINK.findall(tests)),
            )


def untold(rows: list[Row]) -> dict[str, list[str]]:
    """For each document the names that have no row, more than one, or a row and no such function."""
    told = Counter((row.document, name) for row in rows for name in row.names)
    wanted = Counter((document, name) for document, names in FUNCTIONS.items() for name in names)
    wrong = (told - wanted) + (wanted - told)
    return {document: [name for d, name in wrong if d == document] for document in {d for d, _ in wrong}}


def resolved(path: str) -> Any:
    """What a dotted path names: the longest part of it that is a module, and attributes of that."""
    module, _, attribute = path.rpartition(".")
    return getattr(import_module(module), attribute)


@cache
def functions_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


ROWS = list(rows_of(PAGE.read_text(encoding="utf-8")))
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.document} {row.names[0]}")


def test_every_function_of_every_document_has_one_row() -> None:
    assert not untold(ROWS)


def test_a_missing_row_a_second_one_and_one_for_nothing_are_noticed() -> None:
    first, *others = ROWS
    assert untold(others) == {first.document: list(first.names)}
    assert untold([*ROWS, first]) == {first.document: list(first.names)}
    assert untold([*ROWS, first._replace(names=("no_such_function",))]) == {
        first.document: ["no_such_function"]
    }


@every_row
def test_what_stands_for_a_function_is_there_and_in_the_file_linked_to(row: Row) -> None:
    assert row.kind in KINDS
    assert row.here
    for path, file in row.here:
        assert callable(resolved(path))
        assert import_module(path.rpartition(".")[0]).__file__ == str(ROOT / file)


@every_row
def test_what_shows_it_is_a_test_of_the_file_linked_to(row: Row) -> None:
    assert row.finding
    assert row.tests
    for name, file in row.tests:
        assert name.startswith("test_")
        assert name in functions_in(file)


@every_row
def test_an_operation_and_a_convention_are_in_the_catalogue(row: Row) -> None:
    targets = [resolved(path) for path, _ in row.here]
    rules = {operation.rule for operation in OPERATIONS.values()}
    conventions = {c.change for operation in OPERATIONS.values() for c in operation.conventions}
    if row.kind == "operation":
        assert rules.intersection(targets)
    if row.kind == "convention":
        assert conventions.issuperset(targets)


def planted() -> set[tuple[str, str]]:
    """Document and function of every defect that was met in one."""
    return {named for defect in DEFECTS.values() for named in NAMED.findall(defect.source)}


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.kind == "defect"], ids=lambda row: f"{row.document} {row.names[0]}"
)
def test_what_is_wrong_in_a_document_is_a_defect_of_the_zoo_or_none_for_a_reason(row: Row) -> None:
    places = {(row.document, name) for name in row.names}
    assert bool(places & planted()) != bool(places & NO_DEFECT.keys())


def test_a_defect_names_functions_that_the_documents_have() -> None:
    assert planted() <= {(document, name) for document, names in FUNCTIONS.items() for name in names}
