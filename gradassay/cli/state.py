"""The approved state as a folder of files: read whole, written file by file, each of them whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradassay.cli.output import style

if TYPE_CHECKING:
    from gradassay.vocabulary import Witness
    from reports.gate.holding import State


def read(folder: Path) -> State:
    """The state in ``folder``; UsageError with file, line and remedy for a part that is missing or damaged."""
    from gradassay.replay import witnesses
    from reports.gate import accuracy_toml, expected_toml
    from reports.gate.breaches import File
    from reports.gate.holding import State

    expectations = expected_toml.read(folder / File.EXPECTED)
    accuracy = accuracy_toml.read(folder / File.ACCURACY)
    stored = witnesses.read(folder / File.WITNESSES)

    def position(name: str) -> tuple[str, int]:
        path, line = witnesses.position(folder / File.WITNESSES, name) or (folder, 0)
        return f"{File.WITNESSES}/{path.name}", line

    return State(expectations, accuracy, {witness.id: witness for witness in stored}, position)


def read_or_begin(folder: Path) -> State:
    """As ``read``, but a part that is not there yet is empty."""
    from gradassay.replay import witnesses
    from reports.gate import accuracy_toml, expected_toml
    from reports.gate.accuracy import Accuracy
    from reports.gate.breaches import File
    from reports.gate.expectations import Expectations
    from reports.gate.holding import State

    expected, accuracy, stored = (folder / name for name in File)
    return State(
        expected_toml.read(expected) if expected.exists() else Expectations(),
        accuracy_toml.read(accuracy) if accuracy.exists() else Accuracy({}),
        {w.id: w for w in witnesses.read(stored)} if stored.exists() else {},
    )


def write(folder: Path, state: State) -> None:
    """Replace the files in ``folder``, each whole or not at all; the witnesses, which can be refused, first."""
    from gradassay.cli.saving import write_atomically
    from gradassay.replay import witnesses
    from reports.gate import accuracy_toml, expected_toml
    from reports.gate.breaches import File

    witnesses.write(folder / File.WITNESSES, state.witnesses.values())
    if not state.witnesses:  # git keeps no empty folder, and one that is missing is a missing baseline
        write_atomically(folder / File.WITNESSES / ".gitkeep", "")
    write_atomically(folder / File.EXPECTED, expected_toml.text(state.expectations))
    write_atomically(folder / File.ACCURACY, accuracy_toml.text(state.accuracy))


def changes(before: State, after: State) -> list[str]:
    """What differs between two states, a line each."""
    then, now = before.expectations.known, after.expectations.known
    lines = [
        f"{style('+', fg='green')} {' '.join(known.place)} {known}"
        for known in sorted(now.keys() - then.keys())
    ]
    lines += [
        f"{style('-', fg='red')} {' '.join(known.place)} {known}"
        for known in sorted(then.keys() - now.keys())
    ]
    for place, bound in sorted(after.accuracy.bounds.items()):
        old = before.accuracy.bounds.get(place)
        if old is not None and old != bound:
            was = f"error/budget {old.budget_ratio}, norm-wise {old.normwise} u"
            lines.append(f"~ {' '.join(place)}: {was} -> {bound.budget_ratio}, {bound.normwise} u")
    return lines + _failures(before, after)


def _failures(before: State, after: State) -> list[str]:
    """The witnesses on which a rule of ours fails, and did not before: what hardly anybody means to approve."""
    ours = {place.implementation for place in after.accuracy.bounds}
    return [
        f"{style('!', fg='red', bold=True)} {w.scenario.operation} {who} {w.scenario.dtype} fails on witness {w.id}: "
        f"{vote.verdict} ({vote.cause})"
        for w in after.witnesses.values()
        for who, vote in w.votes.items()
        if who in ours and vote.verdict.fails and not _failed(before.witnesses.get(w.id), who)
    ]


def _failed(witness: Witness | None, who: str) -> bool:
    return witness is not None and who in witness.votes and witness.votes[who].verdict.fails
