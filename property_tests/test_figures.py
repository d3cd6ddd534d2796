"""Every deterministic figure that the source documents print for these operations, beside ours.

A printed array is matched to the digits it was printed with. Where a document is wrong, the wrong figure comes out
of the mistake that it describes, and the right one stands beside it.
"""

from __future__ import annotations

import numpy as np
import pytest

from gradassay.vocabulary import Array
from property_tests.printed_figures import (
    AT_LABEL,
    EACH_ROW,
    KERAS_GRADIENT_002,
    LABELS_001,
    LABELS_002,
    LOG_SOFTMAX_001,
    LOSS_002,
    LOSS_GRADIENT_002,
    LOSS_GRADIENT_SPREAD_002,
    LOSS_SPREAD_002,
    MLP_LOGITS,
    MLP_SOFTMAX,
    P_002,
    SOFTMAX_001,
    WHOLE_BATCH,
    printed,
    significant,
)
from reference_impls.conventions.probabilities import renormalised
from reference_impls.cross_entropy import cross_entropy, cross_entropy_definition
from reference_impls.get_item import get_item, get_item_grad
from reference_impls.softmax import log_softmax, softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

U = 2.0**-53


# ---- document 000: a NumPy framework

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    ("index", "primal", "gradient"),
    [
        (1, [4, 5, 6], [[0, 0, 0], [1, 1, 1]]),
        (np.array([0, 0, 1]), [[1, 2, 3], [1, 2, 3], [4, 5, 6]], [[2, 2, 2], [1, 1, 1]]),
        (slice(1, 3), [[4, 5, 6]], [[0, 0, 0], [1, 1, 1]]),
        ((slice(None), 2), [3, 6], [[0, 0, 1], [0, 0, 1]]),
    ],
    ids=["x[1]", "x[[0, 0, 1]]", "x[1:3]", "x[:, 2]"],
)
def test_000_get_item_prints_these_rows_and_gradients(
    index: object, primal: object, gradient: object
) -> None:
    y, pullback = get_item(X, index=index)
    assert np.array_equal(y, np.asarray(primal))
    assert np.array_equal(pullback(np.ones_like(y)), np.asarray(gradient))


def test_000_assignment_is_not_the_same_work_as_scatter_add_once_an_index_repeats() -> None:
    index, ones = np.array([0, 0, 1]), np.ones((3, 3))
    assigned = np.zeros((2, 3))
    assigned[index] = ones
    collected, _ = get_item_grad(ones, index=index, shape=(2, 3))
    assert assigned[:, 0].tolist() == [1, 1]
    assert collected[:, 0].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("x", "p"),
    [
        ([MLP_LOGITS], [MLP_SOFTMAX]),
        (
            [[0.2, -0.4, 0.4], [0.3, -0.5, 0.7]],
            [[0.36098289, 0.19811161, 0.4409055], [0.34000264, 0.15277303, 0.50722433]],
        ),
        ([[0.2, -0.4], [0.3, -0.5]], [[0.64565631, 0.35434369], [0.68997448, 0.31002552]]),
    ],
    ids=["of the network", "two rows of three", "two rows of two"],
)
def test_000_softmax_prints_these_tables(x: object, p: object) -> None:
    # The network's logits are themselves printed to eight decimals only.
    assert printed(softmax(np.asarray(x))[0], p, decimals=8)


def test_000_softmax_over_the_whole_batch_breaks_and_over_rows_does_not() -> None:
    logits = np.log(WHOLE_BATCH)
    wrong, _ = softmax(logits, axis=None)
    right, _ = softmax(logits, axis=1)
    assert printed(wrong, WHOLE_BATCH, decimals=7)
    assert printed(right, EACH_ROW, decimals=7)


