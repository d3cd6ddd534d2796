"""The replayed witnesses held against the stored ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gradassay.environment import fingerprint
from gradassay.vocabulary import Run, Vote, Witness
from reports.gate.breaches import Breach, File, Kind
from reports.gate.expectations import Expectations, absent
from reports.gate.places import EVERYTHING, Place, Scope
from reports.gate.votes import error_of, said, votes
from reports.numbers import short

#: An error may be so many times the recorded one, and of so many units of u at least: 4 max(eps, recorded), eps = 2 u.
FACTOR, EPS = 4.0, 2.0


def held_witnesses(
    run: Run,
    stored: Mapping[str, Witness],
    position: Callable[[str], tuple[str, int]],
    scope: Scope = EVERYTHING,
    expectations: Expectations = Expectations(),  # noqa: B008 - frozen
) -> Iterator[Breach]:
    """Every vote that changed, every error that rose, and every witness that could not be replayed, or was deleted.

    An error that rose above those of other platforms, where none is recorded of this one, names this platform.
    ``run`` is of ``scope``, which says what had to be replayed; ``position`` gives the file and line of a witness;
    ``expectations`` list those that have to be stored.
    """
    yield from _unlike_the_list(stored, position, scope, expectations)
    replayed = {witness.id: witness for witness in run.replayed}
    for name, then in stored.items():
        scenario = then.scenario
        now = replayed.get(name)
        for implementation, vote in then.votes.items():
            place = Place(scenario.operation, implementation, scenario.dtype)
            if place not in scope or absent(run, place):
                continue
            new = None if now is None else now.votes.get(implementation)
            what = _difference(implementation, vote, new)
            if what is not None:
                kind, here = _kind(vote, new), fingerprint(implementation)
                alike = new is not None and new.alike(vote)
                platform = here if alike and here not in vote.errors else ""
                told = () if now is None else votes(then, now)
                verdict = (vote if new is None else new).verdict if now is not None else None
                file, line = position(name)
                what = f"witness {name}: {what}"
                yield Breach(
                    kind,
                    place,
                    what,
                    file,
                    line or None,
                    verdict,
                    scenario=scenario,
                    votes=told,
                    platform=platform,
                )
        for implementation in () if now is None else sorted(now.votes.keys() - then.votes.keys()):
            assert now is not None
            place = Place(scenario.operation, implementation, scenario.dtype)
            vote = now.votes[implementation]
            what = f"witness {name}: {said(vote, implementation)}, and no vote is stored"
            file, line = position(name)
            told = votes(then, now)
            yield Breach(Kind.UNLISTED, place, what, file, line or None, vote.verdict, votes=told)


def _unlike_the_list(
    stored: Mapping[str, Witness],
    position: Callable[[str], tuple[str, int]],
    scope: Scope,
    expectations: Expectations,
) -> Iterator[Breach]:
    """The witnesses that are listed or stored, and not both."""
    if expectations.witnesses is None:
        return
    there = {(w.scenario.operation, name): w.scenario.dtype for name, w in stored.items()}
    for operation, name in sorted(expectations.witnesses ^ there.keys()):
        dtype = there.get((operation, name))
        if dtype is not None and scope.lists(operation, dtype):
            what = f"witness {name} is stored and not listed in {File.EXPECTED}: was it added by hand?"
            file, line = position(name)
            yield Breach(Kind.UNLISTED, Place(operation, "", dtype), what, file, line or None)
        elif dtype is None and scope.has(operation):
            what = f"witness {name} is listed in {File.EXPECTED} and not stored"
            at = expectations.witness_lines.get((operation, name))
            yield Breach(Kind.VANISHED, Place(operation, "", ""), what, line=at, anywhere=True)


def _difference(implementation: str, then: Vote, now: Vote | None) -> str | None:
    if now is None:
        return "it was not replayed"
    if not now.alike(then):
        return f"{said(now, implementation)}, where {said(then, implementation)} is stored"
    was, is_ = error_of(then, implementation), error_of(now, implementation)
    if was is None or (is_ is not None and is_ <= FACTOR * max(EPS, was)):
        return None
    if is_ is None:
        return f"the norm-wise error is no number, and {short(was, 3)} u is stored"
    return f"the norm-wise error is {short(is_, 3)} u, more than 4 max(eps, {short(was, 3)} u)"


def _kind(then: Vote, now: Vote | None) -> Kind:
    if now is None:
        return Kind.VANISHED
    if now.verdict.rank < then.verdict.rank:
        return Kind.CHANGED
    return Kind.WORSE if now.verdict.rank > then.verdict.rank or now.cause == then.cause else Kind.CHANGED
