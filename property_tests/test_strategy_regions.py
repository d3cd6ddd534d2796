"""A region holds what its name says, and an ordinary draw does not: every law below can fail."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from gradassay.formats import FORMATS, Format
from gradassay.vocabulary import Array, Scenario
from property_tests.plain_operations import OPERATIONS
from property_tests.strategies import draw_scenarios
from property_tests.strategies.shapes import axes_of

DTYPES = tuple(FORMATS)
EACH = 12
#: ``law(values, axes, format)``: what holds of the float64 values of one scenario.
Law = Callable[[Array, tuple[int, ...], Format], bool]


def above_the_rest(x: Array, axes: tuple[int, ...], fmt: Format) -> bool:
    """Whether one entry of each row is at least 9 above the others (10 before rounding)."""
    rows = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(*np.delete(x.shape, axes), -1)
    ordered = np.sort(rows, axis=-1)
    return bool((ordered[..., -1] - ordered[..., -2] > 9).all())


def nearly_equal(x: Array, axes: tuple[int, ...], fmt: Format) -> bool:
    """Whether each row spans at most four spacings."""
    spread, size = np.ptp(x, axis=axes), np.abs(x).max(axis=axes)
    return bool((spread <= 4 * 2 * fmt.u * size).all())


def negative_zeros(x: Array) -> Array:
    return np.asarray((x == 0) & np.signbit(x))


def sums(p: Array) -> Array:
    return np.asarray(p.sum(axis=-1))


LOGIT_LAWS: dict[str, Law] = {
    "large": lambda x, axes, fmt: x.max() > np.log(fmt.max) and bool(np.isfinite(x).all()),
    "tiny": lambda x, axes, fmt: bool(((np.abs(x) >= fmt.tiny) & (np.abs(x) <= 1.01 * fmt.u)).all()),
    "subnormal": lambda x, axes, fmt: bool(((np.abs(x) < fmt.tiny) & (x != 0)).all()),
    "zeros": lambda x, axes, fmt: not x.any(),
    "ties": lambda x, axes, fmt: len(np.unique(x)) <= 2,
    "near_ties": nearly_equal,
    "saturated": above_the_rest,
    "minus_infinity": lambda x, axes, fmt: bool((x == -np.inf).any()) and not np.isnan(x).any(),
    "plus_infinity": lambda x, axes, fmt: bool((x == np.inf).any()) and not np.isnan(x).any(),
    "nan": lambda x, axes, fmt: int(np.isnan(x).sum()) == 1,
    "empty": lambda x, axes, fmt: x.size == 0,
    "scalar": lambda x, axes, fmt: x.ndim == 0,
    "single": lambda x, axes, fmt: all(x.shape[axis] == 1 for axis in axes),
}
PROBABILITY_LAWS: dict[str, Law] = {
    "unnormalised": lambda p, axes, fmt: bool((np.abs(sums(p) - 1) > 8 * fmt.u).any()) and p.min() > 0,
    "saturated": lambda p, axes, fmt: bool((np.sort(p, axis=-1)[..., :-1] < 2e-3).all()) and p.min() > 0,
    "zeros": lambda p, axes, fmt: bool((p == 0).any()) and p.min() >= 0,
    "tiny": lambda p, axes, fmt: bool(((p >= fmt.tiny) & (p <= 1.01 * fmt.tiny**0.5)).all()),
    "subnormal": lambda p, axes, fmt: bool(((p > 0) & (p < fmt.tiny)).all()),
    "near_one": lambda p, axes, fmt: bool(((1 - p.max(axis=-1)) / fmt.u <= 4).all()) and p.max() < 1,
    "ties": lambda p, axes, fmt: len(np.unique(p)) == 1,
    "nan": LOGIT_LAWS["nan"],
    "empty": LOGIT_LAWS["empty"],
    "single": lambda p, axes, fmt: p.ndim == 1 or p.shape[-1] == 1,
}
INDEX_LAWS: dict[str, Callable[[tuple[Any, ...], Array], bool]] = {
    "integers": lambda places, x: all(isinstance(place, int) for place in places),
    "slices": lambda places, x: all(isinstance(place, slice) for place in places),
    "ellipsis": lambda places, x: any(place is Ellipsis for place in places),
    "newaxis": lambda places, x: any(place is None for place in places),
    "integer_arrays": lambda places, x: all(kind(place) == "i" for place in places),
    "duplicates": lambda places, x: repeats(places) > 1,
    "boolean_masks": lambda places, x: any(kind(place) == "b" for place in places),
    "mixtures": lambda places, x: len({kind(place) for place in places}) > 1,
    "empty": lambda places, x: x[places].size == 0,
    "scalar": lambda places, x: x.ndim == 0,
    "negative": lambda places, x: all(np.all(place < 0) for place in places),
    "many_duplicates": lambda places, x: repeats(places) > 200,
}


def kind(place: Any) -> str:
    """The kind of an index array's dtype; empty for what is not an array."""
    return place.dtype.kind if isinstance(place, np.ndarray) else ""


def repeats(places: tuple[Any, ...]) -> int:
    """How often the most frequent tuple of positions occurs among the integer arrays."""
    arrays = [place.ravel() for place in places if kind(place) == "i"]
    return int(np.unique(np.stack(arrays), axis=1, return_counts=True)[1].max()) if arrays else 0


@cache
def drawn_for(name: str, dtype: str) -> list[Scenario]:
    operation = OPERATIONS[name]
    return draw_scenarios(operation, dtype=dtype, examples=EACH * len(operation.regions), seed=11)


def drawn_from(name: str, dtype: str, region: str) -> list[Scenario]:
    return [scenario for scenario in drawn_for(name, dtype) if scenario.region == region]


