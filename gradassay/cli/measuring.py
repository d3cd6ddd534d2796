"""One measurement with a progress bar, and what its outcome means for the exit code."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from gradassay.cli.app import Exit
from gradassay.cli.interrupts import remembered_interrupt
from gradassay.cli.output import note, ours_alone, say

if TYPE_CHECKING:
    from gradassay.cli.saving import Destination
    from gradassay.vocabulary import Run, Witness

#: Each loads every framework, which takes a gigabyte and more.
MOST_JOBS = 4

Progress = Callable[[str, int, int], None]


def measure(
    operations: Sequence[str] | None = None,
    *,
    implementations: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    examples: int = 100,
    seed: int = 0,
    order: int | None = 1,
    jobs: int | None = None,
    witnesses: Sequence[Witness] = (),
) -> Run:
    """Compare; what frameworks print goes to standard error, so that standard output is ours alone."""
    from gradassay.engine import compare

    with ours_alone(), progress() as report:
        return compare(
            list(operations) if operations else None,
            implementations=implementations,
            dtypes=dtypes,
            examples=examples,
            seed=seed,
            order=order,
            jobs=sharing(jobs),
            witnesses=witnesses,
            progress=report,
        )


def sharing(jobs: int | None) -> int:
    """How many processes share the work: as many as asked for, or else one a core, up to ``MOST_JOBS``."""
    from gradassay.environment import cores

    return min(cores(), MOST_JOBS) if jobs is None else jobs


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """Give a progress callback that draws on standard error where that is a terminal.

    It also sees to Ctrl-C: an interrupt that was lost is raised again at the next scenario.
    """
    with remembered_interrupt() as interrupted:
        if sys.stderr is None or not sys.stderr.isatty():
            yield lambda label, done, total: _raise_again(interrupted)
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("loading", total=None)

            def report(label: str, done: int, total: int) -> None:
                _raise_again(interrupted)
                bar.update(task, description=label, completed=done, total=total)

            yield report


def _raise_again(interrupted: list[bool]) -> None:
    if interrupted:
        raise KeyboardInterrupt


def outcome(run: Run) -> Exit:
    """Exit code of a run that is judged by its subjects."""
    if run.interrupted:
        return Exit.INTERRUPTED
    if not any(row.scenarios for row in run.rows):
        return Exit.NOTHING
    return Exit.FAILED if run.failing else Exit.FINE


def show(run: Run, destination: Destination, reporter: str = "terminal") -> None:
    """Save what was asked for; the table goes to standard output unless results.json does."""
    destination.save(run)
    if destination.json_on_stdout:
        if run.interrupted:
            note("interrupted: results.json holds what was found so far")
    else:
        say(report_text(run, reporter))


def report_text(run: Run, reporter: str = "terminal") -> str:
    """Render a report for whatever standard output is: colours and width follow it."""
    from reports.registry import REPORTERS

    stream = _LikeStdout()
    REPORTERS[reporter].write(run, stream)
    return stream.getvalue()


class _LikeStdout(io.StringIO):
    """Collects text, and answers questions about the terminal as standard output would."""

    def isatty(self) -> bool:
        return sys.stdout is not None and sys.stdout.isatty()

    def fileno(self) -> int:
        return sys.stdout.fileno()
