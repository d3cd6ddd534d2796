"""Laws of the models and optimizers on the hand-written rules: one rule each, held against its formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay import verify
from gradassay.training import numpy_rules
from gradassay.training.judging import convention_of, held
from gradassay.training.setups import SETUPS
from gradassay.vocabulary import Array, Verdict
from gradassay.vocabulary.training import Optimizer, Program, update_record
from reference_impls.models import MLP, LinearRegression, Model, SoftmaxRegression, adam

X, LABELS, T = np.array([[0.2, -0.4], [1.3, -3.2]]), np.array([2, 0]), np.array([[0.5], [-2.0]])


def cross_entropy_formula(z: Any) -> Any:
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.where(LABELS[:, None] == np.arange(3), log_p, 0).sum() / len(LABELS)


def norm(w: Any) -> Any:
    return np.sqrt((w**2).sum())


def softmax_regression_formula(W: Any, b: Any) -> Any:
    return cross_entropy_formula(X @ W + b)


def linear_regression_formula(W: Any, b: Any) -> Any:
    return ((X @ W + b - T) ** 2).sum() / 2 + 0.5 * norm(W) + 0.5 * norm(b)


def mlp_formula(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return cross_entropy_formula(np.tanh(X @ W1 + b1) @ W2 + b2)


def as_rule(model: Callable[..., Model], target: Array) -> Callable[..., Any]:
    """The loss of a model as a rule of its parameters."""

    def model_rule(*parameters: Array) -> Any:
        loss, pullback = model(*parameters).loss(X, target)
        return loss, lambda loss_bar: tuple(pullback(loss_bar).values())

    return model_rule


MODELS: dict[str, tuple[Any, Any, tuple[tuple[int, ...], ...]]] = {
    "softmax regression": (as_rule(SoftmaxRegression, LABELS), softmax_regression_formula, ((2, 3), (3,))),
    "linear regression": (
        as_rule(lambda W, b: LinearRegression(W, b, penalty=0.5), T), linear_regression_formula, ((2, 1), (1,))),
    "perceptron": (
        as_rule(lambda W1, b1, W2, b2: MLP((W1, b1), (W2, b2), activation="tanh"), LABELS), mlp_formula,
        ((2, 4), (4,), (4, 3), (3,))),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_one_rule_and_holds_against_its_formula(name: str) -> None:
    rule, formula, shapes = MODELS[name]
    rng = np.random.default_rng(0)
    inputs = [tuple(rng.normal(size=shape) for shape in shapes) for _ in range(20)]
    report = verify(rule, definition=formula, inputs=inputs, dtypes=("float64",))
    report.raise_if_failed()
    assert sum(row.scenarios for row in report.rows) == 20


generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(generators, st.integers(1, 2000), st.sampled_from(["float64", "float32"]))
def test_adam_keeps_to_the_budget_of_its_definition(rng: np.random.Generator, step: int, dtype: str) -> None:
    w, m, w_bar = (rng.normal(size=5).astype(dtype) for _ in range(3))
    v = (m * m * 2).astype(dtype)
    optimizer = SETUPS["000-mlp"].optimizer
    updated = adam(w, m, v, w_bar, step=step, rate=optimizer.params["rate"])
    before, after = [[w], [m], [v], [w_bar]], [[x] for x in updated]
    finding = held(update_record(optimizer, step - 1, before, after))
    assert finding.verdict is Verdict.AGREES, finding.sentence


def test_epsilon_outside_of_the_correction_is_the_other_convention() -> None:
    w, zero, w_bar = np.ones(2), np.zeros(2), np.array([1e-8, -1e-7])
    optimizer: Optimizer = SETUPS["000-mlp"].optimizer
    rate = optimizer.params["rate"]
    other = adam(w, zero, zero, w_bar, step=1, rate=rate, corrected_epsilon=False)
    record = update_record(optimizer, 0, [[w], [zero], [zero], [w_bar]], [[x] for x in other])
    assert held(record).verdict.fails
    assert convention_of(record) == "epsilon is added before the bias is corrected"


def test_an_update_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\) differ"):
        numpy_rules()["sgd"](np.zeros(2), np.zeros(3), rate=0.1)


def test_a_program_knows_its_parameters_and_what_it_uses_twice() -> None:
    program: Program = SETUPS["001-penalty"].program
    assert program.parameters == ("W", "b")
    assert program.shared == ("W", "b")
    assert SETUPS["000-mlp"].program.parameters == ("W1", "b1", "W2", "b2")
    assert SETUPS["000-mlp"].program.shared == ()
