"""``gradassay.verify`` as a person uses it: one rule, what it is held against, and the report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Verdict

ROOT = Path(__file__).parents[1]
softmax = OPERATIONS["softmax"].rule
X = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 4.0]])


def square(x: Array) -> Any:
    return x * x, lambda y_bar: 2 * x * y_bar


def halved(x: Array) -> Any:
    return x * x, lambda y_bar: x * y_bar


def scaled(x: Array, *, factor: float = 2.0) -> Any:
    c = x.dtype.type(factor)
    return c * x, lambda y_bar: c * y_bar


def product(a: Array, b: Array) -> Any:
    return a * b, lambda y_bar: (y_bar * b, y_bar * a)


# -- what it is held against -------------------------------------------------------------------------------------


def test_like_an_operation_of_the_catalogue() -> None:
    report = gradassay.verify(softmax, like="softmax", examples=28)
    assert report.ok
    assert [(row.operation, row.implementation, row.dtype) for row in report.rows] == [
        ("softmax", "softmax", "float64"),
        ("softmax", "softmax", "float32"),
    ]
    assert [row.scenarios for row in report.rows] == [28, 28]
    assert not report.run.notes


def test_a_definition_of_your_own_on_a_list() -> None:
    report = gradassay.verify(square, definition=lambda x: x**2, inputs=[(X,), (np.zeros(0),), (3.0,)])
    assert report.ok
    assert [row.scenarios for row in report.rows] == [3, 3]
    assert report.rows[0].regions["given"] == 3
    assert not gradassay.verify(halved, definition=lambda x: x**2, inputs=[(X,)]).ok


def test_a_definition_of_your_own_on_a_strategy() -> None:
    inputs = st.tuples(st.lists(st.floats(-5, 5), min_size=1, max_size=4).map(np.array))
    report = gradassay.verify(square, definition=lambda x: x * x, inputs=inputs, examples=17)
    assert report.ok
    assert [row.scenarios for row in report.rows] == [17, 17]
    assert not gradassay.verify(halved, definition=lambda x: x * x, inputs=inputs, examples=17).ok


def test_several_arguments_have_several_gradients() -> None:
    assert gradassay.verify(product, definition=lambda a, b: a * b, inputs=[(X, X), (X[0], X[1])]).ok
    report = gradassay.verify(
        lambda a, b: (a * b, lambda y_bar: (y_bar * b, -y_bar * a)),
        definition=lambda a, b: a * b,
        inputs=[(X, X)],
    )
    assert report.discrepancies[0].example.path == "x_bar[1]"


def test_integer_arguments_are_data() -> None:
    def picked(x: Array, i: Array) -> Any:
        def pullback(y_bar: Array) -> Array:
            x_bar = np.zeros_like(x)
            np.add.at(x_bar, i, y_bar)
            return x_bar

        return x[i], pullback

    assert gradassay.verify(picked, definition=lambda x, i: x[i], inputs=[(X[0], np.array([0, 0, 2]))]).ok


def test_parameters_are_given_to_rule_and_definition() -> None:
    def definition(x: Any, *, factor: float) -> Any:
        return factor * x

    given: Any = {"definition": definition, "inputs": [(X,)], "params": {"factor": 3.0}}
    assert gradassay.verify(scaled, **given).ok
    report = gradassay.verify(lambda x, *, factor: scaled(x, factor=factor + 1), **given)
    assert not report.ok


def test_inputs_with_like_replace_the_scenarios_and_keep_the_definition_and_the_conventions() -> None:
    report = gradassay.verify(softmax, like="softmax", inputs=[(X,), (X[0],)])
    assert report.ok
    assert [row.scenarios for row in report.rows] == [2, 2]
    rule = OPERATIONS["cross_entropy"].rule

    def keras_like(p: Array, labels: Array, *, reduction: str = "mean") -> Any:
        total = p.sum(axis=-1, keepdims=True)
        y, pullback = rule(p / total, labels, reduction=reduction)

        def renormalised(y_bar: Any) -> Any:
            q_bar = pullback(y_bar)
            return (q_bar - np.sum(q_bar * p / total, axis=-1, keepdims=True)) / total

        return y, renormalised

    p = np.array([[0.2, 0.3, 0.5]])
    report = gradassay.verify(keras_like, like="cross_entropy", inputs=[(p, np.array([2]))])
    assert report.ok
    assert {(d.verdict, d.cause) for d in report.discrepancies} == {(Verdict.CONVENTION, "renormalised")}


def test_with_neither_only_finite_differences_and_laws_are_checked_and_the_report_says_so() -> None:
    report = gradassay.verify(square, inputs=[(X,)])
    assert report.ok
    assert "nothing was held against truth" in report.run.notes[0]
    assert "No definition was given" in str(report)
    assert not gradassay.verify(halved, inputs=[(X,)]).ok


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (lambda x: (x * x, lambda y_bar: 2 * x), Verdict.WRONG),
        (lambda x: (x * x, lambda y_bar: (2 * x * y_bar).astype(np.float16)), Verdict.STRUCTURE),
        (lambda x: (x * x, lambda y_bar: None), Verdict.STRUCTURE),
        (lambda x: (x * x, lambda y_bar: np.multiply(y_bar, 2 * x, out=y_bar)), Verdict.IMPURE),
        (lambda x: (x * x, lambda y_bar: y_bar[7]), Verdict.RAISES),
    ],
    ids=["not linear", "dtype", "None", "in place", "raises"],
)
def test_without_a_definition_the_laws_find(rule: Any, verdict: Verdict) -> None:
    report = gradassay.verify(rule, inputs=[(X,)], dtypes=("float64",))
    assert not report.ok
    assert report.discrepancies[0].verdict is verdict


def test_scenarios_whose_parameters_the_rule_does_not_take_are_skipped_with_the_reason() -> None:
    def without_axis(x: Array) -> Any:
        return softmax(x)

    report = gradassay.verify(without_axis, like="softmax", examples=28)
    for row in report.rows:
        assert sum(row.skipped.values()) + row.scenarios == 28
        assert set(row.skipped) == {"the rule takes no parameter 'axis'"}
    assert "takes no parameter 'axis'" in str(report)


def test_nothing_measured_is_not_ok() -> None:
    def other(x: Array, *, temperature: float) -> Any:
        return softmax(x)

    report = gradassay.verify(other, like="softmax", examples=14)
    assert all(row.scenarios == 0 for row in report.rows)
    assert not report.ok
    assert not gradassay.verify(square, definition=lambda x: x * x, inputs=[]).ok


# -- the report -----------------------------------------------------------------------------------------------------


def wrong(x: Array, *, axis: Any = -1) -> Any:
    p, _ = softmax(x, axis=axis)
    return p, lambda y_bar: p * y_bar


def test_a_report_says_what_where_and_how_to_show_it_again() -> None:
    report = gradassay.verify(wrong, like="softmax", examples=42, seed=3)
    assert not report.ok
    worst = report.discrepancies[0]
    assert worst.verdict is Verdict.WRONG
    assert worst.count == sum(d.count for d in report.discrepancies if d.id == worst.id)
    assert "softmax by wrong in float" in worst.message
    assert "truth" in worst.message
    assert "seed=3" in worst.reproduce
    example = worst.example
    assert example.path == "x_bar"
    assert example.index is not None
    assert example.expected is not None
    assert example.got != example.expected
    text = str(report)
    assert "wrong" in text
    assert "float32" in text
    with pytest.raises(gradassay.VerificationError, match="FAILED"):
        report.raise_if_failed()


def test_the_example_is_smaller_than_what_was_given() -> None:
    inputs = [(np.arange(float(n)).reshape(1, n),) for n in (7, 2, 5)]
    report = gradassay.verify(wrong, like="softmax", inputs=inputs, dtypes=("float64",))
    assert report.discrepancies[0].count == 3
    assert report.discrepancies[0].example.scenario.args[0].size == 1


def test_the_worst_comes_first() -> None:
    report = gradassay.verify(wrong, like="softmax", examples=100)
    ranks = [d.verdict.rank for d in report.discrepancies]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) > 1


def test_a_report_that_is_ok_raises_nothing() -> None:
    report = gradassay.verify(softmax, like="softmax", examples=14)
    report.raise_if_failed()
    assert "softmax" in str(report)


def shown(report: Any) -> list[Any]:
    """Everything of a report but the time it took."""
    return [
        (
            row.verdicts,
            row.skipped,
            row.worst,
            row.regions,
            [(d.id, d.count, d.message) for d in row.discrepancies],
        )
        for row in report.rows
    ]


@pytest.mark.parametrize("rule", [softmax, wrong])
def test_two_runs_are_equal_and_another_seed_is_another_run(rule: Any) -> None:
    dtypes = ("float64", "float32", "float16", "bfloat16")
    runs = [
        gradassay.verify(rule, like="softmax", examples=42, dtypes=dtypes, seed=seed) for seed in (5, 5, 6)
    ]
    assert shown(runs[0]) == shown(runs[1])
    assert shown(runs[0]) != shown(runs[2])


def test_dtypes_are_reported_in_the_order_of_the_project_and_the_names_of_the_rows() -> None:
    report = gradassay.verify(
        square, definition=lambda x: x * x, inputs=[(X,)], dtypes=["bfloat16", "float64"]
    )
    assert [row.dtype for row in report.rows] == ["float64", "bfloat16"]
    assert {row.implementation for row in report.rows} == {"square"}


def test_a_callable_without_a_name_is_named_by_its_class() -> None:
    class Rule:
        def __call__(self, x: Array) -> Any:
            return square(x)

    report = gradassay.verify(Rule(), definition=lambda x: x * x, inputs=[(X,)])
    assert report.ok
    assert report.rows[0].implementation == "Rule"


def test_progress_is_told_and_an_interrupt_keeps_the_rows_so_far() -> None:
    told = []

    def progress(label: str, done: int, total: int) -> None:
        told.append((label, done, total))
        if label.endswith("float32") and done == 3:
            raise KeyboardInterrupt

    report = gradassay.verify(softmax, like="softmax", examples=14, progress=progress)
    assert report.run.interrupted
    assert told[0] == ("softmax float64", 0, 14)
    assert len(told) == 18
    assert report.rows[0].scenarios == 14


def test_arguments_are_not_changed() -> None:
    x = X.copy()
    gradassay.verify(square, definition=lambda x: x * x, inputs=[(x,)])
    np.testing.assert_array_equal(x, X)


def test_a_pair_of_functions_is_a_rule() -> None:
    def forward(x: Array, *, axis: int = -1) -> Array:
        p: Array = softmax(x, axis=axis)[0]
        return p

    def vjp(y_bar: Array, y: Array, x: Array, *, axis: int = -1) -> Array:
        return np.asarray(y * (y_bar - np.sum(y * y_bar, axis=axis, keepdims=True)))

    assert gradassay.verify(gradassay.from_pair(forward, vjp), like="softmax", inputs=[(X,)]).ok
    swapped = gradassay.from_pair(forward, lambda y_bar, y, x, *, axis=-1: y * y_bar)
    assert not gradassay.verify(swapped, like="softmax", inputs=[(X,)]).ok


# -- usage errors ---------------------------------------------------------------------------------------------------

USAGE: dict[str, tuple[Any, dict[str, Any], str]] = {
    "unknown operation": (square, {"like": "sofmax"}, "did you mean 'softmax'"),
    "unknown dtype": (square, {"like": "softmax", "dtypes": ("float31",)}, "unknown dtype 'float31'"),
    "like and definition": (square, {"like": "softmax", "definition": np.exp}, "exclude each other"),
    "nothing at all": (square, {}, "nothing to verify on"),
    "a definition without inputs": (square, {"definition": np.exp}, "inputs"),
    "no rule": (3, {"like": "softmax"}, "the rule is 3"),
    "a primal alone": (lambda x: x * x, {"definition": np.square, "inputs": [(X,)]}, "is not a rule"),
    "a primal alone, no definition": (lambda x: x * x, {"inputs": [(X,)]}, "rule"),
    "no examples": (square, {"like": "softmax", "examples": 0}, "examples is 0"),
    "an input that is no tuple": (square, {"definition": np.square, "inputs": [X]}, "an input is a tuple"),
    "nothing to differentiate": (
        square,
        {"definition": np.square, "inputs": [(np.arange(3),)]},
        "differentiate",
    ),
    "a definition that refuses": (
        product,
        {"definition": np.matmul, "inputs": [(X, X)]},
        "refuses input 0",
    ),
    "an unsupported function": (square, {"definition": np.sort, "inputs": [(X,)]}, r"np\.sort"),
}


@pytest.mark.parametrize("name", USAGE)
def test_what_cannot_be_used_is_refused_in_one_sentence(name: str) -> None:
    rule, arguments, sentence = USAGE[name]
    with pytest.raises(gradassay.UsageError, match=sentence) as refused:
        gradassay.verify(rule, **arguments)
    assert "\n" not in str(refused.value)


# -- the pytest fixture ------------------------------------------------------------------------------------------------

TESTS = """
import numpy as np

def right(x):
    return x * x, lambda y_bar: 2 * x * y_bar

def halved(x):
    return x * x, lambda y_bar: x * y_bar

def test_right(assay):
    report = assay(right, definition=lambda x: x * x, inputs=[(np.ones(3),)])
    assert report.ok

def test_halved(assay):
    assay(halved, definition=lambda x: x * x, inputs=[(np.ones(3),)])
"""


def test_the_fixture_passes_a_right_rule_and_fails_a_wrong_one(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "gradassay.pytest_plugin",
        "--no-header",
        "test_mine.py",
    ]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 failed, 1 passed" in ran.stdout
    assert "VerificationError" in ran.stdout
    assert "pytest_plugin.py" not in ran.stdout, "the fixture's own frames are noise"
