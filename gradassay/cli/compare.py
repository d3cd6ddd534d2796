"""``gradassay compare``: the report."""

from __future__ import annotations

import click

from gradassay.cli import options


@click.command("compare", short_help="The report: who agrees with the mathematics, and who does not.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@options.implementations_of_both_orders
@options.dtypes
@options.examples(100)
@options.seed(0)
@options.order
@options.jobs
@options.out
@options.json
def compare_command(
    operations: tuple[str, ...],
    implementations: tuple[str, ...] | None,
    dtypes: tuple[str, ...] | None,
    examples: int,
    seed: int,
    order: int,
    jobs: int | None,
    out: str | None,
    json_to: str | None,
) -> int:
    """Compare implementations of OP (default: all operations) with certified truth.

    \b
    gradassay compare softmax get_item --examples 200 --seed 1 --out out
    gradassay compare --implementations numpy,torch --dtypes float32 --json - | jq .rows
    gradassay compare softmax --order 2
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.measuring import measure, outcome, show
    from gradassay.cli.saving import Destination

    options.point_to_the_second_order(order, operations, implementations or ())
    destination = Destination(out, json_to)
    run = measure(
        operations,
        implementations=implementations,
        dtypes=dtypes,
        examples=examples,
        seed=seed,
        order=order,
        jobs=jobs,
    )
    show(run, destination)
    return outcome(run)
