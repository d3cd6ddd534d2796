"""Each relation is found where it was planted, and under no other name; random errors are related to nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.question import Question
from gradassay.verdicts import judge_evaluation
from gradassay.vocabulary import Array, Rule, Verdict
from gradassay.why.cases import Case
from gradassay.why.purity import remarks_of
from gradassay.why.relations import related, relations
from gradassay.why.relations.constants import TEMPLATES, Interval, simplest
from gradassay.why.relations.counts import COUNTED, SIZES
from gradassay.why.relations.formulas import FORMULAS, PRIMAL_FORMULAS
from gradassay.why.relations.samples import Fit, evenly, samples_of
from gradassay.why.relations.special import special
from gradassay.why.relations.table import named
from gradassay.why.relations.varying import VARYING
from property_tests.strategies.layouts import lay_out
from property_tests.strategies.scenarios import draw_scenarios

PAGE = Path(__file__).resolve().parent.parent / "docs" / "relations.md"

#: ``change(x_bar, y_bar, x, y)`` in the place of the right gradient.
Change = Callable[[Array, Array, Array, Array], Any]


def wrong_cases(operation: str, rule: Rule, *, dtype: str = "float64", examples: int = 45) -> list[Case]:
    """The scenarios in which a rule is wrong."""
    target, comparator = OPERATIONS[operation], RuleComparator("planted", rule)
    cases = []
    for scenario in draw_scenarios(target, dtype=dtype, examples=examples, seed=1):
        question = Question(scenario, Exact(target.definition), ())
        evaluation = comparator.evaluate(scenario)
        finding = judge_evaluation(question, comparator, evaluation)
        if finding.verdict is Verdict.WRONG:
            cases.append(Case(scenario, finding, evaluation, question))
    return cases


def planted(operation: str, change: Change) -> Rule:
    """The catalogue's rule with its first gradient changed."""

    def rule(*args: Array, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)

        def pulled(y_bar: Array) -> Any:
            bars = pullback(y_bar)
            first, *rest = bars if isinstance(bars, tuple) else (bars,)
            with np.errstate(all="ignore"):
                changed = np.asarray(change(first, y_bar, args[0], y), first.dtype)
            return (changed, *rest) if rest else changed

        return y, pulled

    return rule


def with_cotangent(operation: str, change: Callable[[Array], Any]) -> Rule:
    """The catalogue's rule, whose pullback is given another cotangent."""

    def rule(*args: Array, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return y, lambda y_bar: pullback(np.asarray(change(y_bar), y_bar.dtype))

    return rule


def rolled(axis: int) -> Change:
    return lambda g, y_bar, x, y: np.roll(g, 1, axis) if g.ndim > 1 else np.roll(g, 1)


def only(entries: Callable[[Array], Array]) -> Change:
    def change(g: Array, y_bar: Array, x: Array, y: Array) -> Array:
        part = np.zeros(g.shape, g.dtype)
        flat, source = part.reshape(-1), g.reshape(-1)
        at = entries(np.arange(g.size))
        flat[at] = source[at]
        return part

    return change


CHANGES: dict[str, Change] = {
    "zero": lambda g, y_bar, x, y: 0 * g,
    "wrong sign": lambda g, y_bar, x, y: -g,
    "factor 2": lambda g, y_bar, x, y: g + g,
    "factor 1/2": lambda g, y_bar, x, y: g / 2,
    "factor -3": lambda g, y_bar, x, y: -3 * g,
    "factor 2/3": lambda g, y_bar, x, y: g * 2 / 3,
    "factor 1.001": lambda g, y_bar, x, y: g * 1.001,
    "factor log 2": lambda g, y_bar, x, y: g * np.log(2),
    "factor 0.7123": lambda g, y_bar, x, y: g * 0.71234567,
    "factor N, N the number of entries": lambda g, y_bar, x, y: g * x.size,
    "factor 1/N, N the number of entries": lambda g, y_bar, x, y: g / max(1, x.size),
    "factor N, N the length of the last axis": lambda g, y_bar, x, y: g * (x.shape[-1] if x.ndim else 1),
    "factor 1/N, N the length of the first axis": lambda g, y_bar, x, y: (
        g / (max(1, len(x)) if x.ndim else 1)
    ),
    "+1 in every entry": lambda g, y_bar, x, y: g + 1,
    "-1/2 in every entry": lambda g, y_bar, x, y: g - 0.5,
    "reversed": lambda g, y_bar, x, y: np.flip(g),
    "off by one": lambda g, y_bar, x, y: np.roll(g, 1),
    "off by one backwards": lambda g, y_bar, x, y: np.roll(g, -1),
    "squared": lambda g, y_bar, x, y: g * g,
    "absolute value": lambda g, y_bar, x, y: np.abs(g),
    "clipped at 1/10": lambda g, y_bar, x, y: np.clip(g, -0.1, 0.1),
    "0 where the cotangent is negative": lambda g, y_bar, x, y: np.where(y_bar >= 0, g, 0),
    "0 where the argument is positive": lambda g, y_bar, x, y: np.where(x <= 0, g, 0),
    "0 where negative": lambda g, y_bar, x, y: np.where(g >= 0, g, 0),
    "the first entry alone": only(lambda at: at[:1]),
    "the last entry alone": only(lambda at: at[-1:]),
    "some entries 0": only(lambda at: at[at % 3 != 1]),
    "some signs wrong": lambda g, y_bar, x, y: (
        g * np.where(np.arange(g.size) % 3 == 1, -1, 1).reshape(g.shape)
    ),
    "entries in another order": lambda g, y_bar, x, y: np.sort(g, axis=None).reshape(g.shape),
    "computed in float32": lambda g, y_bar, x, y: g.astype(np.float32),
    "computed in float16": lambda g, y_bar, x, y: g.astype(np.float16),
    "proportional to the truth": lambda g, y_bar, x, y: g * (1.5 + np.sin(np.sum(x))),
    "a term added to every entry": lambda g, y_bar, x, y: g + (1.5 + np.sin(np.sum(y_bar))),
}
#: A rounding to float32 is near enough to be imprecise, and not wrong.
IMPRECISE = {"computed in float32"}
#: Names under which a change of one operation is found before: it is the same there, and simpler.
SAME = {
    # The gradient of a cotangent of one sign has that sign.
    ("exp", "absolute value"): "the cotangent's absolute value",
    ("exp", "0 where the cotangent is negative"): "negative cotangents dropped",
    ("exp", "0 where negative"): "negative cotangents dropped",
}


@cache
def cases_of(operation: str, name: str) -> tuple[Case, ...]:
    return tuple(wrong_cases(operation, planted(operation, CHANGES[name])))


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


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("operation", "factor"), [("get_item", 2.0), ("sum", -1.0), ("affine", 0.5)])
def test_a_factor_is_found_in_every_dtype(operation: str, factor: float, dtype: str) -> None:
    rule = planted(operation, lambda g, y_bar, x, y: g * g.dtype.type(factor))
    found = related(wrong_cases(operation, rule, dtype=dtype))
    assert found is not None
    assert found.name == {2.0: "factor 2", -1.0: "wrong sign", 0.5: "factor 1/2"}[factor]
    assert found.sentence.startswith(
        "the gradient of argument 0 " if operation == "affine" else "the gradient "
    )


