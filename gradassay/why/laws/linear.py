"""Laws of every pullback: it is linear in the cotangent, and the adjoint of the derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from comparators.finite_differences import FiniteDifferences
from gradassay.vocabulary import Array, Verdict
from gradassay.why.laws.probe import Law, Probe, bound, first_of, violation

#: Entries of a cotangent up to which it is taken apart, each of them alone.
APART = 32
#: Entries up to which an implementation's own forward is differentiated.
DIFFERENTIATED = 64


def _scaling(probe: Probe) -> float | None:
    """g(-2 y_bar) = -2 g(y_bar), exactly but for underflow."""
    base, scaled = probe.base, probe.at(replace(probe.scenario, cotangent=-2 * probe.y_bar))
    if base is None or scaled is None:
        return None
    return first_of(
        violation(b, -2 * a, bound(np.max(np.abs(a), initial=0)))
        for a, b in zip(base[1:], scaled[1:], strict=True)
    )


def _additivity(probe: Probe) -> float | None:
    """g(y_bar) = sum_k g(y_bar_k e_k): each entry alone, so that |g_k| and |y_bar_k| are the size of the terms."""
    size = probe.y_bar.size
    if not 2 <= np.count_nonzero(probe.y_bar) <= size <= APART or probe.base is None:
        return None
    parts = [
        probe.at(replace(probe.scenario, cotangent=np.where(at, probe.y_bar, 0)))
        for at in np.eye(size, dtype=np.bool_).reshape(size, *probe.y_bar.shape)
    ]
    # Slopes that cancel (1 - p) are off by roundoffs of the cotangent.
    size_of_cotangent = np.abs(probe.y_bar).sum()
    found = [part[1:] for part in parts if part is not None]
    if len(found) < size:
        return None
    return first_of(
        violation(g, np.sum(g_k, axis=0), bound(np.sum(np.abs(g_k), axis=0) + size_of_cotangent, size))
        for g, g_k in zip(probe.base[1:], (np.stack(gs) for gs in zip(*found, strict=True)), strict=True)
    )


def _adjoint(probe: Probe) -> float | None:
    """<y_bar, J x_dot> = <x_bar, x_dot>, with J x_dot by differences of the implementation's own forward."""
    moved = sum(probe.scenario.args[i].size for i in probe.scenario.differentiable)
    if probe.base is None or moved > DIFFERENTIATED:
        return None

    def rule(*args: Array, **_: Any) -> tuple[Any, Callable[[Array], Any]]:
        given = replace(probe.scenario, args=args)
        primal = probe.comparator.evaluate(given).primal

        def pullback(y_bar: Array) -> Any:
            found = iter(probe.comparator.evaluate(replace(given, cotangent=y_bar)).gradients)
            return tuple(next(found) if i in given.differentiable else None for i in range(len(args)))

        return primal, pullback

    differences = FiniteDifferences(rule)
    if differences.supports(probe.scenario) is not None:
        return None
    finding = differences.judge(probe.scenario)
    if finding.verdict is not Verdict.WRONG or finding.got is None or finding.expected is None:
        return None
    return abs(finding.got - finding.expected)


LINEAR = (
    Law("scaling", "the gradient of -2 y_bar is not -2 times that of y_bar", _scaling),
    Law("additivity", "the gradients of the cotangent's entries do not sum to the gradient", _additivity),
    Law("adjoint", "the pullback is not the adjoint of the implementation's own derivative", _adjoint),
)
