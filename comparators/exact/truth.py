"""From a definition and a scenario to the certified truth, with as much precision as the decision needs.

Ziv's strategy (A. Ziv, Fast evaluation of elementary mathematical functions with correctly rounded last bit, ACM TOMS
17(3), 1991): compute with a little precision, and again with more only where that could not decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import flint
import numpy as np

from comparators.exact.arblib import ArbLib
from comparators.exact.midrad import MidRad, Undecided
from comparators.exact.model import gradient_underflow, primal_underflow
from comparators.exact.tape import Tape
from comparators.exact.taped import Taped
from comparators.exact.ties import Given, OtherTiesError, Ties
from gradassay.errors import UsageError
from gradassay.formats import FORMATS, Format, is_floating
from gradassay.vocabulary import Array, Definition, Enclosure, Scenario, Truth, Winners

ARB_BITS = (128, 384, 1536)
#: Arb costs about a microsecond an entry and operation; beyond this a scenario takes seconds.
ARB_ENTRIES = 50_000
#: Long double is wider than float64 on x86 only; elsewhere Arb takes over at once.
_WIDE = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant

#: What makes the context that an arithmetic's precision holds in.
Precision = Callable[[], AbstractContextManager[Any]]
Step = tuple[Any, Precision]


class Exact:
    """The ``exact`` comparator of one definition."""

    name = "exact"

    def __init__(self, definition: Definition, *, doubts: bool = True, arb: int = ARB_ENTRIES) -> None:
        self.definition = definition
        self.doubts = doubts
        """Whether the budget takes in the other branch where computed values are close; the truth never does."""
        self.arb = arb
        """Entries up to which Arb is asked."""

    def supports(self, scenario: Scenario) -> str | None:
        """None, or why there is no truth for this scenario."""
        return None if scenario.valid else "an invalid input has no truth; an exception is what is expected"

    def truths(self, scenario: Scenario) -> Iterator[Truth]:
        """Enclosures of the truth, each narrower than the one before; take the next where one cannot decide."""
        for arithmetic, precision in _ladder(FORMATS[scenario.dtype], scenario, self.arb):
            try:
                with precision(), np.errstate(all="ignore"):
                    truth = self._truth(scenario, arithmetic, precision)
            except Undecided:
                continue
            yield truth

    def evaluate(self, scenario: Scenario) -> Truth | None:
        """The first truth that the ladder finds; None where none could be certified."""
        return next(self.truths(scenario), None)

    def _truth(self, scenario: Scenario, arithmetic: Any, precision: Precision = nullcontext) -> Truth:
        reach = self._reach(scenario)
        cotangent_max = reach * (1 + _largest(scenario.cotangent)) - 1
        run = partial(self._run, scenario, arithmetic, reach, cotangent_max)
        enclosures, ties, alone = run("split")
        primal, *gradients = enclosures
        extremes, winners = {}, None
        if ties:
            others = {given: run(given)[0] for given in ("first", "last")}
            # A winner whose gradient is infinite (a branch at its pole) is no member of a bounded set.
            bounded = {given: other for given, other in others.items() if _as_finite(other, enclosures)}
            extremes = bounded if any(_differ(enclosures, other) for other in bounded.values()) else {}
            value = partial(_value, run, precision, ties)
            convex = not isinstance(self.definition, Vjp)
            winners = Winners(ties.of, ties.constant, ties.conditions, convex, value)
        return Truth(
            primal,
            tuple(gradients),
            reach=reach,
            cotangent_max=cotangent_max,
            beyond=_beyond(scenario, enclosures),
            extremes=extremes,
            winners=winners,
            alone=alone if len(extremes) == 2 else (),
            split=ties.split,
            arithmetic=arithmetic.name,
        )

    def _reach(self, scenario: Scenario) -> float:
        """1, times 1 + max|y_bar| of each cotangent among the last arguments of a pullback."""
        cotangents = self.definition.order - 1 if isinstance(self.definition, Vjp) else 0
        return math.prod(1 + _largest(y_bar) for y_bar in scenario.args[len(scenario.args) - cotangents :])

    def _run(
        self, scenario: Scenario, arithmetic: Any, reach: float, cotangent_max: float, given: Given
    ) -> tuple[tuple[Enclosure, ...], Ties, tuple[Array, ...]]:
        """Primal and gradients, the ties that were met, and the labels of those that stand alone."""
        form = FORMATS[scenario.dtype]
        arithmetic.doubts = self.doubts
        tape = Tape(arithmetic, given)
        args: list[Any] = [
            tape.leaf(x, differentiable=i in scenario.differentiable) if is_floating(x.dtype) else x
            for i, x in enumerate(scenario.args)
        ]
        for i in scenario.differentiable:
            if not is_floating(scenario.args[i].dtype):
                raise UsageError(
                    f"args[{i}] is {scenario.args[i].dtype} and has no gradient: give it in {scenario.dtype}, "
                    f"or leave {i} out of `differentiable`"
                )
        y = tape.lift(_called(self.definition, args, scenario.params))
        if y.shape != scenario.cotangent.shape:
            raise UsageError(
                f"the cotangent has shape {scenario.cotangent.shape}, the definition's result {y.shape}"
            )
        primal = _enclose(arithmetic, y, reach * primal_underflow(form))
        y_bar = tape.leaf(scenario.cotangent, differentiable=False)
        wanted = [args[i] for i in scenario.differentiable]
        del args
        x_bars = tape.backward(y, y_bar, wanted)
        alone: tuple[Array, ...] = ()
        if tape.ties and not isinstance(self.definition, Vjp):
            alone = tape.ties.labels(wanted)
        del y, y_bar, wanted
        underflow = gradient_underflow(form, cotangent_max)
        return (primal, *(_enclose(arithmetic, x_bar, underflow) for x_bar in x_bars)), tape.ties, alone


class Vjp:
    """The pullback of a definition as a definition: ``Vjp(f)(*args, y_bar)`` is the gradient of <y_bar, f(*args)>.

    One gradient has the shape of its argument; several are a vector, each ravelled, one after the other.
    On plain arrays it computes in float64; on the tape it is recorded, so it can be differentiated again.
    """

    def __init__(self, definition: Definition, wanted: tuple[int, ...] = (0,)) -> None:
        self.definition, self.wanted = definition, wanted
        self.order: int = 1 + (definition.order if isinstance(definition, Vjp) else 1)

    def __call__(self, *args: Any, **params: Any) -> Any:
        tape = next((x.tape for x in args if isinstance(x, Taped)), None)
        if tape is not None:
            return self._pull(tape, args, params)
        tape = Tape(MidRad(FORMATS["float32"], np.float64))  # for its midpoints; no budget is asked for
        leaves = [
            tape.leaf(np.asarray(x), differentiable=True) if is_floating(np.asarray(x).dtype) else x
            for x in args
        ]
        with np.errstate(all="ignore"):
            return tape.arithmetic.truth_value(self._pull(tape, leaves, params).ball)

    def _pull(self, tape: Tape, args: Sequence[Any], params: dict[str, Any]) -> Taped:
        *inputs, y_bar = args
        for i in self.wanted:
            inputs[i] = tape.lift(inputs[i])
            inputs[i].needed = True
        y = tape.lift(self.definition(*inputs, **params))
        found = tape.backward(y, tape.lift(y_bar), [inputs[i] for i in self.wanted], retain=True)
        if len(found) == 1:
            return found[0]
        flat: Any = np.concatenate([np.ravel(x_bar) for x_bar in found])
        return flat  # type: ignore[no-any-return]


def _value(
    run: Callable[[Given], tuple[tuple[Enclosure, ...], Ties, Any]],
    precision: Precision,
    ties: Ties,
    weights: Array,
) -> tuple[Enclosure, ...] | None:
    """What ``Winners.value`` is."""
    try:
        with precision(), np.errstate(all="ignore"):
            enclosures, met, _ = run(weights)
    except (Undecided, OtherTiesError):
        return None
    return enclosures if np.array_equal(met.of, ties.of) else None


def _called(definition: Definition, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The definition's result; NumPy may have hidden our error for an unsupported function behind one of its own."""
    try:
        return definition(*args, **params)
    except (Undecided, OtherTiesError, UsageError):
        raise
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, UsageError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise cause from None
        raise UsageError(f"the definition raised {type(error).__name__}: {error}") from error


