"""A training as text for a person and as JSON for programs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from gradassay.environment import environment, installed
from gradassay.training.results import Fault, Parting, Training
from gradassay.vocabulary import Verdict
from reports.encoding import encode_array, encode_float, encode_params

SCHEMA = 1

#: Steps that the table shows where nothing else is asked for, besides the first.
SHOWN = 10


def text(training: Training, every: int | None = None, *, coloured: bool) -> str:
    """Title, losses side by side, what the operations did, where losses part, the conclusion."""
    from rich.console import Console
    from rich.table import Table

    stream = io.StringIO()
    console = Console(file=stream, width=120, force_terminal=coloured, no_color=not coloured, highlight=False)

    def line(words: str, style: str = "") -> None:
        console.print(words, style=style or None, markup=False, soft_wrap=True)

    line(f"{training.setup.name}: {training.setup.title}", "bold")
    if training.setup.note:
        line(training.setup.note, "dim")
    if training.trajectories:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("step", justify="right", no_wrap=True)
        for trajectory in training.trajectories:
            table.add_column(trajectory.implementation, no_wrap=True, min_width=18)
        for step in shown(training.steps, every):
            cells = [f"{trajectory.losses[step]:.16g}" for trajectory in training.trajectories]
            table.add_row(str(step), *cells)
        console.print(table)
    for trajectory in training.trajectories:
        judged = f"{trajectory.implementation}: {trajectory.judged:,} operations judged"
        if not trajectory.faults:
            line(
                f"{judged}, all within their budgets, the largest error {trajectory.worst:.2g} of its budget"
            )
            continue
        line(f"{judged}; not within its budget:")
        for fault in trajectory.faults:
            line(f"  {said(fault)}", "yellow")
    for parting in training.partings:
        line(apart(parting), "red" if parting.reason == "unexplained" else "")
    for name, remedy in training.missing.items():
        line(f"not trained: {name}: {remedy}", "yellow")
    line(conclusion(training), "green" if training.ok else "red")
    return "\n".join(row.rstrip() for row in stream.getvalue().splitlines()) + "\n"


def shown(steps: int, every: int | None) -> list[int]:
    """The steps in the table: one in so many, and the last."""
    every = every or max(1, steps // SHOWN)
    return sorted({*range(0, steps, every), steps - 1})


def said(fault: Fault) -> str:
    """A fault in a sentence."""
    times = "once" if fault.count == 1 else f"{fault.count:,} times"
    equals = f" It equals another convention: {fault.convention}." if fault.convention else ""
    judged = "outside its budget" if fault.verdict is None else fault.verdict.value
    if fault.verdict in (Verdict.STRUCTURE, Verdict.RAISES):
        judged += ", and the training ends there"
    what = f"step {fault.step}, {fault.operation} ({fault.result}), {fault.part} ({judged}); {times} in all"
    return f"{what}: {fault.sentence}.{equals}"


def apart(parting: Parting) -> str:
    """How far two are apart, and why."""
    pair = f"{parting.left} and {parting.right}"
    if parting.step is None:
        return f"losses of {pair}: largest relative difference {parting.largest:.2g}"
    if parting.reason == "no numbers":
        until = f"no numbers from step {parting.step} on"
        return f"losses of {pair}: largest relative difference {parting.largest:.2g}, {until}"
    where = f"losses of {pair} part at step {parting.step} ({parting.difference:.2g}, later {parting.largest:.2g})"
    reach = f"runs with every operation within half its budget had parted by {parting.spread:.2g} by then"
    if parting.culprit is not None:
        name, fault = parting.culprit
        if parting.reason == "operation":
            return f"{where}, because of {fault.operation} in {name} at step {fault.step}"
        may = f"{fault.operation} in {name}, outside its budget since step {fault.step}, may be why"
        return f"{where}: {may}; so may rounding, amplified by the training: {reach}"
    if parting.reason == "rounding":
        return f"{where}: rounding, amplified by the training; {reach}"
    return f"{where}: unexplained; {reach}"


def conclusion(training: Training) -> str:
    """The last line."""
    if not training.trajectories:
        return "nothing was trained"
    about = f"{training.dtype}, seed {training.seed}, {training.steps:,} steps, {training.seconds:.1f} s"
    if any(parting.reason == "unexplained" for parting in training.partings):
        return f"the losses part and no operation is to blame ({about})"
    if not training.ok:
        return f"{training.subject} leaves its budget ({about})"
    if any(parting.reason == "no numbers" for parting in training.partings):
        return f"the losses are no numbers in the end ({about})"
    parted = [parting for parting in training.partings if parting.step is not None]
    if len(training.trajectories) == 1:
        return f"one implementation alone; nothing to compare its losses with ({about})"
    if any(parting.reason == "operation or rounding" for parting in parted):
        return f"the losses part, and what may be why is named ({about})"
    return f"{'the losses part, and why is known' if parted else 'the losses agree'} ({about})"


def document(found: Sequence[Training], interrupted: bool = False) -> dict[str, Any]:
    """All trainings as plain JSON values; numbers that decimal digits may lose are hexadecimal too.

    ``interrupted``: more was asked for, and these are the ones that were finished.
    """
    return {
        "schema": SCHEMA,
        "tool": {"name": "gradassay", "version": installed("gradassay")},
        "environment": environment(),
        "interrupted": interrupted,
        "trainings": [_training(training) for training in found],
    }


def _training(training: Training) -> dict[str, Any]:
    return {
        "setup": training.setup.name,
        "title": training.setup.title,
        "note": training.setup.note,
        "dtype": training.dtype,
        "seed": training.seed,
        "steps": training.steps,
        "check_every": training.every,
        "ok": training.ok,
        "missing": dict(training.missing),
        "trajectories": [
            {
                "implementation": trajectory.implementation,
                "losses": [encode_float(float(loss)) for loss in trajectory.losses],
                "losses_hex": [float(loss).hex() for loss in trajectory.losses],
                "judged": trajectory.judged,
                "undecided": trajectory.undecided,
                "worst_budget_ratio": encode_float(trajectory.worst),
                "faults": [_fault(fault) for fault in trajectory.faults],
            }
            for trajectory in training.trajectories
        ],
        "partings": [_parting(parting) for parting in training.partings],
        "seconds": encode_float(training.seconds),
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "step": fault.step,
        "operation": fault.operation,
        "result": fault.result,
        "verdict": None if fault.verdict is None else fault.verdict.value,
        "part": fault.part,
        "convention": fault.convention,
        "message": fault.sentence,
        "budget_ratio": encode_float(fault.ratio),
        "count": fault.count,
        "args": [encode_array(x) for x in fault.scenario.args],
        "params": encode_params(fault.scenario.params),
        "cotangent": encode_array(fault.scenario.cotangent),
    }


def _parting(parting: Parting) -> dict[str, Any]:
    culprit = parting.culprit
    return {
        "between": [parting.left, parting.right],
        "largest": encode_float(parting.largest),
        "step": parting.step,
        "difference": encode_float(parting.difference),
        "spread": None if parting.spread is None else encode_float(parting.spread),
        "reason": parting.reason,
        "culprit": None
        if culprit is None
        else {"implementation": culprit[0], "operation": culprit[1].operation},
    }
