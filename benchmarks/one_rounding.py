"""One rounding more in the pullback of every operation, and of every pullback, held against the approved bounds.

    python benchmarks/one_rounding.py [OPERATION ...]

To every entry of a gradient the next power of two is added and taken away again, which rounds it once, to one digit
less than it had.  On the scenarios of the approved state; a line for each operation and dtype has the typical norm-wise
error, its bound, and which of the bounds, or whether a verdict, sees it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.judging import AgainstTruth
from gradassay.orders import pullback_name
from gradassay.second_order import operation_named
from gradassay.tally import Tally
from gradassay.vocabulary import Array, Row, Rule
from gradassay.why.rows import Explainer
from property_tests.strategies import draw_scenarios
from reports.gate.accuracy_toml import read as read_accuracy
from reports.gate.expected_toml import read as read_expected
from reports.gate.places import Place

STATE = Path(__file__).resolve().parent.parent / "reports"
DTYPES = ("float64", "float32")


def rounded(x_bar: Array | None) -> Array | None:
    """``(x_bar + 2^e) - 2^e`` with 2^(e-1) <= |x_bar| < 2^e; the difference is exact."""
    if x_bar is None:
        return None
    with np.errstate(all="ignore"):
        _, exponents = np.frexp(x_bar)
        power = np.copysign(np.ldexp(x_bar.dtype.type(1), exponents), x_bar)
        once = (x_bar + power) - power
    return np.where(np.isfinite(once), once, x_bar).astype(x_bar.dtype)


def rounding_once_more(rule: Rule) -> Rule:
    """``rule`` with a pullback that rounds once more."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)

        def pull(y_bar: Any) -> Any:
            x_bar = pullback(y_bar)
            return tuple(map(rounded, x_bar)) if isinstance(x_bar, tuple) else rounded(x_bar)

        return y, pull

    return planted


def row_of(name: str, dtype: str, *, examples: int, seed: int) -> Row:
    """What a comparison would find."""
    operation = operation_named(name)
    comparator = RuleComparator("numpy", rounding_once_more(operation.rule))
    judge = AgainstTruth(comparator, operation.definition, operation.conventions)
    tally = Tally(name, "numpy", dtype, judge, Explainer(name, judge, operation.definition, comparator))
    for scenario in draw_scenarios(operation, dtype=dtype, examples=examples, seed=seed):
        tally.measure(scenario)
    return tally.row(explain=False)


def main(names: list[str]) -> int:
    """Print the lines; 1 where an operation was not seen at all."""
    expected, accuracy = read_expected(STATE / "expected.toml"), read_accuracy(STATE / "accuracy.toml")
    unseen, by_typical, rows = [], 0, 0
    for name in names or (*OPERATIONS, *map(pullback_name, OPERATIONS)):
        seen = False
        for dtype in DTYPES:
            row = row_of(name, dtype, examples=expected.examples, seed=expected.seed)
            bound = accuracy.bounds[Place(name, "numpy", dtype)]
            kept = {
                "typical error": row.typical <= bound.normwise,
                "error/budget": row.worst.budget_ratio <= bound.budget_ratio,
                "verdict": not row.fails,
            }
            broken = [what for what, keeps in kept.items() if not keeps]
            seen |= bool(broken)
            rows, by_typical = rows + 1, by_typical + (not kept["typical error"])
            print(
                f"{name:30}{dtype:9}{row.typical:6.3f} u, bound {bound.normwise:.3f} u: {', '.join(broken) or '-'}"
            )
        unseen += [] if seen else [name]
    print(
        f"{by_typical} of {rows} rows by the typical error alone; not seen at all: {', '.join(unseen) or 'none'}"
    )
    return int(bool(unseen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
