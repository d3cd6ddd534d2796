"""What the gate speaks of: rows of a run, discrepancies in them, and the part of both that a command is about."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gradassay.orders import operation_of, order_of
from gradassay.vocabulary import Verdict

#: Whose pullbacks' own gradients are held; what frameworks do there is compared, and not gated.
OURS = "numpy"


class Place(NamedTuple):
    """One row of a run."""

    operation: str
    implementation: str
    dtype: str


class Known(NamedTuple):
    """One discrepancy: where, what and why it happens."""

    place: Place
    verdict: Verdict
    cause: str

    def __str__(self) -> str:
        return f"{self.verdict} ({self.cause})" if self.cause else str(self.verdict)


#: Operation and id of a witness.
Listed = tuple[str, str]


@dataclass(frozen=True)
class Scope:
    """The part of the approved state that a command is about; None where it is about everything."""

    operations: Sequence[str] | None = None
    implementations: Sequence[str] | None = None
    dtypes: Sequence[str] | None = None
    order: int | None = None

    def __contains__(self, place: Place) -> bool:
        asked = ((place.implementation, self.implementations), (place.dtype, self.dtypes))
        held = order_of(place.operation) == 1 or place.implementation == OURS
        return (
            held
            and self.has(place.operation)
            and all(those is None or name in those for name, those in asked)
        )

    def has(self, operation: str) -> bool:
        """Whether anything of ``operation`` is in it; the pullback of one that was named is."""
        named = self.operations is None or operation_of(operation) in self.operations
        return named and self.order in (None, order_of(operation))

    def lists(self, operation: str, dtype: str | None) -> bool:
        """Whether accepting it settles if a witness is listed; ``dtype`` is None where that is not known."""
        if dtype is None:
            return self.has(operation) and self.implementations is None and self.dtypes is None
        return any(Place(operation, name, dtype) in self for name in self.implementations or (OURS,))

    def narrowed(self, place: Place) -> Scope:
        """The part of it that is the row ``place``, as far as that tells."""
        return Scope(
            (operation_of(place.operation),),
            (place.implementation,) if place.implementation else self.implementations,
            (place.dtype,) if place.dtype else self.dtypes,
            order_of(place.operation) if place.implementation in ("", OURS) else self.order,
        )

    def around(self, some: Collection[Place], every: Collection[Place]) -> Scope:
        """The narrowest part of it with ``some`` of the its rows; what ``every`` one has goes without saying."""

        def named(what: Callable[[Place], str]) -> tuple[str, ...] | None:
            wanted = {what(place) for place in some}
            return tuple(sorted(wanted)) if wanted < {what(place) for place in every} else None

        orders = named(lambda place: str(order_of(place.operation)))
        return replace(
            self,
            operations=named(lambda place: operation_of(place.operation)) or self.operations,
            implementations=named(lambda place: place.implementation) or self.implementations,
            dtypes=named(lambda place: place.dtype) or self.dtypes,
            order=int(orders[0]) if orders and len(orders) == 1 else self.order,
        )

    @property
    def words(self) -> str:
        """What narrows a command so."""
        return "".join(f" {shlex.quote(name)}" for name in self.operations or ()) + self.options

    @property
    def options(self) -> str:
        """The options of a command that narrow it so, but for the operations."""
        given = {
            "--order": None if self.order is None else (str(self.order),),
            "--implementations": self.implementations,
            "--dtypes": self.dtypes,
        }
        return "".join(f" {name} {','.join(names)}" for name, names in given.items() if names is not None)

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self == EVERYTHING


#: Everything.
EVERYTHING = Scope()
