"""What others return for an index that is out of range, where the definition has to raise.

Negative indices count from the end, as in NumPy; what is out of range is beyond that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Convention, Definition
from reference_impls.conventions.changes import Change


def clamped_index(definition: Definition) -> Definition:
    """The nearest place in range."""
    return lambda x, *, index, **params: definition(x, index=_places(index, _shape(x, params))[0], **params)


def read_as(value: float) -> Change:
    """``value`` where the index is out of range; nothing flows back from there."""

    def change(definition: Definition) -> Definition:
        def changed(x: Any, *, index: Any) -> Any:
            inside, missing = _places(index, x.shape)
            return np.where(missing, value, definition(x, index=inside))

        return changed

    return change


def dropped(definition: Definition) -> Definition:
    """What is to go to a place out of range goes nowhere."""

    def changed(y_bar: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
        inside, missing = _places(index, shape)
        return definition(np.where(missing, 0, y_bar), index=inside, shape=shape)

    return changed


def _shape(x: Any, params: dict[str, Any]) -> tuple[int, ...]:
    shape: tuple[int, ...] = params.get("shape", x.shape)
    return shape


def _places(index: Any, shape: tuple[int, ...]) -> tuple[Any, Array]:
    """The index clamped into range, and where in the result a place was out of it.

    IndexError where an index has something else in it than integers and arrays of them.
    """
    entries = index if isinstance(index, tuple) else (index,)
    if len(entries) > len(shape) or not all(np.asarray(entry).dtype.kind in "iu" for entry in entries):
        raise IndexError("only integers and arrays of them can be out of range")
    inside, beyond = [], np.zeros((), bool)
    for entry, n in zip(entries, shape, strict=False):
        places = np.where(np.less(entry, 0), np.add(entry, n), entry)
        inside.append(np.clip(places, 0, n - 1))
        beyond = beyond | (places != inside[-1])
    rest = shape[len(entries) :]
    missing = np.broadcast_to(beyond.reshape((*beyond.shape, *(1,) * len(rest))), (*beyond.shape, *rest))
    return tuple(inside), missing


JAX = "JAX 0.10, common gotchas: out-of-bounds indexing"

GET_ITEM_CONVENTIONS = (
    Convention(
        "index clamped into range, dropped in the gradient",
        clamped_index,
        JAX,
        on_invalid=True,
        gradient=read_as(0.0),
    ),
    Convention("index clamped into range", clamped_index, "JAX 0.10, jax.lax.dynamic_slice", on_invalid=True),
    Convention(
        "out of range is NaN", read_as(np.nan), "JAX 0.10, jax.numpy.take: mode='fill'", on_invalid=True
    ),
    Convention("out of range is 0", read_as(0.0), "TensorFlow 2.21, tf.gather on a GPU", on_invalid=True),
)

GET_ITEM_GRAD_CONVENTIONS = (
    Convention("out of range is dropped", dropped, f"{JAX}; jax.numpy.ndarray.at", on_invalid=True),
    Convention(
        "index clamped into range",
        clamped_index,
        "a clamp before",
        accepted=False,
        on_invalid=True,
    ),
)
