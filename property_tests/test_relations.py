"""Each relation is found where it was planted, and under no other name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Rule
from gradassay.why.relations import related
from gradassay.why.relations.constants import TEMPLATES
from gradassay.why.relations.counts import COUNTED, SIZES
from gradassay.why.relations.formulas import FORMULAS, PRIMAL_FORMULAS
from gradassay.why.relations.special import special
from gradassay.why.relations.table import named
from gradassay.why.relations.varying import VARYING
from property_tests.planted_changes import CHANGES, cases_of, wrong_cases

PAGE = Path(__file__).resolve().parent.parent / "docs" / "relations.md"


def with_cotangent(operation: str, change: Callable[[Array], Any]) -> Rule:
    """The catalogue's rule, whose pullback is given another cotangent."""

    def rule(*args: Array, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return y, lambda y_bar: pullback(np.asarray(change(y_bar), y_bar.dtype))

    return rule


#: A rounding to float32 is near enough to be imprecise, and not wrong.
IMPRECISE = {"computed in float32"}
#: Names under which a change of one operation is found before: it is the same there, and simpler.
SAME = {
    # The gradient of a cotangent of one sign has that sign.
    ("exp", "absolute value"): "the cotangent's absolute value",
    ("exp", "0 where the cotangent is negative"): "negative cotangents dropped",
    ("exp", "0 where negative"): "negative cotangents dropped",
}


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - IMPRECISE))
@pytest.mark.parametrize("operation", ["softmax", "log_softmax", "exp"])
def test_a_planted_change_is_found_and_named(operation: str, name: str) -> None:
    cases = cases_of(operation, name)
    found = related(cases)
    assert found is not None
    assert found.name == SAME.get((operation, name), name)
    assert found.sentence.startswith("the gradient is ")
    assert all(map(found.holds, cases))


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - IMPRECISE))
def test_no_relation_is_confused_with_another(name: str) -> None:
    found = related(cases_of("softmax", name))
    assert found is not None
    for other in CHANGES.keys() - IMPRECISE - {name}:
        confused = all(map(found.holds, cases_of("softmax", other)))
        wider = {"some entries 0", "some signs wrong", "entries in another order", *(c.name for c in VARYING)}
        assert not confused or found.name in wider, f"{found.name} holds for {other}"


COTANGENTS: dict[str, Callable[[Array], Any]] = {
    "the cotangent ignored": np.ones_like,
    "the cotangent squared": lambda g: g * g,
    "the cotangent's absolute value": np.abs,
    "the cotangent's sign": np.sign,
    "negative cotangents dropped": lambda g: np.maximum(g, 0),
    "the cotangent averaged": lambda g: np.full_like(g, np.mean(g)) if g.size else g,
    "the cotangent summed": lambda g: np.full_like(g, np.sum(g)),
    "the cotangent reversed": np.flip,
    "the cotangent off by one": lambda g: np.roll(g, 1),
}


@pytest.mark.parametrize("name", COTANGENTS)
@pytest.mark.parametrize("operation", ["log_softmax", "sigmoid", "log"])
def test_another_cotangent_is_found_and_named(operation: str, name: str) -> None:
    cases = wrong_cases(operation, with_cotangent(operation, COTANGENTS[name]))
    found = related(cases)
    assert found is not None
    assert found.name == name
    assert all(map(found.holds, cases))


OWN = [(operation, formula.name) for operation, table in FORMULAS.items() for formula in table]


@pytest.mark.parametrize(("operation", "name"), OWN)
def test_a_known_mistake_of_an_operation_is_found_and_named(operation: str, name: str) -> None:
    formula = next(f for f in FORMULAS[operation] if f.name == name)

    def rule(*args: Array, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)

        def pulled(y_bar: Array) -> Any:
            bars = pullback(y_bar)
            with np.errstate(all="ignore"):
                wrong = formula.value(y, y_bar, *args, **params)
            first = np.asarray(wrong, args[0].dtype)
            return (first, *bars[1:]) if isinstance(bars, tuple) else first

        return y, pulled

    cases = wrong_cases(operation, rule, examples=90)
    found = related(cases)
    assert found is not None
    assert found.name == name


def test_page_and_code_name_the_same_relations() -> None:
    table = set(re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    code = {*named(), *TEMPLATES, *SIZES, *(c.name for c in VARYING)}
    assert table - laws_on_the_page() == code


def laws_on_the_page() -> set[str]:
    _, _, laws = PAGE.read_text(encoding="utf-8").partition("## Laws")
    return set(re.findall(r"^\| `([^`]+)` \|", laws, flags=re.MULTILINE))


def test_no_two_relations_of_an_operation_share_a_name() -> None:
    general = [*(c.name for c in COUNTED), *(c.name for c in VARYING)]
    own = {
        name for operation in {**FORMULAS, **PRIMAL_FORMULAS} for c in special(operation) for name in [c.name]
    }
    assert len(general) == len(set(general))
    assert not own & set(general)
