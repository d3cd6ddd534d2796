"""What others mean by an affine map, a mean squared error and a penalty on weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Convention, Definition
from reference_impls.conventions.changes import followed, given, instead


def transposed_weights(definition: Definition) -> Definition:
    """``x W^T + b``: weights stored one row an output; shapes tell unless W is square."""

    def transposed(x: Any, W: Any, *rest: Any, **params: Any) -> Any:
        return definition(x, W.T if W.shape[0] == W.shape[1] else W, *rest, **params)

    return transposed


def without_bias(definition: Definition) -> Definition:
    """``x W``."""

    def unbiased(x: Any, W: Any, b: Any, *rest: Any, **params: Any) -> Any:
        return definition(x, W, np.where(np.ones(b.shape, bool), 0, b), *rest, **params)

    return unbiased


def squares_added(y: Any, t: Any) -> Any:
    """``sum (y - t)^2``."""
    d = y - t
    return (d * d).sum()


def squares_by_row(y: Any, t: Any) -> Any:
    """The squares of each row added, their sums averaged over the rows."""
    d = y - t
    return (d * d).sum() / (d.shape[0] if d.ndim else 1)


def squares(y: Any, t: Any) -> Any:
    """``(y - t)^2``, entry by entry."""
    d = y - t
    return d * d


def half(definition: Definition) -> Definition:
    """``strength / 2 sum w^2``, whose gradient has no 2; the norm itself is not halved."""

    def halved(w: Any, *, strength: float = 1.0, squared: bool = False) -> Any:
        return definition(w, strength=strength / 2 if squared else strength, squared=squared)

    return halved


def sum_of_sizes(w: Any, *, strength: float = 1.0, squared: bool = False) -> Any:
    """``strength sum |w|``."""
    return strength * np.abs(w).sum()


AFFINE_CONVENTIONS = (
    Convention("transposed weights", transposed_weights, "PyTorch 2.13, torch.nn.functional.linear"),
    Convention("no bias", without_bias, "a term that was dropped", accepted=False),
)

MSE = "PyTorch 2.13, torch.nn.MSELoss: reduction"
MEAN_SQUARED_ERROR_CONVENTIONS = (
    Convention("sum", instead(squares_added), MSE),
    Convention("reduction none", instead(squares), MSE),
    Convention(
        "half", followed(lambda y: y / 2), "Bishop 2006, Pattern Recognition and Machine Learning, 1.2"
    ),
    Convention("mean over the rows", instead(squares_by_row), "PyTorch 2.13, torch.nn.KLDivLoss: batchmean"),
    Convention(
        "broadcast",
        lambda definition: definition,
        "PyTorch 2.13, which warns",
        accepted=False,
        on_invalid=True,
    ),
)

L2_PENALTY_CONVENTIONS = (
    Convention("half", half, "TensorFlow 2.21, tf.nn.l2_loss"),
    Convention("squared", given(squared=True), "Keras 3.15, keras.regularizers.L2"),
    Convention("not squared", given(squared=False), "PyTorch 2.13, torch.linalg.vector_norm"),
    Convention("strength 1", given(strength=1.0), "a factor that was dropped", accepted=False),
    Convention(
        "sum of the sizes", instead(sum_of_sizes), "Keras 3.15, keras.regularizers.L1", accepted=False
    ),
)
