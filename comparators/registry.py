"""Every implementation by name, one line each; none is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from comparators.interface import Comparator
from comparators.numpy_rules import RulesComparator
from gradassay.errors import UsageError
from gradassay.vocabulary import Rule


class Missing(Exception):
    """An implementation whose package is not installed, or cannot be imported; says how to get it."""


class Implementation(Comparator, Protocol):
    """A comparator that runs a table of rules or functions."""

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that it covers."""
        ...

    @property
    def stride(self) -> int:
        """``compare`` gives it one scenario in so many; more than 1 where each takes long."""
        ...


@dataclass(frozen=True)
class Source:
    """Where an implementation comes from."""

    module: str
    """Module of ours with ``COMPARATORS`` and ``SECOND_ORDER`` (name -> comparator); it imports no framework."""
    packages: tuple[str, ...]
    """Packages that must be installed."""
    extra: str
    """Extra of our distribution that brings them."""


#: The hand-written rules; they come from the caller, since the catalogue lies downstream of the comparators.
NUMPY = "numpy"

_TORCH = Source("comparators.pytorch", ("torch",), "torch")
_TENSORFLOW = Source("comparators.tensorflow", ("tensorflow",), "tensorflow")
_KERAS = Source("comparators.keras", ("tensorflow", "keras"), "tensorflow")
_JAX = Source("comparators.jax", ("jax", "jaxlib"), "jax")

COMPARATORS: Mapping[str, Source] = {
    "torch": _TORCH,
    "torch.gather": _TORCH,
    "torch.hardtanh": _TORCH,
    "torch.max": _TORCH,
    "torch.maximum": _TORCH,
    "tensorflow": _TENSORFLOW,
    "tensorflow.maximum": _TENSORFLOW,
    "tensorflow.keras": _KERAS,
    "jax": _JAX,
    "jax.maximum": _JAX,
}

#: What there is beside those where pullbacks are differentiated: forward mode over reverse mode.
FORWARD: Mapping[str, Source] = {
    "torch.forward": _TORCH,
    "tensorflow.forward": _TENSORFLOW,
    "jax.forward": _JAX,
}


def sources(order: int = 1) -> Mapping[str, Source]:
    """Every implementation but ours for gradients (order 1), or for the pullbacks as operations (order 2)."""
    return COMPARATORS if order == 1 else {**COMPARATORS, **FORWARD}


def names(order: int = 1) -> tuple[str, ...]:
    """Every implementation that ``load`` knows, installed or not, in the order of the report."""
    return (NUMPY, *sources(order))


def load(name: str, *, rules: Mapping[str, Rule] | None = None, order: int = 1) -> Implementation:
    """The implementation of that name, its framework imported.

    ``rules`` is what ``numpy`` runs: operation -> rule. Raises Missing with the remedy where a package is not
    installed or fails to import, UsageError for a name that is not known.
    """
    sentence = missing(name, order)
    if sentence is not None:
        raise Missing(sentence)
    if name == NUMPY:
        return RulesComparator(NUMPY, rules or {})
    comparator = _comparator(name, order)
    try:
        comparator.load()
    except (ImportError, OSError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise Missing(f"{name} is installed but cannot be used: {reason}") from error
    return comparator  # type: ignore[no-any-return]


def operations(name: str, order: int = 1) -> tuple[str, ...]:
    """The operations that a framework's implementation covers, without importing the framework."""
    _known(name, order)
    return () if name == NUMPY else tuple(_comparator(name, order).operations)


def missing(name: str, order: int = 1) -> str | None:
    """None where that implementation's packages are installed, else what is missing and how to get it."""
    _known(name, order)
    if name == NUMPY:
        return None
    sentence = lacking(sources(order)[name])
    return None if sentence is None else f"{sentence} (a build for the CPU is enough)"


def lacking(source: Source) -> str | None:
    """None where the packages of a source are installed, else which are not and how to get them."""
    absent = [package for package in source.packages if find_spec(package) is None]
    if not absent:
        return None
    are = "is" if len(absent) == 1 else "are"
    return f"{' and '.join(absent)} {are} not installed; pip install 'gradassay[{source.extra}]'"


def _comparator(name: str, order: int) -> Any:
    module = import_module(sources(order)[name].module)
    return (module.COMPARATORS if order == 1 else module.SECOND_ORDER)[name]


def _known(name: str, order: int) -> None:
    if name not in names(order):
        raise UsageError.unknown("implementation", name, names(order))
