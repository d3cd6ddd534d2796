"""Factors that count something, or that are a parameter: N samples, 1/N, ``strength``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradassay.vocabulary import Enclosure
from gradassay.why.relations.candidates import Candidate, valued
from gradassay.why.relations.samples import Sample


def _sizes(sample: Sample) -> dict[str, int]:
    """What a sum may run over and be divided by, the likeliest first."""
    x = sample.scenario.args[0]
    results = max(1, sample.scenario.cotangent.size)
    return {
        "the number of samples": math.prod(x.shape[:-1]),
        "the number of entries in a slice": x.size // results,
        "the number of entries": x.size,
        "the number of results": results,
        "the length of the last axis": x.shape[-1] if x.ndim else 1,
        "the length of the first axis": x.shape[0] if x.ndim else 1,
    }


SIZES = (
    "the number of samples",
    "the number of entries in a slice",
    "the number of entries",
    "the number of results",
    "the length of the last axis",
    "the length of the first axis",
)


def _counted(name: str, words: str, factor: Callable[[Sample], float | None]) -> Candidate:
    def value(sample: Sample) -> Enclosure | None:
        c = factor(sample)
        return None if c is None or not math.isfinite(c) else sample.scaled(c)

    return valued(name, words, value)


def _quotient(above: str, below: str, less: int = 0) -> Callable[[Sample], float | None]:
    def factor(sample: Sample) -> float | None:
        sizes = _sizes(sample) | {"1": 1}
        divisor = sizes[below] - less
        return float(np.longdouble(sizes[above]) / divisor) if divisor > 0 else None

    return factor


def _all_sizes() -> Iterator[Candidate]:
    for name in SIZES:
        yield _counted(f"factor N, N {name}", f"N times the truth, N {name}", _quotient(name, "1"))
        yield _counted(f"factor 1/N, N {name}", f"1/N times the truth, N {name}", _quotient("1", name))
    for name in SIZES:
        words = f"N/(N - 1), N {name}"
        yield _counted(f"factor {words}", f"N/(N - 1) times the truth, N {name}", _quotient(name, name, 1))
    for above in SIZES:
        for below in SIZES:
            if above != below:
                words = f"N {above} and M {below}"
                yield _counted(
                    f"factor N/M, {words}", f"N/M times the truth, {words}", _quotient(above, below)
                )


#: In the order in which they are tried.
COUNTED = tuple(_all_sizes())


def parameters(samples: Sequence[Sample]) -> Iterator[Candidate]:
    """A parameter that is forgotten, or taken twice: got = g / p or g p."""
    names = {name for s in samples for name, p in s.scenario.params.items() if type(p) is float}

    def of(sample: Sample, name: str) -> float:
        p = sample.scenario.params.get(name)
        return p if type(p) is float else 1.0

    for name in sorted(names):
        yield _counted(
            f"without the factor {name}",
            f"the truth without its factor {name}",
            lambda s, name=name: 1 / p if (p := of(s, name)) else None,  # type: ignore[misc]
        )
        yield _counted(
            f"the factor {name} twice",
            f"the truth times {name}",
            lambda s, name=name: of(s, name),  # type: ignore[misc]
        )
