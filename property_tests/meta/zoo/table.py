"""The table of planted bugs: name -> (operation, rule, the verdicts that say what is wrong with it)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Rule, Verdict

WRONG, IMPRECISE, NONFINITE, STRUCTURE, IMPURE, RAISES = (
    Verdict.WRONG,
    Verdict.IMPRECISE,
    Verdict.NONFINITE,
    Verdict.STRUCTURE,
    Verdict.IMPURE,
    Verdict.RAISES,
)
BUGS: dict[str, tuple[str, Rule, set[Verdict]]] = {}


def planted(operation: str, *verdicts: Verdict, name: str = "") -> Callable[[Rule], Rule]:
    """Enter a rule into the table under ``name``, or its own."""

    def enter(rule: Rule) -> Rule:
        BUGS[name or rule.__name__.replace("_", " ")] = operation, rule, set(verdicts)
        return rule

    return enter


def changed(
    operation: str, name: str, change: Callable[[Array, Array, Array], Any], *verdicts: Verdict
) -> None:
    """Enter the catalogue's rule with ``change(x_bar, y_bar, x)`` in the place of its gradient."""

    def rule(*args: Any, **params: Any) -> Any:
        y, pullback = right(operation, *args, **params)
        return y, lambda y_bar: change(pullback(y_bar), y_bar, args[0])

    planted(operation, *verdicts, name=name)(rule)


def right(operation: str, *args: Any, **params: Any) -> Any:
    """What the catalogue's rule returns."""
    return OPERATIONS[operation].rule(*args, **params)


def stable(x: Array, axis: Any) -> Array:
    """The catalogue's primal: the textbook's has no value beside +inf, and would be found for that."""
    p: Array = OPERATIONS["softmax"].rule(x, axis=axis)[0]
    return p
