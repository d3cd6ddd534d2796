"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Names(click.ParamType[tuple[str, ...]]):
    """``a,b,c`` -> ("a", "b", "c"); what the names mean is judged by whoever uses them."""

    name = "a,b,..."

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


def not_empty(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Refuse ``""``, as an unset variable of a shell gives it: it is neither a name nor *not given*."""
    if value == "":
        raise click.BadParameter("is empty; name something, or leave the option out")
    return value


def implementations(command: Decorated) -> Decorated:
    """Add ``--implementations``."""
    return click.option(
        "--implementations", type=Names(), help="Only these (default: all installed); see gradassay list."
    )(command)


def dtypes(command: Decorated) -> Decorated:
    """Add ``--dtypes``."""
    return click.option("--dtypes", type=Names(), help="Only these of float64, float32, float16, bfloat16.")(
        command
    )


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


def seed(default: int | None) -> Callable[[Decorated], Decorated]:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=default,
        show_default=default is not None,
        metavar="N",
        help="The same seed gives the same scenarios.",
    )


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


def expected(command: Decorated) -> Decorated:
    """Add ``--expected``."""
    return click.option(
        "--expected",
        "expected_file",
        metavar="FILE",
        callback=not_empty,
        default="reports/expected.toml",
        show_default=True,
        help="The approved expectations.",
    )(command)
