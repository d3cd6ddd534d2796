"""The protocol that every comparator follows, and the one way in which a rule is run.

Running a rule is deliberately dull: call it, call its pullback, write down what came back.
Nothing is judged here; ``gradassay.verdicts`` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from gradassay.errors import types_of
from gradassay.formats import is_floating
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario


class Comparator(Protocol):
    """Something that takes part in the comparison."""

    name: str
    """The implementation's name in every report: ``numpy``, ``torch``, ``tensorflow.keras``, ..."""

    def supports(self, scenario: Scenario) -> str | None:
        """None when the scenario can be evaluated, else the reason why not, for the report."""
        ...

    def evaluate(self, scenario: Scenario) -> Evaluation:
        """Run the scenario; an exception of the implementation becomes ``Evaluation.error``."""
        ...


def evaluate_rule(rule: Rule, scenario: Scenario, *, twice: bool = False) -> Evaluation:
    """Run ``rule`` on ``scenario`` and record what came back.

    ``twice`` also compares arguments, parameters, cotangent and primal before and after, the pullback's first answer
    with its second, and all of it bit for bit with another call, between whose forward and pullback the rule was called
    on other values: whatever differs is named in ``Evaluation.impurity``.
    """
    args, cotangent = scenario.args, scenario.cotangent
    given = [*args, cotangent, *_arrays_in(scenario.params.values())] if twice else []
    before = [array.copy() for array in given]
    first, changed = _run(rule, scenario, again=twice)
    inputs = [i for i, (a, b) in enumerate(zip(before, given, strict=True)) if not _same(a, b)]
    if inputs:  # what it returned may be what it wrote to, and the scenario is looked at again
        gradients = tuple(None if g is None else g.copy() for g in first.gradients)
        first = replace(first, gradients=gradients)
        for i in inputs:
            given[i][...] = before[i]
    if not twice or first.error or first.structure:
        return first
    if inputs:
        names = [*(f"argument {i}" for i in range(len(args))), "the cotangent"]
        what = names[inputs[0]] if inputs[0] < len(names) else "a parameter"
        return _impure(first, f"changes {what} in place")
    if changed:
        return _impure(first, changed)
    kept = [array.copy() for array in _results(first)]
    if _alike(kept, _results(_run(_disturbed(rule), scenario)[0])):
        return first
    if _alike(kept, _results(_run(rule, scenario)[0])):
        return _impure(first, "the pullback uses what a later call left behind")
    return _impure(first, "two identical calls differ")


def _arrays_in(values: Iterable[Any]) -> list[Array]:
    """The arrays among parameters, and in tuples of them: an index, a part of one."""
    found: list[Array] = []
    for value in values:
        if isinstance(value, np.ndarray):
            found.append(value)
        elif isinstance(value, tuple | list):
            found += _arrays_in(value)
    return found


def _disturbed(rule: Rule) -> Rule:
    """The rule with a call on other values between its forward and its pullback."""

    def disturbed(*args: Any, **params: Any) -> Any:
        returned = rule(*args, **params)
        with suppress(Exception):  # other values may be invalid, which is no concern here
            rule(*(np.flip(x).copy() if is_floating(x.dtype) else x for x in args), **params)
        return returned

    return disturbed


def _alike(kept: list[Array], again: list[Array]) -> bool:
    return len(kept) == len(again) and all(map(_same, kept, again))


def _run(rule: Rule, scenario: Scenario, *, again: bool = False) -> tuple[Evaluation, str | None]:
    """One call of rule and pullback; with ``again`` a second call of the same pullback, and what that changed."""
    changed = None
    try:
        with np.errstate(all="ignore"):
            returned = rule(*scenario.args, **scenario.params)
            if not (isinstance(returned, tuple) and len(returned) == 2 and callable(returned[1])):
                sentence = f"a rule returns (primal, pullback); this one returned {types_of(returned)}"
                return Evaluation(structure=sentence), None
            y, pullback = np.asarray(returned[0]), returned[1]
            primal = y.copy()  # a rule that keeps its primal may change it later
            if y.shape != scenario.cotangent.shape:
                return Evaluation(primal=primal), None  # the pullback has nothing to pull back
            gradients, structure = _select(pullback(scenario.cotangent), scenario)
            found = Evaluation(primal=primal, gradients=gradients, structure=structure)
            if again and structure is None:
                changed = _changed(found, y, pullback, scenario)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # SystemExit, pyo3 panics and framework errors are not all Exceptions
        line = str(error).strip().splitlines()
        return Evaluation(error=f"{type(error).__name__}: {line[0] if line else ''}".rstrip(": ")), None
    return found, changed


def _changed(found: Evaluation, y: Array, pullback: Callable[[Any], Any], scenario: Scenario) -> str | None:
    """What the pullback, called a second time on the same cotangent, turns out to have changed."""
    kept = [None if g is None else g.copy() for g in found.gradients]
    if found.primal is not None and not _same(found.primal, y):
        return "the pullback changes the primal"
    second, _ = _select(pullback(scenario.cotangent), scenario)
    if not _alike([g for g in kept if g is not None], [g for g in second if g is not None]):
        return "the pullback called twice gives two answers"
    return None


def _select(pulled: Any, scenario: Scenario) -> tuple[tuple[Array | None, ...], str | None]:
    """The gradients of the differentiable arguments out of what a pullback returned."""
    wanted = scenario.differentiable
    parts = pulled if isinstance(pulled, tuple) else (pulled,)
    if len(parts) == len(scenario.args):
        parts = tuple(parts[i] for i in wanted)
    if len(parts) != len(wanted):
        return (), f"the pullback returned {len(parts)} gradients for {len(wanted)} differentiable arguments"
    try:
        return tuple(None if part is None else np.asarray(part) for part in parts), None
    except ValueError:  # a ragged list
        return (), "the pullback returned something that is no array"


def _results(evaluation: Evaluation) -> list[Array]:
    arrays = (evaluation.primal, *evaluation.gradients)
    return [array for array in arrays if array is not None]


def _same(a: Array, b: Array) -> bool:
    """Bit for bit: NaN equals itself, and -0 is not 0."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.array_equal(_bits(a), _bits(b)))


def _bits(array: Array) -> Array:
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8) if flat.dtype != object else flat


def _impure(evaluation: Evaluation, sentence: str) -> Evaluation:
    return Evaluation(evaluation.primal, evaluation.gradients, impurity=sentence)
