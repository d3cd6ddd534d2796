"""JAX: ``from_jax``, and what its users would write for each operation, one file a family.

XLA's CPU programs flush subnormal numbers to zero.
"""

from __future__ import annotations

from comparators.adapters import pullbacks, tables
from comparators.jax import classification, elementwise, indexing, linear, reductions
from comparators.jax.adapter import from_jax, jax
from comparators.jax.compiled import JaxComparator
from comparators.jax.second_order import jvp_of_vjp, vjp_of_vjp

__all__ = ["COMPARATORS", "SECOND_ORDER", "from_jax"]

_TABLES = tables(classification, elementwise, indexing, linear, reductions)
#: It compiles anew for each shape, which takes about 45 ms: a scenario costs what forty of the others' do.
_STRIDE = 5

COMPARATORS = {
    name: JaxComparator(name, functions, from_jax, jax, _STRIDE) for name, functions in _TABLES.items()
}

SECOND_ORDER = {
    name: JaxComparator(name, pullbacks(functions), from_jax, jax, 2 * _STRIDE, vjp_of_vjp)
    for name, functions in _TABLES.items()
} | {
    "jax.forward": JaxComparator(
        "jax.forward", pullbacks(_TABLES["jax"]), from_jax, jax, 2 * _STRIDE, jvp_of_vjp
    )
}
