"""Snippets: what is copied and run rebuilds every bit, and shows what the report said."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Example, Scenario
from property_tests.strategies import LAYOUTS, draw_scenarios, lay_out
from reports.snippets import array_source, float_source, scenario_source, snippet, value_source

FLOATING = [np.dtype(t) for t in (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)]
OTHERS = [np.dtype(t) for t in (np.int64, np.int32, np.int8, np.uint8, np.uint64, np.bool_)]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    shape = draw(SHAPES)
    if draw(st.booleans()):
        other: Array = draw(hnp.arrays(draw(st.sampled_from(OTHERS)), shape))
        return other
    dtype = draw(st.sampled_from(FLOATING))
    bits = draw(hnp.arrays(np.dtype(f"u{dtype.itemsize}"), shape))
    return bits.view(dtype)


def bits(array: Array) -> tuple[Any, ...]:
    """Shape, dtype and bits; of a NaN only that it is one."""
    array = np.array(array, order="C")
    if array.dtype.kind in "fV":
        with np.errstate(invalid="ignore"):  # a signalling NaN
            array[np.isnan(array.astype(np.float64))] = np.nan
    return array.shape, array.dtype.name, array.tobytes()


def run(text: str, **given: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"np": np, "ml_dtypes": ml_dtypes, **given}
    exec(text, names)
    return names


@given(arrays())
def test_an_expression_for_an_array_gives_every_bit(array: Array) -> None:
    assert bits(run(f"x = {array_source(array)}")["x"]) == bits(array)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_number_of_the_16_bit_formats_comes_back(dtype: str) -> None:
    form = next(t for t in FLOATING if t.name == dtype)
    everything = np.arange(2**16, dtype=np.uint16).view(form)
    assert bits(run(f"x = {array_source(everything)}")["x"]) == bits(everything)


INDICES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.text(max_size=3)
    | st.just(...)
    | st.builds(
        slice, st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 3), st.none() | st.just(-2)
    )
    | st.builds(np.int32, st.integers(-9, 9))
    | st.builds(np.float32, st.floats(width=32))
    | arrays(),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)


def alike(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray | np.generic | float):
        return type(left) is type(right) and bits(np.asarray(left)) == bits(np.asarray(right))
    if isinstance(left, tuple | list):
        return type(left) is type(right) and len(left) == len(right) and all(map(alike, left, right))
    return bool(left == right)


@given(INDICES)
def test_an_expression_for_a_parameter_gives_an_equal_one(value: Any) -> None:
    assert alike(run(f"v = {value_source(value)}")["v"], value)


@given(arrays(), st.sampled_from(LAYOUTS))
def test_the_memory_layout_comes_back(array: Array, layout: str) -> None:
    laid_out = lay_out(array, layout)
    scenario = Scenario("exp", "float64", (laid_out,), {}, laid_out, layout=layout)
    names = run("\n".join(scenario_source(scenario)))
    for name in ("x", "y_bar"):
        assert bits(names[name]) == bits(laid_out)
        assert names[name].flags.writeable == laid_out.flags.writeable
        if array.size:
            assert names[name].strides == laid_out.strides


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, "float64", "0.1"),
        (float(np.float32(0.1)), "float32", "0.1"),
        (0.1 + 0.2, "float64", "0.30000000000000004"),
        (2.0**-30, "float64", "float.fromhex('0x1p-30')"),
        (1e22, "float64", "1e22"),
        (-0.0, "float64", "-0.0"),
        (float("nan"), "float64", "np.nan"),
        (float("-inf"), "float16", "-np.inf"),
        (5e-324, "float64", "5e-324"),
    ],
)
def test_numbers_are_written_as_short_as_their_bits_allow(value: float, dtype: str, text: str) -> None:
    assert float_source(value, np.dtype(dtype)) == text


def shown(scenario: Scenario, implementation: str, rule: str | None = None) -> str:
    example = Example(scenario, "x_bar", (0,), expected=0.5, got=0.25, budget=1e-9)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        run(snippet(example, scenario.operation, implementation, rule), __name__="__main__")
    return printed.getvalue()


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.\d*(?:e-?\d+)?", text)]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_snippet_of_a_catalogue_rule_runs_and_prints_primal_and_gradient(operation: str) -> None:
    for scenario in draw_scenarios(OPERATIONS[operation], dtype="bfloat16", examples=10, seed=1):
        if not scenario.valid:
            with pytest.raises((ValueError, IndexError)):
                shown(scenario, "numpy")
        else:
            assert shown(scenario, "numpy")


@pytest.mark.parametrize(
    ("implementation", "package"),
    [("torch", "torch"), ("tensorflow.keras", "keras"), ("jax", "jax"), ("numpy", "numpy")],
)
@pytest.mark.parametrize("operation", ["softmax", "grad(softmax)"])
def test_the_snippet_of_a_framework_runs_its_adapter(
    operation: str, implementation: str, package: str
) -> None:
    pytest.importorskip(package)
    x = np.array([0.0, 1.0])
    args = (x,) if operation == "softmax" else (x, np.array([1.0, 3.0]))
    wanted = (0,) if operation == "softmax" else (0, 1)
    scenario = Scenario(operation, "float64", args, {"axis": -1}, np.array([1.0, 3.0]), wanted)
    p = np.exp(x) / np.exp(x).sum()
    expected = p if operation == "softmax" else p * (args[-1] - p @ args[-1])
    assert np.allclose(numbers(shown(scenario, implementation))[:2], expected)


def test_the_snippet_of_your_own_rule_imports_it() -> None:
    scenario = Scenario("softmax", "float64", (np.array([0.0, 1.0]),), {}, np.array([1.0, 3.0]))
    assert shown(scenario, "mine", "reference_impls.softmax:softmax") == shown(scenario, "numpy")
