"""The losses and classifiers of the documents; where one is wrong, its mistake in small beside what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradassay import Verdict, verify
from gradassay.vocabulary import Array
from property_tests.printed_figures import P_002, printed
from reference_impls.activations import sigmoid
from reference_impls.affine import affine
from reference_impls.chain import chain
from reference_impls.conventions.probabilities import renormalised
from reference_impls.cross_entropy import cross_entropy, cross_entropy_definition
from reference_impls.jacobians import classifier_gradients
from reference_impls.sigmoid_classifier import sigmoid_classifier
from reference_impls.softmax import softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy
from reference_impls.softmax_regression import softmax_regression
from reference_impls.textbook import distribution

U = 2.0**-53
#: Two samples of three classes, and the mistakes of document 004 on them.
P, T = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]), np.array([0, 1])


def every_label_in_every_row(p: Array, t: Array) -> Any:
    """Document 004's loss by location: `p[:, t]` takes all N labels from each of the N rows."""
    return -np.log(p[:, t]).sum() / len(p)


# ---- labels (document 000)


def test_000_a_column_of_labels_prints_these_one_hot_rows() -> None:
    t = np.array([[2], [0], [1], [0]])
    assert distribution(t, (4, 3)).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_000_a_column_of_labels_gives_a_gradient_with_three_axes() -> None:
    x, t = np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]), np.array([[2], [0]])
    p, _ = softmax(x)
    assert (p - np.eye(3)[t]).shape == (2, 2, 3)
    (_, of_column), (_, of_vector) = softmax_cross_entropy(x, t), softmax_cross_entropy(x, t[:, 0])
    assert np.array_equal(of_column(1.0), of_vector(1.0))


def test_000_one_hot_rows_in_int64_make_a_float32_gradient_float64() -> None:
    x, t = np.ones((2, 3), np.float32), np.array([2, 0])
    assert (softmax(x)[0] - np.eye(3, dtype=t.dtype)[t]).dtype == np.float64
    assert softmax_cross_entropy(x, t)[1](1.0).dtype == np.float32


def test_000_the_label_minus_1_is_the_last_class_or_an_error() -> None:
    x, t = np.array([[0.0, 1.0]]), np.array([-1])
    assert np.eye(2)[t].tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="label -1 is no class"):
        softmax_cross_entropy(x, t)


# ---- one-hot labels (document 001)


def test_001_a_probability_of_0_beside_the_label_is_nan_once_it_is_multiplied() -> None:
    p, one_hot = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
    with np.errstate(all="ignore"):
        wrong = (one_hot * -np.log(p)).sum(axis=1).mean()
    loss, pullback = cross_entropy(p, one_hot)
    assert np.isnan(wrong)
    assert loss == 0
    assert pullback(1.0).tolist() == [[-1, 0]]


# ---- the loss and its gradient (document 002)


def test_002_torch_prints_the_same_loss_and_gradient_to_four_decimals() -> None:
    losses, pullback = cross_entropy(P_002, np.array([8, 0, 9]), reduction="none")
    p_bar = pullback(np.ones(3))
    assert printed(losses, [2.7320, 2.4744, 1.9953], decimals=4)
    assert printed([p_bar[0, 8], p_bar[1, 0], p_bar[2, 9]], [-15.3633, -11.8742, -7.3547], decimals=4)


def test_002_plus_one_is_plus_two_for_probabilities_that_sum_to_one_half() -> None:
    """d/dp of log sum p is 1 / sum p, whatever the entry."""
    half, step = P / 2, 2.0**-20
    moved = half[0] + step * np.eye(3)
    back = half[0] - step * np.eye(3)
    labels = np.zeros(3, int)
    loss = renormalised(cross_entropy_definition)
    rise = loss(moved, labels, reduction="none") - loss(back, labels, reduction="none")
    slopes = rise / (2 * step)
    ours = cross_entropy(half[:1], labels[:1])[1](1.0)[0]
    # A central difference is off by step² / 3p³, and by the rounding of a loss of 1.
    assert np.allclose(slopes - ours, 2, rtol=0, atol=step**2 / (3 * half.min() ** 3) + 8 * U / step)


def test_002_softmax_takes_back_whatever_all_entries_share() -> None:
    _, through_softmax = softmax(np.log(P_002))
    _, through_loss = cross_entropy(P_002, np.array([8, 0, 9]), reduction="none")
    p_bar = through_loss(np.ones(3))
    assert np.allclose(through_softmax(p_bar + 1), through_softmax(p_bar), rtol=0, atol=64 * U)


def test_002_ten_classes_are_no_more_than_ten() -> None:
    wrong = np.zeros((len(T), 10))
    wrong[np.arange(2), T] = -1 / P[np.arange(2), T]
    right = cross_entropy(P, T, reduction="none")[1](np.ones(2))
    assert (wrong.shape, right.shape) == ((2, 10), P.shape)
    assert np.array_equal(wrong[:, :3], right)


# ---- the classifier (document 003)


