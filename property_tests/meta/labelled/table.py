"""The table of labelled discrepancies, one family after the other."""

from __future__ import annotations

from property_tests.meta.labelled import entrywise, frameworks, indexing, losses, reductions, softmax
from property_tests.meta.labelled.entry import Labelled

TABLE: tuple[Labelled, ...] = (
    *softmax.ENTRIES,
    *losses.ENTRIES,
    *indexing.ENTRIES,
    *entrywise.ENTRIES,
    *reductions.ENTRIES,
    *frameworks.ENTRIES,
)
