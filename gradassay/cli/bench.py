"""``gradassay bench``: speed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradassay.cli import options
from gradassay.cli.app import Exit, fail
from gradassay.cli.names import Names
from gradassay.cli.output import coloured, note, ours_alone, say
from gradassay.cli.speed_gate import gate_options, speed_gate, without_against

if TYPE_CHECKING:
    from gradassay.vocabulary.bench import BenchResult


class Sizes(click.ParamType[tuple[tuple[int, int], ...]]):
    """``8x10,64×100`` -> ((8, 10), (64, 100)); whether they can be measured is judged by the bench."""

    name = "NxM,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[int, int], ...]:
        """Split at commas, and each part at its cross."""
        if isinstance(value, tuple):
            return value
        found = []
        for part in str(value).split(","):
            try:
                rows, columns = (int(side) for side in part.replace("×", "x").split("x"))
            except ValueError:
                self.fail(f"{part.strip()!r} is no size; write rows and columns as in 64x100", param, ctx)
            found.append((rows, columns))
        return tuple(found)


def _implementations() -> Iterable[str]:
    from gradassay.bench.legs import LEGS

    return LEGS


#: Of results.json; 2 has ``pullback_s``, memory, the copy limit and the forward's ratios.
SCHEMA = 2


@click.command("bench", short_help="Time the NumPy rules against the frameworks.")
@click.argument("operations", nargs=-1, metavar="[OP]...", shell_complete=options.complete_operation)
@click.option(
    "--sizes",
    type=Sizes(),
    metavar="NxM,...",
    help="Rows and columns (default: 8x10,64x100,512x1000,4096x1000).",
)
@click.option(
    "--implementations",
    type=Names(_implementations),
    help="Only these beside ours, of torch, tensorflow, tensorflow.function, jax (default: all installed).",
)
@click.option(
    "--dtype",
    default="float32",
    show_default=True,
    metavar="DTYPE",
    help="float64, float32, float16 or bfloat16; who cannot run a case in it is named.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Turns of each (default: 15 to 41, as many as fit into 1.2 s).",
)
@options.seed(0, "The same seed gives the same inputs.")
@click.option(
    "--out",
    metavar="DIR",
    callback=options.not_empty,
    help="Save results.json, report.md and scaling.svg there.",
)
@click.option(
    "--plot",
    "plot_to",
    metavar="FILE",
    callback=options.not_empty,
    help="Draw time against size there, as SVG.",
)
@options.json
@gate_options
def bench_command(
    operations: tuple[str, ...],
    sizes: tuple[tuple[int, int], ...] | None,
    implementations: tuple[str, ...] | None,
    dtype: str,
    rounds: int | None,
    seed: int,
    out: str | None,
    plot_to: str | None,
    json_to: str | None,
    against: tuple[str, ...],
    **gate: Any,
) -> int:
    """Time forward and pullback of OP (default: all), interleaved in one process, on one thread.

    With --against it is a gate: OP of the working tree is held against OP of a git revision.
    """
    if against:
        others = {"--implementations": implementations, "--rounds": rounds, "--plot": plot_to}
        return speed_gate(operations, against, others, sizes, dtype, seed, out, json_to, **gate)
    without_against(**gate)
    from gradassay.one_thread import ask_for_one

    ask_for_one()  # counts for what is imported from here on

    from gradassay.bench import SIZES, bench
    from gradassay.cli.measuring import progress
    from gradassay.cli.saving import Destination
    from gradassay.ledger.recording import record_bench
    from reports.bench_text import text

    destination = Destination(out, json_to)
    if plot_to is not None:
        _check_plot(Path(plot_to))
    with ours_alone(), progress() as report:
        result = bench(
            operations or None,
            sizes or SIZES,
            dtype,
            rounds,
            seed,
            implementations,
            progress=lambda done, total, label: report(label, done, total),
        )
    record_bench(result)
    document = _document(result)
    destination.write_json(document)
    if destination.folder is not None:
        _save(destination.folder, result, document)
    if plot_to is not None and result.rows:
        _draw(Path(plot_to), result)
    if not destination.json_on_stdout:
        say(text(result, coloured=coloured()))
    elif result.interrupted:
        note("interrupted: the document holds the rows that were finished")
    if result.interrupted:
        return Exit.INTERRUPTED
    return Exit.FINE if result.rows else Exit.NOTHING


def _check_plot(path: Path) -> None:
    """Fail now rather than after minutes of measuring."""
    from reports.bench_plot import check

    check()
    if path.is_dir() or not path.absolute().parent.is_dir():
        fail(f"--plot {path}: is a directory, or lies in none; name a file in a directory that exists")


def _document(result: BenchResult) -> str:
    from gradassay.environment import installed

    tool = {"name": "gradassay", "version": installed("gradassay")}
    return json.dumps({"schema": SCHEMA, "tool": tool, **result.to_dict()}, indent=1, allow_nan=False) + "\n"


def _save(folder: Path, result: BenchResult, document: str) -> None:
    from gradassay.cli.saving import write_atomically
    from gradassay.errors import UsageError
    from reports.bench_page import page
    from reports.bench_plot import check

    write_atomically(folder / "results.json", document)
    picture: Path | None = folder / "scaling.svg"
    try:
        check()
    except UsageError as error:
        note(f"scaling.svg was left out: {error}")
        picture = None
    if picture is not None and result.rows:
        _draw(picture, result)
    write_atomically(folder / "report.md", page(result, None if picture is None else picture.name))


def _draw(path: Path, result: BenchResult) -> None:
    from gradassay.cli.saving import write_atomically
    from reports.bench_plot import plot

    write_atomically(path, plot(result))
