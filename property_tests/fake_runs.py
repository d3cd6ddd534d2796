"""Runs made by hand: what reporters and the gate are tested on, without measuring anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import ml_dtypes
import numpy as np

from gradassay.environment import fingerprint
from gradassay.orders import order_of
from gradassay.replay.witness_lines import identify
from gradassay.vocabulary import (
    Array,
    Discrepancy,
    Example,
    Row,
    Run,
    Scenario,
    Verdict,
    Vote,
    Witness,
    Worst,
)

IMPLEMENTATIONS = (
    "numpy",
    "finite_differences",
    "torch",
    "torch.gather",
    "tensorflow",
    "tensorflow.keras",
    "jax",
)
DTYPES = ("float64", "float32", "float16", "bfloat16")


def example(dtype: str = "float32", operation: str = "softmax", **changes: Any) -> Example:
    """One entry of a softmax gradient, or of another operation's, that is off."""
    x: Array = np.array([[0.1, -np.inf], [3.0, 3.0]]).astype(
        ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    )
    args = (x,) * order_of(operation)  # a pullback takes a cotangent as well
    parts: dict[str, Any] = {"args": args, "params": {"axis": -1}, "cotangent": np.ones_like(x), **changes}
    scenario = Scenario(operation, dtype, **parts)
    return Example(scenario, "x_bar[0]", (1, 0), expected=0.25, got=0.25000003, budget=1e-9)


def discrepancy(
    verdict: Verdict,
    cause: str,
    dtype: str = "float32",
    count: int = 3,
    operation: str = "softmax",
    **changes: Any,
) -> Discrepancy:
    """A discrepancy with a message as the engine writes it."""
    return Discrepancy(
        id=f"softmax-{verdict}-{dtype}",
        verdict=verdict,
        cause=cause,
        dtype=dtype,
        count=count,
        example=example(dtype, operation, **changes),
        message=f"x_bar[0] leaves its budget in {count} scenarios: {cause}",
        reproduce="gradassay compare softmax --seed 0",
    )


def row(
    operation: str = "softmax",
    implementation: str = "numpy",
    dtype: str = "float64",
    scenarios: int = 200,
    found: Sequence[tuple[Verdict, str, int]] = (),
    **changes: Any,
) -> Row:
    """A row that agrees but for ``found``: (verdict, cause, count)."""
    bad = sum(count for _, _, count in found)
    verdicts: dict[Verdict, int] = {Verdict.AGREES: scenarios - bad}
    for verdict, _, count in found:
        verdicts[verdict] = verdicts.get(verdict, 0) + count
    values: dict[str, Any] = {
        "verdicts": verdicts,
        "worst": Worst(0.5312, 3.0, 1.25),
        "discrepancies": tuple(
            discrepancy(verdict, cause, dtype, count, operation) for verdict, cause, count in found
        ),
        "regions": {"ordinary": scenarios // 2, "ties": scenarios - scenarios // 2, "layout: C": scenarios},
        "typical_by_region": {"ordinary": 0.75, "ties": 1.5},
        **changes,
    }
    return Row(operation, implementation, dtype, scenarios, **values)


def run(*rows: Row, **changes: Any) -> Run:
    """A run of ``rows``."""
    values: dict[str, Any] = {
        "environment": {"python": "3.11", "seed": 0, "torch": None},
        "seconds": 1.5,
        **changes,
    }
    return Run(rows=tuple(rows), **values)


def realistic(
    operations: Sequence[str] = ("softmax", "log_softmax", "cross_entropy", "get_item_grad"),
    implementations: Sequence[str] = ("numpy", "torch", "tensorflow", "tensorflow.keras", "jax"),
    surprises: Mapping[tuple[str, str, str], Sequence[tuple[Verdict, str, int]]] | None = None,
) -> Run:
    """A run of the size and the mixture of a real one."""
    if surprises is None:
        surprises = {
            ("cross_entropy", "tensorflow.keras", dtype): [
                (Verdict.CONVENTION, "renormalised", 120),
                (Verdict.NONFINITE, "p has a zero", 9),
            ]
            for dtype in DTYPES
        } | {
            ("get_item_grad", name, dtype): [(Verdict.IMPRECISE, "many duplicates in one entry", 7)]
            for name in ("torch", "tensorflow", "jax")
            for dtype in ("float16", "bfloat16")
        }
    rows = [
        row(
            operation,
            name,
            dtype,
            200,
            [(Verdict.UNDEFINED, "", 11), *surprises.get((operation, name, dtype), ())],
        )
        for operation in operations
        for name in implementations
        for dtype in DTYPES
    ]
    return run(*rows, missing={"jax": "not installed; pip install 'gradassay[jax]'"})


def voted(what: Run, witnesses: Iterable[Witness]) -> tuple[Witness, ...]:
    """``witnesses`` as those replay them who made the rows of ``what``: what is no example of theirs agrees."""
    return tuple(
        replace(
            witness,
            votes={
                row.implementation: _vote(row, witness)
                for row in what.rows
                if (row.operation, row.dtype) == (witness.scenario.operation, witness.scenario.dtype)
                and row.implementation != "finite_differences"
                and row.scenarios
            },
        )
        for witness in witnesses
    )


def _vote(row: Row, witness: Witness) -> Vote:
    errors = {fingerprint(row.implementation): 1.25}
    for found in row.discrepancies:
        if identify(found.example.scenario) == witness.id:
            return Vote(found.verdict, found.cause, errors)
    return Vote(Verdict.AGREES, "", errors)


def engine(result: Run | Callable[..., Run]) -> Any:
    """A stand-in for ``gradassay.engine`` that remembers how it was called."""

    class Engine:
        implementations = staticmethod(lambda order=1: IMPLEMENTATIONS)
        calls: ClassVar[list[tuple[tuple[Any, ...], dict[str, Any]]]] = []

        @staticmethod
        def compare(*args: Any, witnesses: Sequence[Witness] = (), **kwargs: Any) -> Run:
            Engine.calls.append((args, kwargs))
            made = result(*args, **kwargs) if callable(result) else result
            drawn: dict[str, Any] = {name: kwargs[name] for name in ("seed", "examples") if name in kwargs}
            made = replace(made, environment={**made.environment, **drawn})
            return made if made.replayed else replace(made, replayed=voted(made, witnesses))

        @staticmethod
        def replayed(witnesses: Sequence[Witness], **_: Any) -> tuple[Witness, ...]:
            made = Run(()) if callable(result) else result
            return voted(made, witnesses)

    return Engine