def all_entries(drawn: list[Scenario]) -> Array:
    return np.concatenate([scenario.args[0].astype(np.float64).ravel() for scenario in drawn])


def holds(law: Law, scenario: Scenario) -> bool:
    x = scenario.args[0].astype(np.float64)
    axes = axes_of(dict(scenario.params), x.ndim) if scenario.operation == "softmax" else (x.ndim - 1,)
    return bool(law(x, axes, FORMATS[scenario.dtype]))


VALUE_CASES = [
    (name, region, law)
    for name, laws in (
        ("softmax", LOGIT_LAWS),
        ("softmax_cross_entropy", {r: law for r, law in LOGIT_LAWS.items() if r not in ("scalar", "single")}),
        ("cross_entropy", PROBABILITY_LAWS),
    )
    for region, law in laws.items()
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "region", "law"), VALUE_CASES, ids=[f"{n}-{r}" for n, r, _ in VALUE_CASES])
def test_a_region_of_values_holds_what_its_name_says(name: str, region: str, law: Law, dtype: str) -> None:
    drawn = drawn_from(name, dtype, region)
    assert len(drawn) >= EACH
    for scenario in drawn:
        assert holds(law, scenario), f"{scenario.args[0]!r} {scenario.params}"
    assert not all(holds(law, scenario) for scenario in drawn_from(name, dtype, "ordinary"))


@pytest.mark.parametrize("name", ["get_item", "get_item_grad"])
@pytest.mark.parametrize("region", INDEX_LAWS)
def test_a_region_of_indices_holds_what_its_name_says(name: str, region: str) -> None:
    def obeys(scenario: Scenario) -> bool:
        index = scenario.params["index"]
        shape = scenario.params.get("shape", scenario.args[0].shape)
        return INDEX_LAWS[region](index if isinstance(index, tuple) else (index,), np.zeros(shape))

    drawn = drawn_from(name, "float32", region)
    assert len(drawn) >= EACH
    for scenario in drawn:
        assert obeys(scenario), scenario.params
    assert not all(map(obeys, drawn_from(name, "float32", "ordinary")))


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_and_special_values_come_with_both_signs(dtype: str) -> None:
    zeros = all_entries(drawn_from("softmax", dtype, "zeros"))
    assert 0 < negative_zeros(zeros).sum() < zeros.size
    special = all_entries(drawn_from("get_item", dtype, "values"))
    fmt = FORMATS[dtype]
    for wanted in (negative_zeros(special), special == fmt.eta, special == -fmt.max, special == np.inf):
        assert wanted.any()
    assert np.isnan(special).any()


def test_large_float16_and_bfloat16_logits_are_not_all_saturated() -> None:
    """Where a softmax is exactly one-hot its gradient is 0, and nothing shows."""
    for dtype in DTYPES:
        shares = []
        for scenario in drawn_from("softmax", dtype, "large"):
            x = scenario.args[0].astype(np.float64)
            axes = axes_of(dict(scenario.params), x.ndim)
            e = np.exp(x - x.max(axis=axes, keepdims=True))
            shares.append((e / e.sum(axis=axes, keepdims=True)).max(axis=axes).min() < 0.99)
        assert any(shares), dtype


@pytest.mark.parametrize("name", ["cross_entropy", "softmax_cross_entropy"])
def test_labels_come_in_every_form_and_type(name: str) -> None:
    every = draw_scenarios(OPERATIONS[name], dtype="float32", examples=600, seed=0)
    by_form: dict[str, int] = {}
    off: list[bool] = []
    for scenario in every:
        p, labels = scenario.args
        integer = labels.dtype.kind in "iu"
        if integer and labels.shape == p.shape[:-1]:
            form = f"index {labels.dtype}"
        elif integer and labels.shape == (*p.shape[:-1], 1):
            form = "column"
        elif integer:
            form = "one-hot integer"
        else:
            form = "one-hot floating" if np.isin(labels, (0, 1)).all() else "soft"
            assert labels.dtype == p.dtype
        by_form[form] = by_form.get(form, 0) + 1
        if form.startswith(("one-hot", "soft")) and labels.size:
            total = np.asarray(labels.sum(axis=-1))
            normalised = bool(np.allclose(total, 1, rtol=1e-6, atol=0))
            assert labels.min() >= 0
            if form == "soft":
                assert 0.19 < total.min() <= total.max() < 3.01
                off.append(not normalised)
            else:
                assert normalised
    indices = {"index int64", "index int32", "index uint8", "column"}
    assert 0.2 < np.mean(off) < 0.5, "weights that do not sum to 1"
    assert set(by_form) == indices | {"one-hot integer", "one-hot floating", "soft"}
    assert min(by_form.values()) >= 5
    assert {s.params.get("reduction") for s in every} == {None, "none", "mean", "sum"}


def test_indices_cover_the_forms_that_are_easily_forgotten() -> None:
    drawn = draw_scenarios(OPERATIONS["get_item"], dtype="float32", examples=900, seed=0)
    indices = [s.params["index"] for s in drawn]
    tuples = [index for index in indices if isinstance(index, tuple)]
    patterns = {tuple(kind(place) or type(place).__name__ for place in index) for index in tuples}
    assert ("int", "slice", "i") in patterns, "separated advanced indices"
    assert ("int", "b") in patterns
    assert any(isinstance(index, slice) and (index.step or 1) < -1 for index in indices)
    assert any(kind(s.params["index"]) == "b" and s.params["index"].shape == s.args[0].shape for s in drawn)
    assert not any(isinstance(index, list) for index in indices)
