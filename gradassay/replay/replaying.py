"""A discrepancy shown again: the implementation is run on its example anew, and what comes back is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comparators import registry
from comparators.finite_differences import FiniteDifferences
from comparators.interface import Comparator
from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.findings import Finding
from gradassay.judging import AgainstDifferences, AgainstTruth, ByLaws
from gradassay.orders import operation_of, order_of
from gradassay.plan import FINITE_DIFFERENCES
from gradassay.replay.remembered import Recorded
from gradassay.second_order import flattened, operation_named
from gradassay.vocabulary import Definition, Operation, Rule
from gradassay.why.cases import Judge

#: ``load("layers:softmax", "RULE")`` -> the object; UsageError where there is none.
Load = Callable[[str, str], Any]


@dataclass(frozen=True, eq=False)
class Replayed:
    """What its example shows now."""

    recorded: Recorded
    finding: Finding
    rule: Rule | None
    """The rule that the caller verified; None where the implementation is the catalogue's."""

    @property
    def shown_again(self) -> bool:
        """Whether verdict and cause are those recorded, or the cause is what the example alone showed then."""
        then, now = self.recorded.found, self.finding
        same = now.verdict is then.verdict and now.cause == then.cause
        return same or (then.found != "" and now.cause == then.found)


def replay(recorded: Recorded, load: Load) -> Replayed:
    """Run the implementation on the example again, and judge what comes back.

    ``load`` finds the rule (and the definition) of a run of ``verify`` by name. UsageError where a framework is
    missing, or the rule cannot be imported.
    """
    scenario = recorded.found.example.scenario
    rule = _own_rule(recorded, load)
    operation, definition = _held_against(recorded, load)
    comparator = _comparator(recorded, rule, operation)
    judged = _judge(recorded, comparator, operation, definition, rule)(scenario)
    if isinstance(judged, str):
        raise UsageError(f"{recorded.found.id} cannot be shown again: {judged}")
    return Replayed(recorded, judged.finding, rule)


def _judge(
    recorded: Recorded,
    comparator: Comparator,
    operation: Operation | None,
    definition: Definition | None,
    rule: Rule | None,
) -> Judge:
    """Who judged it when it was recorded."""
    if recorded.implementation == FINITE_DIFFERENCES and operation is not None:
        return AgainstDifferences(FiniteDifferences(operation.rule))
    if definition is not None:
        return AgainstTruth(comparator, definition, operation.conventions if operation else ())
    assert rule is not None  # what is held against nothing of the catalogue's is the caller's
    return ByLaws(comparator, AgainstDifferences(FiniteDifferences(rule)))


def _own_rule(recorded: Recorded, load: Load) -> Rule | None:
    """The rule that a run of ``verify`` was about; None for one of the catalogue's implementations."""
    if "rule" not in recorded.environment:
        return None
    name = recorded.environment["rule"]
    if not name or "<" in name:
        remedy = f"bind it to a name in a module, or run it again: {recorded.found.reproduce}"
        raise UsageError(f"the rule {recorded.implementation} cannot be imported by name; {remedy}")
    rule: Rule = load(name, "the rule")
    return rule


def _held_against(recorded: Recorded, load: Load) -> tuple[Operation | None, Definition | None]:
    """The operation of the catalogue and its definition, the caller's definition, or neither."""
    own = "rule" in recorded.environment
    name = recorded.environment.get("like") if own else recorded.operation
    if name is not None:
        operation = operation_named(name)
        return operation, operation.definition
    definition = recorded.environment.get("definition")
    if definition is None:
        return None, None
    if "<" in definition:
        raise UsageError(
            f"the definition {definition} cannot be imported by name; bind it to one in a module"
        )
    return None, load(definition, "the definition")


def _comparator(recorded: Recorded, rule: Rule | None, operation: Operation | None) -> Comparator:
    name = recorded.implementation
    if rule is not None:
        inner = operation_of(operation.name) if operation else ""
        of_pullback = operation is not None and inner != operation.name
        return RuleComparator(
            name, flattened(rule, OPERATIONS[inner].differentiable) if of_pullback else rule
        )
    assert operation is not None  # without a rule of the caller's
    if name == FINITE_DIFFERENCES:
        return RuleComparator(name, operation.rule)
    try:
        return registry.load(name, rules={operation.name: operation.rule}, order=order_of(operation.name))
    except registry.Missing as error:
        raise UsageError(f"{recorded.found.id} is about {name}: {error}") from error
