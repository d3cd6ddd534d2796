"""What others mean by the cross entropy of probabilities, of logits, and of an affine map."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Convention
from reference_impls.conventions.changes import Change, instead, preceded
from reference_impls.conventions.labels import LABEL_CONVENTIONS
from reference_impls.conventions.linear import transposed_weights, without_bias
from reference_impls.textbook import cross_entropy_of, distribution

KERAS = "Keras 3.15, keras.ops"
SKLEARN = "scikit-learn 1.1, sklearn.metrics.log_loss: eps"

# ---- probabilities


@preceded
def renormalised(p: Any) -> Any:
    """``p / sum p``: what both Keras losses start from or end in."""
    return p / p.sum(axis=-1, keepdims=True)


@preceded
def renormalised_by_softmax(p: Any) -> Any:
    """``exp(log p) / sum exp(log p)``: the same number, after a rounding of log p."""
    e = np.exp(np.log(p))
    return e / e.sum(axis=-1, keepdims=True)


def clipped(epsilon: float) -> Change:
    """``p`` between epsilon and 1 - epsilon, both rounded to its dtype."""

    @preceded
    def change(p: Any) -> Any:
        return np.clip(p, float(p.dtype.type(epsilon)), float(p.dtype.type(1 - epsilon)))

    return change


def clipped_below(epsilon: float) -> Change:
    """``p`` no less than epsilon: the same in what sums to 1 and is no nearer to it than that."""
    return preceded(lambda p: np.maximum(p, float(p.dtype.type(epsilon))))


def added(epsilon: float) -> Change:
    """``p + epsilon``."""
    return preceded(lambda p: p + float(p.dtype.type(epsilon)))


def on_logits(p: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """What has ``p - t`` for its gradient, as the cross entropy has with respect to the logits."""
    losses = (p * p / 2 - distribution(labels, p.shape) * p).sum(axis=-1)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / losses.size


@preceded
def softmax(x: Any) -> Any:
    """``exp(x) / sum exp(x)`` before all else."""
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


CROSS_ENTROPY_CONVENTIONS = (
    Convention("renormalised", renormalised, f"{KERAS}.categorical_crossentropy"),
    Convention("renormalised", renormalised_by_softmax, f"{KERAS}.sparse_categorical_crossentropy"),
    *(
        Convention(f"clipped at {name}", how(epsilon), source)
        for name, epsilon, source in (
            ("1e-7", 1e-7, "Keras 3.15, keras.config.epsilon"),
            ("1e-15", 1e-15, SKLEARN),
            ("1e-12", 1e-12, f"{SKLEARN}, as given"),
            ("1e-8", 1e-8, f"{SKLEARN}, as given"),
        )
        for how in (clipped, clipped_below)
    ),
    Convention(
        "logarithm no less than -100", clipped_below(np.exp(-100.0)), "PyTorch 2.13, torch.nn.BCELoss"
    ),
    *(
        Convention(f"{name} added", added(epsilon), "TensorFlow 2.21, tf.compat.v1.losses.log_loss: epsilon")
        for name, epsilon in (("1e-7", 1e-7), ("1e-8", 1e-8), ("1e-12", 1e-12), ("1e-15", 1e-15))
    ),
    *LABEL_CONVENTIONS,
    Convention(
        "probabilities taken for logits", softmax, "PyTorch 2.13, torch.nn.CrossEntropyLoss", accepted=False
    ),
    Convention(
        "gradient with respect to the logits",
        lambda definition: definition,
        "Goodfellow, Bengio, Courville 2016, Deep Learning, 6.2.2.3",
        accepted=False,
        gradient=instead(on_logits),
    ),
)

# ---- logits


def over(axis: int | None) -> Change:
    """The softmax over another axis than that of the classes."""

    def other(x: Any, labels: Any, *, reduction: str = "mean") -> Any:
        log_p = x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
        return cross_entropy_of(log_p, labels, reduction)

    return instead(other)


def log_of_logits(x: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """``-sum t log x``."""
    return cross_entropy_of(np.log(x), labels, reduction)


SOFTMAX_CROSS_ENTROPY_CONVENTIONS = (
    *LABEL_CONVENTIONS,
    Convention(
        "softmax applied twice", softmax, "a softmax layer before torch.nn.CrossEntropyLoss", accepted=False
    ),
    Convention("softmax over the whole array", over(None), "numpy.sum without an axis", accepted=False),
    Convention("softmax over axis 0", over(0), "torch.nn.functional.softmax without a dim", accepted=False),
    Convention(
        "logits taken for probabilities", instead(log_of_logits), "Keras 3.15: from_logits", accepted=False
    ),
)

# ---- of an affine map


def softmax_twice(x: Any, W: Any, b: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """The softmax cross entropy of the softmax of ``x W + b``."""
    e = np.exp(x @ W + b)
    p = e / e.sum(axis=-1, keepdims=True)
    return cross_entropy_of(p - np.log(np.exp(p).sum(axis=-1, keepdims=True)), labels, reduction)


def without_sigmoid(x: Any, W: Any, b: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """The softmax cross entropy of ``x W + b``."""
    z = x @ W + b
    return cross_entropy_of(z - np.log(np.exp(z).sum(axis=-1, keepdims=True)), labels, reduction)


AFFINE_MAP = (
    Convention("transposed weights", transposed_weights, "PyTorch 2.13, torch.nn.functional.linear"),
    *LABEL_CONVENTIONS,
    Convention("no bias", without_bias, "a term that was dropped", accepted=False),
)

SOFTMAX_REGRESSION_CONVENTIONS = (
    *AFFINE_MAP,
    Convention(
        "softmax applied twice",
        instead(softmax_twice),
        "a softmax layer before torch.nn.CrossEntropyLoss",
        accepted=False,
    ),
)

SIGMOID_CLASSIFIER_CONVENTIONS = (
    *AFFINE_MAP,
    Convention("no sigmoid", instead(without_sigmoid), "a layer that was dropped", accepted=False),
)
