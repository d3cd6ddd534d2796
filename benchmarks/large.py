"""An all-zero gradient of 10^7 float32 entries: how long until it is ``wrong``, and how much memory that takes.

    python benchmarks/large.py [OPERATION ...] [--entries N]

Each operation has a process of its own, as peak memory is that of a process; the default is all of the catalogue. Its
first argument, or for get_item_grad what is scattered into, has N entries.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Rule

CLASSES = 10
Inputs = tuple[tuple[Any, ...], dict[str, Any]]


def inputs(operation: str, n: int) -> Inputs:
    """Arguments and parameters with ``n`` standard normals in the first place, in rows of ten where there are rows."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(n, dtype=np.float32)
    rows = x.reshape(-1, CLASSES)
    labels = rng.integers(0, CLASSES, len(rows))
    W, b = np.ones((CLASSES, CLASSES), np.float32), np.zeros(CLASSES, np.float32)
    index = rng.integers(0, n, n)
    special: dict[str, Inputs] = {
        "cross_entropy": ((np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True), labels), {}),
        "softmax_cross_entropy": ((rows, labels), {}),
        "get_item": ((x,), {"index": index}),
        "get_item_grad": ((x,), {"index": index, "shape": (n,)}),
        "log": ((np.abs(x) + 1,), {}),
        "clip": ((x,), {"low": -1.0, "high": 1.0}),
        "affine": ((rows, W, b), {}),
        "mean_squared_error": ((x, np.zeros_like(x)), {}),
        "softmax_regression": ((rows, W, b, labels), {}),
        "sigmoid_classifier": ((rows, W, b, labels), {}),
    }
    return special.get(operation, ((x,), {}))


def zero(rule: Rule) -> Rule:
    """The rule with gradients that are all zero."""

    def wrong(*args: Any, **params: Any) -> Any:
        def pullback(y_bar: Any) -> Any:
            floating = tuple(np.zeros_like(x) if x.dtype.kind == "f" else None for x in args)
            return floating if len(args) > 1 else floating[0]

        return rule(*args, **params)[0], pullback

    return wrong


def measure(operation: str, n: int) -> None:
    """Print seconds, seconds of processor and peak memory of one verification."""
    args, params = inputs(operation, n)
    started = time.perf_counter()
    report = gradassay.verify(
        zero(OPERATIONS[operation].rule), like=operation, inputs=[args], params=params, dtypes=("float32",)
    )
    elapsed, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    (found,) = report.discrepancies
    assert found.verdict is gradassay.Verdict.WRONG, found
    entries = sum(x.size for x in found.example.scenario.args)
    print(
        f"{operation:22} {found.verdict} in {elapsed:5.1f} s, {used.ru_utime + used.ru_stime:5.1f} s of processor, "
        f"{used.ru_maxrss / 2**20:.2f} GiB at most; example of {entries} entries",
        flush=True,
    )


def main() -> None:
    """One line for each operation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("operations", nargs="*", metavar="OPERATION")
    parser.add_argument("--entries", type=float, default=1e7)
    chosen = parser.parse_args()
    n = int(chosen.entries)
    if len(chosen.operations) == 1:
        measure(chosen.operations[0], n)
        return
    for operation in chosen.operations or OPERATIONS:
        subprocess.run([sys.executable, __file__, operation, "--entries", str(n)], check=True)


if __name__ == "__main__":
    main()
