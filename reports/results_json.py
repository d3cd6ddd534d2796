"""results.json: the whole run for programs; ``schema`` is raised whenever a reader has to change.

1: rows with verdicts, worst errors and discrepancies (DESIGN: contracts); edges, conditions, remarks, the
typical error, that of each region and witnesses were added, which no reader minds.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, TextIO

from gradassay.environment import installed
from gradassay.vocabulary import (
    Answer,
    Array,
    Condition,
    Discrepancy,
    EdgeRow,
    Example,
    Row,
    Run,
    Verdict,
    Witness,
    Worst,
)
from reports.encoding import encode_array, encode_float, encode_params, encode_scenario

SCHEMA = 1


class JsonReporter:
    """Strict JSON; two runs with one seed differ in ``environment`` and ``seconds`` alone."""

    name = "json"
    filename = "results.json"

    def write(self, run: Run, stream: TextIO) -> None:
        """Write ``run``, one key a line."""
        json.dump(document(run), stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")


def document(run: Run) -> dict[str, Any]:
    """``run`` as plain JSON values, keys in fixed order."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "gradassay", "version": installed("gradassay")},
        "environment": dict(run.environment),
        "subjects": list(run.subjects),
        "missing": dict(sorted(run.missing.items())),
        "notes": list(run.notes),
        "interrupted": run.interrupted,
        "rows": [_row(row) for row in run.rows],
        "edges": [_edge(row) for row in run.edges],
        "witnesses": [_witness(witness) for witness in run.replayed],
        "seconds": encode_float(run.seconds),
    }


def _witness(witness: Witness) -> dict[str, Any]:
    """The votes; the scenario stands where the witness is kept."""
    return {
        "id": witness.id,
        "operation": witness.scenario.operation,
        "dtype": witness.scenario.dtype,
        "votes": {
            name: {"verdict": vote.verdict.value, "cause": vote.cause, "errors": dict(vote.errors)}
            for name, vote in witness.votes.items()
        },
    }


def _edge(row: EdgeRow) -> dict[str, Any]:
    scenario = row.scenario
    return {
        "operation": scenario.operation,
        "region": scenario.region,
        "title": row.title,
        "args": [encode_array(array) for array in scenario.args],
        "params": encode_params(scenario.params),
        "cotangent": encode_array(scenario.cotangent),
        "answers": [_answer(answer) for answer in row.answers],
        "others": {
            winner: [encode_array(x_bar) for x_bar in x_bars] for winner, x_bars in row.others.items()
        },
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "source": answer.source,
        "primal": _array(answer.primal),
        "gradients": [_array(x_bar) for x_bar in answer.gradients],
        "error": answer.error,
        "verdict": None if answer.verdict is None else answer.verdict.value,
        "cause": answer.cause,
    }


def _array(array: Array | None) -> Any:
    return None if array is None else encode_array(array)


def _row(row: Row) -> dict[str, Any]:
    return {
        "operation": row.operation,
        "implementation": row.implementation,
        "dtype": row.dtype,
        "scenarios": row.scenarios,
        "skipped": dict(sorted(row.skipped.items())),
        "verdicts": {
            verdict.value: row.verdicts[verdict] for verdict in Verdict if row.verdicts.get(verdict)
        },
        "worst": _worst(row.worst),
        **_number("typical", row.typical),
        "typical_by_region": {region: encode_float(error) for region, error in row.typical_by_region.items()},
        "typical_by_region_hex": {
            region: float(error).hex() for region, error in row.typical_by_region.items()
        },
        "regions": dict(row.regions),
        "remarks": list(row.remarks),
        "discrepancies": [_discrepancy(found) for found in row.discrepancies],
    }


def _worst(worst: Worst) -> dict[str, Any]:
    return {
        **_number("budget_ratio", worst.budget_ratio),
        **_number("ulp", worst.ulp),
        **_number("normwise", worst.normwise),
    }


def _discrepancy(found: Discrepancy) -> dict[str, Any]:
    return {
        "id": found.id,
        "verdict": found.verdict.value,
        "cause": found.cause,
        "found": found.found,
        "count": found.count,
        "condition": None if found.condition is None else _condition(found.condition),
        "remarks": list(found.remarks),
        "message": found.message,
        "example": _example(found.example),
        "answers": None if found.beside is None else [_answer(answer) for answer in found.beside.answers],
        "reproduce": found.reproduce,
    }


def _condition(condition: Condition) -> dict[str, Any]:
    return asdict(condition) | {"precision": condition.precision, "recall": condition.recall}


def _example(example: Example) -> dict[str, Any]:
    return {
        **encode_scenario(example.scenario),
        "path": example.path,
        "index": None if example.index is None else [int(i) for i in example.index],
        **_number("expected", example.expected),
        **_number("got", example.got),
        **_number("budget", example.budget),
    }


def _number(name: str, value: float | None) -> dict[str, Any]:
    """A number, and its bits beside it."""
    if value is None:
        return {name: None, f"{name}_hex": None}
    return {name: encode_float(value), f"{name}_hex": float(value).hex()}
