"""The figures of a bench in few letters, alike in the terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterator

from gradassay.vocabulary.bench import OURS, BenchResult, BenchRow, Ratio

#: Beyond this ratio a rule of ours is too slow (the project's own bound).
TOO_SLOW = 2.0


def duration(seconds: float) -> str:
    """``0.3 µs``, ``12.3 µs``, ``4.56 ms``."""
    value, unit = (seconds * 1e6, "µs") if seconds < 1e-3 else (seconds * 1e3, "ms")
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 or unit == 'µs' else 2}f} {unit}"


def times(ratio: float) -> str:
    """``0.55``, ``12.3``, ``123``; ``<.01`` where two places would say 0."""
    if ratio < 0.005:
        return "<.01"
    return f"{ratio:.{2 if ratio < 9.995 else 1 if ratio < 99.95 else 0}f}"


def interval(ratio: Ratio) -> str:
    """``0.52–0.58``."""
    return f"{times(ratio.low)}–{times(ratio.high)}"


def memory(peak_bytes: int | None) -> str:
    """MiB; ``-`` where it is not known, ``<3`` where it drowns in pages of 2 MiB and what the interpreter touches."""
    if peak_bytes is None:
        return "-"
    return "<3" if peak_bytes < 3 * 2**20 else f"{peak_bytes / 2**20:.1f}"


def share(of_copy: float | None) -> str:
    """Percent of the copy limit, never a false 0."""
    if of_copy is None:
        return "-"
    return "<1 %" if of_copy < 0.01 else f"{100 * of_copy:.0f} %"


def size(row: BenchRow) -> str:
    """``4096×1000``."""
    return "×".join(str(side) for side in row.size)


def sizes(result: BenchResult) -> list[str]:
    """Every size of the result, in its order."""
    return list(dict.fromkeys(size(row) for row in result.rows))


def operations(result: BenchResult) -> list[str]:
    """Every operation of the result, in its order."""
    return list(dict.fromkeys(row.operation for row in result.rows))


def others(result: BenchResult) -> list[str]:
    """The implementations beside ours, in their order, those among them that never ran."""
    return list(dict.fromkeys(who for row in result.rows for who in (*row.ratios, *row.failed)))


def standing(ratio: Ratio) -> str:
    """What the interval proves of us: ``quicker``, ``slower``, ``too slow``, or ``alike`` where it proves nothing."""
    if ratio.low > TOO_SLOW:
        return "too slow"
    return "quicker" if ratio.high < 1 else "slower" if ratio.low > 1 else "alike"


def failures(result: BenchResult) -> Iterator[str]:
    """Who could not run what, and why; one line for the sizes of an operation together."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in result.rows:
        for who, why in row.failed.items():
            found.setdefault((who, row.operation, why), []).append(size(row))
    for (who, operation, why), where in found.items():
        yield f"{who} cannot run {operation} at {', '.join(where)}: {why}"


def conditions(result: BenchResult) -> Iterator[str]:
    """Under what the figures were taken, a sentence each."""
    about = result.environment
    counts = sorted({row.rounds for row in result.rows})
    if counts:
        rounds = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        yield f"{about['dtype']}, {rounds} rounds a row, seed {about['seed']}; {about['clock']}"
    threads: dict[str, list[str]] = {}
    for who, what in about["threads"].items():
        threads.setdefault(what, []).append(who)
    yield "threads: " + "; ".join(f"{', '.join(who)}: {what}" for what, who in threads.items())
    used = about["cores_used"]
    if used:
        yield "cores kept busy: " + ", ".join(
            f"{who} {busy:.2f}" for who, busy in sorted(used.items(), key=_ours_first)
        )


def _ours_first(who: str) -> tuple[bool, str]:
    return who != OURS, who
