"""The engine: what was asked for, all of it and nothing else, the same every time, and kept when interrupted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from comparators import registry
from comparators.numpy_rules import RulesComparator
from gradassay.catalogue import OPERATIONS
from gradassay.engine import chosen, compare, implementations, positive
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.plan import FINITE_DIFFERENCES
from gradassay.vocabulary import Row, Run, Verdict

OURS: Any = {"implementations": ("numpy", FINITE_DIFFERENCES)}


def key(row: Row) -> tuple[str, str, str]:
    return row.operation, row.implementation, row.dtype


def shown(run: Run) -> list[Any]:
    """Everything of a run but its environment and the time it took."""
    return [
        (
            *(key(row), row.scenarios, row.skipped, row.verdicts, row.worst, row.regions),
            *((d.id, d.cause, d.count, d.message, d.reproduce) for d in row.discrepancies),
        )
        for row in run.rows
    ]


@pytest.fixture(scope="module")
def run() -> Run:
    return compare(examples=20, seed=4, **OURS)


def test_every_operation_is_measured_in_every_dtype(run: Run) -> None:
    by_numpy = [(row.operation, row.dtype) for row in run.rows if row.implementation == "numpy"]
    assert by_numpy == [(operation, dtype) for operation in OPERATIONS for dtype in FORMATS]
    differences = [row for row in run.rows if row.implementation == FINITE_DIFFERENCES]
    assert {row.dtype for row in differences} == {"float64"}
    assert {row.operation for row in differences} == set(OPERATIONS)


def test_every_scenario_is_judged_or_skipped_with_a_reason(run: Run) -> None:
    for row in run.rows:
        assert row.scenarios + sum(row.skipped.values()) == 20, key(row)
        assert sum(row.verdicts.values()) == row.scenarios, key(row)
        assert all(reason for reason in row.skipped), key(row)
        layouts = sum(n for name, n in row.regions.items() if name.startswith("layout: "))
        regions = sum(n for name, n in row.regions.items() if not name.startswith("layout: "))
        assert layouts == regions == row.scenarios, key(row)
    assert any(row.skipped for row in run.rows if row.implementation == FINITE_DIFFERENCES)


def test_our_own_rules_have_no_bad_verdict(run: Run) -> None:
    assert run.ok
    assert not run.failing
    assert {v for row in run.rows for v in row.verdicts} <= {
        Verdict.AGREES,
        Verdict.SUBGRADIENT,
        Verdict.UNDEFINED,
        Verdict.INCONCLUSIVE,
    }


def test_discrepancies_add_up_to_the_verdicts(run: Run) -> None:
    for row in run.rows:
        for verdict, count in row.verdicts.items():
            found = sum(d.count for d in row.discrepancies if d.verdict is verdict)
            assert found == (0 if verdict is Verdict.AGREES else count), key(row)
    ids = [d.id for row in run.rows for d in row.discrepancies]
    assert len(ids) == len(set(ids))


def test_the_run_says_what_it_ran_with(run: Run) -> None:
    assert run.environment["seed"] == 4
    assert run.environment["examples"] == 20
    assert {"python", "numpy", "platform"} <= set(run.environment)
    assert run.seconds > 0
    assert not run.interrupted
    assert not run.missing


def test_two_runs_with_one_seed_are_equal() -> None:
    arguments: Any = {
        "operations": ["softmax", "get_item"],
        "dtypes": ["float32", "bfloat16"],
        "examples": 15,
        **OURS,
    }
    first, second, other = (compare(seed=seed, **arguments) for seed in (1, 1, 2))
    assert shown(first) == shown(second)
    assert shown(first) != shown(other)


def test_a_selection_is_reported_in_the_order_of_the_catalogue() -> None:
    part = compare(
        ["get_item", "softmax"], dtypes=["float32", "float64"], examples=2, implementations=["numpy"]
    )
    assert [key(row) for row in part.rows] == [
        (operation, "numpy", dtype)
        for operation in ("softmax", "get_item")
        for dtype in ("float64", "float32")
    ]


def test_a_part_of_a_run_is_what_the_whole_run_says_of_it(run: Run) -> None:
    part = compare(["cross_entropy"], dtypes=["float16"], examples=20, seed=4, implementations=["numpy"])
    whole = [row for row in run.rows if key(row) == ("cross_entropy", "numpy", "float16")]
    assert shown(part)[0][1:] == shown(replace(run, rows=tuple(whole)))[0][1:]


def test_a_framework_that_is_not_installed_is_listed_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, **kwargs: Any) -> Any:
        if name != registry.NUMPY:
            raise registry.Missing(f"{name} is not installed; pip install 'gradassay[{name}]'")
        return RulesComparator(name, kwargs["rules"])

    monkeypatch.setattr("comparators.registry.load", load)
    run = compare(["softmax"], dtypes=["float64"], examples=3)
    able = {name for name in registry.COMPARATORS if "softmax" in registry.operations(name)}
    assert set(run.missing) == able < set(implementations())
    assert "pip install" in run.missing["torch"]
    assert {row.implementation for row in run.rows} == {"numpy", FINITE_DIFFERENCES}
    assert run.ok


def test_a_run_in_which_nothing_was_measured_is_not_ok() -> None:
    assert not Run(rows=()).ok
    assert not compare(["softmax"], dtypes=["float32"], implementations=[FINITE_DIFFERENCES], examples=3).ok


def test_progress_counts_to_the_end() -> None:
    told = []

    def note(label: str, done: int, total: int) -> None:
        told.append((label, done, total))

    compare(["softmax", "get_item"], dtypes=["float64"], examples=4, progress=note, implementations=["numpy"])
    assert told[0] == ("softmax float64", 0, 8)
    assert [done for _, done, _ in told] == [*range(8), 8]
    assert told[-1] == ("done", 8, 8)


@pytest.mark.parametrize("at", [0, 1, 7, 8, 13])
def test_an_interrupt_keeps_the_rows_so_far(at: int) -> None:
    def interrupt(label: str, done: int, total: int) -> None:
        if done == at:
            raise KeyboardInterrupt

    run = compare(
        ["softmax", "get_item"], dtypes=["float64"], examples=8, progress=interrupt, implementations=["numpy"]
    )
    assert run.interrupted
    assert sum(row.scenarios for row in run.rows) == at
    assert [row.operation for row in run.rows] == ["softmax", "get_item"][: (at + 7) // 8]


def test_an_interrupt_inside_of_a_rule_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupting(*args: Any, **params: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setitem(OPERATIONS, "softmax", replace(OPERATIONS["softmax"], rule=interrupting))
    assert compare(["softmax"], dtypes=["float64"], examples=2, implementations=["numpy"]).interrupted


def test_a_rule_that_got_worse_fails_the_run_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def worse(x: Any, *, axis: Any = -1) -> Any:
        y, pullback = OPERATIONS["log_softmax"].rule(x, axis=axis)
        return y, lambda y_bar: -pullback(y_bar)

    monkeypatch.setitem(OPERATIONS, "softmax", replace(OPERATIONS["softmax"], rule=worse))
    run = compare(["softmax"], dtypes=["float64"], examples=6, implementations=["numpy"])
    assert not run.ok
    assert [key(row) for row in run.failing] == [("softmax", "numpy", "float64")]
    assert compare(
        ["softmax"], dtypes=["float64"], examples=6, implementations=["numpy"], subjects=["torch"]
    ).ok


def test_implementations_are_named_in_the_order_of_the_report() -> None:
    assert implementations()[:2] == ("numpy", FINITE_DIFFERENCES)
    assert {"torch", "tensorflow", "tensorflow.keras", "jax"} <= set(implementations())


USAGE: dict[str, tuple[dict[str, Any], str]] = {
    "operation": ({"operations": ["sofmax"]}, "unknown operation 'sofmax'.*did you mean 'softmax'"),
    "implementation": (
        {"implementations": ["tensorflw"]},
        "unknown implementation.*did you mean 'tensorflow'",
    ),
    "dtype": ({"dtypes": ["float23"]}, "unknown dtype 'float23'; known: float64.*did you mean"),
    "nothing close": ({"dtypes": ["posit"]}, "known: float64, float32, float16, bfloat16$"),
    "examples": ({"examples": 0}, "examples is 0; it has to be a whole number from 1"),
}


@pytest.mark.parametrize("name", USAGE)
def test_what_is_not_known_is_refused_before_anything_runs(name: str) -> None:
    arguments, sentence = USAGE[name]

    def never(*_: Any) -> None:
        raise AssertionError("something ran")

    with pytest.raises(UsageError, match=sentence):
        compare(progress=never, **arguments)


def test_names_are_chosen_in_the_known_order() -> None:
    known = ("a", "b", "c")
    assert chosen("letter", None, known) == known
    assert chosen("letter", ["c", "a", "c"], known) == ("a", "c")
    assert positive("n", 1) == 1
