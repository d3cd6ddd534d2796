"""One thread for every implementation of a bench, and what could not be pinned said in words.

Words can be wrong, so the bench also measures how many cores each implementation kept busy: XLA's documented flag
``--xla_cpu_multi_thread_eigen=false`` leaves 1.7 of 2 cores busy, and the size of its thread pool is what counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache

from threadpoolctl import threadpool_limits

from comparators import registry
from comparators.adapters import environment
from gradassay.one_thread import VARIABLES

#: What it says, and how to put back what it changed.
Pin = tuple[str, Callable[[], object]]


@contextmanager
def single_threaded(
    frameworks: Sequence[str] = ("torch", "tensorflow", "jax"),
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Load the frameworks and pin each to one thread, in the block alone where that can be undone.

    Yields what was pinned (name -> sentence), and which framework is missing (name -> why, with the remedy).
    """
    pinned: dict[str, str] = {}
    missing: dict[str, str] = {}
    with ExitStack() as undo:
        pins = {name: pin for name, pin in _PINS.items() if name in ("BLAS and OpenMP", *frameworks)}
        for name, pin in pins.items():
            try:
                pinned[name], restore = pin()
            except registry.Missing as error:
                missing[name] = str(error)
            else:
                undo.callback(restore)
        yield pinned, missing


def _pin_blas() -> Pin:
    return "1 thread", threadpool_limits(limits=1).restore_original_limits


def _pin_torch() -> Pin:
    registry.load("torch")
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    return "1 thread", lambda: torch.set_num_threads(before)


def _pin_tensorflow() -> Pin:
    registry.load("tensorflow")
    import tensorflow as tf

    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # its first operation has run, after which it takes no more settings
        count = threading.get_intra_op_parallelism_threads() or "all"
        return f"not pinned: it ran before the bench did, on {count} threads", _nothing
    return "1 thread, for the rest of this process", _nothing


@cache  # what its first loading decided holds for the rest of the process
def _pin_jax() -> Pin:
    before = "jax" in sys.modules
    with environment(**dict.fromkeys(VARIABLES, "1")):
        registry.load("jax")
        import jax

        jax.devices("cpu")  # its threads are made now
    if before:
        return "not pinned: it was loaded before the bench began", _nothing
    return "1 thread, for the rest of this process", _nothing


def _nothing() -> None:
    """What could not be changed needs no putting back."""


#: In this order: TensorFlow loads JAX on its way, and then it would be too late.
_PINS: dict[str, Callable[[], Pin]] = {
    "BLAS and OpenMP": _pin_blas,
    "jax": _pin_jax,
    "torch": _pin_torch,
    "tensorflow": _pin_tensorflow,
}
