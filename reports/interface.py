"""The protocol that every reporter follows: a finished run goes in, text comes out."""

from __future__ import annotations

from typing import Protocol, TextIO

from gradassay.vocabulary import Run


class Reporter(Protocol):
    """A pure function of a run: the same run gives the same text."""

    @property
    def name(self) -> str:
        """Name under which the reporter is asked for."""
        ...

    @property
    def filename(self) -> str | None:
        """Name of its file in ``--out``; None where it is meant for a terminal only."""
        ...

    def write(self, run: Run, stream: TextIO) -> None:
        """Write the report of ``run`` to ``stream``."""
        ...
