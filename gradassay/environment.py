"""What a run was made with. Nothing is imported for it, so that asking is cheap and quiet."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: name in the report -> distributions that may provide it, the first installed one counts.
DISTRIBUTIONS = {
    "numpy": ("numpy",),
    "torch": ("torch",),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax",),
    "hypothesis": ("hypothesis",),
}


@lru_cache(maxsize=1)  # none of it changes while a process runs, and asking git takes milliseconds
def environment() -> dict[str, str | int | None]:
    """Versions, platform, processor and commit; None for what is not installed or cannot be told."""
    versions = {name: installed(*candidates) for name, candidates in DISTRIBUTIONS.items()}
    return {
        "python": platform.python_version(),
        **versions,
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "commit": commit(),
    }


def simd() -> str:
    """The vector extensions that NumPy found and uses: with them, the last bits of library functions change."""
    import numpy as np

    found: Any = np.show_config(mode="dicts")
    extensions = found.get("SIMD Extensions", {})
    return " ".join((*extensions.get("baseline", ()), *extensions.get("found", ())))


@cache
def blas() -> str:
    """NumPy's BLAS, with the kernels that it chose: with them, the order in which products are added up changes.

    ``scipy-openblas 0.3.31 Haswell``.
    """
    import numpy as np
    import threadpoolctl

    build: Any = np.show_config(mode="dicts")
    found = build.get("Build Dependencies", {}).get("blas", {})
    loaded = [each for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]
    package = (
        Path(np.__file__).resolve().parent
    )  # its BLAS lies in it, beside it, or elsewhere: then it came first
    own = (package, package.with_name("numpy.libs"))
    loaded.sort(key=lambda each: not any(map(Path(each["filepath"]).resolve().is_relative_to, own)))
    kernels = [each.get("architecture") for each in loaded[:1]]
    return " ".join(filter(None, (found.get("name"), found.get("version"), *kernels)))


def libraries() -> dict[str, str]:
    """What NumPy's last bits depend on beyond its version."""
    return {"simd": simd(), "blas": blas()}


@cache
def fingerprint(implementation: str) -> str:
    """What the last bits of ``implementation`` depend on: its framework's version, vector extensions, for NumPy BLAS.

    ``numpy 2.4.6, AVX512_ICL, scipy-openblas 0.3.31 Haswell`` for ``numpy``; ``torch 2.13.0+cpu, AVX512_ICL`` for
    ``torch.gather``. Every implementation but those of a framework is NumPy's.
    """
    framework = implementation.partition(".")[0]
    if framework not in DISTRIBUTIONS:
        framework = "numpy"
    parts = [f"{framework} {installed(*DISTRIBUTIONS[framework])}", simd().rpartition(" ")[2]]
    if framework == "numpy":
        parts.append(blas())
    return ", ".join(parts)


def installed(*distributions: str) -> str | None:
    """Version of the first of ``distributions`` that is installed, None when none is."""
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def cpu() -> str | None:
    """The processor's own name where the system tells it (Linux), else what ``platform`` knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), None) or platform.processor() or platform.machine() or None


def cores() -> int:
    """Cores that this process may run on; ``os.cpu_count`` where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit() -> str | None:
    """Commit of Gradassay's own working tree, ``+`` behind it when changed; None outside of one."""
    head = _git("rev-parse", "--short=12", "HEAD")
    if head is None:
        return None
    return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str | None:
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():  # installed: a repository further up is somebody else's
        return None
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
