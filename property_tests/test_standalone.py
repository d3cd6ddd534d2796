"""A discrepancy is shown again without Gradassay, by a script."""

from __future__ import annotations

import dataclasses
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparators import registry
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.orders import operation_of
from gradassay.replay.standalone import standalone
from gradassay.second_order import pullback_operation
from gradassay.vocabulary import Discrepancy, Example, Rule, Scenario, Verdict
from property_tests.replaying import PACKAGES, clean
from property_tests.strategies import draw_scenarios

pytest_plugins = ("property_tests.replaying",)


@cache
def one_entry(name: str, implementation: str) -> Discrepancy:
    """A discrepancy whose expected entry is the very one that comes back."""
    operation = OPERATIONS[operation_of(name)]
    order = 1 if operation.name == name else 2
    operation = operation if order == 1 else pullback_operation(operation)
    comparator = registry.load(implementation, rules={name: operation.rule}, order=order)
    scenario = next(
        s
        for s in draw_scenarios(operation, dtype="float32", examples=30, seed=3)
        if s.valid and s.args[0].size > 1 and s.cotangent.size and not comparator.supports(s)
    )
    x_bar = comparator.evaluate(scenario).gradients[0]
    assert x_bar is not None
    index = tuple(int(i) for i in np.argwhere(np.isfinite(x_bar))[-1])
    path = "x_bar" if len(scenario.differentiable) == 1 else "x_bar[0]"
    example = Example(scenario, path, index, float(x_bar[index]), float(x_bar[index]), 1e-12)
    return Discrepancy("1d", Verdict.WRONG, "the gradient", "float32", 1, example, "off", "gradassay ...")


def off_by(error: float, found: Discrepancy) -> Discrepancy:
    """The same with an expected entry that is so far from what comes back."""
    assert found.example.got is not None
    example = dataclasses.replace(found.example, expected=found.example.got + error)
    return dataclasses.replace(found, example=example)


