"""``gradassay check`` and ``gradassay approve``: the gate of CI, and the way to move it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.output import note, say, style

if TYPE_CHECKING:
    from reports.expectations import Expectations
    from reports.holding import Breach, Holding


@click.command("check", short_help="The gate: hold a comparison against the approved expectations.")
@options.expected
@options.jobs
@options.out
@options.json
def check_command(expected_file: str, jobs: int | None, out: str | None, json_to: str | None) -> int:
    """Compare with the seed and the examples of the approved state, and fail on any difference from it.

    New, worse, vanished and stale discrepancies are breaches, each named with the command that approves it.
    """
    from gradassay.cli.measuring import approved, measure, outcome
    from gradassay.cli.saving import Destination
    from reports.holding import holding

    path = Path(expected_file)
    expectations = approved(path)
    destination = Destination(out, json_to)
    run = measure(examples=expectations.examples, seed=expectations.seed, jobs=jobs)
    destination.save(run)
    done = outcome(run)
    if done in (Exit.INTERRUPTED, Exit.NOTHING):
        note(
            "interrupted: nothing was held against the approved state"
            if done is Exit.INTERRUPTED
            else "error: nothing was measured, so nothing was held"
        )
        return done
    held = holding(run, expectations)
    text = _report(held, expectations, path)
    if destination.json_on_stdout:
        note(text)
    else:
        say(text)
        if os.environ.get("GITHUB_ACTIONS"):
            for breach in held.breaches:
                say(_annotation(breach, path))
    return Exit.FAILED if held.breaches else Exit.FINE


@click.command("approve", short_help="Accept the present state as the approved one.")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why every new discrepancy is right, for the file."
)
@options.expected
@options.examples(None)
@options.seed(None)
@options.jobs
def approve_command(
    reason: str, expected_file: str, examples: int | None, seed: int | None, jobs: int | None
) -> int:
    """Compare, and write what was found to the file that `gradassay check` holds runs against.

    Entries that did not change keep their reason. Seed and examples are those of the file unless given
    (at first 0 and 100).
    """
    from gradassay.cli.measuring import measure, outcome
    from gradassay.cli.saving import Destination, write_atomically
    from reports.expectations import Expectations, approve
    from reports.expected_toml import read, text

    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        fail("approve is refused where CI is set: a person approves, on their own machine")
    if not reason.strip():
        fail("--reason is empty: say in a sentence why the new state is right")
    path = Path(expected_file)
    before = read(path) if path.exists() else Expectations()
    Destination(str(path.absolute().parent))
    seed = before.seed if seed is None else seed
    examples = before.examples if examples is None else examples
    run = measure(examples=examples, seed=seed, jobs=jobs)
    done = outcome(run)
    if done in (Exit.INTERRUPTED, Exit.NOTHING):
        note(f"{path} is unchanged: {'interrupted' if run.interrupted else 'nothing was measured'}")
        return done
    after = approve(run, before, reason, seed=seed, examples=examples)
    write_atomically(path, text(after))
    say(_changes(before, after, path))
    return Exit.FINE


def _report(held: Holding, expectations: Expectations, path: Path) -> str:
    from reports.numbers import count

    lines = [
        f"{style(breach.kind, fg='red', bold=True)}{breach.sentence.removeprefix(breach.kind)}"
        for breach in held.breaches
    ]
    lines += [
        f"{style('not checked', fg='yellow')}: {count(number, 'row')} of {framework}, not installed here"
        for framework, number in held.unchecked.items()
    ]
    if held.elsewhere:
        lines += [f"{style('not gated', fg='yellow')}: {breach.sentence}" for breach in held.elsewhere]
        lines.append(
            "not gated: the file was approved with other versions of the frameworks, or on another processor"
        )
    checked = len(expectations.measured) - sum(held.unchecked.values())
    known = count(len(expectations.known), "approved discrepancy", "approved discrepancies")
    if held.breaches:
        breaches = count(len(held.breaches), "breach", "breaches")
        lines.append(f"{style('FAILED', fg='red', bold=True)}  {breaches} of {path}")
    else:
        lines.append(
            f"{style('PASSED', fg='green', bold=True)}  as {path} has it: {count(checked, 'row')}, {known}"
        )
    return "\n".join(lines)


def _changes(before: Expectations, after: Expectations, path: Path) -> str:
    added = sorted(after.known.keys() - before.known.keys())
    gone = sorted(before.known.keys() - after.known.keys())
    lines = [
        f"{sign} {' '.join(known.place)} {known.verdict}{f': {known.cause}' if known.cause else ''}"
        for sign, changed in (("+", added), ("-", gone))
        for known in changed
    ]
    same = len(after.known) - len(added)
    lines.append(
        f"{path}: {len(added)} added, {len(gone)} removed, {same} unchanged; {len(after.measured)} rows"
    )
    return "\n".join(lines)


def _annotation(breach: Breach, path: Path) -> str:
    sentence = breach.sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error file={path},title=gradassay {breach.kind}::{sentence}"
