"""A program of rules, forward and back: reverse accumulation over named values.

Forward, every call's rule gives its result and its pullback. Back, from the loss to the first call, each pullback takes
the cotangent of its result and gives those of its arguments; where a name is used more than once, its cotangent is the
sum of what its uses give (Griewank and Walther 2008, Evaluating Derivatives, 3.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from gradassay.vocabulary.training import Optimizer, Program, Recorded, Step, Trainer, Values
from reference_impls.models.recorder import Failed, Plain, Recorder, Rules

__all__ = ["Rules", "add", "add_definition", "run", "trainer"]


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
    program: Program, values: Values, runner: Plain | Recorder
) -> tuple[Array, Callable[[Any], dict[str, Array]]]:
    """The loss, and ``pullback(loss_bar) -> {parameter: cotangent}``.

    ``values`` holds data and parameters by name; ``runner`` runs the rules. ValueError where a pullback returns another
    number of cotangents than its call has arguments (a recorder raises Failed instead).
    """
    known, pullbacks = dict(values), []
    for call in program.calls:
        known[call.result], pull = runner.call(call, [known[name] for name in call.args])
        pullbacks.append(pull)

    def pullback(loss_bar: Any) -> dict[str, Array]:
        found: dict[str, list[Array]] = defaultdict(list)
        found[program.loss].append(np.asarray(loss_bar, dtype=known[program.loss].dtype))

        def cotangent(name: str) -> Array:
            terms = found[name]
            if not terms:
                return np.zeros_like(known[name])
            return terms[0] if len(terms) == 1 else runner.total(name, terms)

        for call, pull in zip(reversed(program.calls), reversed(pullbacks), strict=True):
            gradients = pull(cotangent(call.result))
            for i, x_bar in zip(program.differentiable(call), gradients, strict=True):
                if x_bar is not None:
                    found[call.args[i]].append(x_bar)
        return {name: cotangent(name) for name in program.parameters}

    return known[program.loss], pullback


def trainer(rules: Rules, caught: tuple[type[Exception], ...] = (Exception,)) -> Trainer:
    """A trainer on hand-written rules; ``rules`` holds those of the calls, ``add``, and the optimizer's update.

    A rule that raises one of ``caught``, or returns what nothing can go on from, ends the training: the step's records
    say so, and it is the last.
    """

    def steps(program: Program, values: Values, optimizer: Optimizer, recorded: Recorded) -> Iterator[Step]:
        data = {name: values[name] for name in program.data}
        w = [values[name] for name in program.parameters]
        moments = [[np.zeros_like(x) for x in w] for _ in range(2 if optimizer.name == "adam" else 0)]
        step = 0
        while True:
            recorder = Recorder(program, rules, caught)
            named = dict(zip(program.parameters, w, strict=True))
            loss = np.nan
            try:
                with np.errstate(all="ignore"):
                    y, pullback = run(program, data | named, recorder)
                    loss = _number(y)
                    w_bars = pullback(1.0)
                    before = [w, *moments, [w_bars[name] for name in program.parameters]]
                    w, *moments = map(list, recorder.update(optimizer, step, before))
            except Failed:
                yield Step(loss, recorder.records)
                return
            yield Step(loss, recorder.records if recorded(step) else ())
            step += 1

    return steps


def _number(loss: Array) -> float:
    """The loss; NaN where it is no number."""
    return float(loss) if loss.ndim == 0 and loss.dtype.kind in "fiu" else np.nan
