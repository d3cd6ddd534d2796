"""What fails the gate, each in a sentence that says how to mend or to approve it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gradassay.speed import approvals
from gradassay.speed.cells import Counted, Refused, Timed
from gradassay.speed.preparing import Base, Comparison
from gradassay.speed.results import Breach

#: Count -> its name in a report.
WORDS = {
    "ufuncs": "ufunc calls",
    "reductions": "reductions",
    "functions": "other calls of NumPy",
    "copies": "copies",
    "entries_in": "entries read",
    "entries_out": "entries written",
    "bytes_made": "bytes of new arrays",
}


def vanished_breaches(compared: Comparison, wanted: Collection[str]) -> Iterator[Breach]:
    """Operations that are no longer there, or have another name; only those asked for, if any were."""
    everything = set(compared.rules) <= set(wanted)
    for base in compared.bases:
        for name in sorted(base.operations - set(compared.rules)):
            if everything or name in wanted:
                sentence = "is no longer there; give it back its name, or compare with a revision without it"
                yield Breach("vanished", name, base.commit, sentence)


def refusal_breaches(compared: Comparison, refused: Sequence[tuple[Base, Refused]]) -> Iterator[Breach]:
    """Operations that one revision alone can run, once each."""
    told = set()
    for base, each in refused:
        cell = each.task.cell
        if (base.commit, cell.operation) in told or (each.before and each.after):
            continue
        told.add((base.commit, cell.operation))
        kind, who = ("raises", "the working tree") if each.after else ("signature changed", str(base.commit))
        sentence = f"{who} cannot run the inputs that the other can: {each.after or each.before}"
        yield Breach(kind, cell.operation, base.commit, sentence, cell, place=compared.place(cell.operation))


def slower_breaches(compared: Comparison, slow: Sequence[tuple[Base, Timed, Timed]]) -> Iterator[Breach]:
    """Cells that were slower in two processes; the trailer covers all of an operation."""
    for base, first, again in slow:
        cell = first.task.cell
        worst = max(
            ratio.high
            for other, *both in slow
            for ratio in (each.ratio for each in both)
            if other is base and both[0].task.cell.operation == cell.operation
        )
        sentence = (
            f"{cell.size[0]}×{cell.size[1]} {cell.part} takes {first.ratio.median:.2f} times as long, and "
            f"{again.ratio.median:.2f} times in a fresh process; up to {first.task.margin:g} is let pass"
        )
        trailer = approvals.slower(cell.operation, worst)
        yield Breach(
            "slower",
            cell.operation,
            base.commit,
            sentence,
            cell,
            trailer,
            compared.place(cell.operation),
            first,
            again,
        )


def more_work_breaches(compared: Comparison, counts: Sequence[tuple[Base, Counted]]) -> Iterator[Breach]:
    """Operations whose work has risen, each told by its smallest size where it has."""
    told = set()
    for base, each in counts:
        cell = each.task.cell
        risen = [
            f"{part} {', '.join(f'{WORDS[name]} {old} → {new}' for name, (old, new) in found.items())}"
            for part, work in each.after.items()
            if (found := work.risen(each.before[part]))
        ]
        if not risen or (base.commit, cell.operation) in told or base.approvals.more_work(cell.operation):
            continue
        told.add((base.commit, cell.operation))
        yield Breach(
            "more work",
            cell.operation,
            base.commit,
            f"{cell.size[0]}×{cell.size[1]}: {'; '.join(risen)}",
            cell,
            approvals.more_work(cell.operation),
            compared.place(cell.operation),
        )
