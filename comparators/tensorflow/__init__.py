"""TensorFlow: ``from_tensorflow``, and what its users would write for each operation, one file a family.

Eager, on the CPU, with TensorFlow's own defaults (oneDNN too: what is compared and timed is what people run).
TensorFlow's CPU kernels flush subnormal numbers to zero and put the caller's mode back afterwards.
"""

from __future__ import annotations

from comparators.adapters import FrameworkComparator, pullbacks, tables
from comparators.tensorflow import classification, elementwise, indexing, linear, reductions
from comparators.tensorflow.adapter import from_tensorflow, tf
from comparators.tensorflow.second_order import forward_over_tape, tape_in_tape

__all__ = ["COMPARATORS", "SECOND_ORDER", "from_tensorflow"]

_TABLES = tables(classification, elementwise, indexing, linear, reductions)

COMPARATORS = {
    name: FrameworkComparator(name, functions, from_tensorflow, tf) for name, functions in _TABLES.items()
}

SECOND_ORDER = {
    name: FrameworkComparator(name, pullbacks(functions), tape_in_tape, tf)
    for name, functions in _TABLES.items()
} | {
    # A forward accumulator traces each operation anew for its shapes, which takes up to seconds a scenario.
    "tensorflow.forward": FrameworkComparator(
        "tensorflow.forward", pullbacks(_TABLES["tensorflow"]), forward_over_tape, tf, stride=25
    )
}
