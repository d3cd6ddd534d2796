"""``gradassay compare``: the report."""

from __future__ import annotations

import click

from gradassay.cli import options
from gradassay.cli.app import fail


@click.command("compare", short_help="The report: who agrees with the mathematics, and who does not.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@options.implementations
@options.dtypes
@options.examples(100)
@options.seed(0)
@click.option(
    "--order",
    type=click.IntRange(1, 2),
    metavar="1|2",
    default=1,
    show_default=True,
    help="2: the pullbacks are the operations, and their own gradients are judged.",
)
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
    r"""Compare implementations of OP (default: all operations) with certified truth.

    \b
    gradassay compare softmax get_item --examples 200 --seed 1 --out out
    gradassay compare --implementations numpy,torch --dtypes float32 --json - | jq .rows
    gradassay compare softmax --order 2
    """
    from gradassay.cli.measuring import measure, outcome, show
    from gradassay.cli.saving import Destination

    _point_to_the_second_order(order, operations, implementations or ())

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


def _point_to_the_second_order(
    order: int, operations: tuple[str, ...], implementations: tuple[str, ...]
) -> None:
    """Say how to get what the report of --order 2 calls grad(softmax), and who takes part there alone."""
    from comparators.registry import FORWARD
    from gradassay.second_order import operation_of

    for name in operations:
        if operation_of(name) != name:
            fail(f"{name} is what --order 2 measures: gradassay compare {operation_of(name)} --order 2")
    for name in implementations:
        if order == 1 and name in FORWARD:
            fail(f"--implementations {name}: takes part with --order 2 alone")
