"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

import click

from gradassay.cli.app import fail
from gradassay.cli.names import Names, beginning
from gradassay.errors import UsageError
from reports.gate import FOLDER

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def complete_operation(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of operations that begin so."""
    from gradassay.catalogue import OPERATIONS

    return beginning(OPERATIONS, incomplete)


def complete_setup(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of trainings that begin so."""
    from gradassay.training.setups import SETUPS

    return beginning(SETUPS, incomplete)


def _of_gradients() -> Iterable[str]:
    from gradassay.engine import implementations

    return implementations()


def _of_both_orders() -> Iterable[str]:
    from gradassay.engine import implementations

    return dict.fromkeys((*implementations(), *implementations(order=2)))


def trainers() -> Iterable[str]:
    """Implementations that train."""
    from comparators.training import names

    return names()


def _dtypes() -> Iterable[str]:
    from gradassay.formats import FORMATS

    return FORMATS


def not_empty(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse ``""``, as an unset variable of a shell gives it: it is neither a name nor *not given*."""
    if value == "":
        raise click.BadParameter("is empty; name something, or leave the option out")
    return value


def _implementations(known: Callable[[], Iterable[str]]) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--implementations",
        type=Names(known),
        help="Only these (default: all installed); see gradassay list.",
    )


def implementations(command: Decorated) -> Decorated:
    """Add ``--implementations``."""
    return _implementations(_of_gradients)(command)


def implementations_of_both_orders(command: Decorated) -> Decorated:
    """Add ``--implementations`` where there is an ``--order`` at which others take part as well."""
    return _implementations(_of_both_orders)(command)


def dtypes(command: Decorated) -> Decorated:
    """Add ``--dtypes``."""
    return click.option(
        "--dtypes", type=Names(_dtypes), help="Only these of float64, float32, float16, bfloat16."
    )(command)


def examples(default: int | None) -> Callable[[Decorated], Decorated]:
    """Add ``--examples``."""
    return click.option(
        "--examples",
        type=click.IntRange(min=1),
        default=default,
        show_default=default is not None,
        metavar="N",
        help="Scenarios for each operation and dtype.",
    )


def seed(
    default: int | None, meaning: str = "The same seed gives the same scenarios."
) -> Callable[[Decorated], Decorated]:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=default,
        show_default=default is not None,
        metavar="N",
        help=meaning,
    )


def order(command: Decorated) -> Decorated:
    """Add ``--order``."""
    return click.option(
        "--order",
        type=click.IntRange(1, 2),
        metavar="1|2",
        default=1,
        show_default=True,
        help="2: the pullbacks are the operations, and their own gradients are judged.",
    )(command)


def one_order(command: Decorated) -> Decorated:
    """Add ``--order`` where both are meant unless it is given."""
    return click.option(
        "--order",
        type=click.IntRange(1, 2),
        metavar="1|2",
        help="Only the gradients, or only the pullbacks' own gradients (default: both).",
    )(command)


def jobs(command: Decorated) -> Decorated:
    """Add ``--jobs``."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes that share the operations (default: one a core, up to 4).",
    )(command)


def out(command: Decorated) -> Decorated:
    """Add ``--out``."""
    return click.option(
        "--out", metavar="DIR", callback=not_empty, help="Save results.json and report.md there."
    )(command)


def json(command: Decorated) -> Decorated:
    """Add ``--json``."""
    return click.option(
        "--json",
        "json_to",
        metavar="FILE",
        callback=not_empty,
        help="Write results.json there; - is standard output.",
    )(command)


def approved(command: Decorated) -> Decorated:
    """Add ``--approved``."""
    return click.option(
        "--approved",
        "folder",
        metavar="DIR",
        callback=not_empty,
        default=FOLDER,
        show_default=True,
        help="The approved state: expected.toml, accuracy.toml and witnesses/ in it.",
    )(command)


def point_to_the_second_order(
    order: int | None,
    operations: tuple[str, ...],
    implementations: tuple[str, ...] = (),
    also: Collection[str] = (),
) -> None:
    """Say how to get what the report of --order 2 calls grad(softmax), and who takes part there alone.

    UsageError as well where there is no softmax, neither in the catalogue nor ``also``.
    """
    from comparators.registry import FORWARD
    from gradassay.catalogue import OPERATIONS
    from gradassay.orders import operation_of

    for name in operations:
        inner = operation_of(name)
        if inner not in (name, *OPERATIONS, *also):
            raise UsageError.unknown("operation", inner, tuple(OPERATIONS))
        if inner != name:
            fail(f"{name} is what --order 2 measures: in its place, write {inner} --order 2")
    for name in implementations:
        if order == 1 and name in FORWARD:
            fail(f"--implementations {name}: takes part with --order 2 alone")
