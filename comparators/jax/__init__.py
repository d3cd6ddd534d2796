"""JAX: ``from_jax``, and what its users would write for each operation, one file a family.

XLA's CPU programs flush subnormal numbers to zero.
"""

from __future__ import annotations

from comparators.adapters import tables
from comparators.jax import classification, elementwise, indexing
from comparators.jax.adapter import from_jax, jax
from comparators.jax.compiled import JaxComparator

__all__ = ["COMPARATORS", "from_jax"]

COMPARATORS = {
    # It compiles anew for each shape, which takes about 45 ms: a scenario costs what forty of the others' do.
    name: JaxComparator(name, functions, from_jax, jax, stride=4)
    for name, functions in tables(classification, elementwise, indexing).items()
}
