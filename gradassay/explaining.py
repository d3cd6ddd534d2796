"""``gradassay explain``: one operation compared, with everybody's answer on each discrepancy's example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradassay.edges import answered
from gradassay.engine import compare, implementations
from gradassay.formats import FORMATS
from gradassay.plan import Plan, Progress, load
from gradassay.vocabulary import Discrepancy, Run


def explain(
    operation: str,
    *,
    of: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    examples: int = 100,
    seed: int = 0,
    order: int = 1,
    progress: Progress | None = None,
) -> Run:
    """Compare an operation, and let truth and every installed implementation answer on each example.

    ``of`` names the implementations whose discrepancies are asked for (default: all); all of them answer.  Raises
    UsageError for a name that is not known.
    """
    run = compare(
        [operation],
        implementations=of,
        dtypes=dtypes,
        examples=examples,
        seed=seed,
        order=order,
        progress=progress,
    )
    if run.interrupted:
        return run
    plan = Plan((operation,), tuple(FORMATS), implementations(order), examples, seed, order)
    (asked,) = plan.operations
    comparators = [c for c in load(plan)[0] if asked.name in c.operations]

    def answering(found: Discrepancy) -> Discrepancy:
        return replace(found, beside=answered(found.cause, found.example.scenario, asked, comparators))

    rows = (replace(row, discrepancies=tuple(map(answering, row.discrepancies))) for row in run.rows)
    return replace(run, rows=tuple(rows))
