"""PyTorch: ``from_torch``, and what its users would write for each operation, one file a family.

Shapes and parameters are the catalogue's (class axis last, labels by index or as a distribution); a function
moves axes where PyTorch wants them elsewhere and does nothing else.
"""

from __future__ import annotations

from comparators.adapters import FrameworkComparator, tables
from comparators.pytorch import classification, elementwise, indexing
from comparators.pytorch.adapter import from_torch, torch

__all__ = ["COMPARATORS", "from_torch"]

COMPARATORS = {
    name: FrameworkComparator(name, functions, from_torch, torch)
    for name, functions in tables(classification, elementwise, indexing).items()
}
