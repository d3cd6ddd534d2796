"""NumPy's exp, log, ... stay within the errors that enclosures and budgets are built on, held against Arb."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np
import pytest
from flint import arb

from comparators.exact.midrad import MidRad
from comparators.exact.model import FUNCTION_ULPS
from comparators.exact.rounding import LIBRARY_ULPS
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array
from property_tests.exact.oracle import exactly

SAMPLES = 1500
NAMES = ("exp", "expm1", "log", "log1p", "tanh")


def hard_arguments(name: str, dtype: Any) -> Array:
    """Where each function is known to be hard: near its zeros, at the ends of its range, in the subnormals."""
    rng = np.random.default_rng(20240)
    info = np.finfo(dtype)
    sign = rng.choice([-1.0, 1.0], SAMPLES)
    near_zero = sign * np.exp2(rng.uniform(-60, 0, SAMPLES))
    ordinary = sign * rng.uniform(0, 20, SAMPLES)
    top = float(np.log(np.float64(min(float(info.max), 1.7e308))))
    ends = rng.uniform(-top - 30, top, SAMPLES)
    near_one = 1 + sign * np.exp2(rng.uniform(-info.nmant, -1, SAMPLES))
    scale = rng.uniform(max(float(info.minexp), -1070), min(float(info.maxexp), 1023), SAMPLES)
    magnitudes = np.exp2(scale)
    subnormal = np.asarray(info.smallest_subnormal) * rng.integers(1, 2**20, 50)
    drawn = {
        "exp": [near_zero, ordinary, ends],
        "expm1": [near_zero, ordinary, ends],
        "log": [near_one, magnitudes, np.abs(ordinary)],
        "log1p": [near_zero * 0.999, -1 + np.exp2(rng.uniform(-52, -1, SAMPLES)), magnitudes],
        "tanh": [near_zero, ordinary, magnitudes],
    }[name]
    # Long double has digits that the draws in float64 do not fill.
    full = [x.astype(dtype) * (1 + rng.uniform(-4, 4, x.shape).astype(dtype) * info.eps) for x in drawn]
    x = np.concatenate([*full, subnormal.astype(dtype)])
    return x[x > -1] if name == "log1p" else x


def error_in_ulps(name: str, x: Array) -> Array:
    """|computed - true| in units in the last place of the true value, entry by entry."""
    info = np.finfo(x.dtype)
    with np.errstate(all="ignore"):
        got = getattr(np, name)(x)
    assert got.dtype == x.dtype
    errors = np.zeros(x.shape)
    with flint.ctx.workprec(200):
        for i, (argument, value) in enumerate(zip(x, got, strict=True)):
            true = getattr(exactly(argument), name)()
            size = abs(true)
            if size > exactly(info.max):
                assert np.isinf(value), (argument, value)
                continue
            exponent = max(int(np.floor(_log2(size))), info.minexp) if not size.is_zero() else info.minexp
            ulp = arb(2) ** (exponent - info.nmant)
            errors[i] = float((abs(exactly(value) - true) / ulp).upper()) if np.isfinite(value) else np.inf
    return errors


def _log2(x: Any) -> float:
    return float((x.log() / arb(2).log()).lower())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float64, np.longdouble], ids=["float64", "longdouble"])
def test_the_certain_error_of_the_library_holds(dtype: Any, name: str) -> None:
    x = hard_arguments(name, dtype)
    errors = error_in_ulps(name, x)
    worst = int(np.argmax(errors))
    assert errors[worst] <= LIBRARY_ULPS, f"np.{name}({x[worst]!r}) is off by {errors[worst]:.2f} ulp"
    assert errors[worst] > 0.4, "a sample that never meets a rounding error tests nothing"


@pytest.mark.parametrize("name", NAMES)
def test_the_permitted_error_of_a_function_is_not_less_than_what_float32_libraries_make(name: str) -> None:
    x = hard_arguments(name, np.float32)
    errors = error_in_ulps(name, x)
    worst = int(np.argmax(errors))
    assert errors[worst] <= FUNCTION_ULPS[name], f"np.{name}({x[worst]!r}) is off by {errors[worst]:.2f} ulp"


@pytest.mark.parametrize("dtype", [np.float64, np.longdouble], ids=["float64", "longdouble"])
def test_sqrt_is_rounded_correctly(dtype: Any) -> None:
    x = np.abs(hard_arguments("tanh", dtype))
    assert np.max(error_in_ulps("sqrt", x)) <= 0.5


def test_every_function_of_the_model_is_sampled() -> None:
    assert set(NAMES) == set(FUNCTION_ULPS)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_the_certificate_scales_with_the_library(dtype: str) -> None:
    # What is certain over what is permitted, in working precisions over roundoffs of the dtype.
    arithmetic = MidRad(FORMATS[dtype], np.longdouble)
    least = LIBRARY_ULPS / min(FUNCTION_ULPS.values()) * arithmetic.w / FORMATS[dtype].u
    assert arithmetic.ratio >= least