def test_the_number_of_samples_is_told_from_other_sizes() -> None:
    def rule(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
        y, _ = OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction=reduction)
        _, summed = OPERATIONS["softmax_cross_entropy"].rule(
            x, labels, reduction="sum" if reduction == "mean" else reduction
        )
        return y, summed

    found = related(wrong_cases("softmax_cross_entropy", rule))
    assert found is not None
    assert found.name == "factor N, N the number of samples"


def test_primal_and_gradient_that_share_a_relation_are_told_together() -> None:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return 2 * y, lambda y_bar: 2 * pullback(y_bar)

    found = related(wrong_cases("tanh", rule))
    assert found is not None
    assert (found.name, found.sentence) == ("factor 2", "the primal and the gradient are 2 times the truth")


def test_primal_and_gradient_with_two_relations_are_told_apart() -> None:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["tanh"].rule(x)
        return -y, lambda y_bar: 2 * pullback(y_bar)

    found = related(wrong_cases("tanh", rule))
    assert found is not None
    assert found.name == "primal: wrong sign, gradient: factor 2"


def test_what_is_off_in_the_primal_alone_says_so() -> None:
    def rule(x: Array) -> Any:
        y, pullback = OPERATIONS["exp"].rule(x)
        return y * 4, pullback

    found = related(wrong_cases("exp", rule))
    assert found is not None
    assert (found.name, found.sentence) == ("primal: factor 4", "the primal is 4 times the truth")


def noise(*arrays: Array, size: int) -> Array:
    """Random numbers that are the same for the same arrays."""
    seed = [int(b) for array in arrays for b in np.ascontiguousarray(array).tobytes()[:64]]
    return np.random.default_rng([len(seed), *seed]).standard_normal(size)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("operation", ["softmax", "exp", "affine", "get_item"])
@pytest.mark.parametrize("kind", ["instead of", "on top of", "times"])
def test_random_errors_are_related_to_nothing(operation: str, kind: str, dtype: str) -> None:
    def change(g: Array, y_bar: Array, x: Array, y: Array) -> Any:
        z = noise(y_bar, x, size=g.size).reshape(g.shape)
        wide = g.astype(np.float64)
        return {"instead of": z, "on top of": wide + z, "times": wide * (1.5 + np.abs(z))}[kind]

    cases = wrong_cases(operation, planted(operation, change), dtype=dtype, examples=45)
    assert len(cases) > 10
    assert related(cases) is None
    assert relations(cases) == []


