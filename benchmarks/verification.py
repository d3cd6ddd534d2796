"""How long does certainty take?  One verified scenario beside ``torch.autograd.gradcheck``, in one process.

    python benchmarks/verification.py [--rounds N] [--quick] [--json FILE]

Every contestant of a case has one turn a round, in random order; the table shows medians and the ratio of gradcheck's
median to ours.  One thread for everything.  Three questions are asked:

* one scenario: truth, budget and comparison of the NumPy rule's own result, against gradcheck slow and fast;
* a whole ``verify(rule, like=..., inputs=[(x,)], examples=1)`` at 64 x 16;
* 10^6 float32 entries of softmax verified, against PyTorch's forward and backward, and the memory that takes.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import gradassay
from comparators.exact import Exact
from comparators.numpy_rules import RuleComparator
from comparators.pytorch import COMPARATORS
from gradassay.catalogue import OPERATIONS
from gradassay.question import Question
from gradassay.verdicts import judge
from gradassay.vocabulary import Scenario

SHAPES = ((4, 5), (16, 10), (64, 16), (64, 100))
#: A contestant that needs longer than this for one turn is timed in the first round only.
PATIENCE_S = 2.0
TURN_S = 0.02
Contestants = Mapping[str, Callable[[], Any]]


def medians(contestants: Contestants, rounds: int) -> dict[str, float]:
    """Median seconds of each contestant, one turn a round in random order, after two warm-up turns.

    A turn is as many calls as fit into ``TURN_S``, but at least one, so that a short call is not timed with the caches
    that a long neighbour left behind.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    calls = dict.fromkeys(contestants, 1)
    order = list(contestants)
    for turn in range(-2, rounds):
        random.Random(turn).shuffle(order)
        for name in order:
            if seconds[name] and min(seconds[name]) > PATIENCE_S:
                continue
            started = time.perf_counter()
            for _ in range(calls[name]):
                contestants[name]()
            elapsed = (time.perf_counter() - started) / calls[name]
            calls[name] = max(1, int(TURN_S / elapsed)) if turn < 0 else calls[name]
            if turn >= 0 or elapsed > PATIENCE_S:
                seconds[name].append(elapsed)
    return {name: statistics.median(times) for name, times in seconds.items()}


def inputs(operation: str, shape: tuple[int, int], dtype: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments and parameters of one case: normal logits, random labels, an index with duplicates."""
    rng = np.random.default_rng(shape)
    x = rng.normal(size=shape).astype(dtype)
    if operation == "softmax":
        return (x,), {"axis": -1}
    if operation == "softmax_cross_entropy":
        return (x, rng.integers(0, shape[1], shape[0])), {"reduction": "mean"}
    return (x,), {"index": rng.integers(0, shape[0], shape[0])}


def one_scenario(operation: str, shape: tuple[int, int], dtype: str) -> Contestants:
    """Ours: the rule, its truth, budget and verdict.  Theirs: gradcheck of PyTorch's function on the same input."""
    import torch

    args, params = inputs(operation, shape, dtype)
    known = OPERATIONS[operation]
    primal, _ = known.rule(*args, **params)
    y_bar = np.random.default_rng(1).normal(size=primal.shape).astype(dtype)
    scenario = Scenario(operation, dtype, args, params, y_bar)
    comparator = RuleComparator("numpy", known.rule)

    def ours() -> None:
        finding = judge(Question(scenario, Exact(known.definition), known.conventions), comparator)
        assert finding.verdict is gradassay.Verdict.AGREES, finding

    tensors = [torch.from_numpy(a) for a in args]
    tensors[0].requires_grad_()
    native = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in params.items()}

    def gradcheck(*, fast: bool) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns that float32 is too coarse for it
            function = COMPARATORS["torch"].functions[operation]
            torch.autograd.gradcheck(
                lambda *xs: function(*xs, **native), tensors, fast_mode=fast, raise_exception=False
            )

    return {
        "gradassay": ours,
        "gradcheck slow": lambda: gradcheck(fast=False),
        "gradcheck fast": lambda: gradcheck(fast=True),
    }


def whole_verify(dtype: str) -> Contestants:
    """``gradassay.verify`` with everything that it does, at 64 x 16."""
    (x,), _ = inputs("softmax", (64, 16), dtype)
    rule = OPERATIONS["softmax"].rule

    def ours() -> None:
        assert gradassay.verify(rule, like="softmax", inputs=[(x,)], dtypes=(dtype,), examples=1).ok

    return {**one_scenario("softmax", (64, 16), dtype), "gradassay": ours}


def million() -> Contestants:
    """10^6 float32 entries of softmax: verified, and merely run forward and backward by PyTorch."""
    import torch

    x = np.random.default_rng(0).normal(size=(1000, 1000)).astype(np.float32)
    y_bar = torch.from_numpy(np.random.default_rng(1).normal(size=x.shape).astype(np.float32))
    leaf = torch.from_numpy(x).requires_grad_()
    rule = OPERATIONS["softmax"].rule

    def ours() -> None:
        assert gradassay.verify(rule, like="softmax", inputs=[(x,)], dtypes=("float32",), examples=1).ok

    return {"gradassay": ours, "torch": lambda: torch.autograd.grad(torch.softmax(leaf, -1), leaf, y_bar)}


def peak_over_array() -> float:
    """Peak memory that NumPy and Python asked for while 10^6 float32 entries were verified, in arrays of 4 MB."""
    ours = million()["gradassay"]
    ours()
    tracemalloc.start()
    ours()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 4e6


def main() -> None:
    """Print the three tables."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="leave the largest shape out")
    parser.add_argument("--json", metavar="FILE")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, dict[str, float]] = {}

    def show(name: str, contestants: Contestants) -> None:
        found[name] = medians(contestants, chosen.rounds)
        ours = found[name]["gradassay"]
        others = ", ".join(
            f"{other} {s * 1e3:.3g} ms = {s / ours:.3g} x"
            for other, s in found[name].items()
            if other != "gradassay"
        )
        print(f"{name:44} gradassay {ours * 1e3:.3g} ms, {others}", flush=True)

    print(f"medians of {chosen.rounds} rounds, one thread; x: their time over ours")
    for operation in ("softmax", "softmax_cross_entropy", "get_item"):
        for shape in SHAPES[:-1] if chosen.quick else SHAPES:
            for dtype in ("float64", "float32"):
                show(f"{operation} {shape[0]}x{shape[1]} {dtype}", one_scenario(operation, shape, dtype))
    for dtype in ("float64", "float32"):
        show(f"whole verify, softmax 64x16 {dtype}", whole_verify(dtype))
    large = medians(million(), chosen.rounds)
    found["10^6 float32 softmax"] = large
    ratio, peak = large["gradassay"] / large["torch"], peak_over_array()
    print(
        f"10^6 float32 softmax entries: {large['gradassay'] * 1e3:.3g} ms = {ratio:.3g} x torch forward and backward"
    )
    print(f"peak memory: {peak:.3g} x the array")
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as stream:
            json.dump({"seconds": found, "peak_over_array": peak}, stream, indent=1)


if __name__ == "__main__":
    main()
