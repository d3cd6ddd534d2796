"""The protocol that every rival follows, and what all of them share: the rule as a function, and how it is judged.

A rival gets what a user of it would have: forward and pullback of one rule, wrapped as its own documentation says,
its default steps and tolerances, first order, reverse mode. What a pullback returns is handed on as it is, so that
a wrong shape, dtype or number of gradients is for the rival to see.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from comparators.numpy_rules import RuleComparator
from gradassay.environment import installed
from gradassay.vocabulary import Array, Rule, Scenario
from gradassay.vocabulary.audit import Judgement
from property_tests.strategies import lay_out

#: A numerical Jacobian takes a forward, or two, for each entry of x, and a pullback for each entry of y; beyond so many
#: of both, seconds and, for some, gigabytes.
JACOBIAN_ENTRIES = 2000


#: How the further lines of an error begin that say by how much the numbers differ.
_TELLING = ("Max absolute difference", "analytic:", "numeric:")


class Rival(Protocol):
    """A checker of gradients that is not ours."""

    name: str
    """``torch gradcheck slow``."""
    call: str
    """The exact call, a line or two of Python, as in the documentation."""

    @property
    def version(self) -> str:
        """``torch 2.13.0``."""
        ...

    def load(self) -> None:
        """Import its package now, quietly; ImportError or OSError where that fails."""
        ...

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        """What it says of the rule on this input; the scenario is left as it was, and so is the process."""
        ...


class Rejected(AssertionError):
    """What a rival that returns its verdict, and raises nothing, is read to have said."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A rule as a function of the differentiable arguments of one scenario; all else is closed over.

    The arrays are copies in the scenario's memory layout, so that whoever writes into them harms nobody.
    """

    rule: Rule
    scenario: Scenario

    @classmethod
    def of(cls, rule: Rule, scenario: Scenario) -> Subject:
        args = tuple(lay_out(x, scenario.layout) for x in scenario.args)
        return cls(rule, replace(scenario, args=args, params=deepcopy(dict(scenario.params))))

    @property
    def xs(self) -> tuple[Array, ...]:
        """The differentiable arguments."""
        return tuple(self.scenario.args[i] for i in self.scenario.differentiable)

    def __call__(self, *xs: Any) -> tuple[Any, Callable[[Any], Any]]:
        """The primal at ``xs`` and the pullback to them, which returns a tuple of one gradient for each."""
        args: list[Any] = list(self.scenario.args)
        for i, x in zip(self.scenario.differentiable, xs, strict=True):
            args[i] = x
        y, pullback = self.rule(*args, **self.scenario.params)
        return y, lambda y_bar: self._differentiable(pullback(y_bar))

    def _differentiable(self, pulled: Any) -> tuple[Any, ...]:
        """Those of the differentiable arguments, where there is one for each argument; else whatever there is."""
        parts = pulled if isinstance(pulled, tuple) else (pulled,)
        if len(parts) == len(self.scenario.args):
            return tuple(parts[i] for i in self.scenario.differentiable)
        return parts


def judge(
    rule: Rule,
    scenario: Scenario,
    ask: Callable[[Subject], object],
    *,
    dtypes: Iterable[str] = ("float64", "float32", "float16"),
    jacobian: bool = False,
) -> Judgement:
    """Let ``ask`` put the rule to the rival: any exception out of it is a rejection, returning is none.

    It cannot say anything of an invalid scenario, of which no documentation has a notion; of parameters that the rule
    does not take; of a dtype that is not among ``dtypes``; and, where it makes a numerical ``jacobian``, of arrays with
    more than ``JACOBIAN_ENTRIES`` entries together. Warnings are silent meanwhile.
    """
    reason = _refusal(rule, scenario, dtypes, jacobian)
    if reason is not None:
        return Judgement(None, reason)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            ask(Subject.of(rule, scenario))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except MemoryError:
        return Judgement(None, "this machine has too little memory for it")
    except BaseException as error:  # errors of frameworks and rules are not all Exceptions
        return Judgement(True, _in_one_line(error))
    return Judgement(False)


def _refusal(rule: Rule, scenario: Scenario, dtypes: Iterable[str], jacobian: bool) -> str | None:
    if not scenario.valid:
        return "an input that a rule has to refuse is nothing to differentiate at"
    unsuited = RuleComparator("rule", rule).supports(scenario)
    if unsuited is not None:
        return unsuited
    xs = [scenario.args[i] for i in scenario.differentiable]
    foreign = [x.dtype.name for x in xs if x.dtype.name not in set(dtypes)]
    if foreign:
        return f"takes no {foreign[0]}"
    entries = sum(x.size for x in xs) + scenario.cotangent.size
    if jacobian and entries > JACOBIAN_ENTRIES:
        return f"too large for a numerical Jacobian: {entries} entries"
    return None


def _in_one_line(error: BaseException) -> str:
    """The error's type, its first line and the difference; of an error with a traceback in it, the error at its end."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any("Traceback (most recent call last)" in line for line in lines):
        return lines[-1]
    if isinstance(error, Rejected):
        return lines[0]
    return ": ".join(
        (type(error).__name__, *lines[:1], *(line for line in lines[1:] if line.startswith(_TELLING)))
    )


def version_of(name: str, *distributions: str) -> str:
    """``torch 2.13.0``, from the first of the distributions that is installed; by default, the one of that name."""
    return f"{name} {installed(*(distributions or (name,))) or 'of unknown version'}"
