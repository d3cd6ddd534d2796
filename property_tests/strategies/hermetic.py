"""Drawing from a Hypothesis strategy as a pure function of the strategy, a count and a seed.

By default Hypothesis mixes numbers from the sources of whatever modules happen to be imported into what it
draws, and caches them on disk: the same seed then gives other scenarios in another process. A backend of our
own, Hypothesis' way of exchanging the source of choices, leaves that out.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

_BACKEND = "gradassay"
#: Below this count the simplest input, which Hypothesis always tries first, makes room for another.
_FEW = 8


class HermeticProvider(HypothesisProvider):
    """Hypothesis' own choices from the seeded generator, without numbers found in source files."""

    def _maybe_draw_constant(self, *args: Any, **kwargs: Any) -> None:
        return None


AVAILABLE_PROVIDERS[_BACKEND] = HermeticProvider


def collect(strategy: SearchStrategy[T], *, count: int, seed: int) -> list[T]:
    """At most ``count`` values of ``strategy``; the same for the same arguments, whatever ran before.

    Writes nothing to disk, takes no setting from a profile, and works inside a running ``@given`` test.
    """
    if count < 1:
        return []
    few = count < _FEW
    drawn = _outside_of_tests(lambda: _run(strategy, count + few, seed))
    return drawn[1:] if few and len(drawn) > 1 else drawn


def _run(strategy: SearchStrategy[T], examples: int, seed: int) -> list[T]:
    drawn: list[T] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        backend=_BACKEND,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
    )
    @hypothesis.given(strategy)
    def gather(value: T) -> None:
        drawn.append(value)

    gather()
    return drawn


def _outside_of_tests(run: Callable[[], list[T]]) -> list[T]:
    """Run in a thread of its own inside of a test, as Hypothesis refuses a test within a test."""
    if not hypothesis.currently_in_test_context():
        return run()
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(run).result()
