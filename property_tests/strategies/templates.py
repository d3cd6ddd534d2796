"""The forms of a NumPy index: one word a place.

=========== ==========================================================================
integer     an int within bounds
slice       any start and stop, present or not, and any step but 0
array       integers; those after a mask have its number of True entries as their shape
mask        booleans for one axis
masks       booleans for the leading axes, or for all of them
newaxis     None
ellipsis    Ellipsis; places after it count from the last axis
=========== ==========================================================================
"""

from __future__ import annotations

from typing import Any

#: The kinds that have no axis of their own, with what is written for them.
FREE: dict[str, Any] = {"newaxis": None, "ellipsis": Ellipsis}

#: Region -> its forms. At most one mask, before any array: two would have to agree in length.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "integers": ("integer", "integer integer", "integer integer integer", "integer integer integer integer"),
    "slices": ("slice", "slice slice", "slice slice slice", "slice slice slice slice"),
    "ellipsis": (
        "ellipsis",
        "ellipsis integer",
        "integer ellipsis",
        "ellipsis slice",
        "slice ellipsis integer",
        "integer ellipsis integer slice",
    ),
    "newaxis": (
        "newaxis",
        "newaxis slice",
        "slice newaxis",
        "integer newaxis",
        "newaxis slice newaxis integer",
        "ellipsis newaxis",
    ),
    "integer_arrays": ("array", "array array", "array array array"),
    "boolean_masks": ("masks", "mask", "slice mask", "slice slice mask"),
    "mixtures": (
        "slice array",
        "array slice",
        "integer array",
        "integer slice array",
        "array slice array",
        "array slice integer",
        "slice array array",
        "mask slice",
        "integer mask",
        "mask array",
        "mask slice array",
        "array newaxis",
        "array newaxis array",
        "ellipsis array",
        "integer ellipsis array",
        "mask newaxis slice",
    ),
}
TEMPLATES |= {
    "ordinary": tuple(template for templates in TEMPLATES.values() for template in templates),
    "values": ("slice", "array", "integer", "mask", "slice array"),
    "duplicates": ("array", "array array", "slice array"),
    "negative": ("integer", "array", "integer integer", "array array", "integer array"),
    "invalid": ("integer", "array", "integer integer", "array array", "integer array"),
}
