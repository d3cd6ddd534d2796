"""One witness as one line of JSON; what is the matter with a line is named by file, line and key."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.orders import is_name, operation_of, order_of
from gradassay.replay.scenarios import decoded
from gradassay.vocabulary import Scenario, Verdict, Vote, Witness

#: Entries that all arguments, or the cotangent, may have together: a person reads these files, and git keeps every
#: version. What a discrepancy shrinks to has a dozen; 16 × 16 is the largest matrix that still is one.
ENTRIES = 256

SUFFIX, _PULLBACK = ".jsonl", ".grad"
_KEYS = (
    "id", "operation", "dtype", "shows", "args", "params", "cotangent", "region", "layout", "valid", "votes"
)  # fmt: skip


def identify(scenario: Scenario) -> str:
    """Short name of what a rule is given: operation, dtype, arguments, parameters, cotangent, layout, validity.

    The same in every process and on every platform; the region is no part of it.
    """
    from reports.encoding import encode_scenario

    content = encode_scenario(scenario, readable=False) | {
        "operation": scenario.operation,
        "dtype": scenario.dtype,
        "region": None,
    }
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return blake2b(text.encode(), digest_size=5).hexdigest()


def small_enough(scenario: Scenario) -> bool:
    """Whether the scenario has no more entries than a witness may have."""
    return max(sum(x.size for x in scenario.args), scenario.cotangent.size) <= ENTRIES


def file_name(operation: str) -> str:
    """``softmax.jsonl``, ``softmax.grad.jsonl`` of grad(softmax); UsageError where a name could be anything else."""
    if not is_name(operation):
        raise UsageError(
            f"the operation {operation!r} cannot have witnesses: a name is made of letters, digits and _"
        )
    return operation_of(operation) + (_PULLBACK if order_of(operation) == 2 else "") + SUFFIX


def written(witness: Witness) -> str:
    """The line, keys in fixed order; UsageError for a witness that could not be read back, or is too large."""
    from reports.encoding import encode_float, encode_scenario

    scenario = witness.scenario
    if not small_enough(scenario):
        raise _unkept(
            witness, f"it has more than {ENTRIES} entries in its arguments or its cotangent; shrink it"
        )
    votes = {
        name: {
            "verdict": vote.verdict.value,
            "cause": vote.cause,
            "errors": {on: encode_float(vote.errors[on]) for on in sorted(vote.errors)},
        }
        for name, vote in sorted(witness.votes.items())
    }
    entry = {
        "id": witness.id,
        "operation": scenario.operation,
        "dtype": scenario.dtype,
        "shows": witness.shows,
        **encode_scenario(scenario, readable=False),
        "votes": votes,
    }
    line = json.dumps(entry, ensure_ascii=False, allow_nan=False)
    try:
        parsed(line, "it")
    except UsageError as error:
        raise _unkept(witness, str(error)) from error
    return line


def _unkept(witness: Witness, why: str) -> UsageError:
    return UsageError(f"witness {witness.id} of {witness.scenario.operation} cannot be kept: {why}")


def parsed(line: str, where: str) -> Witness:
    """The witness of a line that stands at ``where``; UsageError for whatever is not as it should be."""
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where}: is no JSON: {error}") from error
    with at(where, "the line"):
        _insist(isinstance(entry, dict), "is no object {...}")
        for key in _KEYS:
            _insist(key in entry, f"has no {key}")
        for key in entry:
            _insist(key in _KEYS, f"has a key {key!r} that nobody reads")
    for key in ("id", "operation", "dtype", "shows", "region", "layout"):
        with at(where, key):
            _insist(isinstance(entry[key], str), f"is {entry[key]!r}, and has to be a text")
    with at(where, "dtype"):
        _insist(
            entry["dtype"] in FORMATS, f"is {entry['dtype']!r}, and has to be one of {', '.join(FORMATS)}"
        )
    with at(where, "valid"):
        _insist(isinstance(entry["valid"], bool), f"is {entry['valid']!r}, and has to be true or false")
    with at(where, "operation"):
        file_name(entry["operation"])
    scenario = _scenario(where, entry)
    with at(where, "args"):
        _insist(small_enough(scenario), f"have more than {ENTRIES} entries, or the cotangent has")
    with at(where, "id"):
        fitting = identify(scenario)
        what = f"is {entry['id']!r}, but the input here is {fitting}: somebody edited it"
        _insist(entry["id"] == fitting, what)
    with at(where, "votes"):
        _insist(isinstance(entry["votes"], dict), "are no object {...}")
    votes = {who: _vote(where, f"votes[{who!r}]", vote) for who, vote in entry["votes"].items()}
    return Witness(entry["id"], scenario, entry["shows"], votes)


def _scenario(where: str, entry: Any) -> Scenario:
    from reports.encoding import decode_array, decode_params

    with at(where, "args"):
        _insist(isinstance(entry["args"], list) and entry["args"] != [], "are no list of arrays")
    for i, array in enumerate(entry["args"]):
        with at(where, f"args[{i}]"):
            decode_array(array)
    with at(where, "cotangent"):
        decode_array(entry["cotangent"])
    with at(where, "params"):
        decode_params(entry["params"])
    with at(where, "layout"):
        return decoded(entry, entry["operation"], entry["dtype"], entry["operation"])


def _vote(where: str, key: str, encoded: Any) -> Vote:
    with at(where, key):
        _insist(isinstance(encoded, dict), "is no object {...}")
        for name in ("verdict", "cause", "errors"):
            _insist(name in encoded, f"has no {name}")
        verdicts = [verdict.value for verdict in Verdict]
        _insist(encoded["verdict"] in verdicts, f"has the verdict {encoded['verdict']!r}, and there are: "
                f"{', '.join(verdicts)}")  # fmt: skip
        _insist(isinstance(encoded["cause"], str), f"has the cause {encoded['cause']!r}, which is no text")
        _insist(isinstance(encoded["errors"], dict), "has errors that are no object {...}")
        errors = {on: _error(on, value) for on, value in encoded["errors"].items()}
    return Vote(Verdict(encoded["verdict"]), encoded["cause"], errors)


def _error(fingerprint: str, value: Any) -> float:
    """A number from 0, or ``"inf"``."""
    if value == "inf":
        return math.inf
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    _insist(number, f'has the error {value!r} on {fingerprint!r}, which has to be a number from 0, or "inf"')
    return float(value)


def _insist(true: bool, otherwise: str) -> None:
    if not true:
        raise ValueError(otherwise)


@contextmanager
def at(where: str, key: str) -> Iterator[None]:
    """UsageError that names file, line and key for whatever is not as it should be."""
    try:
        yield
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        OverflowError,
        ZeroDivisionError,
    ) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{where}: {key}: {what}") from error
