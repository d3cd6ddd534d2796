"""``gradassay explain``: why implementations of one operation differ."""

from __future__ import annotations

import click

from gradassay.cli import options


@click.command("explain", short_help="Why implementations of one operation differ, example by example.")
@click.argument("operation", metavar="OP", shell_complete=options.complete_operation)
@options.implementations_of_both_orders
@options.dtypes
@options.examples(100)
@options.seed(0)
@options.order
@options.out
@options.json
def explain_command(
    operation: str,
    implementations: tuple[str, ...] | None,
    dtypes: tuple[str, ...] | None,
    examples: int,
    seed: int,
    order: int,
    out: str | None,
    json_to: str | None,
) -> int:
    """Explain each discrepancy of OP: verdict, cause, what its scenarios have in common, and the smallest example.

    Beside it stand the truth, the budget, and what every installed implementation returns there.

    \b
    gradassay explain cross_entropy --implementations tensorflow.keras
    gradassay explain max --dtypes float64 --json - | jq '.rows[].discrepancies[].condition'
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.measuring import outcome, progress, show
    from gradassay.cli.output import ours_alone
    from gradassay.cli.saving import Destination
    from gradassay.explaining import explain

    options.point_to_the_second_order(order, (operation,), implementations or ())
    destination = Destination(out, json_to)
    with ours_alone(), progress() as report:
        run = explain(
            operation,
            of=implementations,
            dtypes=dtypes,
            examples=examples,
            seed=seed,
            order=order,
            progress=report,
        )
    show(run, destination, reporter="explanation")
    return outcome(run)
