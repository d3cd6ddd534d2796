"""The comparator ``finite_differences``: a rule's own forward, differentiated, against its own pullback.

It knows no definition. Both are evaluated in float64 on the scenario's arguments (cast up, exactly), the
forward around them and the pullback at them, under the scenario's cotangent: ``x_bar`` must be the gradient
of ``g(x) = <y_bar, forward(x)>``. Small inputs are differentiated entry by entry, large ones along random
directions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from comparators.finite_differences.confirmation import refute
from comparators.finite_differences.directions import generator_for, locate, slopes_along_directions
from comparators.finite_differences.estimate import DOMAIN, Lines, scale_of, slopes_along
from comparators.finite_differences.findings import Differences, Estimate, Finding
from comparators.finite_differences.functional import (
    Functional,
    gradients_of,
    lift,
    moved_arguments,
    roundoff,
)
from comparators.finite_differences.judgement import judge_directions, judge_entries, place, smallest
from comparators.finite_differences.moves import Direction, Entry, Move, dot
from comparators.finite_differences.noise import measure_noise
from comparators.interface import evaluate_rule
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario, Verdict

#: Entries up to which each is differentiated on its own: 64 entries take about 770 forward calls, 16
#: directions 200.
ENTRIES = 64


class FiniteDifferences:
    """Differentiates one rule's forward and judges its pullback by that."""

    name = "finite_differences"

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def supports(self, scenario: Scenario) -> str | None:
        """None, or why the scenario cannot be differentiated numerically."""
        if not scenario.valid:
            return "the scenario is invalid on purpose"
        if not moved_arguments(scenario):
            return "no argument can be moved"
        floating = [arg for arg in map(np.asarray, scenario.args) if is_floating(arg.dtype)]
        if not all(np.isfinite(lift(arg)).all() for arg in floating):
            return "the arguments are not finite"
        if not np.isfinite(lift(scenario.cotangent)).all():
            return "the cotangent is not finite"
        return None

    def differentiate(self, scenario: Scenario) -> Differences:
        """The forward's slopes; ValueError where there is nothing to differentiate or nothing to compare."""
        subject = self._prepare(scenario)
        if isinstance(subject, Finding):
            raise ValueError(subject.sentence)
        with np.errstate(all="ignore"):
            return _differentiate(subject)

    def judge(self, scenario: Scenario) -> Finding:
        """Whether the pullback is the derivative of the forward, with the numbers."""
        subject = self._prepare(scenario)
        if isinstance(subject, Finding):
            return subject
        with np.errstate(all="ignore"):
            found = _differentiate(subject)
            if not found.directions:
                return _confirmed(subject, found, _entries(subject.functional))[0]
            finding, found, worst = _confirmed(subject, found, found.directions)
            if finding.verdict is Verdict.WRONG:
                return _pinned(finding, subject, found, worst)
            return finding

    def _prepare(self, scenario: Scenario) -> _Subject | Finding:
        """The rule's own evaluation in float64, or what stands against comparing it."""
        reason = self.supports(scenario)
        if reason is not None:
            return Finding(Verdict.INCONCLUSIVE, reason)
        lifted = replace(
            scenario,
            dtype="float64",
            args=tuple(lift(arg) for arg in scenario.args),
            cotangent=lift(scenario.cotangent),
        )
        # The rule is given copies: what it changes in place must not move the point of differentiation.
        copies = tuple(lift(arg) for arg in lifted.args)
        given = replace(lifted, args=copies, cotangent=lift(lifted.cotangent))
        evaluation = evaluate_rule(self.rule, given)
        finding = _malformed(evaluation, lifted)
        if finding is not None:
            return finding
        assert evaluation.primal is not None  # _malformed has seen to it
        if not np.isfinite(evaluation.primal.astype(np.float64)).all():
            return Finding(Verdict.INCONCLUSIVE, f"{DOMAIN}: the forward is not finite at the arguments")
        with np.errstate(all="ignore"):
            functional = Functional(self.rule, lifted, evaluation.primal)
            rng = generator_for(lifted)
            outputs, own = measure_noise(
                functional, [np.asarray(rng.uniform(-1, 1, arg.shape)) for arg in functional.moved]
            )
        return _Subject(functional, evaluation, rng, dot(functional.weight, outputs), outputs, own)


@dataclass(frozen=True, eq=False)
class _Subject:
    """A rule at one scenario, ready to be differentiated."""

    functional: Functional
    evaluation: Evaluation
    rng: np.random.Generator
    noise: float
    """Measured noise of the functional."""
    outputs: Array
    """Measured noise of the outputs."""
    own: tuple[Array, ...]
    """Measured noise of the gradients."""


def _malformed(evaluation: Evaluation, scenario: Scenario) -> Finding | None:
    """What came back cannot be compared at all."""
    if evaluation.error:
        return Finding(Verdict.RAISES, evaluation.error)
    if evaluation.structure:
        return Finding(Verdict.STRUCTURE, evaluation.structure)
    primal = evaluation.primal
    if primal is None or primal.shape != scenario.cotangent.shape:
        shape = None if primal is None else primal.shape
        sentence = f"y.shape={shape}, but the cotangent has {scenario.cotangent.shape}"
        return Finding(Verdict.STRUCTURE, sentence, "y")
    if gradients_of(evaluation, scenario) is None:
        shapes = [None if gradient is None else gradient.shape for gradient in evaluation.gradients]
        wanted = [scenario.args[position].shape for position in scenario.differentiable]
        sentence = f"the gradients have shapes {shapes}, but should have {wanted}"
        return Finding(Verdict.STRUCTURE, sentence, "x_bar")
    return None


