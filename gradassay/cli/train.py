"""``gradassay train``: the same training in NumPy, PyTorch and TensorFlow, losses side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from gradassay.cli import options
from gradassay.cli.app import Exit
from gradassay.cli.names import Names

if TYPE_CHECKING:
    from gradassay.training.results import Training


@click.command("train", short_help="The same training in every implementation: where do they part?")
@click.argument("setups", nargs=-1, metavar="[SETUP]...", shell_complete=options.complete_setup)
@click.option(
    "--implementations",
    type=Names(options.trainers),
    help="Of numpy, torch, tensorflow, tensorflow.keras (default: the first three).",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Updates of each training.",
)
@options.seed(0, "The same seed gives the same starts.")
@click.option("--dtype", default="float64", show_default=True, metavar="DTYPE", help="float64 or float32.")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="K",
    help="Show the loss of one step in K (default: eleven of them).",
)
@click.option(
    "--check-every",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="K",
    help="Judge the operations of one step in K, and of all before a fault or a parting.",
)
@click.option("--out", metavar="DIR", callback=options.not_empty, help="Save train.json and train.txt there.")
@click.option(
    "--json",
    "json_to",
    metavar="FILE",
    callback=options.not_empty,
    help="Write train.json there; - is standard output.",
)
def train_command(
    setups: tuple[str, ...],
    implementations: tuple[str, ...] | None,
    steps: int,
    seed: int,
    dtype: str,
    every: int | None,
    check_every: int,
    out: str | None,
    json_to: str | None,
) -> int:
    """Train SETUP (default: all; a name or its beginning) from one start in every implementation.

    Every operation of every step is held against certified truth; the losses are compared. The first step and
    operation that leaves its budget is named, and why losses part.

    \b
    gradassay train 000-mlp
    gradassay train 001 --implementations numpy,tensorflow.keras --steps 100
    """  # noqa: D301 - click wants the character itself
    from gradassay.cli.measuring import progress
    from gradassay.cli.output import coloured, note, ours_alone, say
    from gradassay.cli.saving import Destination, write_atomically
    from gradassay.cli.train_report import document, text
    from gradassay.training import IMPLEMENTATIONS, chosen_setups, train

    destination = Destination(out, json_to)
    found: list[Training] = []
    interrupted = False
    try:
        for setup in chosen_setups(setups):
            with ours_alone(), progress() as report:
                training = train(
                    setup,
                    implementations=implementations or IMPLEMENTATIONS,
                    steps=steps,
                    seed=seed,
                    dtype=dtype,
                    check_every=check_every,
                    progress=report,
                )
            found.append(training)
            if not destination.json_on_stdout:
                say(text(training, every, coloured=coloured()))
    except KeyboardInterrupt:
        interrupted = True
        note(f"interrupted: {len(found)} finished, what comes after them is missing")
    as_json = json.dumps(document(found, interrupted), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    destination.write_json(as_json)
    if destination.folder is not None:
        write_atomically(destination.folder / "train.json", as_json)
        plain = [text(training, every, coloured=False) for training in found]
        plain += ["interrupted: what comes after this is missing\n"] if interrupted else []
        write_atomically(destination.folder / "train.txt", "\n".join(plain))
    return Exit.INTERRUPTED if interrupted else outcome(found)


def outcome(found: list[Training]) -> Exit:
    """Exit code of all set-ups together."""
    if not any(training.trajectories for training in found):
        return Exit.NOTHING
    return Exit.FINE if all(training.ok for training in found) else Exit.FAILED
