"""Where frameworks part from each other on exp, log, clip, relu, sigmoid and tanh, by their own calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comparators import registry
from gradassay.vocabulary import Scenario


def evaluated(name: str, operation: str, x: Any, y_bar: Any = 1.0, **params: Any) -> Any:
    sentence = registry.missing(name)
    if sentence:
        pytest.skip(sentence)
    x = np.asarray(x)
    cotangent = np.broadcast_to(np.asarray(y_bar, x.dtype), x.shape).copy()
    evaluation = registry.load(name).evaluate(Scenario(operation, x.dtype.name, (x,), params, cotangent))
    assert evaluation.error is None
    return evaluation


def slope(name: str, operation: str, x: Any, y_bar: Any = 1.0, **params: Any) -> Any:
    return evaluated(name, operation, x, y_bar, **params).gradients[0].tolist()


# ---- kinks: each way has a slope of its own


@pytest.mark.parametrize(
    ("name", "at_zero"),
    [
        ("torch", 0),
        ("tensorflow", 0),
        ("tensorflow.keras", 0),
        ("jax", 0),
        ("torch.maximum", 0.5),
        ("jax.maximum", 0.5),
        ("tensorflow.maximum", 1),
    ],
)
def test_relu_at_zero(name: str, at_zero: float) -> None:
    assert slope(name, "relu", [0.0, -0.0]) == [at_zero, at_zero]


@pytest.mark.parametrize(
    ("name", "at_bounds"),
    [
        ("torch", 1),
        ("tensorflow", 1),
        ("tensorflow.keras", 1),
        ("tensorflow.maximum", 1),
        ("torch.hardtanh", 0),
        ("torch.maximum", 0.5),
        ("jax", 0.5),
        ("jax.maximum", 0.5),
    ],
)
def test_clip_at_its_bounds(name: str, at_bounds: float) -> None:
    assert slope(name, "clip", [-1.0, 0.0, 1.0], low=-1.0, high=1.0) == [at_bounds, 1, at_bounds]


@pytest.mark.parametrize(
    ("name", "winner"),
    [("torch", -1), ("torch.maximum", -1), ("jax", -1), ("tensorflow", 1), ("tensorflow.keras", 1)],
)
def test_crossed_bounds_have_a_winner(name: str, winner: float) -> None:
    crossed = evaluated(name, "clip", [-2.0, 0.0, 2.0], low=1.0, high=-1.0)
    assert crossed.primal.tolist() == [winner] * 3
    assert crossed.gradients[0].tolist() == [0, 0, 0]


# ---- tails: 1 - s and 1 - t² cancel


@pytest.mark.parametrize("name", ["torch", "tensorflow", "jax"])
@pytest.mark.parametrize(("operation", "x"), [("sigmoid", 40.0), ("tanh", 20.0)])
def test_the_slope_in_the_tail_is_lost(name: str, operation: str, x: float) -> None:
    assert slope(name, operation, [x]) == [0.0]


# ---- overflow, underflow and signs of zero


@pytest.mark.parametrize("name", ["torch", "tensorflow", "jax"])
def test_the_gradient_of_exp_multiplies_by_infinity(name: str) -> None:
    x = np.array([89.0, 89.0], np.float32)
    small, none = slope(name, "exp", x, [2.0**-10, 0.0])
    assert small == np.inf  # right: 4.4e35
    assert np.isnan(none)  # right: 0


@pytest.mark.parametrize("name", ["torch", "tensorflow", "jax"])
def test_log_at_minus_zero_falls_towards_minus_infinity(name: str) -> None:
    """log has no left side: what ends at 0 rises from -inf, whichever zero it is."""
    assert slope(name, "log", [0.0, -0.0]) == [np.inf, -np.inf]


def test_tensorflow_divides_by_way_of_a_reciprocal_that_overflows() -> None:
    x = np.array([2.0**-16], np.float16)
    assert slope("torch", "log", x, 0.5) == [2.0**15]
    assert slope("tensorflow", "log", x, 0.5) == [np.inf]


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_the_logarithm_of_a_subnormal_number_is_minus_infinity(name: str) -> None:
    assert evaluated(name, "log", [1e-308] * 8).primal.tolist() == [-np.inf] * 8
    assert evaluated("torch", "log", [1e-308]).primal.item() == pytest.approx(np.log(1e-308))


def test_tensorflows_relu_of_a_subnormal_number_depends_on_where_it_stands() -> None:
    """Eight of nine are flushed, the ninth is not; the gradient of all of them is 0, where all of them are positive."""
    evaluation = evaluated("tensorflow", "relu", [1e-308] * 9)
    assert evaluation.primal.tolist() == [0.0] * 8 + [1e-308]
    assert evaluation.gradients[0].tolist() == [0.0] * 9


# ---- what is refused is not expressible


def refused(name: str, **params: Any) -> str | None:
    given = Scenario("clip", "float64", (np.ones(2),), params, np.ones(2))
    reason: str | None = registry.load(name).supports(given)
    return reason


def test_torch_clamps_to_one_bound_at_least() -> None:
    torch = pytest.importorskip("torch")
    assert refused("torch") == "torch.clamp takes at least one bound"
    assert refused("torch", high=0.0) is None
    with pytest.raises(RuntimeError, match="At least one"):
        torch.clamp(torch.ones(2), None, None)


def test_hardtanh_takes_two_bounds_in_their_order() -> None:
    torch = pytest.importorskip("torch")
    hardtanh = torch.nn.functional.hardtanh
    assert refused("torch.hardtanh", low=0.0, high=None) == "hardtanh takes both bounds"
    with pytest.raises(TypeError):
        hardtanh(torch.ones(2), 0.0, None)
    assert refused("torch.hardtanh", low=1.0, high=0.0) == "hardtanh refuses a lower bound above the upper"
    with pytest.raises(ValueError, match="min_val"):
        hardtanh(torch.ones(2), 1.0, 0.0)


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow.keras"])
def test_clip_by_value_takes_two_bounds(name: str) -> None:
    tf = pytest.importorskip("tensorflow")
    assert refused(name, low=0.0) == "tf.clip_by_value takes both bounds"
    with pytest.raises(ValueError, match="None"):
        tf.clip_by_value(tf.ones(2), 0.0, None)
