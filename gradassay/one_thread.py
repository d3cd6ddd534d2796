"""Environment variables that ask for one thread; each counts only before what it is meant for is loaded."""

from __future__ import annotations

import os

#: NumPy's and SciPy's BLAS, OpenMP, MKL, Apple's Accelerate; the last two are the size of XLA's pool, which XLA_FLAGS
#: leave as it is.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPROC",
    "PJRT_NPROC",
)


def ask_for_one() -> None:
    """Ask every library that is loaded from now on in this process for one thread."""
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
