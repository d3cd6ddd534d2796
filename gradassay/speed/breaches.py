"""What fails the gate, each in a sentence that says how to mend or to approve it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gradassay.speed import approvals
from gradassay.speed.cells import Counted, Refused, Timed, Trouble
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


#: What kept a cell from being measured -> what that says of the present revision.
SENTENCES = {
    Trouble.RAISES: "the working tree cannot run the inputs that the other can",
    Trouble.UNCOUNTED: "the working tree stands no arrays that count, and the other does",
    Trouble.WAITS: "the working tree waits where the other works, which the clock of a thread does not see",
    Trouble.DIED: "the working tree killed the process that measured",
}


def vanished_breaches(compared: Comparison, wanted: Collection[str]) -> Iterator[Breach]:
    """Operations that are no longer there, or have another name, unless only others were asked for."""
    if not set(compared.rules) <= set(wanted):
        return
    for base in compared.bases:
        for name in sorted(base.operations - set(compared.rules)):
            if not base.approvals.gone(name):
                sentence = "is no longer there, or has another name"
                yield Breach("vanished", name, base.commit, sentence, trailer=approvals.gone(name))


def refusal_breaches(compared: Comparison, refused: Sequence[tuple[Base, Refused]]) -> Iterator[Breach]:
    """Operations that the present revision alone could not be measured in, once each; and what kills its process."""
    told = set()
    for base, each in refused:
        cell, trouble = each.task.cell, each.trouble
        approved, trailer = _approval(base, cell.operation, trouble)
        key = base.commit, cell.operation, trouble
        if key in told or approved or not fails(each):
            continue
        told.add(key)
        where = "" if trouble is Trouble.DIED else f"{cell.size[0]}×{cell.size[1]} {cell.part} {cell.dtype}: "
        sentence = f"{where}{SENTENCES[trouble]}: {each.after}"
        yield Breach(
            trouble.value,
            cell.operation,
            base.commit,
            sentence,
            cell,
            trailer,
            compared.place(cell.operation),
        )


def fails(each: Refused) -> bool:
    """Whether it is the present revision's fault, so that it has to be approved."""
    return each.after is not None and (each.before is None or each.trouble is Trouble.DIED)


def _approval(base: Base, operation: str, trouble: Trouble) -> tuple[bool, str | None]:
    """Whether it was approved, and the trailer that does so."""
    match trouble:
        case Trouble.RAISES:
            return base.approvals.gone(operation), approvals.gone(operation)
        case Trouble.UNCOUNTED:
            return base.approvals.more_work(operation), approvals.more_work(operation)
        case Trouble.WAITS:
            return base.approvals.factor(operation) is not None, approvals.slower(operation, 1.0)
        case Trouble.DIED:
            return False, None


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
            f"{cell.size[0]}×{cell.size[1]} {cell.dtype}: {'; '.join(risen)}",
            cell,
            approvals.more_work(cell.operation),
            compared.place(cell.operation),
        )
