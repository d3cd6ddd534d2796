"""What no training can go on from ends it alone; what changes its inputs harms nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.cli.train_report import text
from gradassay.training import train
from gradassay.vocabulary import Array, Verdict
from property_tests.planted_trainings import FRAMEWORKS, Planted, pulling
from reference_impls.activations import sigmoid
from reference_impls.models import adam


def failing_late(*args: Any, **params: Any) -> Any:
    if params["step"] > 2:
        raise RuntimeError("no more")
    return adam(*args, **params)


def raising(*args: Any, **params: Any) -> Any:
    raise ValueError("not today")


def forward(operation: str, change: Callable[[Any], Any]) -> Planted:
    """Our rule with ``change`` done to its primal."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return change(y), pullback

    return planted


ENDINGS: dict[str, tuple[str, str, Planted, int, str, Verdict, str]] = {
    "a primal of another shape": (
        "000-mlp", "sigmoid", forward("sigmoid", lambda y: y[..., None]), 0, "a1", Verdict.STRUCTURE,
        "y: shape (4, 10, 1) instead of (4, 10)"),
    "a primal of integers": (
        "000-mlp", "sigmoid", forward("sigmoid", lambda y: y.astype(int)), 0, "a1", Verdict.STRUCTURE,
        "y: dtype int64 instead of float64"),
    "a gradient of another shape": (
        "000-mlp", "sigmoid", pulling("sigmoid", lambda x_bar: x_bar[0]), 0, "a1", Verdict.STRUCTURE,
        "x_bar: shape (10,) instead of (4, 10)"),
    "a cotangent too few": (
        "001-softmax", "affine", pulling("affine", lambda bars: bars[:1]), 0, "z", Verdict.STRUCTURE,
        "affine: the pullback returned 1 cotangents for 2 arguments"),
    "no pullback": (
        "000-mlp", "sigmoid", lambda x: sigmoid(x)[0], 0, "a1", Verdict.STRUCTURE,
        "a rule returns (primal, pullback); this one returned ndarray"),
    "an exception": ("000-mlp", "affine", raising, 0, "z1", Verdict.RAISES, "ValueError: not today"),
    "an exception of a pullback": (
        "000-mlp", "sigmoid", pulling("sigmoid", raising), 0, "a1", Verdict.RAISES, "ValueError: not today"),
    "an update without its state": (
        "000-mlp", "adam", lambda *args, **params: adam(*args, **params)[0], 0, "parameters", Verdict.STRUCTURE,
        "the update returned 1 arrays instead of 3"),
    "an update that fails at step 2": (
        "000-mlp", "adam", failing_late, 2, "parameters", Verdict.RAISES, "RuntimeError: no more"),
    "a sum that fails": ("001-penalty", "add", raising, 0, "loss", Verdict.RAISES, "ValueError: not today"),
}  # fmt: skip


@pytest.mark.parametrize("check_every", [1, 100])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_nothing_can_go_on_from_is_named_and_ends_that_training_alone(
    ending: str, check_every: int
) -> None:
    setup, operation, planted, step, result, verdict, sentence = ENDINGS[ending]
    training = train(
        setup,
        implementations=("numpy", *FRAMEWORKS[:1]),
        steps=5,
        rules={operation: planted},
        check_every=check_every,
    )
    (fault,) = training.trajectories[0].faults
    assert (fault.step, fault.operation, fault.result, fault.count) == (step, operation, result, 1)
    assert (fault.verdict, fault.sentence) == (verdict, sentence)
    assert np.isfinite(training.trajectories[0].losses[:step]).all()
    assert np.isnan(training.trajectories[0].losses[step + 1 :]).all()
    assert not training.ok
    for theirs in training.trajectories[1:]:
        assert np.isfinite(theirs.losses).all()
    for parting in training.partings:
        assert parting.culprit == ("numpy", fault)
    assert sentence in text(training, coloured=False)


def overwriting(w: Array, w_bar: Array, *, rate: float) -> Array:
    w -= rate * w_bar
    return w


def scribbling(x: Array) -> Any:
    y, pullback = sigmoid(x)

    def planted(y_bar: Array) -> Array:
        x_bar: Array = pullback(y_bar)
        y_bar *= 2
        return x_bar

    return y, planted


def reusing(x: Array, W: Array, b: Array) -> Any:
    y, pullback = OPERATIONS["affine"].rule(x, W, b)

    def planted(y_bar: Array) -> Any:
        bars = pullback(y_bar)
        y[:] = 0
        return bars

    return y, planted


@pytest.mark.parametrize(
    ("setup", "operation", "planted", "result", "part"),
    [
        ("001-softmax", "sgd", overwriting, "parameters", "changes argument 0 in place"),
        ("000-mlp", "sigmoid", scribbling, "a1", "changes the cotangent in place"),
    ],
)
def test_a_rule_that_changes_what_it_was_given_is_impure_and_harms_nobody(
    setup: str, operation: str, planted: Planted, result: str, part: str
) -> None:
    sound = train(setup, implementations=("numpy", *FRAMEWORKS), steps=4)
    training = train(setup, implementations=("numpy", *FRAMEWORKS), steps=4, rules={operation: planted})
    (fault,) = training.trajectories[0].faults
    assert (fault.step, fault.operation, fault.result, fault.part) == (0, operation, result, part)
    assert fault.verdict is Verdict.IMPURE
    assert fault.count == 4
    assert not training.ok
    for ours, theirs in zip(sound.trajectories, training.trajectories, strict=True):
        assert np.array_equal(ours.losses, theirs.losses)


def test_a_rule_that_uses_its_result_as_scratch_afterwards_corrupts_no_record() -> None:
    (ours,) = train("000-mlp", implementations="numpy", steps=3, rules={"affine": reusing}).trajectories
    assert not ours.faults
