"""Any rule as a comparator: the catalogue's own, ``numpy``, and the one that a user hands to ``verify``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from comparators.interface import evaluate_rule
from gradassay.vocabulary import Evaluation, Rule, Scenario

_KEYWORD = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(eq=False)
class RuleComparator:
    """One rule under a name, whatever the scenario's operation; run twice, so that impurity shows."""

    name: str
    rule: Rule

    def supports(self, scenario: Scenario) -> str | None:
        return _refusal(self.rule, scenario)

    def evaluate(self, scenario: Scenario) -> Evaluation:
        return evaluate_rule(self.rule, scenario, twice=True)


@dataclass(eq=False)
class RulesComparator:
    """One rule an operation under one name: ``RulesComparator("numpy", {name: operation.rule, ...})``."""

    name: str
    rules: Mapping[str, Rule]
    stride: int = 1

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that it has a rule for."""
        return tuple(self.rules)

    def supports(self, scenario: Scenario) -> str | None:
        if scenario.operation not in self.rules:
            return f"{self.name} has no {scenario.operation}"
        return _refusal(self.rules[scenario.operation], scenario)

    def evaluate(self, scenario: Scenario) -> Evaluation:
        return evaluate_rule(self.rules[scenario.operation], scenario, twice=True)


def _refusal(rule: Rule, scenario: Scenario) -> str | None:
    """Why the scenario's parameters cannot be given to the rule; None where they can."""
    parameters = _parameters(rule)
    if parameters is None:
        return None
    by_keyword = _by_keyword(parameters, len(scenario.args))
    anything = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    for name in scenario.params:
        if name not in by_keyword and not anything:
            return f"the rule takes no parameter {name!r}"
    for name, parameter in by_keyword.items():
        if parameter.default is inspect.Parameter.empty and name not in scenario.params:
            return f"the scenario leaves out the rule's parameter {name!r}, which has no default"
    return None


def _by_keyword(parameters: tuple[inspect.Parameter, ...], arrays: int) -> dict[str, inspect.Parameter]:
    """The parameters that are left for keywords once the arrays took the first places."""
    positional = [p.name for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY][:arrays]
    return {p.name: p for p in parameters if p.kind in _KEYWORD and p.name not in positional}


@lru_cache(maxsize=256)
def _parameters(rule: Rule) -> tuple[inspect.Parameter, ...] | None:
    """The parameters of the rule's signature; None where it has none to show, as some builtins."""
    try:
        return tuple(inspect.signature(rule).parameters.values())
    except (TypeError, ValueError):
        return None
