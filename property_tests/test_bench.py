"""The bench times the same thing everywhere, and its figures are what they are called."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gradassay.bench import _ratio, bench
from gradassay.bench_legs import LEGS, make_case
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("framework", [name for name in LEGS if name != "numpy"])
def test_what_is_timed_computes_the_same_primal_and_gradient(framework: str, name: str) -> None:
    pytest.importorskip(framework, reason="an optional extra")
    case = make_case(OPERATIONS[name], (8, 10), "float64", np.random.default_rng(0))
    ours, theirs = LEGS["numpy"](case), LEGS[framework](case)
    y: Any = ours.forward()
    assert np.allclose(array_of(theirs.forward()), y, rtol=1e-12, atol=1e-14)
    found: Any = theirs.both()
    expected: Any = ours.both()
    x_bars = [x_bar for x_bar in parts(expected) if x_bar is not None]
    assert len(found) == len(x_bars) == len(case.operation.differentiable)
    for got, x_bar in zip(found, x_bars, strict=True):
        assert np.allclose(array_of(got), x_bar, rtol=1e-12, atol=1e-14)


def parts(x_bars: Any) -> tuple[Any, ...]:
    return x_bars if isinstance(x_bars, tuple) else (x_bars,)


def array_of(tensor: Any) -> Any:
    return tensor.detach().numpy() if hasattr(tensor, "detach") else tensor.numpy()


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_timed_is_in_the_dtype_asked_for(name: str) -> None:
    case = make_case(OPERATIONS[name], (2, 3), "float32", np.random.default_rng(0))
    wanted = [case.args[i] for i in case.operation.differentiable]
    assert {x.dtype for x in (*wanted, case.cotangent)} == {np.dtype(np.float32)}


def test_a_bench_has_one_row_for_each_operation_and_size() -> None:
    result = bench(["softmax", "get_item"], sizes=((2, 3), (4, 5)), repeats=3)
    assert [(row.operation, row.size) for row in result.rows] == [
        (name, size) for name in ("softmax", "get_item") for size in ((2, 3), (4, 5))
    ]
    assert "torch" in result.environment["threads"] or "torch" in result.missing
    for row in result.rows:
        assert row.rounds == 3
        assert set(row.ratios) | {"numpy"} == set(row.seconds)
        assert all(timing.total_s > 0 and timing.forward_s > 0 for timing in row.seconds.values())
        assert all(ratio.low <= ratio.median <= ratio.high for ratio in row.ratios.values())
    json.dumps(result.to_dict())


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    intervals = [_ratio(np.exp(rng.normal(size=11)).tolist(), [1.0] * 11) for _ in range(4000)]
    inside = np.mean([ratio.low <= 1 <= ratio.high for ratio in intervals])
    confidence = intervals[0].confidence
    assert 0.95 <= confidence < 1
    # Five standard deviations of a share among 4,000.
    assert abs(inside - confidence) <= 5 * np.sqrt(confidence * (1 - confidence) / 4000)


@pytest.mark.parametrize(
    "wrong",
    [{"operations": ["softmux"]}, {"dtype": "float8"}, {"sizes": ((0, 3),)}, {"repeats": 0}],
    ids=["operation", "dtype", "size", "repeats"],
)
def test_unusable_input_is_a_usage_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        bench(**wrong)