def test_003_minus_sum_y_log_p_over_m_is_our_loss() -> None:
    rng = np.random.default_rng(3)
    x, W, b = rng.normal(size=(85, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    y = np.eye(3)[rng.integers(0, 3, 85)]
    e = np.exp(x @ W + b)
    document = -(y * np.log(e / e.sum(axis=1, keepdims=True))).sum() / 85
    loss, pullback = softmax_regression(x, W, b, y)
    assert np.allclose(loss, document, rtol=64 * U, atol=0)
    for by_hand, ours in zip(classifier_gradients(x, W, b, y), pullback(1.0)[1:], strict=False):
        assert np.allclose(by_hand, ours, rtol=0, atol=256 * U)


@pytest.mark.parametrize("z", [[0.0, -800.0], [800.0, 0.0]], ids=["0 log 0", "inf / inf"])
def test_003_its_loss_is_nan_where_an_exponential_leaves_the_range(z: list[float]) -> None:
    logits, y = np.array([z]), np.array([[1.0, 0.0]])
    with np.errstate(all="ignore"):
        e = np.exp(logits)
        wrong = -(y * np.log(e / e.sum(axis=1, keepdims=True))).sum()
    loss, pullback = softmax_cross_entropy(logits, y)
    assert np.isnan(wrong)
    assert loss == 0
    assert np.all(pullback(1.0) == 0)


# ---- cross entropy by location and one-hot (document 004)


def test_004_every_label_in_every_row_costs_2_246_instead_of_0_290() -> None:
    assert printed(every_label_in_every_row(P, T), 2.246, decimals=3)
    assert printed(cross_entropy(P, T)[0], 0.290, decimals=3)


def test_004_all_of_t_log_y_transposed_is_summed_instead_of_its_trace() -> None:
    products = np.eye(3)[T] @ np.log(P).T
    assert printed(-products.sum() / 2, 2.246, decimals=3)
    assert printed(-np.trace(products) / 2, 0.290, decimals=3)
    assert printed(cross_entropy(P, np.eye(3)[T])[0], 0.290, decimals=3)


def test_004_every_row_is_decreased_at_every_label() -> None:
    wrong = P.copy()
    wrong[:, T] -= 1
    _, pullback = softmax_cross_entropy(np.log(P), T)
    assert printed(wrong / 2, [[-0.15, -0.4, 0.05], [-0.45, -0.1, 0.05]], decimals=15)
    assert printed(pullback(1.0), [[-0.15, 0.1, 0.05], [0.05, -0.1, 0.05]], decimals=15)


@pytest.mark.parametrize(
    ("pulled", "verdict"),
    [
        (lambda p, t: (p - np.eye(p.shape[-1])[t]) / len(p), Verdict.WRONG),
        (lambda p, t: None, Verdict.STRUCTURE),
    ],
    ids=["the cotangent ignored", "nothing returned"],
)
def test_004_a_backward_without_the_cotangent_or_without_a_result_is_named(
    pulled: Callable[[Array, Array], Any], verdict: Verdict
) -> None:
    """The gradient of the fused loss is right for a cotangent of 1 alone."""

    def rule(x: Any, labels: Any) -> Any:
        loss, _ = softmax_cross_entropy(x, labels)
        return loss, lambda y_bar: pulled(softmax(x)[0], labels)

    report = verify(
        rule, like="softmax_cross_entropy", inputs=[(np.log(P), T)], dtypes=("float64",), examples=3
    )
    assert {found.verdict for found in report.discrepancies} == {verdict}


@pytest.fixture(name="batch", scope="module")
def fixture_batch() -> tuple[Array, Array, Array, Array]:
    """Document 004's data, drawn as it draws them; it names no seed."""
    rng = np.random.default_rng(4)
    x, t = rng.integers(100, size=(1000, 2)).astype(float), rng.integers(4, size=1000)
    return x, rng.normal(size=(2, 4)), rng.random(4) * 10, t


def test_004_the_printed_6952_is_a_thousand_times_the_loss_of_a_softmax_over_the_samples(
    batch: tuple[Array, Array, Array, Array],
) -> None:
    """Two mistakes multiply: p is about 1 / N down each column, and every label is taken from every row.

    -log p down a column has a mean of log N at least (Jensen), and as logits are sigmoids in [0, 1], of log N + 1 at
    most. So 1000 log 1000 = 6907.8 <= 6952.6 <= 7907.8, for this document's data and for any other.
    """
    *inputs, t = batch
    a, _ = chain(affine, sigmoid)(*inputs)
    over_samples, _ = softmax(a, axis=0)
    low, high = 1000 * np.log(1000), 1000 * (np.log(1000) + 1)
    assert printed(6952.599686519977 / 1000, 6.9526, decimals=4)
    assert low <= 6952.599686519977 <= high
    assert low <= every_label_in_every_row(over_samples, t) <= high


def test_004_the_loss_of_four_classes_cannot_exceed_2_22(batch: tuple[Array, Array, Array, Array]) -> None:
    """Of four logits in [0, 1] the least likely has a probability of 1 / (1 + 3 e) at least, which costs 2.214."""
    loss, _ = sigmoid_classifier(*batch)
    assert 0 < np.log(1 + 3 / np.e) <= loss <= np.log(1 + 3 * np.e) < 2.22
    assert loss < 6952.599686519977


def test_004_location_and_one_hot_labels_cost_the_same(batch: tuple[Array, Array, Array, Array]) -> None:
    *inputs, t = batch
    (by_location, through_location), (one_hot, through_one_hot) = (
        sigmoid_classifier(*inputs, t),
        sigmoid_classifier(*inputs, np.eye(4)[t]),
    )
    assert np.allclose(by_location, one_hot, rtol=16 * U, atol=0)
    for first, second in zip(through_location(1.0)[:3], through_one_hot(1.0)[:3], strict=True):
        assert np.allclose(first, second, rtol=2.0**-40, atol=2.0**-40)
