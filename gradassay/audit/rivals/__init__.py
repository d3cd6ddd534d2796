"""The other checkers of gradients, each called as its documentation says."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from comparators.registry import Missing, Source, lacking
from gradassay.audit.rivals.interface import Rival
from gradassay.errors import UsageError

__all__ = ["Missing", "Rival", "load", "missing", "names"]

_HERE = "gradassay.audit.rivals"
_TORCH = Source(f"{_HERE}.torch_gradcheck", ("torch",), "torch")

#: Rival -> our module with ``RIVALS``: name -> rival; importing it imports no framework.
RIVALS: Mapping[str, Source] = {
    "torch gradcheck slow": _TORCH,
    "torch gradcheck fast": _TORCH,
    "jax check_grads": Source(f"{_HERE}.jax_check_grads", ("jax", "jaxlib"), "jax"),
    "tf compute_gradient": Source(f"{_HERE}.tf_compute_gradient", ("tensorflow",), "tensorflow"),
    "autograd check_grads": Source(f"{_HERE}.autograd_check_grads", ("autograd",), "autograd"),
    "scipy check_grad": Source(f"{_HERE}.scipy_check_grad", ("scipy",), "all"),
}


def names() -> tuple[str, ...]:
    """Every rival, installed or not, in the order of the report."""
    return tuple(RIVALS)


def missing(name: str) -> str | None:
    """None where that rival's packages are installed, else what is missing and how to get it."""
    return lacking(_source(name))


def load(name: str) -> Rival:
    """The rival of that name, its package imported.

    Raises Missing with the remedy where a package is not installed or fails to import, UsageError for an unknown name.
    """
    sentence = missing(name)
    if sentence is not None:
        raise Missing(sentence)
    rival: Rival = import_module(_source(name).module).RIVALS[name]
    try:
        rival.load()
    except Exception as error:  # a broken installation fails in its own way
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise Missing(f"{name} is installed but cannot be used: {reason}") from error
    return rival


def _source(name: str) -> Source:
    if name not in RIVALS:
        raise UsageError.unknown("rival", name, names())
    return RIVALS[name]
