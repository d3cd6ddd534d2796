"""Laws of the framework comparators: right values, true refusals, and the differences that are known."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from comparators import registry
from comparators.interface import evaluate_rule
from gradassay.catalogue import OPERATIONS
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Scenario
from property_tests import framework_cases, linear_cases
from property_tests.framework_cases import each_loss, normal, scenario
from property_tests.strategies import draw_scenarios

#: The gradient alone where there is one, else the tuple of them.
CASES: dict[str, Any] = {**framework_cases.CASES, **linear_cases.CASES}
NAMES = tuple(name for name in registry.names() if name != registry.NUMPY)
DTYPES = tuple(FORMATS)
#: A few hundred roundings of float64; the verdict on single roundings is the engine's.
CLOSE = 1e-12
#: Which implementation takes which case; asking imports no framework.
TAKEN = [
    (name, case)
    for name in NAMES
    for case, (given, _, _) in CASES.items()
    if import_module(registry.COMPARATORS[name].module).COMPARATORS[name].supports(given) is None
]


def loaded(name: str) -> Any:
    sentence = registry.missing(name)
    if sentence:
        pytest.skip(sentence)
    return registry.load(name)


@pytest.mark.parametrize(("name", "case"), TAKEN)
def test_ordinary_values_and_gradients_are_plain_numpys(name: str, case: str) -> None:
    given, y, x_bar = CASES[case]
    comparator = loaded(name)
    if (name, given.operation) == ("tensorflow.keras", "cross_entropy"):
        x_bar = x_bar + each_loss(given.cotangent, given.args[0].shape[:-1], given.params["reduction"])
    evaluation = comparator.evaluate(given)
    assert evaluation.error is None
    np.testing.assert_allclose(evaluation.primal, y, rtol=CLOSE, atol=CLOSE, strict=True)
    x_bars = x_bar if isinstance(x_bar, tuple) else (x_bar,)
    for got, expected in zip(evaluation.gradients, x_bars, strict=True):
        np.testing.assert_allclose(got, expected, rtol=CLOSE, atol=CLOSE, strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_function_of_every_table_is_reached_by_a_case(name: str) -> None:
    reached = {CASES[case][0].operation for taker, case in TAKEN if taker == name}
    assert reached == set(registry.operations(name))


@pytest.mark.filterwarnings("ignore:.*size 1:UserWarning", "ignore:In loss categorical:SyntaxWarning")
@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("jax")])
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_implementation_changes_its_arguments_or_differs_between_two_calls(name: str, dtype: str) -> None:
    comparator = loaded(name)
    for operation in comparator.operations:
        for drawn in draw_scenarios(OPERATIONS[operation], dtype=dtype, examples=30, seed=3):
            if comparator.supports(drawn) is None:
                rule = comparator.rule(operation, drawn.differentiable)
                assert evaluate_rule(rule, drawn, twice=True).impurity is None


def test_jaxs_compiled_program_computes_what_its_eager_rule_does() -> None:
    comparator = loaded("jax")
    for case in ("softmax over -1", "cross_entropy soft (4,) mean", "get_item_grad rows with duplicates"):
        given = CASES[case][0]
        eager: Any = evaluate_rule(comparator.rule(given.operation), given)
        compiled: Any = comparator.evaluate(given)
        np.testing.assert_allclose(compiled.primal, eager.primal, rtol=CLOSE, strict=True)
        np.testing.assert_allclose(compiled.gradients[0], eager.gradients[0], rtol=CLOSE, strict=True)


# ---- what is refused is not expressible


def refused(name: str, operation: str, index: Any, *, shape: tuple[int, ...] = (4, 3)) -> str | None:
    given = Scenario(operation, "float64", (normal(*shape),), {"index": index}, np.zeros(0))
    reason: str | None = loaded(name).supports(given)
    return reason


def test_torch_has_no_negative_step() -> None:
    torch = pytest.importorskip("torch")
    assert refused("torch", "get_item", slice(None, None, -1)) == "torch slices have no negative step"
    with pytest.raises(ValueError, match="step must be greater than zero"):
        torch.ones(3)[::-1]


def test_torch_gather_takes_no_negative_index() -> None:
    torch = pytest.importorskip("torch")
    assert refused("torch.gather", "get_item", np.array([-1]), shape=(3,)) == (
        "torch.gather takes no negative index"
    )
    with pytest.raises(RuntimeError, match="out of bounds"):
        torch.ones(3).gather(0, torch.tensor([-1]))


def test_tensorflow_gathers_no_negative_index() -> None:
    tf = pytest.importorskip("tensorflow")
    reason = "tf.gather and tf.scatter_nd take no negative index"
    assert refused("tensorflow", "get_item", np.array([-1])) == reason
    index = tf.constant([-1])
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.gather(tf.ones(3), index)
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.gather_nd(tf.ones((3, 2)), index[None])
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.scatter_nd(index[None], tf.ones(1), [3])


def test_tensorflow_has_no_call_for_arrays_mixed_with_more() -> None:
    tf = pytest.importorskip("tensorflow")
    reason = "TensorFlow gathers by arrays of the leading axes, or by one array beside slices"
    array = np.array([0, 1])
    for index in ((0, slice(None), array), (array, slice(None), array), (np.ones(4, bool), 1)):
        assert refused("tensorflow", "get_item", index, shape=(4, 3, 5)) == reason
        native = tuple(tf.constant(part) if isinstance(part, np.ndarray) else part for part in index)
        with pytest.raises((TypeError, ValueError, tf.errors.OpError)):
            tf.ones((4, 3, 5))[native]


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow.keras"])
def test_tensorflow_s_gradient_is_for_labels_that_sum_to_1(name: str) -> None:
    """Its gradient is p - t whatever the labels sum to; the loss that it returns has the gradient p sum t - t."""
    pytest.importorskip("tensorflow")
    comparator = loaded(name)
    x, t = np.array([[0.0, 1.0, 2.0]]), np.array([[0.5, 1.0, 0.5]])
    given = Scenario("softmax_cross_entropy", "float64", (x, t), {"reduction": "sum"}, np.array(1.5))
    assert comparator.supports(given) == "TensorFlow's gradient of this loss is for labels that sum to 1"
    assert comparator.supports(replace(given, args=(x, t / 2))) is None
    p = np.exp(x) / np.exp(x).sum()
    (x_bar,) = comparator.evaluate(given).gradients
    np.testing.assert_allclose(x_bar, 1.5 * (p - t), rtol=CLOSE)
    assert not np.allclose(x_bar, 1.5 * (p * t.sum() - t))


def test_torch_reduces_over_every_axis_where_dim_is_empty() -> None:
    torch = pytest.importorskip("torch")
    x = normal(2, 3)
    for operation, fn in (("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax), ("min", torch.amin)):
        given = Scenario(operation, "float64", (x,), {"axis": ()}, x)
        assert loaded("torch").supports(given) == "torch reduces over every axis where dim is ()"
        assert loaded("torch.maximum").supports(replace(given, operation="max")) is None
        assert fn(torch.from_numpy(x), dim=()).shape == ()


def test_torch_max_and_min_reduce_over_one_axis_or_all() -> None:
    torch = pytest.importorskip("torch")
    x = normal(2, 3)
    for operation, fn in (("max", torch.max), ("min", torch.min)):
        given = Scenario(operation, "float64", (x,), {"axis": (0, 1)}, normal())
        assert loaded("torch.max").supports(given) == "torch.max and torch.min reduce over one axis or all"
        assert loaded("torch.max").supports(replace(given, params={"axis": (0,)})) is None
        with pytest.raises(TypeError):
            fn(torch.from_numpy(x), dim=(0, 1))


def test_keras_has_no_mean_squared_error_of_two_numbers() -> None:
    comparator, number = loaded("tensorflow.keras"), normal()
    given = Scenario("mean_squared_error", "float64", (number, number), {}, number, (0, 1))
    assert comparator.supports(given) == "keras.losses.mean_squared_error takes the mean over the last axis"
    assert comparator.evaluate(given).error is not None


def test_softmax_regression_in_tensorflow_is_for_labels_that_sum_to_1_too() -> None:
    args = normal(1, 2), normal(2, 3), normal(3), np.array([[0.5, 1.0, 0.5]])
    given = Scenario("softmax_regression", "float64", args, {}, normal(), (0, 1, 2))
    reason = "TensorFlow's gradient of this loss is for labels that sum to 1"
    assert loaded("tensorflow").supports(given) == reason
    assert loaded("tensorflow").supports(replace(given, args=(*args[:3], args[3] / 2))) is None


def test_an_operation_that_is_not_in_the_table_is_refused() -> None:
    given = CASES["get_item an integer"][0]
    assert loaded("tensorflow.keras").supports(given) == "tensorflow.keras has no get_item"


# ---- differences that are known and must be seen


def test_torch_keeps_the_gathered_axis_in_its_place() -> None:
    """x[0, :, [0, 1]]: NumPy moves the axis of the array to the front, PyTorch does not."""
    x, index = normal(2, 3, 2), (0, slice(None), np.array([0, 1]))
    given = Scenario("get_item", "float64", (x,), {"index": index}, np.zeros(x[index].shape))
    assert x[index].shape == (2, 3)
    assert loaded("torch").evaluate(given).primal.shape == (3, 2)
    assert loaded("jax").evaluate(given).primal.shape == (2, 3)


def loss_of(name: str, labels: Array) -> Any:
    x = np.array([[0.0, 1.0, 2.0]])
    given = Scenario(
        "softmax_cross_entropy", "float64", (x, labels), {"reduction": "sum"}, np.zeros(0), valid=False
    )
    return loaded(name).evaluate(given)


def test_a_label_of_minus_100_is_ignored_by_torch_and_refused_by_tensorflow() -> None:
    assert loss_of("torch", np.array([-100])).primal == 0
    assert loss_of("torch", np.array([-1])).error.startswith("IndexError")
    assert loss_of("tensorflow", np.array([-100])).error.startswith("InvalidArgumentError")


def test_keras_divides_probabilities_by_their_sum() -> None:
    p, labels = np.array([[0.2, 0.2]]), np.array([0])
    given = Scenario("cross_entropy", "float64", (p, labels), {}, np.array(1.0))
    evaluation = loaded("tensorflow.keras").evaluate(given)
    np.testing.assert_allclose(evaluation.primal, np.log(2), rtol=CLOSE)
    np.testing.assert_allclose(evaluation.gradients[0], [[1 / 0.4 - 1 / 0.2, 1 / 0.4]], rtol=CLOSE)


def test_keras_does_not_warn_of_an_axis_of_size_1_while_it_is_compared(
    recwarn: pytest.WarningsRecorder,
) -> None:
    x = np.ones((3, 1))
    assert loaded("tensorflow.keras").evaluate(scenario("softmax", x, cotangent=x)).error is None
    assert not recwarn.list


def gradient_of(name: str, operation: str, *args: Any, dtype: str = "float64", **params: Any) -> Any:
    arrays = tuple(np.asarray(a, dtype) for a in args)
    given = Scenario(operation, dtype, arrays, params, np.ones((), dtype))
    return loaded(name).evaluate(given).gradients[0].tolist()


def test_torch_max_gives_a_tie_to_one_over_an_axis_and_splits_it_over_all() -> None:
    ties = [1.0, 1.0, 1.0, 0.0]
    assert gradient_of("torch.max", "max", ties, axis=0) == [1, 0, 0, 0]
    assert gradient_of("torch.max", "max", ties) == [1 / 3, 1 / 3, 1 / 3, 0]
    assert gradient_of("torch", "max", ties, axis=0) == [1 / 3, 1 / 3, 1 / 3, 0]


def test_the_maximum_of_two_at_a_time_favours_the_last_in_torch_and_jax_and_the_first_in_tensorflow() -> None:
    ties = [1.0, 1.0, 1.0, 0.0]
    assert gradient_of("torch.maximum", "max", ties) == [1 / 4, 1 / 4, 1 / 2, 0]
    assert gradient_of("jax.maximum", "max", ties) == [1 / 4, 1 / 4, 1 / 2, 0]
    assert gradient_of("tensorflow.maximum", "max", ties) == [1, 0, 0, 0]


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_two_subnormal_numbers_are_a_tie_where_they_are_flushed_to_zero(name: str) -> None:
    assert gradient_of("torch", "max", [2e-39, 1e-39], dtype="float32") == [1, 0]
    assert gradient_of(name, "max", [2e-39, 1e-39], dtype="float32") == [0.5, 0.5]


def test_the_norm_at_0_has_the_gradient_0_in_torch_and_none_in_tensorflow_and_jax() -> None:
    assert gradient_of("torch", "l2_penalty", [0.0, 0.0]) == [0, 0]
    for name in ("tensorflow", "jax"):
        assert np.isnan(gradient_of(name, "l2_penalty", [0.0, 0.0])).all()


def test_tensorflow_knows_a_largest_entry_of_nothing() -> None:
    given = Scenario("max", "float64", (np.zeros((2, 0)),), {"axis": 1}, np.zeros(0), valid=False)
    assert loaded("tensorflow").evaluate(given).primal.tolist() == [-np.inf, -np.inf]
    assert loaded("torch").evaluate(given).error.startswith("IndexError")
    assert loaded("jax").evaluate(given).error.startswith("ValueError")


def test_a_column_of_duplicates_stagnates_in_torchs_indexing_and_not_in_its_gather() -> None:
    index, ones = np.zeros(4096, dtype=np.int64), np.ones(4096, np.float16)
    params = {"index": index, "shape": (1,)}
    given = Scenario("get_item_grad", "float16", (ones,), params, np.ones(1, np.float16))
    assert loaded("torch").evaluate(given).primal[0] == 2048
    assert loaded("torch.gather").evaluate(given).primal[0] == 4096
