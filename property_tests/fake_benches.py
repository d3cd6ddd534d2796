"""Benches made by hand: what the ledger is tested on, without timing anything."""

from __future__ import annotations

from typing import Any

from gradassay.vocabulary.bench import BenchResult, BenchRow, Ratio, Timing

ENVIRONMENT = {
    "python": "3.11.2",
    "numpy": "2.4.6",
    "torch": "2.13.0",
    "cpu": "a processor",
    "threads": {"torch": "1 thread"},
}


def bench(
    ratio: float, commit: str | None = None, seconds: float = 1.0, *, beside_torch: bool = True, **about: Any
) -> BenchResult:
    """One operation at one size: ``ratio`` beside torch with an interval of 2 percent, or beside a copy alone."""
    times = {"numpy": Timing(1e-5, 2e-5, ratio * 1e-4, 4096, 1 / ratio)}
    ratios = {}
    if beside_torch:
        times["torch"] = Timing(1e-5, 2e-5, 1e-4)
        ratios["torch"] = Ratio(ratio, 0.98 * ratio, 1.02 * ratio, 0.95)
    row = BenchRow("softmax", "float32", (64, 100), 21, times, ratios)
    return BenchResult([row], {**ENVIRONMENT, "commit": commit, **about}, {}, seconds)
