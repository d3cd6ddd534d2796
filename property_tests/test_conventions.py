"""Conventions: what an implementation means by an operation is named, and only where it is that and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.findings import Finding
from gradassay.judging import AgainstTruth
from gradassay.question import Question
from gradassay.second_order import pullback_operation
from gradassay.verdicts import judge_evaluation
from gradassay.vocabulary import Array, Definition, Evaluation, Operation, Scenario, Verdict
from property_tests.strategies import draw_scenarios
from reference_impls.defects import DEFECTS

P = np.array([[0.5, 0.25, 0.0625], [0.125, 0.5, 0.5]])
LABELS = np.array([2, 0])
Change = Any


def truth(definition: Definition, given: Scenario) -> Evaluation:
    """What an implementation of the definition returns that rounds once."""
    found = Exact(definition).evaluate(replace(given, valid=True))
    assert found is not None
    dtype = given.cotangent.dtype
    return Evaluation(
        found.primal.mid.astype(dtype), tuple(gradient.mid.astype(dtype) for gradient in found.gradients)
    )


def found(operation: Operation, given: Scenario, evaluation: Evaluation) -> Finding:
    question = Question(given, Exact(operation.definition), operation.conventions)
    return judge_evaluation(question, RuleComparator("planted", operation.rule), evaluation)


def of(name: str, *args: Array, y_bar: Any = 1.5, valid: bool = True, **params: Any) -> Scenario:
    operation = OPERATIONS[name]
    wanted = tuple(i % len(args) for i in operation.differentiable)
    return Scenario(name, "float64", args, params, np.asarray(y_bar), wanted, valid=valid)


def change_of(name: str, convention: str) -> Change:
    return next(c.change for c in OPERATIONS[name].conventions if c.name == convention)


CONVENTIONS = [(name, c) for name, operation in OPERATIONS.items() for c in operation.conventions]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_convention_of_an_operation_has_a_truth_wherever_plain_arithmetic_has_a_value(
    name: str,
) -> None:
    operation = OPERATIONS[name]
    valued = set()
    for given in draw_scenarios(operation, dtype="float32", examples=2 * len(operation.regions), seed=5):
        for convention in operation.conventions:
            if sum(x.size for x in given.args) > 1000:
                continue
            changed = convention.change(operation.definition)
            try:
                with np.errstate(all="ignore"):
                    y = np.asarray(changed(*given.args, **given.params))
            except (ValueError, IndexError):  # what the definition refuses it may refuse, too
                continue
            valued.add(convention.name)
            cotangent = np.ones(y.shape, np.float32)
            assert Exact(changed).evaluate(replace(given, cotangent=cotangent, valid=True)) is not None
    assert valued >= {c.name for c in operation.conventions if c.name != "broadcast"}


@pytest.mark.parametrize(("name", "convention"), CONVENTIONS, ids=lambda part: getattr(part, "name", part))
def test_a_convention_has_a_source_and_a_name_of_one_line(name: str, convention: Any) -> None:
    assert convention.source
    assert convention.name == convention.name.strip()
    assert "\n" not in convention.name


def test_a_convention_is_named() -> None:
    operation = OPERATIONS["cross_entropy"]
    given = of("cross_entropy", P, LABELS)
    for name in ("renormalised", "reduction sum", "label smoothing 0.1", "base 2", "1e-7 added"):
        changed = change_of("cross_entropy", name)(operation.definition)
        finding = found(operation, given, truth(changed, given))
        assert (finding.verdict, finding.cause) == (Verdict.CONVENTION, name)


@pytest.mark.parametrize("order", [("renormalised", "clipped at 1e-7"), ("clipped at 1e-7", "renormalised")])
def test_two_in_a_row_are_named_in_the_order_in_which_they_are_applied(order: tuple[str, str]) -> None:
    operation = OPERATIONS["cross_entropy"]
    given = of("cross_entropy", np.array([[1e-9, 0.25, 0.5], [0.125, 0.5, 0.5]]), np.array([0, 0]))
    first, second = (change_of("cross_entropy", name) for name in order)
    finding = found(operation, given, truth(first(second(operation.definition)), given))
    assert (finding.verdict, finding.cause) == (Verdict.CONVENTION, ", ".join(order))


@pytest.mark.parametrize("classes", range(20, 120, 10))
def test_a_flat_alternative_is_named_whatever_plain_arithmetic_makes_of_it(classes: int) -> None:
    operation = OPERATIONS["cross_entropy"]
    p = np.full((3, classes), 1e-18, order="F")
    p[:, 0] = (
        1.0  # every entry is clipped, so that the gradient is 0; sums in another order are rounded apart
    )
    given = of("cross_entropy", p, np.array([1, 2, 0]), y_bar=[-0.25, 2.25, -1.0], reduction="none")
    first, second = (change_of("cross_entropy", name) for name in ("clipped at 1e-7", "renormalised"))
    finding = found(operation, given, truth(first(second(operation.definition)), given))
    assert (finding.verdict, finding.cause) == (Verdict.CONVENTION, "clipped at 1e-7, renormalised")


@pytest.mark.parametrize(
    ("name", "convention", "args"),
    [
        ("softmax", "over axis 0", (np.array([[1.0, 2.0], [4.0, 3.0]]),)),
        ("softmax_cross_entropy", "softmax applied twice", (P, LABELS)),
        ("softmax_cross_entropy", "y[:, t] for y[arange(n), t]", (P, LABELS)),
        ("cross_entropy", "labels counted from 1", (P, LABELS)),
        ("log", "of 1 + x", (np.array([0.5, 3.0]),)),
    ],
)
def test_a_known_mistake_is_the_cause_of_what_stays_wrong(
    name: str, convention: str, args: tuple[Array, ...]
) -> None:
    operation = OPERATIONS[name]
    shape = np.shape(operation.definition(*args))
    given = of(name, *args, y_bar=np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape))
    changed = change_of(name, convention)(operation.definition)
    finding = found(operation, given, truth(changed, given))
    assert (finding.verdict, finding.cause) == (Verdict.WRONG, convention)


@pytest.mark.parametrize(
    ("primal", "gradient", "cause"),
    [
        ("clipped at 1e-15", "", "primal clipped at 1e-15, gradient not"),
        ("", "reduction sum", "gradient reduction sum, primal not"),
        ("reduction sum", "clipped at 1e-7", "primal reduction sum, gradient clipped at 1e-7"),
    ],
)
def test_a_primal_and_gradients_of_two_definitions_are_wrong_and_both_are_named(
    primal: str, gradient: str, cause: str
) -> None:
    operation = OPERATIONS["cross_entropy"]
    given = of("cross_entropy", np.array([[1e-20, 0.25, 0.5], [0.125, 0.5, 0.5]]), np.array([0, 0]))

    def changed(name: str) -> Definition:
        return change_of("cross_entropy", name)(operation.definition) if name else operation.definition

    y = truth(changed(primal), given).primal
    finding = found(operation, given, Evaluation(y, truth(changed(gradient), given).gradients))
    assert (finding.verdict, finding.cause) == (Verdict.WRONG, cause)


@pytest.mark.parametrize("off", [1 + 1e-9, 1.001, -1.0, 0.0])
def test_what_is_off_an_alternative_is_not_called_by_its_name(off: float) -> None:
    operation = OPERATIONS["cross_entropy"]
    given = of("cross_entropy", P, LABELS)
    right = truth(change_of("cross_entropy", "renormalised")(operation.definition), given)
    (p_bar,) = right.gradients
    assert p_bar is not None
    finding = found(operation, given, replace(right, gradients=(p_bar * off,)))
    assert finding.verdict is Verdict.WRONG
    assert finding.cause == "primal renormalised, gradient not" or "renormalised" not in finding.cause


def test_a_shape_that_is_another_reduction_s_says_so() -> None:
    operation = OPERATIONS["cross_entropy"]
    given = of("cross_entropy", P, LABELS)
    losses = operation.definition(P, LABELS, reduction="none")
    finding = found(operation, given, Evaluation(losses))
    assert (finding.verdict, finding.cause) == (Verdict.STRUCTURE, "shape of reduction none")
    assert found(operation, given, Evaluation(losses + 1)).cause == "shape"


@pytest.mark.parametrize(
    ("label", "convention", "verdict"),
    [
        (-100, "label -100 ignored", Verdict.CONVENTION),
        (-1, "labels counted from the end", Verdict.CONVENTION),
        (7, "no class is NaN", Verdict.CONVENTION),
        (7, "no class is a row of zeros", Verdict.CONVENTION),
        (7, "labels clamped into range", Verdict.RAISES),
    ],
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_what_is_returned_for_a_label_that_is_no_class_is_named(
    label: int, convention: str, verdict: Verdict, reduction: str
) -> None:
    operation = OPERATIONS["cross_entropy"]
    given = of("cross_entropy", P, np.array([label, 1]), valid=False, reduction=reduction)
    changed = change_of("cross_entropy", convention)(operation.definition)
    evaluation = truth(changed, given)
    finding = found(operation, given, evaluation)
    assert (finding.verdict, finding.cause) == (verdict, convention)
    (p_bar,) = evaluation.gradients
    assert p_bar is not None
    off = found(operation, given, replace(evaluation, gradients=(p_bar + 1,)))
    assert (off.verdict, off.cause) == (Verdict.RAISES, "no exception on an invalid input")


def test_a_mean_over_labels_of_which_none_is_left_has_no_value_and_no_gradient() -> None:
    changed = change_of("cross_entropy", "label -100 ignored")(OPERATIONS["cross_entropy"].definition)
    evaluation = truth(changed, of("cross_entropy", P, np.array([-100, -100]), valid=False))
    (p_bar,) = evaluation.gradients
    assert evaluation.primal is not None
    assert p_bar is not None
    assert np.isnan(evaluation.primal).all()
    assert not np.any(p_bar)


def test_an_index_out_of_range_may_be_clamped_and_its_cotangent_dropped() -> None:
    operation = OPERATIONS["get_item"]
    given = of(
        "get_item", np.array([1.0, 2.0, 4.0]), y_bar=np.array([3.0, 5.0]), valid=False, index=np.array([7, 1])
    )
    finding = found(operation, given, Evaluation(np.array([4.0, 2.0]), (np.array([0.0, 5.0, 0.0]),)))
    assert (finding.verdict, finding.cause) == (
        Verdict.CONVENTION,
        "index clamped into range, dropped in the gradient",
    )


@pytest.mark.parametrize("name", ["cross_entropy", "get_item"])
def test_an_invalid_scenario_has_a_cotangent_of_the_shape_that_a_convention_gives_it(name: str) -> None:
    operation = OPERATIONS[name]
    drawn = draw_scenarios(operation, dtype="float64", examples=4 * len(operation.regions), seed=0)
    shapes = [given.cotangent.shape for given in drawn if not given.valid]
    assert any(shape != (0,) for shape in shapes)


def test_a_convention_of_a_pullback_is_the_pullback_of_the_convention() -> None:
    operation = pullback_operation(OPERATIONS["cross_entropy"])
    given = Scenario(operation.name, "float64", (P, LABELS, np.array(1.5)), {}, np.ones(P.shape), (0, 2))
    renormalised = next(c for c in operation.conventions if c.name == "renormalised")
    finding = found(operation, given, truth(renormalised.change(operation.definition), given))
    assert (finding.verdict, finding.cause) == (Verdict.CONVENTION, "renormalised")


def test_another_shape_than_a_convention_gives_an_invalid_input_is_none() -> None:
    operation = OPERATIONS["sigmoid_classifier"]
    rule = DEFECTS["sigmoid_classifier: swallows errors"].rule
    invalid = [
        given
        for given in draw_scenarios(operation, dtype="float64", examples=100, seed=0)
        if not given.valid and given.cotangent.ndim
    ]
    judge = AgainstTruth(RuleComparator("swallowing", rule), operation.definition, operation.conventions)
    judged = [judge(given) for given in invalid]
    assert invalid
    assert {case.finding.verdict for case in judged if not isinstance(case, str)} == {Verdict.RAISES}