@pytest.mark.parametrize(
    ("implementation", "package", "others"),
    [
        ("numpy", "numpy", ("ml_dtypes", "torch", "tensorflow", "jax")),
        ("torch", "torch", ("ml_dtypes", "tensorflow", "jax")),
        ("tensorflow", "tensorflow", ("torch", "jax")),
        ("tensorflow.keras", "keras", ("torch", "jax")),
        ("jax", "jax", ("torch", "tensorflow")),
    ],
)
def test_a_script_shows_it_without_gradassay_and_exits_with_1(
    implementation: str, package: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    pytest.importorskip(package)
    found = off_by(0.25, one_entry("softmax_cross_entropy", implementation))
    script = standalone(found, "softmax_cross_entropy", implementation)
    code, printed = clean(script, tmp_path, *others)
    assert code == 1, printed
    got, expected = found.example.got, found.example.expected
    assert f"got {got} expected {expected} error 0.25 budget 1e-12" in printed


def test_a_script_exits_with_0_once_the_entry_is_within_its_budget(tmp_path: Path) -> None:
    found = one_entry("sigmoid_classifier", "numpy")
    assert clean(standalone(found, "sigmoid_classifier", "numpy"), tmp_path, "ml_dtypes")[0] == 0


def main_of(script: str, name: str) -> int:
    """What the script's ``main`` gives, run in this process."""
    module = type(sys)(name)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        exec(compile(script, name, "exec"), module.__dict__)
        code = module.main()
        assert isinstance(code, int)
        return code
    finally:
        del sys.modules[name]


COVERED = [
    (name, implementation)
    for order, asked in (
        (1, ("softmax", "get_item", "max", "affine")),
        (2, ("grad(softmax)", "grad(affine)")),
    )
    for implementation in registry.names(order)
    for name in asked
    if implementation == "numpy" or name in registry.operations(implementation, order)
    if (name, implementation) != ("get_item", "torch.gather")  # which takes few scenarios
]


@pytest.mark.parametrize(("name", "implementation"), COVERED)
def test_a_script_gives_the_same_bits_as_the_comparison(name: str, implementation: str) -> None:
    pytest.importorskip(PACKAGES.get(implementation, implementation.partition(".")[0]))
    found = one_entry(name, implementation)
    assert main_of(standalone(found, name, implementation), "again") == 0
    assert main_of(standalone(off_by(1.0, found), name, implementation), "again") == 1


def script_of(rule: Rule, verdict: Verdict, **changes: Any) -> str:
    x = np.array([[0.0, 1.0], [2.0, 3.0]])
    scenario = Scenario("softmax", "float64", (x,), {"axis": -1}, np.array([[1.0, 2.0], [3.0, 5.0]]))
    example = Example(dataclasses.replace(scenario, **changes), "", None, None, None, None)
    return standalone(
        Discrepancy("1d", verdict, "c", "float64", 1, example, "m", "r"), "softmax", "mine", rule
    )


LAYERS = """
    import numpy as np
    import gradassay
    from reference_impls import rows as helpers

    SCALES = {}
    SCALES["one"] = 1.0

    def np_2(y_bar):
        return y_bar

    class Kept:
        scale: float = 2.0

        def twice(self, x: "Nothing") -> "Nothing":
            return x * self.scale

    def softmax(x: "Nothing", *, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True)) * SCALES["one"]
        p = helpers.rounded(e / e.sum(axis=axis, keepdims=True), x.dtype)
        return p, lambda y_bar: [np_2(part) for np_2 in (p.__mul__,) for part in (Kept().twice(y_bar),)]

    def wrong_shape(x, *, axis=-1):
        p, pullback = softmax(x, axis=axis)
        return p, lambda y_bar: y_bar.sum(axis=axis)

    def refuses(x, *, axis=-1):
        raise ValueError("no")

    def writes(x, *, axis=-1):
        p, _ = softmax(x, axis=axis)
        def pullback(y_bar):
            y_bar -= (p * y_bar).sum(axis=axis, keepdims=True)
            return p * y_bar
        return p, pullback

    def by_layout(x, *, axis=-1):
        p, _ = softmax(x, axis=axis)
        return p, lambda y_bar: p * y_bar * (1.0 if x.flags.c_contiguous else 2.0)

    chained = gradassay.from_pair(lambda x, *, axis=-1: x * 2, lambda y_bar, y, x, *, axis=-1: y_bar)

    def factory():
        def inner(x, *, axis=-1):
            return softmax(x, axis=axis)
        return inner

    unnamed = [lambda x, *, axis=-1: softmax(x, axis=axis)]

    def lost(x, *, axis=-1):
        return nowhere(x)
"""


def test_a_rule_of_yours_is_bundled_with_what_it_uses(write_layers: Any, tmp_path: Path) -> None:
    rule = write_layers(LAYERS).softmax
    script = script_of(rule, Verdict.STRUCTURE)
    assert "Nothing" not in script
    assert "wrong_shape" not in script
    assert clean(script, tmp_path, "layers")[0] == 1  # a list is no array of the argument's shape


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("wrong_shape", Verdict.STRUCTURE, 1),
        ("writes", Verdict.STRUCTURE, 0),
        ("refuses", Verdict.RAISES, 1),
        ("by_layout", Verdict.RAISES, 0),
        ("by_layout", Verdict.IMPURE, 1),
        ("chained", Verdict.IMPURE, 0),
    ],
)
def test_what_is_no_matter_of_one_entry_is_shown_too(
    write_layers: Any, name: str, verdict: Verdict, code: int
) -> None:
    rule = getattr(write_layers(LAYERS), name)
    assert main_of(script_of(rule, verdict, layout="F" if name == "by_layout" else "C"), "again") == code


@pytest.mark.parametrize("verdict", [Verdict.RAISES, Verdict.CONVENTION])
def test_an_invalid_input_is_shown_until_it_is_refused(write_layers: Any, verdict: Verdict) -> None:
    module = write_layers(LAYERS)
    assert main_of(script_of(module.by_layout, verdict, valid=False), "again") == 1
    assert main_of(script_of(module.refuses, verdict, valid=False), "again") == 0


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (lambda layers: layers.factory(), "made inside another function"),
        (lambda layers: layers.unnamed[0], "is a lambda"),
        (lambda layers: layers.lost, "it uses 'nowhere', which layers does not define"),
        (lambda layers: np.exp, "the source of numpy cannot be read|no module binds|cannot be bundled"),
    ],
)
def test_what_cannot_be_bundled_is_refused_with_the_reason(write_layers: Any, of: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        script_of(of(write_layers(LAYERS)), Verdict.WRONG)
