"""TensorFlow: ``from_tensorflow``, and what its users would write for each operation, one file a family.

Eager, on the CPU, with TensorFlow's own defaults (oneDNN too: what is compared and timed is what people run).
TensorFlow's CPU kernels flush subnormal numbers to zero and put the caller's mode back afterwards.
"""

from __future__ import annotations

from comparators.adapters import FrameworkComparator, tables
from comparators.tensorflow import classification, elementwise, indexing
from comparators.tensorflow.adapter import from_tensorflow, tf

__all__ = ["COMPARATORS", "from_tensorflow"]

COMPARATORS = {
    name: FrameworkComparator(name, functions, from_tensorflow, tf)
    for name, functions in tables(classification, elementwise, indexing).items()
}
