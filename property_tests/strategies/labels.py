"""Labels in every form that a cross entropy accepts, and those that it has to refuse."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gradassay.vocabulary import Array
from property_tests.strategies.shapes import Draw, Shape
from property_tests.strategies.values import Rng, rounded, winner

#: Class indices of shape ``(N,)`` or ``(N, 1)``, or a distribution of the predictions' own shape.
FORMS = ("index", "column", "one_hot_integer", "one_hot_floating", "soft")
_FORMS_OF_REGION = {
    "column": ("column",),
    "one_hot": ("one_hot_integer", "one_hot_floating"),
    "soft": ("soft",),
    "invalid": ("index", "column"),
}
_STRATEGIES = {region: st.sampled_from(forms) for region, forms in _FORMS_OF_REGION.items()}
_ANY_FORM = st.sampled_from(("index", *FORMS))


def draw_form(draw: Draw, region: str, shape: Shape) -> str:
    """A form of label: what the region asks for, any of them elsewhere.

    With a single class an integer array of the predictions' own shape means indices, so that
    there is no integer one-hot.
    """
    form: str = draw(_STRATEGIES.get(region, _ANY_FORM))
    return "one_hot_floating" if form == "one_hot_integer" and shape[-1] == 1 else form


def labels(form: str, rng: Rng, shape: Shape, dtype: str) -> Array:
    """Valid labels for predictions of ``shape``, classes last; floating ones are in ``dtype``."""
    samples, classes = shape[:-1], shape[-1]
    if form == "soft":
        return rounded(_soft(rng, shape), dtype)
    index = np.asarray(rng.integers(0, classes, samples))
    if form.startswith("one_hot"):
        one_hot = np.arange(classes) == index[..., np.newaxis]
        return rounded(one_hot, dtype) if form == "one_hot_floating" else one_hot.astype(np.int64)
    # Other integer types are as good as int64, and a common source of trouble.
    narrow = [np.int64, np.int64, np.int32, np.uint8][rng.integers(4 if classes < 256 else 3)]
    index = index.astype(narrow)
    return index[..., np.newaxis] if form == "column" else index


def out_of_range(rng: Rng, good: Array, classes: int) -> Array:
    """Index labels of which one is not a class: -1, -100, the number of classes, or more."""
    bad = good.astype(np.int64)
    bad.flat[rng.integers(bad.size)] = rng.choice((-1, classes, -100, classes + 7))
    return bad


def _soft(rng: Rng, shape: Shape) -> Array:
    """Nonnegative weights, some exactly 0; rows sum to 1, but in one array of three to anything from 0.2 to 3.

    Only there does a gradient of softmax cross entropy show that takes the sum of the weights for 1.
    """
    weights = np.where(rng.random(shape) < 0.3, 0.0, rng.uniform(0.1, 1.0, shape))
    if weights.size:
        weights = np.where(winner(rng, shape, (len(shape) - 1,)), 0.5, weights)
    total = rng.uniform(0.2, 3.0, (*shape[:-1], 1)) if rng.random() < 1 / 3 else 1.0
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True) * total)
