"""``gradassay verify MODULE:RULE``: a rule of your own."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gradassay.cli import options
from gradassay.cli.app import fail

if TYPE_CHECKING:
    from gradassay.vocabulary import Run


@click.command("verify", short_help="Verify a rule of your own.")
@click.argument("rule", metavar="MODULE:RULE")
@click.option(
    "--like",
    metavar="OP",
    callback=options.not_empty,
    shell_complete=options.complete_operation,
    help="The catalogue's operation that RULE implements, or its pullback: grad(OP).",
)
@click.option(
    "--definition",
    metavar="MODULE:FN",
    callback=options.not_empty,
    help="The textbook formula, a function in plain NumPy.",
)
@click.option(
    "--inputs",
    metavar="MODULE:NAME",
    callback=options.not_empty,
    help="A Hypothesis strategy of argument tuples, or a list of them.",
)
@options.dtypes
@options.examples(100)
@options.seed(0)
@options.out
@options.json
def verify_command(
    rule: str,
    like: str | None,
    definition: str | None,
    inputs: str | None,
    dtypes: tuple[str, ...] | None,
    examples: int,
    seed: int,
    out: str | None,
    json_to: str | None,
) -> int:
    """Verify RULE, a function that returns the primal and its pullback, found in MODULE.

    The current directory is searched first.

    \b
    gradassay verify layers:softmax --like softmax
    gradassay verify layers:swish --definition layers:swish_formula --inputs layers:points
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.measuring import outcome, progress, show
    from gradassay.cli.output import ours_alone
    from gradassay.cli.saving import Destination

    if like and definition:
        fail("--like and --definition exclude each other; give one of them")
    destination = Destination(out, json_to)
    with ours_alone(), progress() as report:
        found = load(rule, "RULE")
        if not callable(found):
            fail(f"RULE {rule}: is not callable; a rule is a function that returns (primal, pullback)")
        if not (like or inputs):
            fail("there is nothing to verify on: give --like OP, or --inputs MODULE:NAME (argument tuples)")
        given: dict[str, Any] = {} if dtypes is None else {"dtypes": dtypes}
        if definition:
            given["definition"] = load(definition, "--definition")
        if inputs:
            given["inputs"] = load(inputs, "--inputs")
        from gradassay.api import verify

        run = verify(found, like=like, examples=examples, seed=seed, progress=report, **given).run
    run = _by_name(run, rule=rule, like=like, definition=definition)
    show(run, destination)
    return outcome(run)


def _by_name(run: Run, **names: str | None) -> Run:
    """The run with what ``gradassay replay`` imports again, and with that command for each discrepancy."""
    rows = (
        replace(
            row,
            discrepancies=tuple(replace(d, reproduce=f"gradassay replay {d.id}") for d in row.discrepancies),
        )
        for row in run.rows
    )
    return replace(run, rows=tuple(rows), environment={**run.environment, **names})


def load(name: str, option: str) -> Any:
    """``package.module:attribute`` -> the object; UsageError names what is missing, and where."""
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        fail(f"{option} {name!r}: write MODULE:NAME, for instance layers:softmax")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            fail(f"{option} {name}: there is no module {error.name!r} in the current directory or installed")
        fail(f"{option} {name}: importing {module_name} failed: it needs {error.name!r}, not installed")
    except (Exception, SystemExit) as error:
        fail(f"{option} {name}: importing {module_name} failed with {type(error).__name__}: {error}")
    for part in path.split("."):
        if not hasattr(found, part):
            fail(f"{option} {name}: {module_name} has no {part!r}{_instead(part, found)}")
        found = getattr(found, part)
    return found


def _instead(name: str, holder: Any) -> str:
    import difflib

    close = difflib.get_close_matches(
        name, [public for public in dir(holder) if not public.startswith("_")], n=3
    )
    return f"; did you mean {' or '.join(close)}?" if close else ""
