"""``gradassay replay ID``: one discrepancy again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gradassay.cli import options
from gradassay.cli.app import Exit
from gradassay.cli.output import note, say, style

if TYPE_CHECKING:
    from gradassay.replay.replaying import Replayed
    from gradassay.vocabulary import Example


def complete_id(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of the run that is remembered, or named, that begin so."""
    from gradassay.errors import UsageError
    from gradassay.replay.remembered import ids

    try:
        return [name for name in ids(ctx.params.get("source")) if name.startswith(incomplete)]
    except UsageError:
        return []


@click.command("replay", short_help="Show one discrepancy again.")
@click.argument("name", metavar="ID", callback=options.not_empty, shell_complete=complete_id)
@click.option(
    "--from",
    "source",
    metavar="FILE|DIR",
    callback=options.not_empty,
    help="A results.json, or the folder that holds it (default: the last run).",
)
@click.option(
    "--script",
    metavar="FILE",
    callback=options.not_empty,
    help="Write a script there that shows it without Gradassay; - is standard output.",
)
@click.option(
    "--json",
    "json_to",
    metavar="FILE",
    callback=options.not_empty,
    help="Write what was found then and now there, as JSON; - is standard output.",
)
def replay_command(name: str, source: str | None, script: str | None, json_to: str | None) -> int:
    """Run the example of discrepancy ID again and judge it: exit code 0 where it shows the same, 1 where not.

    ID may be cut short as long as it is the only one that begins so.

    \b
    gradassay replay 3f2a91c0
    gradassay replay 3f2a --from out --script again.py && python again.py
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.output import ours_alone
    from gradassay.cli.saving import Destination
    from gradassay.cli.verify import load
    from gradassay.replay.remembered import recorded
    from gradassay.replay.replaying import replay

    destination = Destination(None, json_to)
    with ours_alone():
        replayed = replay(recorded(name, source), load)
        text = None if script is None else _script(replayed)
    if text is not None and script not in ("-", "/dev/stdout"):
        _write(str(script), text)
    if destination.json_on_stdout or json_to is not None:
        import json

        destination.write_json(
            json.dumps(_document(replayed), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        )
    if text is not None and script in ("-", "/dev/stdout"):
        say(text)
    elif not destination.json_on_stdout:
        say(_report(replayed))
    if not replayed.shown_again:
        note(f"{replayed.recorded.found.id} has changed: {_summary(replayed, now=True)}")
    return Exit.FINE if replayed.shown_again else Exit.FAILED


def _script(replayed: Replayed) -> str:
    from gradassay.replay.standalone import standalone

    recorded = replayed.recorded
    return standalone(recorded.found, recorded.operation, recorded.implementation, replayed.rule)


def _write(file: str, text: str) -> None:
    from pathlib import Path

    from gradassay.cli.saving import write_atomically

    write_atomically(Path(file), text)


def _snippet(replayed: Replayed) -> str:
    from reports.snippets import snippet

    recorded = replayed.recorded
    rule = recorded.environment.get("rule")
    return snippet(recorded.found.example, recorded.operation, recorded.implementation, rule)


def _report(replayed: Replayed) -> str:
    from reports.numbers import apart, short

    recorded = replayed.recorded
    found = recorded.found
    again = (
        style("SHOWN AGAIN", fg="green", bold=True)
        if replayed.shown_again
        else style("CHANGED", fg="red", bold=True)
    )
    lines = [
        style(f"{found.id}  {recorded.operation} by {recorded.implementation} in {found.dtype}", bold=True),
        "",
        *(f"    {line}".rstrip() for line in _snippet(replayed).splitlines()),
        "",
    ]
    for when, example in (("then", found.example), ("now", replayed.finding.example)):
        lines.append(f"{when + ':':6}{_summary(replayed, now=when == 'now')}")
        if example is not None and example.path and example.got is not None:
            truth, got = apart(example.expected, example.got, 9)
            lines.append(
                f"      {_place(example)}: truth {truth}, value {got}, error {short(_error(example))}, "
                f"budget {short(example.budget)}"
            )
    if replayed.finding.sentence:
        lines.append(f"      {replayed.finding.sentence}")
    return "\n".join([*lines, again])


def _summary(replayed: Replayed, *, now: bool) -> str:
    found = replayed.recorded.found
    if now:
        return ", ".join(filter(None, (str(replayed.finding.verdict), replayed.finding.cause)))
    alone = f" (its example alone: {found.found})" if found.found not in ("", found.cause) else ""
    return f"{found.verdict}, {found.cause}{alone}"


def _place(example: Example) -> str:
    return example.path + (f"[{', '.join(map(str, example.index))}]" if example.index else "")


def _error(example: Example) -> float | None:
    if example.expected is None or example.got is None:
        return None
    return abs(example.got - example.expected)


def _document(replayed: Replayed) -> dict[str, Any]:
    """What was found then and now, for programs."""
    recorded, finding = replayed.recorded, replayed.finding
    found = recorded.found
    then = {"verdict": found.verdict.value, "cause": found.cause, "found": found.found or found.cause}
    now = {"verdict": finding.verdict.value, "cause": finding.cause, "sentence": finding.sentence}
    return {
        "schema": 1,
        "id": found.id,
        "operation": recorded.operation,
        "implementation": recorded.implementation,
        "dtype": found.dtype,
        "shown_again": replayed.shown_again,
        "then": then | _entry(found.example),
        "now": now | _entry(finding.example),
        "snippet": _snippet(replayed),
    }


def _entry(example: Example | None) -> dict[str, Any]:
    from reports.encoding import encode_float

    if example is None:
        return {"path": "", "index": None, "expected": None, "got": None, "budget": None}
    numbers = {name: getattr(example, name) for name in ("expected", "got", "budget")}
    return {
        "path": example.path,
        "index": None if example.index is None else list(example.index),
        **{name: None if value is None else encode_float(value) for name, value in numbers.items()},
    }
