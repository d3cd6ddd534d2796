"""What others mean by an affine map, a mean squared error and a penalty on weights."""

from __future__ import annotations

from typing import Any

from gradassay.vocabulary import Convention, Definition
from reference_impls.conventions.changes import instead


def transposed_weights(definition: Definition) -> Definition:
    """``x W^T + b``: weights stored one row an output; shapes tell unless W is square."""

    def transposed(x: Any, W: Any, b: Any) -> Any:
        return definition(x, W.T if W.shape[0] == W.shape[1] else W, b)

    return transposed


def squares_added(y: Any, t: Any) -> Any:
    """``sum (y - t)^2``."""
    d = y - t
    return (d * d).sum()


def half(definition: Definition) -> Definition:
    """``strength / 2 sum w^2``, whose gradient has no 2; the norm itself is not halved."""

    def halved(w: Any, *, strength: float = 1.0, squared: bool = False) -> Any:
        return definition(w, strength=strength / 2 if squared else strength, squared=squared)

    return halved


AFFINE_CONVENTIONS = (
    Convention("transposed weights", transposed_weights, "PyTorch 2.13, torch.nn.functional.linear"),
)

MEAN_SQUARED_ERROR_CONVENTIONS = (
    Convention("sum", instead(squares_added), 'PyTorch 2.13, torch.nn.MSELoss(reduction="sum")'),
)

L2_PENALTY_CONVENTIONS = (Convention("half", half, "TensorFlow 2.21, tf.nn.l2_loss"),)
