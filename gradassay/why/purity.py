"""Facts about memory that are no failures but explain one: results that share it, bits that depend on its layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradassay.vocabulary import Array, Rule, Scenario
from property_tests.strategies.layouts import lay_out

#: Memory layouts that the same values are tried in.
LAYOUTS = ("F", "strided", "reversed")


@dataclass(frozen=True, eq=False)
class _Call:
    """One call of a rule on arrays of its own."""

    args: tuple[Array, ...]
    y_bar: Array
    y: Array
    pullback: Callable[[Array], Any]

    def pull(self) -> dict[str, Array]:
        """The gradients by name, as they came."""
        pulled = self.pullback(self.y_bar)
        parts = pulled if isinstance(pulled, tuple) else (pulled,)
        names = ["the gradient"] if len(parts) == 1 else [f"gradient {i}" for i in range(len(parts))]
        return {n: np.asarray(part) for n, part in zip(names, parts, strict=True) if part is not None}


def remarks_of(rule: Rule, scenario: Scenario) -> tuple[str, ...]:
    """What the rule's results have to do with memory: sharing it, being changed by writing, depending on its layout.

    Sentences, none of them a failure. The rule is called on copies, so the scenario's arrays stay as they are; where it
    raises, what was found before is what is said.
    """
    said: list[str] = []
    for find in (_sharing, _written, _laid_out):
        with suppress(Exception), np.errstate(all="ignore"):
            said.extend(find(rule, scenario))
    return tuple(said)


def _called(rule: Rule, scenario: Scenario, layout: str = "C") -> _Call:
    args = tuple(lay_out(x.copy(order="C"), layout) for x in scenario.args)
    y_bar = lay_out(scenario.cotangent.copy(order="C"), layout)
    y, pullback = rule(*args, **deepcopy(dict(scenario.params)))
    return _Call(args, y_bar, np.asarray(y), pullback)


def _sharing(rule: Rule, scenario: Scenario) -> Iterator[str]:
    """Which results are views of what was handed in, or of each other."""
    call = _called(rule, scenario)
    given = {f"argument {i}": x for i, x in enumerate(call.args)}
    yield from _shared({"the primal": call.y}, given)
    gradients = call.pull()
    yield from _shared(gradients, {**given, "the cotangent": call.y_bar, "the primal": call.y})
    names = list(gradients)
    for i, name in enumerate(names):
        yield from _shared({name: gradients[name]}, {other: gradients[other] for other in names[:i]})


def _shared(results: dict[str, Array], given: dict[str, Array]) -> Iterator[str]:
    for name, result in results.items():
        for other, array in given.items():
            if np.shares_memory(result, array):
                yield f"{name} shares memory with {other}"


def _written(rule: Rule, scenario: Scenario) -> Iterator[str]:
    """Whether the pullback still gives its answer after somebody wrote to what it had given."""
    call = _called(rule, scenario)
    before = _bits(call.pull().values())
    if _bits(call.pull().values()) != before:
        return  # it changes by itself, which is a verdict and no remark
    if _overwrite([call.y]) and _bits(call.pull().values()) != before:
        yield "writing to the primal changes what the pullback returns"
    call = _called(rule, scenario)
    if _overwrite(call.pull().values()) and _bits(call.pull().values()) != before:
        yield "writing to the gradient changes what the pullback returns next"


def _overwrite(arrays: Any) -> bool:
    """Fill the arrays with ones or zeros, whichever they are not; False where none can be written to."""
    written = False
    for array in arrays:
        if array.flags.writeable and array.size:
            array[...] = 0 if array.flat[0] == 1 else 1
            written = True
    return written


def _laid_out(rule: Rule, scenario: Scenario) -> Iterator[str]:
    """Whether the same values in another memory layout give the same bits."""

    def results(layout: str) -> list[bytes]:
        call = _called(rule, scenario, layout)
        return _bits([call.y, *call.pull().values()])

    plain = results("C")
    if results("C") != plain:
        return
    differing = [layout for layout in LAYOUTS if results(layout) != plain]
    if differing:
        yield f"other bits from the same values in another memory layout ({', '.join(differing)})"


def _bits(arrays: Sequence[Array] | Any) -> list[bytes]:
    return [np.ascontiguousarray(array).tobytes() for array in arrays]
