"""Rules run one by one: as they are, or on copies of their own, with all that they were given and returned kept.

What a recorder keeps is nobody else's: a rule that changes its arguments, its cotangent or, later, what it returned
changes neither the records nor the values that the others are given. That it did so is written down as impurity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Evaluation
from gradassay.vocabulary.training import (
    ADD,
    Call,
    Optimizer,
    Program,
    Record,
    call_record,
    failed_record,
    malformation,
    sum_record,
    update_record,
)

Rules = Mapping[str, Callable[..., Any]]
Pullback = Callable[[Array], Sequence[Array | None]]


class Plain:
    """Runs rules as they are."""

    def __init__(self, program: Program, rules: Rules) -> None:
        self.program, self.rules = program, rules

    def call(self, call: Call, args: Sequence[Array]) -> tuple[Array, Pullback]:
        """The result, and the pullback to the arguments that have a gradient."""
        y, pull = self.rules[call.operation](*args, **call.params)

        def pullback(y_bar: Array) -> Sequence[Array | None]:
            return of_differentiable(pull(y_bar), self.program, call)

        return y, pullback

    def total(self, name: str, terms: Sequence[Array]) -> Array:
        """The cotangent of a name that is used more than once."""
        total: Array = self.rules[ADD](*terms)[0]
        return total


class Failed(Exception):
    """A rule raised, or returned what nothing can go on from; the recorder has the record."""


class Recorder:
    """Runs the rules of one step on copies and keeps a record of each.

    Failed where a rule raises one of ``caught`` or returns another number of things than it has to.
    """

    def __init__(self, program: Program, rules: Rules, caught: tuple[type[Exception], ...]) -> None:
        self.program, self.rules, self.caught = program, rules, caught
        self.done: list[Record] = []
        self.waiting: dict[str, Record] = {}
        """Calls that have not been pulled back yet."""

    @property
    def records(self) -> tuple[Record, ...]:
        """All that was run; a call whose pullback never ran has its primal alone."""
        return (*self.done, *self.waiting.values())

    def call(self, call: Call, args: Sequence[Array]) -> tuple[Array, Pullback]:
        """The result, and the pullback to the arguments that have a gradient."""
        mine = _copies(args)

        def forward() -> Any:
            returned = self.rules[call.operation](*mine, **call.params)
            if not (isinstance(returned, tuple) and len(returned) == 2 and callable(returned[1])):
                raise _Malformed(
                    f"a rule returns (primal, pullback); this one returned {type(returned).__name__}"
                )
            return np.array(returned[0]), returned[1]

        y, pull = self._run(forward, call.result, call.operation, args, call.params)
        self.waiting[call.result] = failed_record(
            call.result, call.operation, args, call.params, Evaluation(y)
        )

        def pullback(y_bar: Array) -> Sequence[Array | None]:
            given = y_bar.copy()

            def back() -> Any:
                try:
                    parts = of_differentiable(pull(given), self.program, call)
                except ArityError as error:
                    raise _Malformed(str(error)) from error
                return [None if part is None else np.array(part) for part in parts]

            del self.waiting[call.result]
            gradients = self._run(back, call.result, call.operation, args, call.params, y)
            impurity = _changed(args, mine) or (
                "" if _same(y_bar, given) else "changes the cotangent in place"
            )
            self.done.append(call_record(self.program, call, args, y, y_bar, gradients, impurity or None))
            found: Sequence[Array | None] = gradients
            return found

        return y, pullback

    def total(self, name: str, terms: Sequence[Array]) -> Array:
        """The cotangent of a name that is used more than once."""
        mine = _copies(terms)
        total: Array = self._run(lambda: np.array(self.rules[ADD](*mine)[0]), f"{name}_bar", ADD, terms, {})
        self.done.append(sum_record(name, terms, total, _changed(terms, mine)))
        return total

    def update(
        self, optimizer: Optimizer, step: int, before: Sequence[Sequence[Array]]
    ) -> Sequence[Sequence[Array]]:
        """Parameters and state after the update, from those before it and the cotangents (last)."""
        params = {**optimizer.params, **({"step": step + 1} if optimizer.name == "adam" else {})}
        count = len(before) - 1
        updated, impurity = [], None
        for args in zip(*before, strict=True):
            mine = _copies(args)

            def move(mine: Sequence[Array] = mine, w: Array = args[0]) -> Any:
                returned = self.rules[optimizer.name](*mine, **params)
                parts = returned if isinstance(returned, tuple) else (returned,)
                if len(parts) != count:
                    raise _Malformed(f"the update returned {len(parts)} arrays instead of {count}")
                arrays = _copies(parts)
                wrong = next(filter(None, (malformation(x, w.shape, w.dtype) for x in arrays)), "")
                if wrong:
                    raise _Malformed(wrong)
                return arrays

            updated.append(self._run(move, "parameters", optimizer.name, args, params))
            impurity = impurity or _changed(args, mine)
        after = list(zip(*updated, strict=True))
        self.done.append(update_record(optimizer, step, before, after, impurity))
        return after

    def _run(
        self,
        rule: Callable[[], Any],
        result: str,
        operation: str,
        args: Sequence[Array],
        params: Mapping[str, Any],
        primal: Array | None = None,
    ) -> Any:
        """What the rule returns; what keeps it from returning is the record's. ``primal`` where it pulls back."""
        try:
            return rule()
        except _Malformed as error:
            evaluation = Evaluation(primal, structure=str(error))
        except self.caught as error:
            line = next(iter(str(error).strip().splitlines()), "")
            evaluation = Evaluation(primal, error=f"{type(error).__name__}: {line}".rstrip(": "))
        self.done.append(failed_record(result, operation, args, params, evaluation))
        raise Failed


class _Malformed(Exception):
    """What came back is not what a rule returns."""


class ArityError(ValueError):
    """A pullback returned another number of cotangents than its call has arguments."""


def of_differentiable(pulled: Any, program: Program, call: Call) -> list[Array | None]:
    """What a pullback returned for the arguments that have a gradient here; the rest was data."""
    parts = pulled if isinstance(pulled, tuple) else (pulled,)
    wanted = program.differentiable(call)
    if len(parts) == len(call.args):
        parts = tuple(parts[i] for i in wanted)
    if len(parts) != len(wanted):
        raise ArityError(
            f"{call.operation}: the pullback returned {len(parts)} cotangents for {len(wanted)} arguments"
        )
    return [None if part is None else np.asarray(part) for part in parts]


def _copies(arrays: Sequence[Any]) -> tuple[Array, ...]:
    return tuple(np.array(x) for x in arrays)


def _same(before: Array, after: Array) -> bool:
    return before.shape == after.shape and before.tobytes() == after.tobytes()


def _changed(given: Sequence[Array], after: Sequence[Array]) -> str | None:
    """Which of the arguments is not what it was."""
    changed = (i for i, (a, b) in enumerate(zip(given, after, strict=True)) if not _same(a, b))
    at = next(changed, None)
    return None if at is None else f"changes argument {at} in place"
