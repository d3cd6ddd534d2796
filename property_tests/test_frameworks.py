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
from property_tests.framework_cases import CASES, each_loss, normal, scenario
from property_tests.strategies import draw_scenarios

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
    np.testing.assert_allclose(evaluation.gradients[0], x_bar, rtol=CLOSE, atol=CLOSE, strict=True)


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


def test_a_column_of_duplicates_stagnates_in_torchs_indexing_and_not_in_its_gather() -> None:
    index, ones = np.zeros(4096, dtype=np.int64), np.ones(4096, np.float16)
    params = {"index": index, "shape": (1,)}
    given = Scenario("get_item_grad", "float16", (ones,), params, np.ones(1, np.float16))
    assert loaded("torch").evaluate(given).primal[0] == 2048
    assert loaded("torch.gather").evaluate(given).primal[0] == 4096