def _beyond(scenario: Scenario, enclosures: Sequence[Enclosure]) -> bool:
    if not any(np.isnan(enclosure.mid).any() for enclosure in enclosures):
        return False  # asked first, since it is rarely so
    return any(is_floating(x.dtype) and bool(np.isinf(x.astype(np.float64)).any()) for x in scenario.args)


def _ladder(form: Format, scenario: Scenario, arb: int) -> Iterator[Step]:
    if form.name != "float64":
        yield MidRad(form, np.float64), nullcontext
    if _WIDE:
        yield MidRad(form, np.longdouble), nullcontext
    if sum(np.size(x) for x in (*scenario.args, scenario.cotangent)) <= arb:
        for bits in ARB_BITS:
            yield ArbLib(form, bits), partial(flint.ctx.workprec, bits)


def _enclose(arithmetic: Any, x: Taped, underflow: float) -> Enclosure:
    mid, rad, err = arithmetic.enclosure(x.ball)
    return Enclosure(np.asarray(mid), np.asarray(rad), np.asarray(err + err.dtype.type(underflow)))


def _largest(x: Any) -> float:
    finite = np.abs(x.astype(np.float64))
    return float(np.max(finite, initial=0.0, where=np.isfinite(finite)))


def _as_finite(member: Sequence[Enclosure], gradients: Sequence[Enclosure]) -> bool:
    return all(
        bool(np.all(np.isfinite(m.mid) | ~np.isfinite(g.mid))) for m, g in zip(member, gradients, strict=True)
    )


def _differ(left: Sequence[Enclosure], right: Sequence[Enclosure]) -> bool:
    return any(bool(np.any(np.abs(a.mid - b.mid) > a.rad + b.rad)) for a, b in zip(left, right, strict=True))
