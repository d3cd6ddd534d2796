"""The trainings of document 001: our rules, started where PyTorch's generator starts, print its losses.

Document and test both compute in float32, in another order. A loss is as good as what it is computed from: logits for
a cross entropy, which moves by no more than twice what they move by, and residuals for a squared error, which moves by
2 |d| times that. One unit in the last place of the largest is what two sound computations are apart at the start, and
one more after each update. Half of the last printed decimal comes on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pytest

from gradassay.vocabulary import Array
from property_tests.printed_figures import printed
from property_tests.printed_trainings import (
    CLASSES,
    FINAL_GRADES,
    GRADES,
    LOSSES,
    NORMALISED_GRADES,
    POINTS,
    TEST_CLASSES,
    TEST_POINTS,
)
from reference_impls.affine import affine
from reference_impls.losses import l2_penalty, mean_squared_error
from reference_impls.softmax_regression import softmax_regression

Start = tuple[Array, Array]
HALF_A_DECIMAL = 5.001e-7
NORMALISED = (GRADES - GRADES.mean(axis=0)) / GRADES.std(axis=0, ddof=1)
STEPS = 20


class Step(NamedTuple):
    """A loss with its gradients, and what a unit in the last place of what it is computed from moves it by."""

    loss: float
    W_bar: Array
    b_bar: Array
    unit: float


def classification(x: Array, W: Array, b: Array, t: Array) -> Step:
    z, _ = affine(x, W, b)
    loss, pullback = softmax_regression(x, W, b, t)
    _, W_bar, b_bar, *_ = pullback(1.0)
    return Step(float(loss), W_bar, b_bar, 2 * float(np.spacing(np.abs(z).max())))


def regression(x: Array, W: Array, b: Array, t: Array) -> Step:
    y, through_map = affine(x, W, b)
    loss, through_loss = mean_squared_error(y, t)
    y_bar, _ = through_loss(1.0)
    _, W_bar, b_bar = through_map(y_bar)
    return Step(float(loss), W_bar, b_bar, 2 * float(np.abs(y - t).mean() * np.spacing(t.max())))


def penalised(x: Array, W: Array, b: Array, t: Array) -> Step:
    step = regression(x, W, b, t)
    (of_W, through_W), (of_b, through_b) = l2_penalty(W), l2_penalty(b)
    W_bar, b_bar = step.W_bar + through_W(1.0), step.b_bar + through_b(1.0)
    return Step(step.loss + float(of_W + of_b), W_bar, b_bar, step.unit)


def descent(
    loss: Callable[[Array, Array, Array, Array], Step], x: Array, t: Array, start: Start, rate: float
) -> Iterator[tuple[Step, Start]]:
    """Steps, each with the parameters after it."""
    W, b = start
    for _ in range(STEPS):
        step = loss(x, W, b, t)
        W, b = W - np.float32(rate) * step.W_bar, b - np.float32(rate) * step.b_bar
        yield step, (W, b)


@pytest.fixture(name="starts", scope="module")
def fixture_starts() -> dict[str, Start]:
    """The parameters that document 001's models start from, in the order in which it makes them."""
    torch = pytest.importorskip("torch", reason="the document draws them with PyTorch's generator")
    torch.manual_seed(1)
    made = [torch.nn.Linear(3, 3) for _ in range(4)] + [torch.nn.Linear(3, 1) for _ in range(2)]
    drawn = [(model.weight.detach().numpy().T, model.bias.detach().numpy()) for model in made]
    return dict(zip(LOSSES, drawn, strict=True))


@pytest.mark.parametrize(
    ("training", "loss", "rate"),
    [
        ("rate 0.1", classification, 0.1),
        ("rate 1e5", classification, 1e5),
        ("rate 1e-10", classification, 1e-10),
        ("rate 0.1 again", classification, 0.1),
        ("squared errors", regression, 0.1),
        ("squared errors and norms", penalised, 0.1),
    ],
    ids=list(LOSSES),
)
def test_001_training_prints_these_losses(
    starts: dict[str, Start], training: str, loss: Callable[..., Step], rate: float
) -> None:
    x, t = (POINTS, CLASSES) if loss is classification else (NORMALISED, FINAL_GRADES)
    steps = [step for step, _ in descent(loss, x, t, starts[training], rate)]
    ours, units = np.array([step.loss for step in steps]), np.array([step.unit for step in steps])
    assert np.all(np.abs(ours - LOSSES[training]) <= HALF_A_DECIMAL + np.arange(1, STEPS + 1) * units)


def test_001_the_trained_classifier_is_wrong_on_every_test_point(starts: dict[str, Start]) -> None:
    *_, (_, (W, b)) = descent(classification, POINTS, CLASSES, starts["rate 0.1"], 0.1)
    step = classification(TEST_POINTS, W, b, TEST_CLASSES)
    assert np.count_nonzero(affine(TEST_POINTS, W, b)[0].argmax(axis=1) == TEST_CLASSES) == 0
    assert abs(step.loss - 1.425844) <= HALF_A_DECIMAL + (STEPS + 1) * step.unit


def test_001_a_rate_of_1e_10_moves_no_weight_in_float32(starts: dict[str, Start]) -> None:
    *_, (_, (W, b)) = descent(classification, POINTS, CLASSES, starts["rate 1e-10"], 1e-10)
    assert all(np.array_equal(a, b) for a, b in zip((W, b), starts["rate 1e-10"], strict=True))
    assert len(set(LOSSES["rate 1e-10"])) == 1


def test_001_normalised_grades_divide_by_n_minus_1() -> None:
    by_n = (GRADES - GRADES.mean(axis=0)) / GRADES.std(axis=0)
    assert printed(NORMALISED, NORMALISED_GRADES, decimals=4)
    assert not printed(by_n, NORMALISED_GRADES, decimals=4)


FOUR_FEATURES = np.array(
    [
        [1, 2, 1, 1],
        [2, 1, 3, 2],
        [3, 1, 3, 4],
        [4, 1, 5, 5],
        [1, 7, 5, 5],
        [1, 2, 5, 6],
        [1, 6, 6, 6],
        [1, 7, 7, 7],
    ],
    float,
)


def test_001_a_bias_that_all_classes_share_has_no_gradient() -> None:
    W = np.random.default_rng(1).normal(size=(4, 3))
    _, pullback = softmax_regression(FOUR_FEATURES, W, np.full(3, 0.7), CLASSES)
    b_bar = pullback(1.0)[2]
    assert np.abs(b_bar).min() > 0.01
    assert abs(b_bar.sum()) <= 2.0**-50
