"""What PyTorch, TensorFlow, Keras and JAX do, by choice or by mistake of who calls them."""

from __future__ import annotations

import numpy as np

from comparators.adapters import Native
from gradassay import from_tensorflow, from_torch
from gradassay.vocabulary import Array
from property_tests.meta.labelled.entry import CONVENTION, SUBGRADIENT, WRONG, Labelled


def torch_label_smoothing(x: Native, labels: Native) -> Native:
    import torch.nn.functional as F  # noqa: N812 - its name everywhere

    return F.cross_entropy(x, labels, label_smoothing=0.1)


def keras_label_smoothing(x: Native, labels: Native) -> Native:
    import keras
    import tensorflow as tf

    smoothed = keras.losses.categorical_crossentropy(labels, x, from_logits=True, label_smoothing=0.1)
    return tf.reduce_mean(smoothed)


def torch_softmax_twice(x: Native, labels: Native) -> Native:
    import torch
    import torch.nn.functional as F  # noqa: N812 - its name everywhere

    return F.cross_entropy(torch.softmax(x, -1), labels)


SMOOTHED_BY_TORCH = from_torch(torch_label_smoothing, differentiable=(0,))
SMOOTHED_BY_KERAS = from_tensorflow(keras_label_smoothing, differentiable=(0,))
SOFTMAX_TWICE = from_torch(torch_softmax_twice, differentiable=(0,))


def _logits(*, one_hot: bool) -> list[tuple[Array, Array]]:
    rng = np.random.default_rng(0)
    sizes = [(n, classes) for n in (1, 2, 3) for classes in (2, 3, 4, 5)]
    labels = [rng.integers(0, classes, n) for n, classes in sizes]
    given = [np.eye(size[1])[t] if one_hot else t for size, t in zip(sizes, labels, strict=True)]
    return [(2 * rng.standard_normal(size), t) for size, t in zip(sizes, given, strict=True)]


#: What Keras' losses do beside their conventions: NaN from what the label does not select, and 0 / 0.
KERAS_BESIDE = (
    r"nonfinite \(NaN in the",
    r"convention \(clipped",
    r"convention \(renormalised",
    r"(wrong|imprecise) \(",
)

ENTRIES = (
    Labelled(
        name="label smoothing in PyTorch",
        operation="softmax_cross_entropy",
        source="PyTorch, F.cross_entropy(label_smoothing=0.1)",
        rule=SMOOTHED_BY_TORCH,
        implementation="torch",
        inputs=_logits(one_hot=False),
        verdict=CONVENTION,
        why="labels are 0.9 t + 0.1 / C",
        cause="^label smoothing 0.1$",
    ),
    Labelled(
        name="label smoothing in Keras",
        operation="softmax_cross_entropy",
        source="Keras, categorical_crossentropy(label_smoothing=0.1)",
        rule=SMOOTHED_BY_KERAS,
        implementation="tensorflow.keras",
        inputs=_logits(one_hot=True),
        verdict=CONVENTION,
        why="labels are 0.9 t + 0.1 / C",
        cause="^label smoothing 0.1$",
    ),
    Labelled(
        name="softmax twice",
        operation="softmax_cross_entropy",
        source="document 001, the first cost",
        rule=SOFTMAX_TWICE,
        implementation="torch",
        inputs=_logits(one_hot=False),
        verdict=WRONG,
        why="F.cross_entropy takes logits, and was given their softmax",
        cause="^softmax applied twice$",
    ),
    Labelled(
        name="the ignored index",
        operation="softmax_cross_entropy",
        source="PyTorch, F.cross_entropy(ignore_index=-100)",
        implementation="torch",
        verdict=CONVENTION,
        why="a sample with label -100 has no loss",
        cause="^label -100 ignored$",
        beside=(r"nonfinite \(NaN in the primal, -inf in an argument\)", r"imprecise \(rounding\)"),
    ),
    Labelled(
        name="an index beyond the last place",
        operation="get_item",
        source="JAX, indexing out of bounds",
        implementation="jax",
        examples=200,
        verdict=CONVENTION,
        why="nothing can be raised: the index is clamped, and its gradient is 0 unless it is one integer",
        cause="^index clamped into range(, dropped in the gradient)?$",
    ),
    Labelled(
        name="probabilities divided by their sum",
        operation="cross_entropy",
        source="Keras, sparse_categorical_crossentropy and categorical_crossentropy",
        implementation="tensorflow.keras",
        verdict=CONVENTION,
        why="-log(p_t / sum p)",
        cause="^renormalised$",
        beside=KERAS_BESIDE,
    ),
    Labelled(
        name="probabilities clipped",
        operation="cross_entropy",
        source="Keras, keras.config.epsilon()",
        implementation="tensorflow.keras",
        verdict=CONVENTION,
        why="divided by their sum, and clipped at 1e-7 before or after it",
        cause="(?=.*clipped at 1e-7)(?=.*renormalised)",
        beside=KERAS_BESIDE,
    ),
    Labelled(
        name="hardtanh as a clip",
        operation="clip",
        source="PyTorch, F.hardtanh",
        implementation="torch.hardtanh",
        verdict=SUBGRADIENT,
        why="a slope of 0 at both bounds, where 1 is as good",
        cause="last|weight 0|all to the (bound|constant)",
    ),
)
