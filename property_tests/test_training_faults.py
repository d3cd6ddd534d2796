"""A planted fault is named by step and operation, however seldom is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.training import numpy_rules, train
from gradassay.vocabulary import Array, Verdict
from property_tests.planted_trainings import FRAMEWORKS, Planted, pulling, some_frameworks
from reference_impls.models import adam


def summed(x: Array, labels: Array) -> Any:
    return OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction="sum")


def biased(*args: Array, step: int, **params: Any) -> Any:
    return adam(*args, step=10**9, **params)


def late(*args: Array, step: int, **params: Any) -> Any:
    w, m, v = adam(*args, step=step, **params)
    return (w * (1 + 1e-9) if step > 3 else w), m, v


def ascent(w: Array, w_bar: Array, *, rate: float) -> Array:
    return w + rate * w_bar


FAULTS: dict[str, tuple[str, str, Planted, int, str, str]] = {
    "the b gradient of affine is zero": (
        "000-mlp", "affine", pulling("affine", lambda bars: (*bars[:2], 0 * bars[2])), 0, "z2", "the gradient"),
    "the b gradient of affine is None": (
        "001-softmax", "affine", pulling("affine", lambda bars: (*bars[:2], None)), 0, "z", "None"),
    "the pullback of sigmoid is 1 % off": (
        "000-mlp", "sigmoid", pulling("sigmoid", lambda x_bar: 1.01 * x_bar), 0, "a1", "the gradient"),
    "the mean of softmax cross entropy is forgotten": (
        "003-classifier", "softmax_cross_entropy", summed, 0, "loss", "the gradient"),
    "the gradient of the squared error lacks its 2": (
        "001-regression", "mean_squared_error", pulling("mean_squared_error", lambda bars: (bars[0] / 2, bars[1])),
        0, "loss", "the gradient"),
    "the penalty is differentiated as if it were squared": (
        "001-penalty", "l2_penalty", lambda w, *, strength: OPERATIONS["l2_penalty"].rule(w, strength=strength / 2),
        0, "norm_W", "the primal"),
    "only the last use of a parameter counts": (
        "001-penalty", "add", lambda *terms: (terms[-1], lambda y_bar: (y_bar,) * len(terms)), 0, "loss",
        "the primal"),
    "the step goes uphill": ("001-softmax", "sgd", ascent, 0, "parameters", "the primal"),
    "the bias of Adam is not corrected": ("000-mlp", "adam", biased, 0, "parameters", "the primal"),
    "Adam is 1e-9 off from step 3 on": ("000-mlp", "adam", late, 3, "parameters", "the primal"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_by_step_and_operation(fault: str) -> None:
    setup, operation, planted, step, result, part = FAULTS[fault]
    training = train(setup, implementations=("numpy",), steps=6, rules={operation: planted})
    found = training.trajectories[0].fault
    assert found is not None
    assert (found.step, found.operation, found.result) == (step, operation, result)
    assert found.part.startswith(part)
    assert {f.operation for f in training.trajectories[0].faults} == {operation}, "nobody else is blamed"
    assert not training.ok


def narrowed(operation: str) -> Planted:
    """Our rule, everything that it returns in float32."""

    def narrow(returned: Any) -> Any:
        return tuple(map(narrow, returned)) if isinstance(returned, tuple) else returned.astype(np.float32)

    def planted(*args: Any, **params: Any) -> Any:
        returned = numpy_rules()[operation](*args, **params)
        if operation in ("sgd", "adam"):
            return narrow(returned)
        return narrow(returned[0]), lambda y_bar: narrow(returned[1](y_bar))

    return planted


@pytest.mark.parametrize(
    ("setup", "operation", "result"),
    [
        ("001-softmax", "affine", "z"),
        ("000-mlp", "sigmoid", "a1"),
        ("001-softmax", "sgd", "parameters"),
        ("000-mlp", "adam", "parameters"),
        ("001-penalty", "add", "loss"),
    ],
)
def test_a_result_of_another_dtype_is_a_fault_and_ends_the_training(
    setup: str, operation: str, result: str
) -> None:
    rules = {operation: narrowed(operation)}
    (ours,) = train(setup, implementations="numpy", steps=3, rules=rules).trajectories
    (fault,) = ours.faults
    assert (fault.step, fault.operation, fault.result) == (0, operation, result)
    assert (fault.verdict, fault.part) == (Verdict.STRUCTURE, "dtype float32 instead of float64")
    assert np.isnan(ours.losses[1:]).all()


def test_a_gradient_of_another_dtype_is_the_fault_of_the_pullback_alone() -> None:
    rules = {"sigmoid": pulling("sigmoid", lambda x_bar: x_bar.astype(np.float32))}
    (fault,) = train("000-mlp", implementations="numpy", steps=2, rules=rules).trajectories[0].faults
    assert (fault.step, fault.operation, fault.sentence) == (
        0,
        "sigmoid",
        "x_bar: dtype float32 instead of float64",
    )


def test_an_uncorrected_bias_is_told_by_its_name() -> None:
    training = train("000-mlp", implementations=("numpy",), steps=2, rules={"adam": biased})
    (fault,) = training.trajectories[0].faults
    assert fault.convention == "the bias is not corrected"


def test_a_fault_between_two_judged_steps_is_traced_back_to_its_first_step() -> None:
    training = train("000-mlp", implementations=("numpy",), steps=12, rules={"adam": late}, check_every=10)
    fault = training.trajectories[0].fault
    assert fault is not None
    assert fault.step == 3
    assert fault.count == 8, "steps 3 to 10, each judged once"


@some_frameworks
def test_a_fault_between_judged_steps_is_found_by_the_losses_that_part() -> None:
    training = train(
        "000-mlp", implementations=("numpy", *FRAMEWORKS), steps=9, rules={"adam": late}, check_every=100
    )
    fault = training.trajectories[0].fault
    assert fault is not None
    assert (fault.step, fault.operation) == (3, "adam")
    assert {p.reason for p in training.partings if "numpy" in (p.left, p.right)} == {"operation"}
