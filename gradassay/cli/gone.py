"""Operations that the approved state has and the catalogue has not: deleted, or known by another name now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradassay.vocabulary import Run
    from reports.gate.holding import State


def gone(operations: Sequence[str], state: State) -> list[str]:
    """Those of ``operations`` that only the approved state still has."""
    from gradassay.catalogue import OPERATIONS

    known = _known(state)
    return [name for name in operations if name in known and name not in OPERATIONS]


def fresh(state: State) -> list[str]:
    """The operations that the approved state has nothing of: one of them may be what one that is gone is called now."""
    from gradassay.catalogue import OPERATIONS

    known = _known(state)
    return [name for name in OPERATIONS if name not in known]


def of_nothing(state: State) -> Run:
    """The run of what is gone."""
    from gradassay.vocabulary import Run

    drawn = {"seed": state.expectations.seed, "examples": state.expectations.examples}
    return Run((), environment=drawn)


def _known(state: State) -> set[str]:
    from gradassay.cli.fitting import places
    from gradassay.orders import operation_of

    return {operation_of(place.operation) for place in places(state, None)}
