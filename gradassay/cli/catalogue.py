"""``gradassay list``: the operations, and who implements them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradassay.cli.output import say, style

if TYPE_CHECKING:
    from gradassay.vocabulary import Operation


@click.command("list", short_help="The operations, their regions, conventions and implementations.")
def list_command() -> int:
    """List every operation with where its inputs come from, its named alternatives and who implements it."""
    from comparators import registry
    from gradassay.catalogue import OPERATIONS

    ours = {"numpy": tuple(OPERATIONS), "finite_differences": tuple(OPERATIONS)}
    covers = ours | {name: registry.operations(name) for name in registry.COMPARATORS}
    forward = {name: registry.operations(name, order=2) for name in registry.FORWARD}
    say("\n".join(_entry(operation, covers, forward) for operation in OPERATIONS.values()))
    return 0


def _entry(
    operation: Operation, covers: dict[str, tuple[str, ...]], forward: dict[str, tuple[str, ...]]
) -> str:
    from gradassay.orders import pullback_name

    document = (operation.definition.__doc__ or "").strip().splitlines()
    facts = {
        "formula": document[0].replace("``", "") if document else "",
        "regions": ", ".join(operation.regions),
        "conventions": "; ".join(convention.name for convention in operation.conventions),
        "implementations": ", ".join(name for name, covered in covers.items() if operation.name in covered),
        "with --order 2": ", ".join(
            name for name, covered in forward.items() if pullback_name(operation.name) in covered
        ),
        "source": " ".join(operation.source.split()),
    }
    lines = [f"  {name + ':':17}{text}" for name, text in facts.items() if text]
    return "\n".join([style(operation.name, bold=True), *lines, ""])
