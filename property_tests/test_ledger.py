"""The ledger keeps every run, never gets in a command's way, and is whole whatever happened to it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradassay.errors import UsageError
from gradassay.ledger import database
from gradassay.ledger.commits import Commits
from gradassay.ledger.database import APPLICATION, MIGRATIONS, ledger_file, loaded, writing
from gradassay.ledger.querying import Wanted, history
from gradassay.ledger.recording import record, record_bench
from gradassay.ledger.sources import add
from gradassay.replay.remembered import CACHE
from gradassay.vocabulary import Row, Run, Verdict, Worst
from gradassay.vocabulary.history import COPY, History
from property_tests.fake_benches import bench
from property_tests.fake_runs import row, run
from reports.results_json import document

ENVIRONMENT = {"seed": 0, "examples": 50, "order": 1, "numpy": "2.4.6", "torch": "2.13.0", "simd": "SSE AVX2"}
NOWHERE = Commits(Path("/"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def accurate(*rows: Row, commit: str | None = None, **about: object) -> Run:
    return run(*rows or (row(),), environment={**ENVIRONMENT, "commit": commit, **about})


def kept(**wanted: object) -> History:
    path = ledger_file()
    return history(loaded(path if path.exists() else None), NOWHERE, Wanted(**wanted))  # type: ignore[arg-type]


def test_a_run_comes_back_as_it_was() -> None:
    found = [(Verdict.NONFINITE, "NaN", 3)]
    record(accurate(row(found=found, worst=Worst(float("inf"), 3.5, 1.25), typical=0.875), commit="a" * 12))
    (series,) = kept().accuracy
    (point,) = series.points
    assert (series.operation, series.implementation, series.dtype) == ("softmax", "numpy", "float64")
    assert series.setting == {"seed": "0", "examples": "50", "numpy": "2.4.6", "simd": "AVX2"}
    assert (point.typical, point.budget_ratio, point.ulp, point.normwise) == (0.875, float("inf"), 3.5, 1.25)
    assert point.verdicts == {Verdict.AGREES: 197, Verdict.NONFINITE: 3}
    assert point.failing == {Verdict.NONFINITE}
    assert (point.state.commit, point.scenarios) == ("a" * 12, 200)


def test_a_bench_comes_back_as_it_was() -> None:
    record_bench(bench(1.5, "b" * 12))
    (series,) = kept().speed
    (point,) = series.points
    assert (series.operation, series.dtype, series.size, series.reference) == (
        "softmax",
        "float32",
        (64, 100),
        "torch",
    )
    assert (point.ratio.median, point.ratio.low, point.ratio.high) == (1.5, 0.98 * 1.5, 1.02 * 1.5)
    assert series.setting["threads"] == "torch: 1 thread"
    (theirs,) = kept(implementation="torch").speed
    assert theirs.reference == "numpy"
    assert theirs.points[0].ratio.median == pytest.approx(1 / 1.5)


def test_without_a_framework_speed_is_told_beside_a_copy() -> None:
    record_bench(bench(4.0, beside_torch=False))
    (series,) = kept().speed
    assert series.reference == COPY
    assert series.points[0].ratio.median == pytest.approx(4.0)


def test_of_several_runs_of_a_commit_the_last_accuracy_counts_and_every_speed() -> None:
    for seconds, typical in ((1.0, 0.5), (2.0, 0.75)):
        record(replace(accurate(row(typical=typical), commit="c" * 12), seconds=seconds))
    for seconds, ratio in ((1.0, 1.0), (2.0, 3.0), (3.0, 2.0)):
        record_bench(bench(ratio, "c" * 12, seconds))
    (accuracy,), (speed,) = kept().accuracy, kept().speed
    assert [point.typical for point in accuracy.points] == [0.75]
    assert [point.ratio.median for point in speed.points] == [2.0]
    assert len(speed.points[0].runs) == 3


def test_a_changed_working_tree_is_another_one_at_every_run() -> None:
    for seconds, ratio in ((1.0, 1.0), (2.0, 3.0)):
        record_bench(bench(ratio, "c" * 12 + "+", seconds))
    (series,) = kept().speed
    assert [run.median for run in series.points[0].runs] == [3.0]
    assert series.points[0].state.changed


def test_without_a_commit_every_run_is_a_state_of_its_own() -> None:
    for seconds in (1.0, 2.0):
        record(replace(accurate(), seconds=seconds))
    (series,) = kept().accuracy
    assert len(series.points) == 2


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"examples": 100}, {"numpy": "2.5.0"}, {"simd": "SSE AVX512"}]
)
def test_accuracies_that_cannot_be_compared_are_kept_apart(other: dict[str, object]) -> None:
    for commit, about in (("a" * 12, {}), ("b" * 12, {}), ("c" * 12, other), ("d" * 12, other)):
        record(accurate(row(typical=2.0 if about else 1.0), commit=commit, **about))
    assert [len(series.points) for series in kept().accuracy] == [2, 2]
    assert not any(series.changes for series in kept().accuracy)


@pytest.mark.parametrize(
    "other",
    [{"cpu": "another"}, {"torch": "2.14.0"}, {"python": "3.12.1"}, {"threads": {"torch": "2 threads"}}],
)
def test_speeds_that_cannot_be_compared_are_kept_apart(other: dict[str, Any]) -> None:
    for commit, about in (("a" * 12, {}), ("b" * 12, {}), ("c" * 12, other), ("d" * 12, other)):
        record_bench(bench(1.0, commit, **about))
    assert [len(series.points) for series in kept().speed] == [2, 2]


def test_another_version_of_tensorflow_is_nothing_to_a_ratio_to_torch() -> None:
    for commit, tensorflow in (("a" * 12, "2.20"), ("b" * 12, "2.21")):
        record_bench(
            bench(1.0, commit, tensorflow=tensorflow, threads={"torch": "1", "tensorflow": tensorflow})
        )
    assert [len(series.points) for series in kept().speed] == [2]


def test_what_stands_alone_is_counted_and_left_out() -> None:
    for commit, seed in (("a" * 12, 1), ("b" * 12, 0), ("c" * 12, 0)):
        record(accurate(commit=commit, seed=seed))
    assert [series.setting["seed"] for series in kept().accuracy] == ["0"]
    assert kept().notes == (
        "left out: 1 figure that nothing newer compares with: other versions, seeds or processors",
    )


def test_a_framework_that_changed_at_the_same_commit_is_named() -> None:
    for commit, typical in (("a" * 12, 0.5), ("b" * 12, 0.75)):
        record(accurate(row(typical=typical), row(implementation="torch", typical=typical), commit=commit))
    (series,) = kept().accuracy
    assert "torch changed there as well" in series.changes[0].remark
    for commit, typical in (("c" * 12, 1.5), ("d" * 12, 1.5)):
        record(accurate(row(typical=typical), row(implementation="torch", typical=0.75), commit=commit))
    (series,) = kept().accuracy
    assert [bool(change.remark) for change in series.changes] == [True, False]


def test_nothing_of_an_interrupted_run_is_kept() -> None:
    record(replace(accurate(), interrupted=True))
    record_bench(replace(bench(1.0), interrupted=True))
    assert not ledger_file().exists()


def test_a_run_is_kept_once_wherever_it_comes_from(tmp_path: Path) -> None:
    made = accurate(row(found=[(Verdict.WRONG, "a cause", 2)], typical=0.1), commit="a" * 12)
    record(made)
    (tmp_path / "results.json").write_text(json.dumps(document(made)))
    memory = loaded(ledger_file())
    assert add(memory, [str(tmp_path), str(tmp_path / "results.json")]) == ()
    assert memory.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_files_and_ledger_are_asked_in_one_way(tmp_path: Path) -> None:
    made = [
        accurate(row(typical=typical), commit=commit * 12) for commit, typical in (("a", 0.5), ("b", 1.0))
    ]
    for index, each in enumerate(made):
        (tmp_path / f"{index}.json").write_text(json.dumps(document(each)))
        os.utime(tmp_path / f"{index}.json", (index, index))
        record(each)
    memory = loaded(None)
    add(memory, [str(tmp_path)])

    def told(found: History) -> list[object]:
        return [
            (point.typical, point.state.commit) for series in found.accuracy for point in series.points
        ] + [change.words for series in found.accuracy for change in series.changes]

    assert told(history(memory, NOWHERE, Wanted())) == told(kept()) != []


def spoil_folder(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")


def spoil_text(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database " * 100)


def spoil_pages(path: Path) -> None:
    record(accurate())
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def spoil_version(path: Path) -> None:
    record(accurate())
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")


def spoil_owner(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (name TEXT)")


SPOILT: list[tuple[Callable[[Path], None], str]] = [
    (spoil_text, "cannot read the ledger {path}: file is not a database; delete it, or name another one"),
    (spoil_pages, "cannot read the ledger {path}: "),
    (spoil_version, "{path} has version 2, and this Gradassay knows up to 1; upgrade Gradassay"),
    (spoil_owner, "{path} is a database, and not a ledger of Gradassay; name another file"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[spoil.__name__ for spoil, _ in SPOILT])
def test_a_ledger_that_cannot_be_used_is_named_and_left_as_it_is(
    spoil: Callable[[Path], None], said: str
) -> None:
    path = ledger_file()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(UsageError) as error:
        loaded(path)
    assert said.format(path=path) in str(error.value)
    record(accurate(commit="f" * 12))
    record_bench(bench(1.0))
    if spoil is not spoil_pages:  # SQLite may find free pages to write to before it meets a damaged one
        assert path.read_bytes() == before


def test_a_cache_that_cannot_be_written_to_is_nobody_s_concern() -> None:
    spoil_folder(ledger_file())
    record(accurate())
    record_bench(bench(1.0))


def test_a_ledger_that_another_command_holds_is_waited_for_and_then_let_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record(accurate(commit="a" * 12))
    monkeypatch.setattr(database, "PATIENCE_S", 0.05)
    with writing(ledger_file()):
        record(accurate(commit="b" * 12))
    assert [point.state.commit for series in kept().accuracy for point in series.points] == ["a" * 12]


def test_a_ledger_of_an_earlier_version_keeps_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    record(accurate(commit="a" * 12))
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN remark TEXT"))
    assert len(kept().accuracy) == 1, "read without being written to"
    with sqlite3.connect(ledger_file()) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    record(accurate(commit="b" * 12))
    with sqlite3.connect(ledger_file()) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        assert connection.execute("SELECT count(remark), count(*) FROM runs").fetchone() == (0, 2)


WRITER = """
import sys
from gradassay.ledger.recording import record_bench
from property_tests.fake_benches import bench
print("ready", flush=True)
sys.stdin.readline()
for index in range(int(sys.argv[2])):
    record_bench(bench(1.0, sys.argv[1] * 12, float(index)))
"""


def writers(names: str, count: int) -> list[subprocess.Popen[str]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        for name in names
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return started


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.close()


def test_commands_that_end_at_once_are_all_kept() -> None:
    started = writers("ab", 20)
    for process in started:
        go(process)
    assert [process.wait() for process in started] == [0, 0]
    (series,) = kept().speed
    assert sorted(len(point.runs) for point in series.points) == [20, 20]


def test_a_killed_command_leaves_a_ledger_that_is_whole() -> None:
    for delay in (0.005, 0.02, 0.05, 0.1):
        (process,) = writers("k", 10_000)
        go(process)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        record_bench(bench(1.0, "a" * 12, delay))
        with sqlite3.connect(ledger_file()) as connection:
            runs, rows = (
                connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("runs", "speed")
            )
        assert rows == 2 * runs, "a run is kept with all its rows, or not at all"
    (series,) = kept().speed
    assert len(next(point for point in series.points if point.state.commit == "a" * 12).runs) == 4
