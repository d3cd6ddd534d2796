"""Laws of the adapters: NumPy in, NumPy out, bit for bit, and nothing of the caller's changed."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from comparators import registry
from comparators.adapters import from_pair
from comparators.jax import from_jax
from comparators.numpy_rules import RuleComparator
from comparators.pytorch import from_torch
from comparators.tensorflow import from_tensorflow
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Rule, Scenario

FRAMEWORKS = ("torch", "tensorflow", "jax")
DTYPES = tuple(FORMATS)
Adapter = Callable[..., Rule]
FROM = {"torch": from_torch, "tensorflow": from_tensorflow, "jax": from_jax}


def adapter_of(name: str) -> Any:
    pytest.importorskip(name)
    return FROM[name]


def bits(array: Array) -> tuple[Any, ...]:
    return array.shape, array.dtype.name, array.tobytes()


@pytest.fixture(params=FRAMEWORKS)
def adapt(request: pytest.FixtureRequest) -> Any:
    return adapter_of(request.param)


@pytest.mark.parametrize("name", DTYPES)
def test_every_finite_value_passes_both_ways_exactly(adapt: Adapter, name: str) -> None:
    dtype = FORMATS[name].dtype
    bits16 = np.arange(2**16).astype(np.uint16)
    with np.errstate(invalid="ignore"):
        x = bits16.view(dtype) if dtype.itemsize == 2 else bits16.view(np.float16).astype(dtype)
        finite = np.isfinite(x.astype(np.float64))
    x = np.concatenate([x[finite], np.array([FORMATS[name].max, FORMATS[name].eta, -np.inf], dtype)])
    y, pullback = adapt(lambda x: x[...])(x)
    assert bits(y) == bits(x)
    assert bits(pullback(x[::-1])) == bits(np.ascontiguousarray(x[::-1]))


@pytest.mark.parametrize("name", DTYPES)
def test_a_scalar_stays_an_array_without_axes(adapt: Adapter, name: str) -> None:
    x = np.array(1.5, FORMATS[name].dtype)
    y, pullback = adapt(lambda x: x + x)(x)
    assert bits(y) == bits(np.array(3, x.dtype))
    assert isinstance(y, np.ndarray)
    assert bits(pullback(x)) == bits(np.array(3, x.dtype))


def layouts(x: Array) -> dict[str, Array]:
    read_only = x.copy()
    read_only.flags.writeable = False
    spread = np.zeros((*x.shape, 2), x.dtype)
    spread[..., 0] = x
    return {
        "C": x,
        "F": np.asfortranarray(x),
        "reversed": x[::-1, ::-1].copy()[::-1, ::-1],
        "read_only": read_only,
        "strided": spread[..., 0],
        "broadcast": np.broadcast_to(x[:1], x.shape),
    }


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("layout", ["C", "F", "reversed", "read_only", "strided", "broadcast"])
def test_no_memory_layout_changes_the_result_or_warns(adapt: Adapter, name: str, layout: str) -> None:
    x = layouts(np.arange(1, 7).reshape(2, 3).astype(FORMATS[name].dtype))[layout]
    rule = adapt(lambda x: x * x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, pullback = rule(x)
        x_bar = pullback(x)
    expected = np.asarray(x, np.float64) ** 2
    assert y.dtype == x_bar.dtype == x.dtype
    np.testing.assert_array_equal(y.astype(np.float64), expected)
    np.testing.assert_array_equal(x_bar.astype(np.float64), 2 * expected)


def test_a_pullback_can_be_called_again(adapt: Adapter) -> None:
    x = np.array([1.0, 2.0, 3.0])
    _, pullback = adapt(lambda x: x * x * x)(x)
    assert bits(pullback(x)) == bits(pullback(x)) == bits(3 * x**3)


def test_integer_arguments_have_no_gradient_and_the_caller_selects_the_rest(adapt: Adapter) -> None:
    x, w, k = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5, 6])
    _, pullback = adapt(lambda x, w, k: x * w)(x, w, k)
    x_bar, w_bar, k_bar = pullback(np.array([1.0, -1.0]))
    assert bits(x_bar) == bits(np.array([3.0, -4.0]))
    assert bits(w_bar) == bits(np.array([1.0, -2.0]))
    assert k_bar is None
    _, pullback = adapt(lambda x, w, k: x * w, differentiable=(1,))(x, w, k)
    assert [part is None for part in pullback(w)] == [True, False, True]


@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_an_argument_that_nothing_depends_on_gets_none(name: str) -> None:
    x = np.array([1.0, 2.0])
    _, pullback = adapter_of(name)(lambda x, w: x * x)(x, x)
    assert pullback(x)[1] is None


def test_what_fn_detaches_gets_none_from_torch() -> None:
    _, pullback = adapter_of("torch")(lambda x: x.detach() * 2)(np.ones(2))
    assert pullback(np.ones(2)) is None


def test_sparse_gradients_of_tensorflow_come_back_dense() -> None:
    tf = pytest.importorskip("tensorflow")
    _, pullback = adapter_of("tensorflow")(lambda x: tf.gather(x, [0, 0, 2]))(np.ones((3, 2)))
    y_bar = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert bits(pullback(y_bar)) == bits(np.array([[4.0, 6.0], [0.0, 0.0], [5.0, 6.0]]))


def test_the_rule_shows_the_signature_of_its_function(adapt: Adapter) -> None:
    def scaled(x: Any, w: Any, *, axis: int = -1, power: Any) -> Any:
        """Scales."""

    rule = adapt(scaled)
    assert inspect.signature(rule) == inspect.signature(scaled)
    assert rule.__name__ == "scaled"


def test_a_builtin_without_signature_leaves_the_rule_open() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="signature"):
        inspect.signature(torch.sigmoid)
    assert str(inspect.signature(adapter_of("torch")(torch.sigmoid))).startswith("(*args")


def test_torch_that_writes_into_its_cotangent_is_seen() -> None:
    torch: Any = pytest.importorskip("torch")

    class Doubled(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, y_bar: Any) -> Any:
            return y_bar.mul_(2)

    rule = adapter_of("torch")(Doubled.apply)
    x = np.array([1.0, 2.0])
    scenario = Scenario("doubled", "float64", (x,), {}, np.array([1.0, -3.0]))
    assert RuleComparator("mine", rule).evaluate(scenario).impurity == "changes the cotangent in place"


def test_from_pair_passes_primal_arguments_and_parameters_to_the_vjp() -> None:
    def forward(x: Any, *, power: int = 2) -> Any:
        return x**power

    def vjp(y_bar: Any, y: Any, x: Any, *, power: int = 2) -> Any:
        assert bits(y) == bits(x**power)
        return y_bar * power * x ** (power - 1)

    rule = from_pair(forward, vjp)
    y, pullback = rule(np.array([1.0, 2.0]), power=3)
    assert bits(y) == bits(np.array([1.0, 8.0]))
    assert bits(pullback(np.array([1.0, -1.0]))) == bits(np.array([3.0, -12.0]))
    assert inspect.signature(rule) == inspect.signature(forward)


LOADING = """
import os, sys
import numpy as np
from comparators import registry
from gradassay.vocabulary import Array, Rule, Scenario
names = registry.names()
assert not {"torch", "tensorflow", "keras", "jax"} & set(sys.modules), "imported before it was asked for"
assert all(registry.operations(name) for name in names if name != "numpy")
assert not {"torch", "tensorflow", "keras", "jax"} & set(sys.modules), "imported to list its operations"
subnormal = np.full(8, 1e-40, np.float32)
x = np.array([[1.0, 2.0], [subnormal[0], -1.0]], np.float32)
for name in sys.argv[1:]:
    comparator = registry.load(name)
    known = ("softmax", "softmax_cross_entropy", "clip", "max")
    operation = next(one for one in known if one in comparator.operations)
    args = (x, np.array([0, 1])) if operation == "softmax_cross_entropy" else (x,)
    params = {"low": -1.0, "high": 1.0} if operation == "clip" else {}
    cotangent = x if operation in ("softmax", "clip") else np.array(1.0, np.float32)
    evaluation = comparator.evaluate(Scenario(operation, "float32", args, params, cotangent))
    assert evaluation.error is None, evaluation.error
    assert (subnormal * np.float32(1) == subnormal).all(), "flushes the caller's subnormals"
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == "7", "changes the caller's environment"
"""


@pytest.mark.parametrize("name", [name for name in registry.names() if name != registry.NUMPY])
def test_loading_is_lazy_and_silent_and_leaves_the_caller_alone(name: str) -> None:
    pytest.importorskip(registry.COMPARATORS[name].packages[0])
    loud = {"TF_CPP_MIN_LOG_LEVEL", "PYTHONWARNINGS"}
    environment = {key: value for key, value in os.environ.items() if key not in loud}
    environment |= {"CUDA_VISIBLE_DEVICES": "7", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-W", "default", "-c", LOADING, name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_tensorflow_and_jax_flush_subnormals_and_numpy_does_not_after_them() -> None:
    for name in ("tensorflow", "jax"):
        pytest.importorskip(name)
        y, _ = adapter_of(name)(lambda x: x * 1.5)(np.full(4, 1e-310))
        assert (y == 0).all()
        assert (np.full(4, 1e-310) * 1.5 != 0).all()


def test_torch_keeps_subnormals() -> None:
    for dtype in (np.float64, np.float32, np.float16, ml_dtypes.bfloat16):
        tiny = np.full(4, 3 * FORMATS[np.dtype(dtype).name].eta).astype(dtype)
        y, pullback = adapter_of("torch")(lambda x: x * 1.0)(tiny)
        assert bits(y) == bits(pullback(tiny)) == bits(tiny)
