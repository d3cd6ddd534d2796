"""A region of elementwise values holds what its name says, and every one can fail to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from gradassay.errors import UsageError
from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array, Scenario
from property_tests.strategies.clip import clip_drafts
from property_tests.strategies.elementwise import relu_drafts
from property_tests.strategies.scenarios import draw_scenarios
from reference_impls.activations import RELU, SIGMOID, TANH
from reference_impls.elementwise import CLIP, EXP, LOG

ELEMENTWISE = {operation.name: operation for operation in (EXP, LOG, CLIP, RELU, SIGMOID, TANH)}
#: ``law(values, format)``: what holds of the float64 values of one scenario.
Law = Callable[[Array, Format], bool]


def exponent_overflows(x: Array, fmt: Format) -> bool:
    return bool((x > np.log(fmt.max) - 3).all() and (x < 1001).all())


def nearly_underflows(scale: float) -> Law:
    """e^-(scale |x|) lies between 0 and a few times the smallest normal number."""
    return lambda x, fmt: bool((np.exp(-scale * np.abs(x)) < 64 * fmt.tiny).all())


SHARED: dict[str, Law] = {
    "tiny": lambda x, fmt: bool(((np.abs(x) >= fmt.tiny) & (np.abs(x) <= 1.01 * fmt.u)).all()),
    "subnormal": lambda x, fmt: bool(((np.abs(x) < fmt.tiny) & (x != 0)).all()),
    "zeros": lambda x, fmt: not x.any(),
    "infinities": lambda x, fmt: bool(np.isinf(x).any()),
    "nan": lambda x, fmt: bool(np.isnan(x).any()),
    "empty": lambda x, fmt: x.size == 0,
    "scalar": lambda x, fmt: x.ndim == 0,
    "many": lambda x, fmt: x.size > 2**15,
    "tails": lambda x, fmt: bool(((np.abs(x) > 1.9) & (np.abs(x) < 46)).all()),
    "saturated": lambda x, fmt: bool(((np.abs(x) > 19) & (np.abs(x) < 1001)).all()),
    "at_zero": lambda x, fmt: bool((x == 0).any()),
    "near_zero": lambda x, fmt: bool(((x != 0) & (np.abs(x) <= 1010 * fmt.tiny)).all()),
    "near_one": lambda x, fmt: bool((np.abs(x - 1) <= 8 * fmt.u).all()),
    "large": lambda x, fmt: bool((np.abs(x) > 990).all() and np.isfinite(x).all()),
    "zero": lambda x, fmt: bool((x == 0).any() and (x >= 0).all()),
    "overflow": exponent_overflows,
}
OWN: dict[tuple[str, str], Law] = {
    ("exp", "negative"): lambda x, fmt: bool((x < -4.9).all()),
    ("exp", "underflow"): lambda x, fmt: bool((x < 0).all()) and nearly_underflows(1)(x, fmt),
    ("sigmoid", "underflow"): nearly_underflows(1),
    ("tanh", "underflow"): nearly_underflows(2),
    ("log", "negative"): lambda x, fmt: bool((x < 0).any()),
}


@cache
def every_region(name: str, dtype: str) -> list[Scenario]:
    operation = ELEMENTWISE[name]
    return draw_scenarios(operation, dtype=dtype, examples=12 * len(operation.regions), seed=11)


def drawn(name: str, dtype: str, region: str) -> list[Scenario]:
    return [scenario for scenario in every_region(name, dtype) if scenario.region == region]


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_regions_hold_what_their_names_say_and_ordinary_values_do_not(name: str, dtype: str) -> None:
    laws = {region: OWN.get((name, region)) or SHARED.get(region) for region in ELEMENTWISE[name].regions}
    ordinary = drawn(name, dtype, "ordinary")
    for region, law in laws.items():
        if law is None:
            assert region == "ordinary" or name == "clip", f"{region} has no law"
            continue
        for scenario in drawn(name, dtype, region):
            assert law(scenario.args[0].astype(np.float64), FORMATS[dtype]), f"{name} {region}"
        assert not all(law(s.args[0].astype(np.float64), FORMATS[dtype]) for s in ordinary), region


@pytest.mark.parametrize("dtype", FORMATS)
def test_bounds_of_clip_lie_as_the_region_says_and_only_those_that_are_met_are_exact(dtype: str) -> None:
    rounded = 0
    for region in CLIP.regions:
        for scenario in drawn("clip", dtype, region):
            low, high = scenario.params.get("low"), scenario.params.get("high")
            exact = [float(np.array(bound, FORMATS[dtype].dtype)) == bound for bound in (low, high) if bound]
            rounded += exact.count(False)
            assert all(exact) or region not in ("at_bounds", "near_bounds", "equal", "crossed")
            assert (low is None) == (region in ("high_only", "unbounded"))
            assert (high is None) == (region in ("low_only", "unbounded"))
            if low is not None and high is not None:
                assert np.sign(high - low) == {"equal": 0, "crossed": -1}.get(region, 1)
            x = scenario.args[0].astype(np.float64)
            if region == "at_bounds":
                assert ((x == low) | (x == high)).any()
            if region == "near_bounds":
                ends = np.array([low, high])
                spacing = 2 * FORMATS[dtype].u * 2.0 ** np.floor(np.log2(np.abs(ends)))
                distance = np.abs(x[..., None] - ends)
                assert (((distance > 0) & (distance <= spacing)).any(axis=-1)).all()
            if region == "infinite_bounds":
                assert low == -np.inf or high == np.inf
    assert (rounded > 0) == (dtype != "float64")


def test_an_unknown_region_is_refused_by_name() -> None:
    for drafts in (relu_drafts, clip_drafts):
        with pytest.raises(UsageError, match="region 'hot' is not one of ordinary"):
            drafts("hot", "float32")