def test_000_softmax_over_the_whole_batch_leaks_a_cotangent_into_the_other_row() -> None:
    x, y_bar = np.array([[0.2, -0.4], [0.3, -0.5]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    assert printed(softmax(x, axis=None)[1](y_bar)[1], [-0.111, -0.050], decimals=3)
    assert softmax(x, axis=1)[1](y_bar)[1].tolist() == [0, 0]


def test_000_softmax_pulls_ones_back_to_rounding_error_where_mathematics_says_zero() -> None:
    x, y_bar = np.array([[0.2, -0.4], [0.3, -0.5]]), np.ones((2, 2))
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    scaled = p * y_bar
    document = scaled - p * scaled.sum(axis=1, keepdims=True)
    assert significant(document[0], [1.11022302e-16, 5.55111512e-17])
    assert document[1].tolist() == [0, 0]
    # Each p is off by three roundings at most, and their sum, 1, by as many.
    assert np.abs(softmax(x)[1](y_bar)).max() <= 4 * U


CLOSE, FAR = [[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]], [[0.2, 0.3, 5], [12, 0.1, 0.3]]


@pytest.mark.parametrize(("x", "loss"), [(CLOSE, 0.8965588080868547), (FAR, 0.008595870610124774)])
@pytest.mark.parametrize(
    "labels", [[2, 0], [[2], [0]], [[0, 0, 1], [1, 0, 0]]], ids=["(N,)", "(N, 1)", "(N, C)"]
)
def test_000_softmax_cross_entropy_prints_these_losses(x: object, loss: float, labels: object) -> None:
    y, _ = softmax_cross_entropy(np.asarray(x, float), np.asarray(labels))
    # The second document figure is log of a probability near 1: its last digits are the rounding of that.
    assert abs(y - loss) <= 2 * U


def test_000_softmax_cross_entropy_prints_this_gradient() -> None:
    _, pullback = softmax_cross_entropy(np.asarray(FAR, float), np.array([2, 0]))
    document = [
        [4.04479731e-03, 4.47019236e-03, -8.51498967e-03],
        [-7.54199822e-06, 3.39515119e-06, 4.14684703e-06],
    ]
    assert significant(pullback(1.0), document)


def test_000_clipping_at_1e_15_flattens_a_loss_of_100_to_34() -> None:
    x, label = np.array([[0.0, 100.0]]), np.array([0])
    clipped = -np.log(np.clip(softmax(x)[0], 1e-15, 1.0)[0, 0])
    loss, pullback = softmax_cross_entropy(x, label)
    assert printed(clipped, 34.5388, decimals=4)
    assert loss == 100
    assert pullback(1.0).tolist() == [[-1, 1]]


def test_000_a_one_hot_row_read_as_two_indices_gives_another_loss() -> None:
    x, one_hot = np.array([[0.0, 1.0]]), np.array([[1, 0]])
    log_p, _ = log_softmax(x)
    wrong = -log_p[np.arange(1), one_hot.ravel()].sum()
    right, _ = softmax_cross_entropy(x, one_hot)
    assert printed([wrong, right], [1.6265, 1.3133], decimals=4)


def test_000_cross_entropy_of_the_trained_network_is_below_its_last_printed_loss() -> None:
    logits = [
        [0.0859358, -0.16529972, 4.09196037],
        [3.98952045, -2.77720881, 0.13626685],
        [-3.38982648, 4.90290326, 0.46156244],
        [4.97053061, -2.04978722, -3.63391973],
    ]
    loss, _ = softmax_cross_entropy(np.array(logits), np.array([2, 0, 1, 0]))
    assert printed(loss, 0.016751, decimals=6)
    assert loss < 0.021253890618229243


# ---- document 001: softmax classification in PyTorch


@pytest.fixture(name="drawn")
def fixture_drawn() -> tuple[Array, Array]:
    """Logits and labels as document 001 draws them, with its seed."""
    torch = pytest.importorskip("torch", reason="the document draws them with PyTorch's generator")
    torch.manual_seed(1)
    z = torch.rand(3, 5)
    return z.numpy(), torch.randint(5, (3,)).numpy()


def test_001_softmax_of_1_2_3() -> None:
    assert printed(softmax(np.array([1.0, 2.0, 3.0]))[0], [0.0900, 0.2447, 0.6652], decimals=4)


def test_001_tables_labels_and_cost_come_out_of_its_seed(drawn: tuple[Array, Array]) -> None:
    z, labels = drawn
    p, log_p = softmax(z)[0], log_softmax(z)[0]
    assert labels.tolist() == LABELS_001
    assert printed(p, SOFTMAX_001, decimals=4)
    assert printed(log_p, LOG_SOFTMAX_001, decimals=4)
    for cost, _ in (cross_entropy(p, labels), softmax_cross_entropy(z, labels)):
        assert printed(cost, 1.4689, decimals=4)


def test_001_printed_tables_agree_with_each_other_and_with_the_printed_cost() -> None:
    p, _ = softmax(np.array(LOG_SOFTMAX_001))
    assert np.abs(p - SOFTMAX_001).max() <= 1e-4
    one_hot = np.eye(5)[LABELS_001]
    assert printed(cross_entropy(p, one_hot)[0], 1.4689, decimals=4)


def test_001_a_softmax_applied_twice_has_a_third_of_the_gradient_at_the_start() -> None:
    z, labels = np.zeros((2, 3)), np.array([2, 0])
    p, through_softmax = softmax(z)
    _, through_loss = softmax_cross_entropy(p, labels)
    _, right = softmax_cross_entropy(z, labels)
    assert np.allclose(3 * through_softmax(through_loss(1.0)), right(1.0), rtol=4 * U, atol=0)


# ---- document 002: NumPy layers beside TensorFlow and PyTorch


def test_002_loss_and_loss_gradient() -> None:
    losses, pullback = cross_entropy(P_002, LABELS_002, reduction="none")
    p_bar = pullback(np.ones(3))
    assert np.all(np.abs(losses - LOSS_002) <= LOSS_SPREAD_002)
    assert np.all(np.abs(p_bar[AT_LABEL] - LOSS_GRADIENT_002) <= LOSS_GRADIENT_SPREAD_002)
    assert np.count_nonzero(p_bar) == 3


def test_002_torch_softmax_gradient_is_softmax_minus_one_hot() -> None:
    p, through_softmax = softmax(np.log(P_002))
    _, through_loss = cross_entropy(p, LABELS_002, reduction="none")
    _, fused = softmax_cross_entropy(np.log(P_002), LABELS_002, reduction="none")
    x_bar = through_softmax(through_loss(np.ones(3)))
    assert np.allclose(x_bar, p - np.eye(10)[LABELS_002], rtol=0, atol=8 * U)
    assert np.allclose(x_bar, fused(np.ones(3)), rtol=0, atol=8 * U)
    document = [0.1601, 0.0673, 0.1092, 0.1138, 0.0833, 0.0646, 0.1163, 0.0652, -0.9349, 0.1551]
    assert printed(x_bar[0], document, decimals=4)
    assert printed(x_bar[1, 0], -0.9158, decimals=4)


def test_002_plus_one_of_tensorflow_is_the_gradient_of_the_renormalised_loss() -> None:
    step = 1e-6
    loss = renormalised(cross_entropy_definition)
    for row, entry in np.ndindex(P_002.shape):
        there, back = P_002.copy(), P_002.copy()
        there[row, entry] += step
        back[row, entry] -= step
        rise = loss(there, LABELS_002, reduction="sum") - loss(back, LABELS_002, reduction="sum")
        at_label = entry == LABELS_002[row]
        document = KERAS_GRADIENT_002[row] if at_label else 1.0
        # Second-order differences err by step² / 3p³ and by the rounding of a loss of 7 in all.
        spread = LOSS_GRADIENT_SPREAD_002[row] + step**2 / (3 * P_002[row, entry] ** 3) + 16 * U / step
        assert abs(rise / (2 * step) - document) <= spread


def test_002_plus_one_comes_out_of_tensorflow_itself() -> None:
    tf = pytest.importorskip("tensorflow", reason="the figure is TensorFlow's")
    p = tf.constant(P_002)
    with tf.GradientTape() as tape:
        tape.watch(p)
        losses = tf.keras.losses.sparse_categorical_crossentropy(tf.constant(LABELS_002), p)
    p_bar = tape.gradient(losses, p).numpy()
    ours = cross_entropy(P_002, LABELS_002, reduction="none")[1](np.ones(3))
    # The printed probabilities sum to 1 but for their roundings, ten times 5e-9.
    assert np.all(np.abs(losses - LOSS_002) <= LOSS_SPREAD_002 + 5e-8)
    assert np.allclose(p_bar - ours, 1, rtol=0, atol=1e-7)
    assert np.all(np.abs(p_bar[AT_LABEL] - KERAS_GRADIENT_002) <= LOSS_GRADIENT_SPREAD_002 + 1e-7)


def test_002_softmax_layer_cannot_pull_back_a_batch() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) \(10,10\)"):
        np.diag(P_002) - P_002.T @ P_002
    assert softmax(np.log(P_002))[1](np.ones((3, 10))).shape == (3, 10)


def test_002_stale_softmax_gradient_sums_to_57_where_it_has_to_sum_to_0() -> None:
    document = [5.79791929, 5.40976589, 5.79812171, 5.76095188, 5.76404722]
    document += [5.58312189, 5.29561435, 5.88078342, 5.96542029, 5.89731699]
    through_softmax = softmax(np.log(P_002))[1]
    x_bar = through_softmax(cross_entropy(P_002, LABELS_002, reduction="none")[1](np.ones(3)))
    assert printed(sum(document), 57.15, decimals=2)
    assert np.abs(x_bar.sum(axis=1)).max() <= 16 * U


def test_002_loss_is_clipped_and_its_gradient_is_not() -> None:
    p, label = np.array([[1e-20, 1.0]]), np.array([0])
    assert printed(-np.log(np.maximum(p[0, 0], 1e-15)), 34.54, decimals=2)
    loss, pullback = cross_entropy(p, label)
    assert printed(loss, 46.0517, decimals=4)
    assert significant(pullback(1.0)[0, 0], -1e20)
