"""PyTorch: ``from_torch``, and what its users would write for each operation, one file a family.

Shapes and parameters are the catalogue's (class axis last, labels by index or as a distribution); a function
moves axes where PyTorch wants them elsewhere and does nothing else.
"""

from __future__ import annotations

from comparators.adapters import FrameworkComparator, pullbacks, tables
from comparators.pytorch import classification, elementwise, indexing, linear, reductions
from comparators.pytorch.adapter import from_torch, torch
from comparators.pytorch.second_order import backward_twice, forward_over_backward

__all__ = ["COMPARATORS", "SECOND_ORDER", "from_torch"]

_TABLES = tables(classification, elementwise, indexing, linear, reductions)

COMPARATORS = {
    name: FrameworkComparator(name, functions, from_torch, torch) for name, functions in _TABLES.items()
}

SECOND_ORDER = {
    name: FrameworkComparator(name, pullbacks(functions), backward_twice, torch)
    for name, functions in _TABLES.items()
} | {
    "torch.forward": FrameworkComparator(
        "torch.forward", pullbacks(_TABLES["torch"]), forward_over_backward, torch
    )
}
