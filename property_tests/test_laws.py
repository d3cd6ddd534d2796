"""Each law is broken by the rule that was made to break it, and by no correct rule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparators import registry
from comparators.exact import Exact
from comparators.interface import Comparator
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Rule, Scenario, Verdict
from gradassay.why.laws import LAWS, broken_laws
from gradassay.why.laws.probe import bound, violation
from property_tests.strategies.scenarios import draw_scenarios
from reference_impls.defects import DEFECTS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "relations.md"
WORDS = {law.name: law.words for law in LAWS}


def agreeing(operation: str, comparator: Comparator, *, dtype: str, examples: int) -> list[Scenario]:
    """The scenarios in which it agrees."""
    target = OPERATIONS[operation]
    drawn = draw_scenarios(target, dtype=dtype, examples=examples, seed=2)
    able = [scenario for scenario in drawn if scenario.valid and comparator.supports(scenario) is None]
    questions = [Question(scenario, Exact(target.definition), ()) for scenario in able]
    return [q.scenario for q in questions if judge(q, comparator).verdict is Verdict.AGREES]


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_correct_rule_breaks_no_law(operation: str, dtype: str) -> None:
    comparator = RuleComparator("numpy", OPERATIONS[operation].rule)
    for scenario in agreeing(operation, comparator, dtype=dtype, examples=12):
        assert broken_laws(comparator, scenario, operation) == (), scenario


@pytest.mark.parametrize("name", ["torch", "tensorflow"])
@pytest.mark.parametrize("operation", ["softmax", "get_item", "max"])
def test_a_framework_that_agrees_breaks_no_law(operation: str, name: str) -> None:
    pytest.importorskip(name)
    comparator = registry.load(name)
    if operation not in comparator.operations:
        pytest.skip(f"{name} has no {operation}")
    for scenario in agreeing(operation, comparator, dtype="float64", examples=7):
        assert broken_laws(comparator, scenario, operation) == (), scenario


def said_of(operation: str, rule: Rule, *, examples: int = 30, seed: int = 0) -> set[str]:
    """The names of the laws that a rule breaks in the scenarios in which it is wrong, five at most."""
    target, comparator = OPERATIONS[operation], RuleComparator("planted", rule)
    by_words = {law.words: law.name for law in LAWS}
    said: set[str] = set()
    found = 0
    for scenario in draw_scenarios(target, dtype="float64", examples=examples, seed=seed):
        question = Question(scenario, Exact(target.definition), ())
        if found < 5 and judge(question, comparator).verdict is Verdict.WRONG:
            found += 1
            said |= {by_words[s.rpartition(" (")[0]] for s in broken_laws(comparator, scenario, operation)}
    return said


#: defect -> the laws that it has to break.
BROKEN = {
    "softmax: y - y² for the gradient": {"scaling", "softmax sum"},
    "relu: passes positive cotangents alone": {"scaling", "adjoint", "Euler"},
    "softmax_regression: clipped norm": {"scaling", "additivity"},
    "softmax: a term missing": {"softmax sum", "adjoint"},
    "softmax: only the diagonal of the Jacobian": {"softmax sum", "adjoint"},
    "softmax: sums over the whole batch": {"softmax sum", "batch"},
    "softmax: over the whole array": {"batch"},
    "softmax_cross_entropy: wrong sign": {"adjoint"},
    "softmax_cross_entropy: 1 less at every label of every row": {"loss sum", "adjoint"},
    "get_item: overwritten": {"total", "there and back", "Euler"},
    "get_item_grad: overwritten": {"there and back", "Euler"},
    "get_item: off by one": {"there and back", "Euler"},
    "max: ties: all": {"shares", "Euler"},
    "max: the cotangent to the smallest": {"Euler", "adjoint"},
    "mean: the length forgotten in the gradient": {"shares", "Euler"},
    "sum: the cotangent to the first of each slice": {"Euler", "order in the reduced slice"},
    "affine: b_bar from the first row alone": {"order of rows", "adjoint"},
    "l2_penalty: weights not normalised": {"doubling", "Euler"},
    "mean_squared_error: the factor 2 missing": {"Euler"},
    "mean_squared_error: one sign for prediction and target": {"opposite"},
    "tanh: 1 - y": {"oddness"},
    "sigmoid: 1 - s alone": {"reflection"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_defect_breaks_its_laws(name: str) -> None:
    defect = DEFECTS[name]
    assert said_of(defect.operation, defect.rule) >= BROKEN[name]


def leaky_softmax(x: Array, *, axis: Any = -1) -> Any:
    y, pullback = OPERATIONS["softmax"].rule(x, axis=axis)
    weight = np.tanh(x)  # not the same after a shift, and in the place of 1
    return y, lambda y_bar: pullback(y_bar) * weight


def uneven_entries(x: Array) -> Any:
    y, pullback = OPERATIONS["exp"].rule(x)
    return y, lambda y_bar: pullback(y_bar) * np.linspace(1, 2, max(1, x.size))[: x.size].reshape(x.shape)


def uneven_slice(x: Array, *, axis: Any = -1) -> Any:
    y, pullback = OPERATIONS["softmax"].rule(x, axis=axis)
    return y, lambda y_bar: pullback(y_bar) * np.linspace(1, 2, max(1, x.size))[: x.size].reshape(x.shape)


def first_sample_twice(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)

    def pulled(y_bar: Array) -> Array:
        x_bar = np.array(pullback(y_bar))
        if x_bar.ndim > 1:
            x_bar[:1] *= 2
        return x_bar * (1 + x.mean() if x.size else 1)

    return y, pulled


def biased(x: Array, W: Array, b: Array, labels: Array, *, reduction: str = "mean") -> Any:
    y, pullback = OPERATIONS["softmax_regression"].rule(x, W, b, labels, reduction=reduction)

    def pulled(y_bar: Array) -> Any:
        x_bar, W_bar, b_bar, _ = pullback(y_bar)
        return x_bar, W_bar, b_bar + y_bar.sum(), None

    return y, pulled


@pytest.mark.parametrize(
    ("operation", "rule", "laws"),
    [
        ("softmax", leaky_softmax, {"shift"}),
        ("softmax", uneven_slice, {"order in the slice"}),
        ("exp", uneven_entries, {"order of entries"}),
        ("softmax_cross_entropy", first_sample_twice, {"order of samples", "loss shift"}),
        ("softmax_regression", biased, {"bias sum"}),
    ],
)
def test_a_rule_made_for_it_breaks_a_law(operation: str, rule: Rule, laws: set[str]) -> None:
    assert said_of(operation, rule, examples=60) >= laws


def test_every_law_is_broken_by_some_rule_of_these_tests() -> None:
    made = {"shift", "order in the slice", "order of entries", "order of samples", "loss shift", "bias sum"}
    assert set().union(*BROKEN.values(), made) == set(WORDS)


def test_a_violation_has_to_exceed_its_bound_and_to_be_finite() -> None:
    one = np.ones(3)
    assert violation(one, one, bound(one)) is None
    assert violation(one, one + 1e-13, bound(one)) is None
    assert violation(one, one + np.array([0, 1e-3, 0]), bound(one)) == pytest.approx(1e-3)
    assert violation(one, np.array([1, np.nan, np.inf]), bound(one)) is None


ONLY_THE_DIAGONAL = RuleComparator("planted", DEFECTS["softmax: only the diagonal of the Jacobian"].rule)


def test_a_law_says_by_how_much_it_is_broken() -> None:
    scenario = Scenario("softmax", "float32", (np.zeros(2, np.float32),), {}, np.array([1, 0], np.float32))
    assert "the gradient does not sum to 0 along the axis (0.25)" in broken_laws(
        ONLY_THE_DIAGONAL, scenario, "softmax"
    )


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_where_a_number_is_not_finite_nothing_is_said(value: float) -> None:
    scenario = Scenario("softmax", "float64", (np.array([0.0, value]),), {}, np.array([1.0, 0.0]))
    assert broken_laws(ONLY_THE_DIAGONAL, scenario, "softmax") == ()


def test_page_and_code_name_the_same_laws_in_the_same_words() -> None:
    _, _, laws = PAGE.read_text(encoding="utf-8").partition("## Laws")
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", laws, flags=re.MULTILINE)
    shown = {name: (operations, words) for name, operations, words in rows}
    assert shown == {law.name: (", ".join(law.operations) or "all", law.words) for law in LAWS}
