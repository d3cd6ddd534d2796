"""The work of a NumPy function: calls, entries and bytes. The same from run to run, to the last bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Work:
    """Counts; each is a cost, so that more of any is worse."""

    ufuncs: int = 0
    """Calls of ufuncs, entry by entry (``np.add``) or generalised (``np.matmul``)."""
    reductions: int = 0
    """Calls of ``reduce``, ``accumulate``, ``reduceat``, ``outer`` and ``at`` of a ufunc."""
    functions: int = 0
    """Calls of NumPy's other functions, and of an array's methods that read all of it."""
    copies: int = 0
    """Times that an array's own method or an index with arrays made or wrote a copy."""
    entries_in: int = 0
    """Entries read by ufuncs and by those methods."""
    entries_out: int = 0
    """Entries written by ufuncs."""
    bytes_made: int = 0
    """Bytes of new arrays: results that were not written to ``out``."""

    def __sub__(self, other: Work) -> Work:
        mine, theirs = asdict(self), asdict(other)
        return Work(**{name: mine[name] - theirs[name] for name in mine})

    def risen(self, before: Work) -> dict[str, tuple[int, int]]:
        """Count -> (before, after) of every count that has risen."""
        both = {each.name: (getattr(before, each.name), getattr(self, each.name)) for each in fields(self)}
        return {name: (old, new) for name, (old, new) in both.items() if not new <= old}
