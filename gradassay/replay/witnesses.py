"""Witnesses on disk: ``witnesses/<operation>.jsonl``, one witness a line, so that a line is a whole statement.

Files of two branches that each add witnesses merge line by line; reading takes any order, and a line that stands there
twice. ``grad(softmax)`` lives in ``softmax.grad.jsonl``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from gradassay.atomic import write_together
from gradassay.errors import UsageError
from gradassay.replay.witness_lines import ENTRIES, SUFFIX, file_name, identify, parsed, small_enough, written
from gradassay.vocabulary import Scenario, Vote, Witness

__all__ = [
    "ENTRIES",
    "changes",
    "file_name",
    "files",
    "identify",
    "merged",
    "positions",
    "read",
    "small_enough",
    "witness_of",
    "write",
]


def witness_of(scenario: Scenario, shows: str) -> Witness:
    """The scenario as a witness on which nobody has voted yet."""
    return Witness(identify(scenario), scenario, shows)


def merged(old: Witness, new: Witness) -> Witness:
    """The votes of ``new``, beside which stay what was seen on other platforms, and the votes of who was not asked.

    Errors of other platforms are kept where verdict and cause are as they were, and have an error: they are about
    another answer else.
    """
    votes = {who: _joined(old.votes.get(who), vote) for who, vote in new.votes.items()}
    return replace(old, shows=new.shows or old.shows, votes={**old.votes, **votes})


def _joined(old: Vote | None, new: Vote) -> Vote:
    if old is None or not new.alike(old) or not new.errors:
        return new
    return replace(new, errors={**old.errors, **new.errors})


def read(folder: Path) -> tuple[Witness, ...]:
    """All witnesses of the folder, by operation, dtype and id.

    UsageError for a folder that is not there, and for whatever is not as ``write`` left it: names file, line, key and
    remedy. An operation that the catalogue does not know is none of these.
    """
    from reports.gate.reading import MARKS, UNMERGED

    approve = _approving(folder)
    if not folder.is_dir():
        remedy = f"write it with: {approve}" if approve else "name one that gradassay explore wrote"
        raise UsageError(f"missing baseline: there is no folder {folder}; {remedy}")
    again = f" and run: {approve}" if approve else ""
    found: dict[str, tuple[str, Witness]] = {}
    for path, number, line in _lines(folder):
        if re.match(MARKS, line):
            raise UsageError(f"{path}:{number}: {'; '.join(UNMERGED)}")
        try:
            witness = parsed(line, f"{path}:{number}")
        except UsageError as error:
            raise UsageError(
                f"{error}; restore the line from version control, or delete it{again}"
            ) from error
        wanted = file_name(witness.scenario.operation)
        if path.name != wanted:
            raise UsageError(
                f"{path}:{number}: operation: is {witness.scenario.operation!r}, whose file is {wanted}; "
                "move the line there"
            )
        first, known = found.get(witness.id, (f"{path}:{number}", witness))
        both = _both(known, witness)
        if both is None:
            raise UsageError(
                f"{first} and {path}:{number}: two lines of witness {witness.id} contradict each other; keep one of "
                f"them{again}"
            )
        found[witness.id] = first, both
    return tuple(sorted((witness for _, witness in found.values()), key=_order))


def _both(one: Witness, other: Witness) -> Witness | None:
    """What two lines of a witness say together, as a merge of two branches leaves them; None where they disagree.

    Of two errors of one platform the larger one counts.
    """
    votes = dict(one.votes)
    for who, vote in other.votes.items():
        known = votes.get(who, vote)
        if not vote.alike(known):
            return None
        errors = {**known.errors, **vote.errors}
        worst = {name: max(each.errors.get(name, 0.0) for each in (known, vote)) for name in errors}
        votes[who] = replace(known, errors=worst)
    return replace(one, votes=votes)


def write(folder: Path, witnesses: Iterable[Witness]) -> None:
    """Make the folder hold these witnesses and no others, as ``changes`` says.

    UsageError for a witness that is too large or cannot be read back, and for a file that cannot be written: then
    nothing was.
    """
    try:
        texts = changes(folder, witnesses)
        folder.mkdir(parents=True, exist_ok=True)
        write_together(texts)
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error


def changes(folder: Path, witnesses: Iterable[Witness]) -> dict[Path, str | None]:
    """The files with which the folder holds these witnesses and no others: their new text, None where it has to go.

    Of two witnesses with one id the last counts. UsageError for one that is too large or cannot be read back.
    """
    texts: dict[Path, str] = {}
    for witness in sorted({each.id: each for each in witnesses}.values(), key=_order):
        path = folder / file_name(witness.scenario.operation)
        texts[path] = texts.get(path, "") + written(witness) + "\n"
    there = files(folder)
    new = {
        path: text for path, text in texts.items() if path not in there or path.read_bytes() != text.encode()
    }
    return {**new, **{path: None for path in there if path not in texts}}


def positions(folder: Path) -> dict[str, tuple[Path, int]]:
    """Id -> file and first line of each witness."""
    found: dict[str, tuple[Path, int]] = {}
    for path, number, line in _lines(folder):
        found.setdefault(json.loads(line)["id"], (path, number))
    return found


def _order(witness: Witness) -> tuple[str, str, str]:
    return witness.scenario.operation, witness.scenario.dtype, witness.id


def _approving(folder: Path) -> str | None:
    """The command that writes the state which ``folder`` is a part of; None where it is one of proposals."""
    from reports.gate.breaches import File
    from reports.gate.reading import approving

    return approving(folder.parent) if folder.name == File.WITNESSES else None


def files(folder: Path) -> list[Path]:
    """The files of the folder that hold witnesses."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


def _lines(folder: Path) -> Iterator[tuple[Path, int, str]]:
    """File, number and text of every line that is not empty."""
    for path in files(folder):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"cannot read {path}: {reason}; restore it from version control") from error
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield path, number, line.strip()
