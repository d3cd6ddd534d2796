"""How far sound implementations of a training may part: runs whose every result is anywhere within its budget.

A difference between two implementations proves nothing against either as long as two runs that are known to be sound
part as far. Such runs are made from the certified truth itself: each operation of the step, at the inputs that the run
has got to, returns the truth moved by chance up or down by half its budget. What they differ by is a lower bound of
what implementations without fault may differ by, shown by examples (after stochastic arithmetic: Vignes 1978, Parker
1997).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from comparators.exact import Exact
from gradassay.formats import is_floating
from gradassay.training.setups import Setup
from gradassay.vocabulary import Array, Enclosure, Rule, Scenario
from gradassay.vocabulary.training import Values
from reference_impls.models.network import trainer

#: Runs that are compared with each other, every two of them.
RUNS = 5

#: The part of its budget that every result is moved by.
MOVE = 0.5


def relative_difference(left: Array, right: Array) -> Array:
    """``|left - right|`` over the larger of the two, step by step; infinite where it is no number."""
    with np.errstate(all="ignore"):
        difference = np.abs(left - right) / np.maximum(np.abs(left), np.abs(right))
    difference = np.where(left == right, 0.0, difference)
    return np.where(np.isnan(difference), np.inf, difference)


def spread_by_rounding(
    setup: Setup,
    values: Values,
    exact: Callable[[str], Exact],
    steps: int,
    told: Callable[[int], None] = lambda step: None,
) -> Array:
    """The largest relative difference between the losses of any two sound runs, up to each step.

    ``exact`` gives the truth of an operation by its name; ``told`` is called with the number of each step. A loss that
    is no number, or a truth that cannot be certified, ends what is known: from there on the spread stays as it was.
    """
    rngs = [np.random.default_rng(run) for run in range(RUNS)]
    running = [
        trainer(Moved(exact, rng), caught=())(setup.program, values, setup.optimizer, _never) for rng in rngs
    ]
    losses = np.full((RUNS, steps), np.nan)
    for number in range(steps):
        told(number)
        try:
            losses[:, number] = [next(run).loss for run in running]
        except Uncertified:
            break
    pairs = (relative_difference(losses[a], losses[b]) for a, b in combinations(range(RUNS), 2))
    spread = np.max(np.stack(list(pairs)), axis=0)
    return np.maximum.accumulate(np.where(np.isfinite(losses).all(axis=0), spread, 0.0))


class Uncertified(ArithmeticError):
    """There is no truth to move."""


def _never(step: int) -> bool:
    return False


class Moved(Mapping[str, Callable[..., Any]]):
    """Rules made of truth, moved within the budget."""

    def __init__(self, exact: Callable[[str], Exact], rng: np.random.Generator) -> None:
        self.exact, self.rng = exact, rng

    def __getitem__(self, operation: str) -> Callable[..., Any]:
        return self._update(operation) if operation in ("sgd", "adam") else self._rule(operation)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _rule(self, operation: str) -> Rule:
        exact = self.exact(operation)

        def rule(*args: Any, **params: Any) -> tuple[Array, Callable[[Any], Any]]:
            floating = tuple(i for i, x in enumerate(args) if is_floating(x.dtype))
            dtype = args[floating[0]].dtype

            def truth(y_bar: Array, wanted: tuple[int, ...]) -> Any:
                found = exact.evaluate(Scenario(operation, dtype.name, args, params, y_bar, wanted))
                if found is None:
                    raise Uncertified(f"the truth of {operation} could not be certified")
                return found

            def pullback(y_bar: Any) -> tuple[Array | None, ...]:
                gradients = truth(np.asarray(y_bar, dtype=dtype), floating).gradients
                parts: dict[int, Enclosure] = dict(zip(floating, gradients, strict=True))
                return tuple(self._moved(parts[i], dtype) if i in parts else None for i in range(len(args)))

            shape = np.shape(exact.definition(*args, **params))
            return self._moved(truth(np.zeros(shape, dtype), ()).primal, dtype), pullback

        return rule

    def _update(self, operation: str) -> Callable[..., Any]:
        rule = self._rule(operation)

        def update(*args: Array, **params: Any) -> Any:
            y, _ = rule(*args, **params)
            return y if y.shape == args[0].shape else tuple(y)

        return update

    def _moved(self, truth: Enclosure, dtype: np.dtype[Any]) -> Array:
        """The truth plus or minus a part of its budget; the nearest number where rounding would leave the budget."""
        nearest: Array = truth.mid.astype(dtype)
        by = self.rng.choice(np.array([-MOVE, MOVE]), truth.mid.shape) * truth.budget
        moved = (truth.mid + by).astype(dtype)
        inside = np.abs(moved - truth.mid) + truth.rad <= truth.budget
        return np.where(inside, moved, nearest)
