"""What the gate speaks of: rows of a run, discrepancies in them, and the part of both that a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    def narrowed(self, place: Place) -> Scope:
        """The part of it that is the row ``place``, as far as that tells."""
        return Scope(
            (operation_of(place.operation),),
            (place.implementation,) if place.implementation else self.implementations,
            (place.dtype,) if place.dtype else self.dtypes,
            order_of(place.operation) if place.implementation in ("", OURS) else self.order,
        )

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
