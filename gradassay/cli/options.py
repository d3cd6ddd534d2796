"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from gradassay.cli.app import fail
from reports.gate import FOLDER

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Names(click.ParamType[tuple[str, ...]]):
    """``a,b,c`` -> ("a", "b", "c"); what the names mean is judged by whoever uses them."""

    name = "a,b,..."

    def __init__(self, known: Callable[[], Iterable[str]]) -> None:
        self._known = known
        """The names to complete from, looked up when the shell asks."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the name behind the last comma."""
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(before + comma + name) for name in _beginning(self._known(), last)]

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split at commas; an empty list is an error and not *all*."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        if not names:
            self.fail("expected at least one name", param, ctx)
        return names


def _beginning(names: Iterable[str], with_: str) -> list[str]:
    return [name for name in names if name.startswith(with_)]


def complete_operation(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of operations that begin so."""
    from gradassay.catalogue import OPERATIONS

    return _beginning(OPERATIONS, incomplete)


def complete_setup(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of trainings that begin so."""
    from gradassay.training.setups import SETUPS

    return _beginning(SETUPS, incomplete)


def _implementations() -> Iterable[str]:
    from gradassay.engine import implementations

    return implementations(order=2)


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


def implementations(command: Decorated) -> Decorated:
    """Add ``--implementations``."""
    return click.option(
        "--implementations",
        type=Names(_implementations),
        help="Only these (default: all installed); see gradassay list.",
    )(command)


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
    order: int | None, operations: tuple[str, ...], implementations: tuple[str, ...] = ()
) -> None:
    """Say how to get what the report of --order 2 calls grad(softmax), and who takes part there alone."""
    from comparators.registry import FORWARD
    from gradassay.orders import operation_of

    for name in operations:
        if operation_of(name) != name:
            command = click.get_current_context().command_path
            fail(f"{name} is what --order 2 measures: {command} {operation_of(name)} --order 2")
    for name in implementations:
        if order == 1 and name in FORWARD:
            fail(f"--implementations {name}: takes part with --order 2 alone")
