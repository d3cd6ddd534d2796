"""How a wrong rule gets into the zoo: as a line of the table at the end of its family's file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from gradassay.vocabulary import Rule, Verdict
from gradassay.vocabulary.audit import Defect

IMPRECISE, NONFINITE, STRUCTURE, IMPURE, RAISES, WRONG = (
    Verdict.IMPRECISE,
    Verdict.NONFINITE,
    Verdict.STRUCTURE,
    Verdict.IMPURE,
    Verdict.RAISES,
    Verdict.WRONG,
)


def defect(
    operation: str,
    name: str,
    rule: Rule,
    verdict: Verdict,
    *,
    mistake: str,
    shows: str = "everywhere",
    source: str = "written by hand",
) -> Defect:
    """One line of a table; its full name starts with that of the operation, as those of the operators do."""
    return Defect(f"{operation}: {name}", operation, rule, verdict, mistake, shows, source)


def gradient(rule: Rule, change: Callable[..., Any]) -> Rule:
    """``rule`` with ``change(x_bar, y_bar, *args)`` in the place of its gradient, or of the tuple of them."""

    @wraps(rule)
    def changed(*args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)
        return y, lambda y_bar: change(pullback(y_bar), y_bar, *args)

    return changed


def joined(*families: Iterable[Defect]) -> Mapping[str, Defect]:
    """The zoo: all families by name, operations in the order in which they are first met.

    ValueError where two have one name.
    """
    defects = [one for family in families for one in family]
    order = list(dict.fromkeys(one.operation for one in defects))
    zoo: dict[str, Defect] = {}
    for one in sorted(defects, key=lambda one: order.index(one.operation)):
        if one.name in zoo:
            raise ValueError(f"two defects are called {one.name!r}")
        zoo[one.name] = one
    return zoo
