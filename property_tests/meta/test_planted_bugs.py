"""Every planted bug is found with the default settings, for what it is; every correct rule passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradassay
from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Verdict
from property_tests.meta.zoo import BUGS, CORRECT, stable

#: What has to be found in each dtype alone.
NAMED = {
    "times 1 + 2^-48",
    "drops the sum term",
    "ignores its cotangent",
    "wrong only where x < -12",
    "overwrites duplicates",
    "adds to its cotangent in place",
}


def test_the_zoo_holds_every_kind_of_mistake() -> None:
    assert set(BUGS) >= NAMED
    assert {operation for operation, _, _ in BUGS.values()} == set(OPERATIONS)
    assert {verdict for *_, verdicts in BUGS.values() for verdict in verdicts} == {
        v for v in Verdict if v.fails
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str, seed: int) -> None:
    operation, rule, verdicts = BUGS[name]
    report = gradassay.verify(rule, like=operation, seed=seed)
    assert not report.ok, f"{name} passed"
    found = {d.verdict for d in report.discrepancies if d.verdict.fails}
    assert found & verdicts, f"{name} was called {', '.join(found)}"
    assert report.discrepancies[0].message
    with pytest.raises(AssertionError, match=operation):
        report.raise_if_failed()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", sorted(NAMED))
def test_what_has_to_be_found_is_found_in_each_dtype_alone(name: str, dtype: str) -> None:
    operation, rule, _ = BUGS[name]
    assert not gradassay.verify(rule, like=operation, dtypes=(dtype,), examples=100).ok


@pytest.mark.parametrize("operation", ["softmax", "get_item"])
def test_the_textbook_rule_that_the_bugs_were_planted_into_passes(operation: str) -> None:
    report = gradassay.verify(CORRECT[operation], like=operation, examples=100)
    assert report.ok, str(report)


def test_a_pullback_that_reads_the_state_of_the_latest_forward_is_found() -> None:
    kept = {}

    def rule(x: Any, *, axis: Any = -1) -> Any:
        kept["p"] = stable(x, axis)

        def pullback(y_bar: Any) -> Any:
            p = kept["p"]
            return p * (y_bar - np.sum(p * y_bar, axis=axis, keepdims=True))

        return kept["p"].copy(), pullback

    assert not gradassay.verify(rule, like="softmax", examples=100).ok


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_correct_rule_passes_in_every_dtype(name: str) -> None:
    dtypes = ("float64", "float32", "float16", "bfloat16")
    report = gradassay.verify(OPERATIONS[name].rule, like=name, dtypes=dtypes, examples=100)
    assert report.ok, str(report)
    others = {d.verdict for d in report.discrepancies} - {Verdict.UNDEFINED, Verdict.SUBGRADIENT}
    assert not others, str(report)
    assert sum(row.scenarios for row in report.rows) == 400