def test_one_case_proves_nothing() -> None:
    cases = cases_of("softmax", "factor 2")
    assert related(cases[:1]) is None
    assert related([]) is None
    assert relations([]) == []


def test_an_entry_alone_is_proportional_to_anything_and_proves_nothing() -> None:
    cases = [case for case in cases_of("exp", "proportional to the truth") if case.scenario.args[0].size == 1]
    varying = {c.name: c for c in VARYING}["proportional to the truth"]
    samples = [sample for case in cases for sample in samples_of(case)]
    assert samples
    assert all(varying.fit(sample) is not Fit.EVIDENCE for sample in samples)


def test_two_mistakes_are_told_one_after_the_other() -> None:
    def change(g: Array, y_bar: Array, x: Array, y: Array) -> Any:
        return 3 * g if y_bar.sum() > 0.8 * np.abs(y_bar).sum() else -g

    cases = wrong_cases("exp", planted("exp", change), examples=120)
    found = relations(cases)
    assert [relation.name for relation, _ in found] == ["wrong sign", "factor 3"]
    assert sum(len(covered) for _, covered in found) == len(cases)
    assert all(relation.holds(case) for relation, covered in found for case in covered)


def test_the_cases_looked_at_are_evenly_chosen_and_always_the_same() -> None:
    cases = cases_of("softmax", "factor 2")
    few = evenly(cases, 5)
    assert [few[0], few[-1]] == [cases[0], cases[-1]]
    assert [id(case) for case in few] == [id(case) for case in evenly(cases, 5)]
    assert len({id(case) for case in few}) == 5


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1.999, 2.001, "2"),
        (0.3333, 0.33334, "1/3"),
        (-0.2501, -0.2499, "-1/4"),
        (1.00099, 1.00101, "1.001"),
        (0.69314, 0.69315, "log 2"),
        (0.3, 0.4, None),
        (-1.0, 1.0, None),
        (2.0, 1.0, None),
        (np.nan, np.nan, None),
    ],
)
def test_a_number_is_called_by_its_shortest_name(low: float, high: float, words: str | None) -> None:
    found = simplest(Interval(low, high))
    assert (found.words if found else None) == words


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


# ---- purity


def view_of_its_argument(x: Array, *, index: Any) -> Any:
    return x[index], OPERATIONS["get_item"].rule(x, index=index)[1]


def hands_its_cotangent_on(x: Array) -> Any:
    return x.copy(), lambda y_bar: y_bar


def keeps_its_gradient(x: Array) -> Any:
    x_bar = np.exp(x)
    return x_bar, lambda y_bar: x_bar


def reads_by_memory(x: Array) -> Any:
    return np.exp(
        x
    ), lambda y_bar: y_bar * (np.exp(x) if x.flags.c_contiguous else np.exp2(x * np.log2(np.e)))


@pytest.mark.parametrize(
    ("operation", "rule", "remark"),
    [
        ("get_item", view_of_its_argument, "the primal shares memory with argument 0"),
        ("exp", hands_its_cotangent_on, "the gradient shares memory with the cotangent"),
        ("exp", keeps_its_gradient, "the gradient shares memory with the primal"),
        ("exp", keeps_its_gradient, "writing to the primal changes what the pullback returns"),
        ("exp", keeps_its_gradient, "writing to the gradient changes what the pullback returns next"),
        ("exp", reads_by_memory, "other bits from the same values in another memory layout"),
        ("softmax", OPERATIONS["softmax"].rule, "writing to the primal changes what the pullback returns"),
    ],
)
def test_what_results_share_is_remarked_and_nothing_is_changed(
    operation: str, rule: Rule, remark: str
) -> None:
    said: set[str] = set()
    for scenario in draw_scenarios(OPERATIONS[operation], dtype="float64", examples=30, seed=0):
        arrays: Sequence[Array] = (*scenario.args, scenario.cotangent)
        before = [lay_out(array, "C") for array in arrays]
        said |= {sentence.split(" (")[0] for sentence in remarks_of(rule, scenario)}
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, arrays, strict=True))
    assert remark in said


def test_a_rule_that_raises_gets_no_remark() -> None:
    def raising(x: Array) -> Any:
        raise RuntimeError

    (scenario,) = draw_scenarios(OPERATIONS["exp"], dtype="float64", examples=1, seed=0)
    assert remarks_of(raising, scenario) == ()


def test_a_rule_that_sorts_its_index_changes_a_parameter() -> None:
    def sorting(x: Array, *, index: Any) -> Any:
        y, pullback = OPERATIONS["get_item"].rule(x, index=index)
        if isinstance(index, np.ndarray) and index.dtype.kind in "iu":
            index[...] = np.sort(index, axis=None)[::-1].reshape(index.shape)
        return y, pullback

    comparator = RuleComparator("planted", sorting)
    drawn = draw_scenarios(OPERATIONS["get_item"], dtype="float64", examples=60, seed=0)
    assert "changes a parameter in place" in {comparator.evaluate(scenario).impurity for scenario in drawn}
