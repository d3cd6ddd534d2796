"""Every implementation by name, one line each; none is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

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
    """Module of ours with ``COMPARATORS``: name -> comparator; importing it imports no framework."""
    packages: tuple[str, ...]
    """Packages that must be installed."""
    extra: str
    """Extra of our distribution that brings them."""


#: The hand-written rules; they come from the caller, since the catalogue lies downstream of the comparators.
NUMPY = "numpy"

COMPARATORS: Mapping[str, Source] = {
    "torch": Source("comparators.pytorch", ("torch",), "torch"),
    "torch.gather": Source("comparators.pytorch", ("torch",), "torch"),
    "torch.hardtanh": Source("comparators.pytorch", ("torch",), "torch"),
    "torch.maximum": Source("comparators.pytorch", ("torch",), "torch"),
    "tensorflow": Source("comparators.tensorflow", ("tensorflow",), "tensorflow"),
    "tensorflow.maximum": Source("comparators.tensorflow", ("tensorflow",), "tensorflow"),
    "tensorflow.keras": Source("comparators.keras", ("tensorflow", "keras"), "tensorflow"),
    "jax": Source("comparators.jax", ("jax", "jaxlib"), "jax"),
    "jax.maximum": Source("comparators.jax", ("jax", "jaxlib"), "jax"),
}


def names() -> tuple[str, ...]:
    """Every implementation that ``load`` knows, installed or not, in the order of the report."""
    return (NUMPY, *COMPARATORS)


def load(name: str, *, rules: Mapping[str, Rule] | None = None) -> Implementation:
    """The implementation of that name, its framework imported.

    ``rules`` is what ``numpy`` runs: operation -> rule. Raises Missing with the remedy where a package is not
    installed or fails to import, UsageError for a name that is not known.
    """
    if name == NUMPY:
        return RulesComparator(NUMPY, rules or {})
    sentence = missing(name)
    if sentence is not None:
        raise Missing(sentence)
    comparator = import_module(COMPARATORS[name].module).COMPARATORS[name]
    try:
        comparator.load()
    except (ImportError, OSError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise Missing(f"{name} is installed but cannot be used: {reason}") from error
    return comparator  # type: ignore[no-any-return]


def operations(name: str) -> tuple[str, ...]:
    """The operations that a framework's implementation covers, without importing the framework."""
    _known(name)
    if name == NUMPY:
        return ()
    return tuple(import_module(COMPARATORS[name].module).COMPARATORS[name].operations)


def missing(name: str) -> str | None:
    """None where that implementation's packages are installed, else what is missing and how to get it."""
    _known(name)
    if name == NUMPY:
        return None
    source = COMPARATORS[name]
    absent = [package for package in source.packages if find_spec(package) is None]
    if not absent:
        return None
    are = "is" if len(absent) == 1 else "are"
    remedy = f"pip install 'gradassay[{source.extra}]' (a build for the CPU is enough)"
    return f"{' and '.join(absent)} {are} not installed; {remedy}"


def _known(name: str) -> None:
    if name not in names():
        raise UsageError.unknown("implementation", name, names())
