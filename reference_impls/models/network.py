"""A program of rules, forward and back: reverse accumulation over named values.

Forward, every call's rule gives its result and its pullback. Back, from the loss to the first call, each pullback takes
the cotangent of its result and gives those of its arguments; where a name is used more than once, its cotangent is the
sum of what its uses give (Griewank and Walther 2008, Evaluating Derivatives, 3.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradassay.training_vocabulary import (
    ADD,
    Call,
    Optimizer,
    Program,
    Record,
    Recorded,
    Step,
    Trainer,
    Values,
    call_record,
    sum_record,
    update_record,
)
from gradassay.vocabulary import Array

Rules = Mapping[str, Callable[..., Any]]


def add_definition(*terms: Any) -> Any:
    """``a + b + ...``."""
    return sum(terms[1:], start=terms[0])


def add(*terms: Any) -> tuple[Array, Callable[[Any], Any]]:
    """``a + b + ...`` of equal shapes; every term's cotangent is y_bar."""
    y = np.array(terms[0])
    for term in terms[1:]:
        y = y + term

    def pullback(y_bar: Any) -> Any:
        parts = tuple(np.array(y_bar) for _ in terms)
        return parts[0] if len(parts) == 1 else parts

    return np.asarray(y), pullback


def run(
    program: Program, values: Values, rules: Rules, records: list[Record] | None = None
) -> tuple[Array, Callable[[Any], dict[str, Array]]]:
    """The loss, and ``pullback(loss_bar) -> {parameter: cotangent}``.

    ``values`` holds data and parameters by name. With ``records`` the pullback appends what each call was given and
    returned. ValueError where a pullback returns another number of cotangents than its call has arguments.
    """
    known, pullbacks = dict(values), []
    for call in program.calls:
        y, pull = rules[call.operation](*(known[name] for name in call.args), **call.params)
        known[call.result] = y
        pullbacks.append(pull)

    def pullback(loss_bar: Any) -> dict[str, Array]:
        found: dict[str, list[Array]] = defaultdict(list)
        found[program.loss].append(np.asarray(loss_bar, dtype=known[program.loss].dtype))

        def cotangent(name: str) -> Array:
            terms = found[name]
            if len(terms) == 1:
                return terms[0]
            total: Array = rules[ADD](*terms)[0] if terms else np.zeros_like(known[name])
            if terms and records is not None:
                records.append(sum_record(name, terms, total))
            return total

        for call, pull in zip(reversed(program.calls), reversed(pullbacks), strict=True):
            y_bar = cotangent(call.result)
            gradients = _of_differentiable(pull(y_bar), program, call)
            for i, x_bar in zip(program.differentiable(call), gradients, strict=True):
                if x_bar is not None:
                    found[call.args[i]].append(x_bar)
            if records is not None:
                args = [known[name] for name in call.args]
                records.append(call_record(program, call, args, known[call.result], y_bar, gradients))
        return {name: cotangent(name) for name in program.parameters}

    return known[program.loss], pullback


def trainer(rules: Rules) -> Trainer:
    """A trainer on hand-written rules; ``rules`` holds those of the calls, ``add``, and the optimizer's update."""

    def steps(program: Program, values: Values, optimizer: Optimizer, recorded: Recorded) -> Iterator[Step]:
        data = {name: values[name] for name in program.data}
        w = [values[name] for name in program.parameters]
        moments = [[np.zeros_like(x) for x in w] for _ in range(2 if optimizer.name == "adam" else 0)]
        step = 0
        while True:
            records: list[Record] | None = [] if recorded(step) else None
            named = dict(zip(program.parameters, w, strict=True))
            with np.errstate(all="ignore"):
                loss, pullback = run(program, data | named, rules, records)
                w_bars = pullback(1.0)
                before = [w, *moments, [w_bars[name] for name in program.parameters]]
                params = dict(optimizer.params)
                if optimizer.name == "adam":
                    params["step"] = step + 1
                updated = [rules[optimizer.name](*args, **params) for args in zip(*before, strict=True)]
            after = [list(arrays) for arrays in zip(*updated, strict=True)] if moments else [updated]
            if records is not None:
                records.append(update_record(optimizer, step, before, after))
            yield Step(float(loss), tuple(records or ()))
            w, *moments = after
            step += 1

    return steps


def _of_differentiable(pulled: Any, program: Program, call: Call) -> list[Array | None]:
    """What a pullback returned for the arguments that have a gradient here; the rest was data."""
    parts = pulled if isinstance(pulled, tuple) else (pulled,)
    wanted = program.differentiable(call)
    if len(parts) == len(call.args):
        parts = tuple(parts[i] for i in wanted)
    if len(parts) != len(wanted):
        raise ValueError(
            f"{call.operation}: the pullback returned {len(parts)} cotangents for {len(wanted)} arguments"
        )
    return [None if part is None else np.asarray(part) for part in parts]
