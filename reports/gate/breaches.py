"""A breach: one difference between a run and what was approved, with what it takes to look at it and to accept it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum

from gradassay.orders import operation_of
from gradassay.vocabulary import Discrepancy, Example, Scenario, Verdict
from reports.gate import FOLDER
from reports.gate.places import EVERYTHING, Place, Scope


class Kind(StrEnum):
    """How a run can differ from what was approved, the gravest first."""

    WORSE = "worse"
    """A worse verdict, or a larger error, than was approved."""
    NEW = "new"
    """A discrepancy that was never approved."""
    CHANGED = "changed"
    """A witness shows something else."""
    STALE = "stale"
    """An approved discrepancy that is no longer there."""
    RENAMED = "renamed"
    """Measured when it was approved, and now under another name."""
    VANISHED = "vanished"
    """Measured when it was approved, and not now."""
    UNLISTED = "unlisted"
    """Measured now, and not known to the approved state."""


class File(StrEnum):
    """The part of the approved state that has to be edited."""

    EXPECTED = "expected.toml"
    ACCURACY = "accuracy.toml"
    WITNESSES = "witnesses"


@dataclass(frozen=True)
class Breach:
    """One difference."""

    kind: Kind
    place: Place
    """Where; dtype, or implementation and dtype, are empty where it is about all of them."""
    what: str
    """What differs, in words."""
    file: str = File.EXPECTED
    """The file to edit, in the folder of the approved state."""
    line: int | None = None
    verdict: Verdict | None = None
    """None where no verdict is the matter."""
    shown: Discrepancy | None = None
    """The discrepancy whose example shows it."""
    scenario: Scenario | None = None
    """What shows it where it is no discrepancy."""
    entry: Example | None = None
    """The same with its worst entry."""
    votes: tuple[str, ...] = ()
    """What every implementation does there, a sentence each."""
    region: str = ""
    """The region of the inputs that it is about; empty where that is no matter."""
    platform: str = ""
    """The platform that it may be all about: there, nobody recorded an error."""
    anywhere: bool = False
    """Whether it may be of any row of its operation, as nobody knows which."""
    renamed: str = ""
    """The name that the operation has now, where that is another one."""

    @property
    def example(self) -> Example | None:
        """What a person looks at."""
        return self.entry if self.shown is None else self.shown.example

    @property
    def where(self) -> str:
        """``numpy softmax float32``."""
        return " ".join(part for part in (self.place[1], self.place[0], self.place[2]) if part)

    def remedy(self, folder: str, scope: Scope = EVERYTHING) -> str:
        """The command that accepts its row into the state in ``folder``, and nothing that was not checked.

        But where it may be of any row, as a witness that was deleted, the command is about all of them.
        """
        there = "" if folder == FOLDER else f" --approved {shlex.quote(folder)}"
        named = (operation_of(name) for name in (self.place.operation, self.renamed) if name)
        part = (EVERYTHING if self.anywhere else scope).narrowed(self.place)
        what = f"{' '.join(map(shlex.quote, named))}{part.options}{there}"
        return f'gradassay approve {what} --reason "why {self.where} is right"'

    def sentence(self, folder: str, scope: Scope = EVERYTHING) -> str:
        """Everything but the votes in one line."""
        return f"{self.kind}: {self.where}: {self.what}; if this is right: {self.remedy(folder, scope)}"

    def edits(self, folder: str) -> str:
        """The file that has to change, with the line."""
        return f"{folder}/{self.file}" + (f":{self.line}" if self.line else "")


def order(breach: Breach) -> tuple[int, Place]:
    """The gravest kind first."""
    return list(Kind).index(breach.kind), breach.place