def _differentiate(subject: _Subject) -> Differences:
    functional, evaluation, scenario = subject.functional, subject.evaluation, subject.functional.scenario
    gradients = gradients_of(evaluation, scenario)
    assert evaluation.primal is not None  # _malformed has seen to both
    assert gradients is not None
    moved, positions = functional.moved, functional.positions
    directions: tuple[Direction, ...] = ()
    if sum(arg.size for arg in moved) <= ENTRIES:
        moves = _entries(functional)
        lines = slopes_along(functional, moves, np.concatenate([arg.ravel() for arg in moved]), subject.noise)
        estimates = _split(lines, [arg.shape for arg in moved])
    else:
        directions, lines = slopes_along_directions(functional, subject.rng, subject.noise)
        estimates = _split(lines, [(len(directions),)])
    arrays = (evaluation.primal, *(gradient for gradient in evaluation.gradients if gradient is not None))
    return Differences(
        estimates=estimates,
        gradients=gradients,
        noise=subject.own,
        positions=positions,
        paths=tuple(f"x_bar[{scenario.differentiable.index(position)}]" for position in positions),
        roundoff=max(roundoff(array.dtype) for array in arrays),
        directions=directions,
        least=smallest([functional.weight * functional.y]) if directions else 0.0,
    )


def _split(lines: Lines, shapes: Sequence[tuple[int, ...]]) -> tuple[Estimate, ...]:
    """The lines in the shapes of the arguments that they belong to."""
    estimates: list[Estimate] = []
    start = 0
    for shape in shapes:
        part = slice(start, start := start + math.prod(shape))
        fields = (lines.value, lines.error, lines.scale, lines.width)
        value, error, scale, width = (field[part].reshape(shape) for field in fields)
        reasons = lines.reason[part].reshape(shape)
        reason = next((str(reason) for reason in reasons.ravel() if reason), "")
        estimates.append(Estimate(value, error, reason, reasons, scale, width))
    return tuple(estimates)


def _entries(functional: Functional) -> list[Entry]:
    """One move an entry, in the order in which estimates and gradients are flat."""
    pairs = zip(functional.positions, functional.moved, strict=True)
    return [Entry(position, i) for position, arg in pairs for i in range(arg.size)]


def _confirmed(
    subject: _Subject, found: Differences, moves: Sequence[Move], x: Array | None = None
) -> tuple[Finding, Differences, int]:
    """The finding, what it rests on, and the line it is about; a slope that speaks against the pullback is heard twice.

    Those that finer steps do not confirm are withdrawn, one after the other, until one is confirmed or none is left.
    """
    if x is None:
        x = np.concatenate([arg.ravel() for arg in subject.functional.moved])
    while True:
        finding, worst = judge_directions(found) if found.directions else judge_entries(found)
        if finding.verdict is not Verdict.WRONG:
            return finding, found, worst
        value, error, width = (
            float(np.concatenate([getattr(e, name).ravel() for e in found.estimates])[worst])
            for name in ("value", "error", "width")
        )
        own = 1.0 if found.directions else float(scale_of(x[worst]))
        assert finding.got is not None  # every wrong finding about a line has the numbers
        estimate = value, error, width
        functional, along = subject.functional, bool(found.directions)
        reason = refute(functional, moves[worst], own, estimate, finding.got, subject.outputs, along)
        if not reason:
            return finding, found, worst
        found = found.without(worst, reason)


def _pinned(finding: Finding, subject: _Subject, found: Differences, worst: int) -> Finding:
    """The finding about a direction, led back to a wrong entry; as it was where the trail is lost.

    It is inconclusive where the trail ends at an entry that cannot be told.
    An infinite entry is right where the slope is too large for float64; then no direction tells anything.
    """
    flat = np.concatenate([gradient.ravel() for gradient in found.gradients])
    infinite = np.flatnonzero(~np.isfinite(flat))[:ENTRIES].tolist()
    suspects = infinite or locate(subject.functional, found.directions[worst], found.gradients, subject.noise)
    judged = [_judge_entry(subject, found, suspect) for suspect in suspects]
    wrong = next((one for one in judged if one.verdict is Verdict.WRONG), None)
    if wrong is not None:
        return replace(wrong, sentence=f"{wrong.sentence} (found along direction {worst})")
    unclear = next((one for one in judged if one.verdict is Verdict.INCONCLUSIVE), None)
    if infinite and len(infinite) < ENTRIES:
        unclear = judged[0]
    return finding if unclear is None else replace(unclear, verdict=Verdict.INCONCLUSIVE, ratio=None)


def _judge_entry(subject: _Subject, found: Differences, flat: int) -> Finding:
    """The finding about one entry, counted through all moved arguments."""
    path, at = place(found, flat)
    k = found.paths.index(path)
    x = subject.functional.moved[k]
    entry = Entry(found.positions[k], int(np.ravel_multi_index(at, x.shape)) if at else 0)
    lines = slopes_along(subject.functional, [entry], x[at].reshape(1), subject.noise)
    one = replace(
        found,
        estimates=_split(lines, [(1,)]),
        gradients=(found.gradients[k][at].reshape(1),),
        noise=(found.noise[k][at].reshape(1),),
        paths=(path,),
        directions=(),
    )
    finding, _, _ = _confirmed(subject, one, [entry], x[at].reshape(1))
    where = f"{path}{list(at)}" if at else path
    return replace(finding, index=at, sentence=finding.sentence.replace(f"{path}[0]", where))
