"""The floating-point formats under test: unit roundoff, smallest subnormal, range.

bfloat16 is not a NumPy format; ``ml_dtypes`` provides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ml_dtypes
import numpy as np


@dataclass(frozen=True)
class Format:
    """A binary floating-point format with round-to-nearest."""

    name: str
    dtype: np.dtype[Any]

    @cached_property
    def _info(self) -> Any:
        return ml_dtypes.finfo(self.dtype)

    @property
    def u(self) -> float:
        """Unit roundoff: half the spacing at 1; |fl(v) - v| <= u |v| for normal v."""
        return float(self._info.eps) / 2

    @property
    def eta(self) -> float:
        """Smallest positive subnormal; |fl(v) - v| <= eta / 2 for subnormal v."""
        return float(self._info.smallest_subnormal)

    @property
    def tiny(self) -> float:
        """Smallest positive normal number."""
        return float(self._info.tiny)

    @property
    def max(self) -> float:
        """Largest finite number."""
        return float(self._info.max)


FORMATS: dict[str, Format] = {
    "float64": Format("float64", np.dtype(np.float64)),
    "float32": Format("float32", np.dtype(np.float32)),
    "float16": Format("float16", np.dtype(np.float16)),
    "bfloat16": Format("bfloat16", np.dtype(ml_dtypes.bfloat16)),
}


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Whether ``dtype`` is a floating format; NumPy calls bfloat16 a void type."""
    return bool(dtype.kind == "f" or dtype == FORMATS["bfloat16"].dtype)
