"""Laws of the registry and of plain rules: who is known, who is missing, which scenarios a rule is given."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from comparators import registry
from comparators.numpy_rules import RuleComparator, RulesComparator
from gradassay.errors import UsageError
from gradassay.vocabulary import Scenario


def test_an_unknown_name_is_answered_with_the_known_ones_and_a_guess() -> None:
    with pytest.raises(UsageError, match=r"known: numpy, torch, .*did you mean 'torch'"):
        registry.missing("tork")
    with pytest.raises(UsageError, match="unknown implementation"):
        registry.load("nothing")


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(
        registry.Missing, match=r"^jax and jaxlib are not installed; pip install 'gradassay\[jax\]'"
    ):
        registry.load("jax")
    assert "torch is not installed" in str(registry.missing("torch"))
    assert registry.missing("numpy") is None


def test_a_package_that_fails_to_import_is_missing_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: name)
    comparator = import_module("comparators.pytorch").COMPARATORS["torch"]

    def load() -> None:
        raise OSError("libtorch.so: cannot open")

    monkeypatch.setattr(comparator, "load", load)
    with pytest.raises(registry.Missing, match=r"cannot be used: libtorch.so"):
        registry.load("torch")


def test_a_rule_is_given_only_the_parameters_that_it_takes() -> None:
    def bare(x: Any) -> Any:
        return x, lambda y_bar: y_bar

    def positional(x: Any, axis: int = -1) -> Any:
        return x, lambda y_bar: y_bar

    def needy(x: Any, *, axis: Any) -> Any:
        return x, lambda y_bar: y_bar

    def anything(x: Any, **params: Any) -> Any:
        return x, lambda y_bar: y_bar

    x = np.ones((2, 2))
    with_axis = Scenario("softmax", "float64", (x,), {"axis": 0}, x)
    without = Scenario("softmax", "float64", (x,), {}, x)
    assert RuleComparator("mine", bare).supports(with_axis) == "the rule takes no parameter 'axis'"
    assert RuleComparator("mine", bare).supports(without) is None
    for rule in (positional, needy, anything):
        assert RuleComparator("mine", rule).supports(with_axis) is None
    assert "leaves out the rule's parameter 'axis'" in str(RuleComparator("mine", needy).supports(without))
    rules = RulesComparator("numpy", {"softmax": bare})
    assert rules.supports(without) is None
    assert rules.supports(Scenario("relu", "float64", (x,), {}, x)) == "numpy has no relu"
