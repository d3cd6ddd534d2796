"""Gradassay: how true is a gradient? Certified truth, an error budget that nobody picks, a verdict.

The public names are loaded when they are first used, so that ``import gradassay`` is cheap and imports no framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comparators.adapters import from_pair as from_pair
    from comparators.jax import from_jax as from_jax
    from comparators.pytorch import from_torch as from_torch
    from comparators.tensorflow import from_tensorflow as from_tensorflow
    from gradassay import numerical as numerical
    from gradassay.api import Report as Report
    from gradassay.api import VerificationError as VerificationError
    from gradassay.api import verify as verify
    from gradassay.catalogue import operations as operations
    from gradassay.engine import compare as compare
    from gradassay.errors import UnsupportedFunctionError as UnsupportedFunctionError
    from gradassay.errors import UsageError as UsageError
    from gradassay.jacobians import jacobian as jacobian
    from gradassay.training import train as train
    from gradassay.vocabulary import Verdict as Verdict
    from reference_impls.chain import chain as chain

_PLACES = {
    "verify": "gradassay.api",
    "Report": "gradassay.api",
    "VerificationError": "gradassay.api",
    "compare": "gradassay.engine",
    "operations": "gradassay.catalogue",
    "jacobian": "gradassay.jacobians",
    "train": "gradassay.training",
    "from_pair": "comparators.adapters",
    "from_torch": "comparators.pytorch",
    "from_tensorflow": "comparators.tensorflow",
    "from_jax": "comparators.jax",
    "chain": "reference_impls.chain",
    "UsageError": "gradassay.errors",
    "UnsupportedFunctionError": "gradassay.errors",
    "Verdict": "gradassay.vocabulary",
}

_MODULES = {"numerical": "gradassay.numerical"}

__all__ = list(_PLACES | _MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _PLACES:
        raise AttributeError(f"module 'gradassay' has no attribute {name!r}")
    value = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value
    return value
