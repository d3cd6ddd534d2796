"""What has to be the same for two figures to be comparable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradassay.environment import DISTRIBUTIONS


def accuracy_setting(environment: Mapping[str, Any], implementation: str) -> dict[str, str]:
    """Scenarios are the same with seed, examples, Hypothesis; bits with versions and vector extensions."""
    told = {
        "seed": environment.get("seed"),
        "examples": environment.get("examples"),
        "hypothesis": environment.get("hypothesis"),
        "rule": environment.get("rule"),
        **_versions(environment, implementation),
        "simd": str(environment.get("simd") or "").rpartition(" ")[2],
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def speed_setting(environment: Mapping[str, Any], reference: str) -> dict[str, str]:
    """A ratio is that of one processor, one interpreter, one version of either side, and as many threads."""
    versions = _versions(environment, reference)
    threads = {
        who: what
        for who, what in (environment.get("threads") or {}).items()
        if who in versions or who not in DISTRIBUTIONS
    }
    told = {
        **versions,
        "python": ".".join(str(environment.get("python") or "").split(".")[:2]),
        "cpu": environment.get("cpu"),
        "threads": "; ".join(f"{who}: {what}" for who, what in sorted(threads.items())),
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def _versions(environment: Mapping[str, Any], implementation: str) -> dict[str, Any]:
    framework = implementation.partition(".")[0]
    names = ("numpy", framework) if framework in DISTRIBUTIONS else ("numpy",)
    return {name: environment.get(name) for name in names}
