"""What all frameworks share: loading one lazily, turning native functions into rules, running a table of them.

A framework is one folder: ``adapter.py`` turns a function on native tensors into a rule, NumPy in and NumPy out, and
each other file holds one family's table ``FUNCTIONS``: implementation -> operation -> native function. An
implementation is one way to write an operation; `FrameworkComparator` runs its table.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, wraps
from types import ModuleType
from typing import Any

import numpy as np

from comparators.interface import evaluate_rule
from gradassay.orders import pullback_name
from gradassay.vocabulary import Array, Evaluation, Rule, Scenario

Native = Any
Function = Callable[..., Native]
#: Argument -> the gradient of what does not depend on it.
Unconnected = Callable[[Any], Array | None]
#: None, or why a function cannot express the scenario.
Limits = Callable[[Scenario], str | None]


class Lazy:
    """A module that is imported at the first use of one of its names, inside ``around()``."""

    def __init__(self, name: str, around: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self._name, self._around = name, around

    def load(self) -> Any:
        """The module, imported now if it was not yet."""
        with self._around():
            return importlib.import_module(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # inspection must not import a framework
            raise AttributeError(name)
        value = getattr(self.load(), name)
        self.__dict__[name] = value  # the next access costs what a module's attribute costs
        return value


def exposing(fn: Function) -> Callable[[Rule], Rule]:
    """Decorator: the rule shows ``fn``'s name and signature, where ``fn`` has one to show."""

    def decorate(rule: Rule) -> Rule:
        shown = wraps(fn)(rule)
        try:
            inspect.signature(fn)
        except (ValueError, TypeError):  # a builtin without a signature would hide the rule's own
            del shown.__wrapped__
        return shown

    return decorate


def from_pair(forward: Callable[..., Any], vjp: Callable[..., Any]) -> Rule:
    """The rule of a forward function and a vector-Jacobian product written apart.

    ``forward(*args, **params)`` returns the primal ``y``, and ``vjp(y_bar, y, *args, **params)`` the
    cotangent of its arguments: ``x_bar``, or a tuple of them. The rule has ``forward``'s signature.
    """

    @exposing(forward)
    def rule(*args: Any, **params: Any) -> tuple[Any, Callable[[Any], Any]]:
        y = forward(*args, **params)
        return y, lambda y_bar: vjp(y_bar, y, *args, **params)

    return rule


def select(floating: Iterable[bool], differentiable: tuple[int, ...] | None) -> list[int]:
    """Positions of the arguments to differentiate: floating, and among ``differentiable`` if given."""
    return [i for i, yes in enumerate(floating) if yes and (differentiable is None or i in differentiable)]


def spread(found: Iterable[Array | None], wanted: list[int], count: int) -> Any:
    """What a pullback returns: one entry for each of ``count`` arguments, bare where there is one alone."""
    by_position = dict(zip(wanted, found, strict=True))
    parts = tuple(by_position.get(i) for i in range(count))
    return parts[0] if count == 1 else parts


def no_gradient(_argument: Any) -> None:
    """What a framework says of an argument that the result does not depend on."""


def convert(value: Any, native: Callable[[Array], Native]) -> Any:
    """A parameter with its arrays made native, also inside a tuple (an index); all else as it is."""
    if isinstance(value, np.ndarray):
        return native(value)
    if isinstance(value, tuple):
        return tuple(convert(part, native) for part in value)
    return value


def indexes_classes(p: Native, labels: Native, *, integer: bool) -> bool:
    """Whether ``labels`` are class indices of ``p[..., C]``: integers, shape ``p.shape[:-1]`` or that + (1,)."""
    batch = tuple(p.shape[:-1])
    return integer and tuple(labels.shape) in (batch, (*batch, 1))


def reduce_loss(loss: Native, reduction: str) -> Native:
    """One loss a sample, reduced, where tensors have the methods ``mean`` and ``sum``."""
    return {"none": lambda: loss, "mean": loss.mean, "sum": loss.sum}[reduction]()


def limited(limits: Limits) -> Callable[[Function], Function]:
    """Decorator: ``limits`` gives a sentence where the function cannot express a scenario; a test holds each."""

    def decorate(fn: Function) -> Function:
        fn.limits = limits  # type: ignore[attr-defined]
        return fn

    return decorate


def tables(*families: ModuleType) -> dict[str, dict[str, Function]]:
    """The families' ``FUNCTIONS`` as one table an implementation."""
    merged: dict[str, dict[str, Function]] = {}
    for family in families:
        for name, functions in family.FUNCTIONS.items():
            merged.setdefault(name, {}).update(functions)
    return merged


def pullbacks(functions: Mapping[str, Function]) -> dict[str, Function]:
    """A table's functions under the names of their pullbacks, for an adapter that differentiates twice."""
    return {pullback_name(operation): fn for operation, fn in functions.items()}


def index_parts(index: Any) -> tuple[Any, ...]:
    """An index as the tuple that it stands for."""
    return index if isinstance(index, tuple) else (index,)


def index_arrays(index: Any) -> Iterator[Array]:
    """The index arrays and lists of a NumPy index, as arrays."""
    return (np.asarray(part) for part in index_parts(index) if isinstance(part, np.ndarray | list))


@dataclass(eq=False)
class FrameworkComparator:
    """A table of native functions as a comparator; building one imports no framework."""

    name: str
    functions: Mapping[str, Function]
    """Operation -> function on native tensors."""
    adapter: Callable[..., Rule]
    """``from_torch`` and its like: ``adapter(fn, differentiable=positions)``."""
    framework: Lazy
    stride: int = 1
    """``compare`` gives it one scenario in ``stride``, and counts the others as skipped."""

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that it has a function for."""
        return tuple(self.functions)

    def load(self) -> None:
        """Import the framework now, so that a failure shows here; ImportError or OSError where it does."""
        self.framework.load()

    def supports(self, scenario: Scenario) -> str | None:
        if scenario.operation not in self.functions:
            return f"{self.name} has no {scenario.operation}"
        limits: Limits | None = getattr(self.functions[scenario.operation], "limits", None)
        return limits(scenario) if limits else None

    def rule(self, operation: str, differentiable: tuple[int, ...] = (0,)) -> Rule:
        """The framework's rule for an operation, NumPy in and NumPy out."""
        return _rule(self.adapter, self.functions[operation], differentiable)

    def evaluate(self, scenario: Scenario) -> Evaluation:
        with warnings.catch_warnings():  # the findings say it, and Keras would for every axis of size 1
            warnings.simplefilter("ignore")
            return evaluate_rule(self.rule(scenario.operation, scenario.differentiable), scenario)


@cache
def _rule(adapter: Callable[..., Rule], fn: Function, differentiable: tuple[int, ...]) -> Rule:
    return adapter(fn, differentiable=differentiable)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Environment variables set inside the block and put back as they were after it."""
    import os

    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
