"""A bench's figures are what they are called; no test asks how fast anything is."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradassay.bench import bench
from gradassay.bench.legs import LEGS, framework_of, make_case
from gradassay.bench.memory import Footprint, beyond, can_tell, footprint
from gradassay.bench.rounds import COPY, Load, copying, summarise
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.intervals import median_ratio
from gradassay.vocabulary.bench import BenchResult, Ratio

MIB = 2**20


def test_a_bench_has_one_row_for_each_operation_and_size() -> None:
    result = bench(["softmax", "get_item"], sizes=((2, 3), (4, 5)), rounds=3, implementations=["torch"])
    assert [(row.operation, row.size) for row in result.rows] == [
        (name, size) for name in ("softmax", "get_item") for size in ((2, 3), (4, 5))
    ]
    assert ("torch" in result.environment["threads"]) != ("torch" in result.missing)
    for row in result.rows:
        assert row.rounds == 3
        assert set(row.seconds) == {"numpy", *row.ratios} == {"numpy", *row.forward_ratios}
        assert {"numpy", "torch"} == set(row.seconds) | set(result.missing)
        assert all(timing.total_s > 0 and timing.forward_s > 0 for timing in row.seconds.values())
        assert all((timing.of_copy or 0) > 0 for timing in row.seconds.values())
        assert all(ratio.low <= ratio.median <= ratio.high for ratio in row.ratios.values())


def test_a_bench_survives_json() -> None:
    result = bench(["relu"], sizes=((2, 3),), rounds=1, implementations=["numpy"])
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert BenchResult.from_dict(json.loads(text)) == result


def test_every_implementation_that_is_not_installed_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("comparators.registry.find_spec", lambda _: None)
    result = bench(["relu"], sizes=((2, 3),), rounds=1)
    assert set(result.missing) == set(LEGS) - {"numpy"}
    for who, why in result.missing.items():
        assert f"gradassay[{framework_of(who)}]" in why
    assert [set(row.seconds) for row in result.rows] == [{"numpy"}]


def test_who_cannot_run_a_case_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> Any:
        raise TypeError("no such kernel\nfor this dtype")

    pytest.importorskip("torch", reason="an optional extra")
    monkeypatch.setattr("gradassay.bench.LEGS", {**LEGS, "torch": refuse})
    (row,) = bench(["relu"], sizes=((2, 3),), rounds=1, implementations=["torch"]).rows
    assert row.failed == {"torch": "TypeError: no such kernel"}
    assert set(row.seconds) == {"numpy"}


@pytest.mark.parametrize("said", [2, 3], ids=["between rows", "within a row"])
def test_an_interrupt_keeps_the_rows_that_were_finished(said: int) -> None:
    told: list[str] = []

    def progress(done: int, total: int, label: str) -> None:
        told.append(label)
        if len(told) > said:
            raise KeyboardInterrupt

    result = bench(["relu"], sizes=((2, 3),) * 4, rounds=1, implementations=["numpy"], progress=progress)
    assert result.interrupted
    assert len(result.rows) == 1


def test_a_row_takes_differences_and_ratios_within_a_round() -> None:
    # The machine is ten times as slow in the second round, and everything with it.
    times = {
        ("numpy", "forward"): [1.0, 10.0, 1.0],
        ("numpy", "both"): [3.0, 30.0, 3.0],
        ("torch", "forward"): [2.0, 20.0, 2.0],
        ("torch", "both"): [4.0, 40.0, 4.0],
        (COPY, "both"): [0.5, 5.0, 0.5],
    }
    row = summarise("relu", "float32", (2, 3), times, 96, {"numpy": 10, "torch": None}, {})
    ours, theirs = row.seconds["numpy"], row.seconds["torch"]
    assert (ours.forward_s, ours.pullback_s, ours.total_s) == (1.0, 2.0, 3.0)
    assert (ours.of_copy, theirs.of_copy) == (0.5 / 3, 0.125)
    assert (ours.peak_bytes, theirs.peak_bytes) == (10, None)
    assert row.ratios["torch"] == Ratio(0.75, 0.75, 0.75, 0.75)
    assert row.forward_ratios["torch"].median == 0.5
    assert (row.rounds, row.moved_bytes, row.copy_s, row.entries) == (3, 96, 0.5, 6)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    intervals = [median_ratio(np.exp(rng.normal(size=11)).tolist(), [1.0] * 11) for _ in range(4000)]
    inside = np.mean([ratio.low <= 1 <= ratio.high for ratio in intervals])
    confidence = intervals[0].confidence
    assert 0.95 <= confidence < 1
    # Five standard deviations of a share among 4,000.
    assert abs(inside - confidence) <= 5 * np.sqrt(confidence * (1 - confidence) / 4000)


def test_a_narrower_interval_would_not_hold_it_often_enough() -> None:
    times = [float(k) for k in range(1, 12)]
    assert (median_ratio(times, [1.0] * 11).low, median_ratio(times, [1.0] * 11).high) == (2, 10)
    assert median_ratio(times, [1.0] * 11, confidence=0.9).low == 3
    assert median_ratio([1.0, 2.0, 3.0], [1.0] * 3).confidence == 0.75


@pytest.mark.parametrize("count", [1, 5000])
def test_an_interval_can_be_had_of_any_number_of_rounds_but_none(count: int) -> None:
    ratio = median_ratio([2.0] * count, [1.0] * count)
    assert (ratio.low, ratio.median, ratio.high) == (2, 2, 2)
    assert (ratio.confidence >= 0.95) == (count > 5)
    with pytest.raises(ValueError, match="no ratios"):
        median_ratio([], [])


def test_a_copy_reads_and_writes_what_has_to_be_moved() -> None:
    copy = copying(10 * MIB)
    source, target = (cell.cell_contents for cell in copy.__closure__ or ())
    copy()
    assert source.nbytes + target.nbytes == 10 * MIB
    assert np.array_equal(source, target)


def test_cores_are_counted_over_all_turns() -> None:
    load = Load()
    for wall_s, cpu_s in ((1.0, 2.0), (3.0, 3.0)):
        load.add("torch", wall_s, cpu_s)
    assert load.cores_used() == {"torch": 1.25}


def test_memory_that_is_kept_is_counted_by_what_is_touched() -> None:
    assert beyond(Footprint(risen=30, touched=55), arguments=20, own=5) == 30
    assert beyond(Footprint(risen=0, touched=55), arguments=20, own=5) == 30
    assert beyond(Footprint(risen=0, touched=10), arguments=20, own=5) == 0


needs_marks = pytest.mark.skipif(not can_tell(), reason="the system does not tell a process its footprint")


@needs_marks
@pytest.mark.parametrize("keeps", [False, True], ids=["anew", "from a pool"])
def test_a_footprint_is_what_a_call_needs_whether_or_not_its_memory_is_kept(keeps: bool) -> None:
    pool = np.ones(32 * MIB, np.uint8)

    def taking(size: int) -> Footprint:
        def call() -> object:
            taken = pool[:size] if keeps else np.empty(size, np.uint8)
            taken.fill(1)
            return taken

        call()
        found = footprint(call)
        assert found is not None
        return found

    # What a call of next to nothing touches is the interpreter's: megabytes where the system makes pages of 2 MiB.
    own, found = taking(1).touched, taking(pool.size)
    assert abs(beyond(found, arguments=0, own=own) - pool.size) < 3 * MIB
    assert abs(found.touched - own - pool.size) < 3 * MIB
    assert abs(found.risen - (0 if keeps else pool.size)) < MIB


@needs_marks
def test_taking_a_footprint_leaves_the_process_as_it_was() -> None:
    thp_enabled = re.compile(r"^THP_enabled:\s*\d", re.MULTILINE)

    def settings() -> tuple[bool, list[str]]:
        return gc.isenabled(), thp_enabled.findall(Path("/proc/self/status").read_text(encoding="utf-8"))

    def failing() -> object:
        assert settings() != before
        raise ZeroDivisionError

    before = settings()
    with pytest.raises(ZeroDivisionError):
        footprint(failing)
    assert settings() == before


@needs_marks
@pytest.mark.parametrize("name", ["softmax", "relu", "affine", "get_item"])
def test_the_systems_figure_is_that_of_the_interpreters_own_count(name: str) -> None:
    import tracemalloc

    call = LEGS["numpy"](make_case(OPERATIONS[name], (2000, 1000), "float32", np.random.default_rng(0))).both
    call()
    tracemalloc.start()
    try:
        call()
        _, counted = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    found = footprint(call)
    assert found is not None
    assert counted > 7 * MIB
    assert abs(found.risen - counted) < MIB


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"operations": ["softmux"]}, "did you mean 'softmax'"),
        ({"implementations": ["torhc"]}, "did you mean 'torch'"),
        ({"dtype": "float8"}, "unknown dtype"),
        ({"sizes": ((0, 3),)}, "two positive numbers"),
        ({"sizes": ((10**7, 10**7),)}, "GiB; take a smaller one"),
        ({"rounds": 0}, "at least 1"),
    ],
    ids=["operation", "implementation", "dtype", "no entries", "beyond memory", "no rounds"],
)
def test_unusable_input_is_a_usage_error(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        bench(**wrong)
