"""How far rounding alone carries the losses of a training: NumPy runs that are moved by hardly more than rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradassay.training_judging import Judge
from gradassay.training_setups import Setup
from gradassay.training_vocabulary import Values
from gradassay.vocabulary import Array
from reference_impls.models.network import Rules, trainer

#: Each is held against the run that is not moved.
RUNS = 8


def spread_by_rounding(setup: Setup, values: Values, rules: Rules, steps: int) -> Array:
    """The largest relative difference of the losses up to each step, between NumPy's run and moved ones.

    In a moved run every parameter, after every update, goes on to a neighbouring number or stays, by chance. Every
    operation of it, the moved update included, is judged; a run counts as far as all kept to their budgets. So what
    comes out is what implementations without fault may differ by, shown by examples: a lower bound.
    """
    plain = _losses(setup, values, rules, steps, None)
    spread = np.zeros(steps)
    for run in range(RUNS):
        rng = np.random.default_rng(run)
        moving = {**rules, setup.optimizer.name: moved(rules[setup.optimizer.name], rng)}
        losses = _losses(setup, values, moving, steps, Judge(setup.program))
        larger = np.maximum(np.abs(plain[: len(losses)]), np.abs(losses))
        with np.errstate(all="ignore"):
            difference = np.nan_to_num(np.abs(plain[: len(losses)] - losses) / larger, nan=0.0)
        spread[: len(losses)] = np.maximum(spread[: len(losses)], difference)
    return np.maximum.accumulate(spread)


def moved(update: Callable[..., Any], rng: np.random.Generator) -> Callable[..., Any]:
    """The update with each new parameter moved to the number below, to that above, or not at all."""

    def shifted(*args: Any, **params: Any) -> Any:
        updated = update(*args, **params)
        w, *state = updated if isinstance(updated, tuple) else (updated,)
        towards = rng.choice(np.array([-np.inf, 0.0, np.inf]), w.shape)
        w = np.where(towards == 0, w, np.nextafter(w, towards.astype(w.dtype)))
        return (w, *state) if state else w

    return shifted


def _losses(setup: Setup, values: Values, rules: Rules, steps: int, judge: Judge | None) -> Array:
    """The losses, up to the first step at which the judge finds a fault."""
    running = trainer(rules)(setup.program, values, setup.optimizer, lambda step: judge is not None)
    losses = []
    for number, step in zip(range(steps), running, strict=False):
        losses.append(step.loss)
        if judge is not None:
            judge.see(number, step)
            if judge.faults:
                break
    return np.array(losses)
