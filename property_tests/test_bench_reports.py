"""A bench's reports say what its result says, and a picture that was drawn once is drawn so again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.vocabulary.bench import BenchResult, BenchRow, Ratio, Timing
from reports.bench_docs import publish
from reports.bench_figures import duration, memory, share, standing, times
from reports.bench_page import BEGIN, END, page, replaced
from reports.bench_plot import plot
from reports.bench_text import WIDTH, text

SIZES = ((8, 10), (64, 100), (512, 1000), (4096, 1000))
OTHERS = ("torch", "tensorflow", "tensorflow.function", "jax")


def row(operation: str, size: tuple[int, int], low: float, high: float) -> BenchRow:
    ratio = Ratio((low + high) / 2, low, high, 0.96)
    seconds = {who: Timing(1e-3, 2e-3, 3e-3, 5 * 2**20, 0.25) for who in ("numpy", *OTHERS)}
    ratios = dict.fromkeys(OTHERS, ratio)
    return BenchRow(operation, "float32", size, 11, seconds, ratios, ratios, {}, 1000, 1e-4)


def result(*rows: BenchRow) -> BenchResult:
    about = {
        "cpu": "abacus",
        "dtype": "float32",
        "seed": 0,
        "clock": "processor time",
        "threads": {"torch": "1 thread", "jax": "not pinned: it was loaded before"},
        "cores_used": {"torch": 1.0, "numpy": 0.99},
    }
    return BenchResult(list(rows), about)


EVERYTHING = result(*(row(name, size, 0.5, 0.625) for name in OPERATIONS for size in SIZES))


def test_every_operation_at_every_size_fits_the_terminal() -> None:
    lines = text(EVERYTHING).splitlines()
    assert max(map(len, lines)) <= WIDTH
    table = [line for line in lines if re.search(r"\d×\d", line)]
    assert len(table) == len(OPERATIONS) * len(SIZES)
    assert all(line.count("0.56 0.50–0.62") == len(OTHERS) for line in table)
    assert [line.split()[0] for line in table[:: len(SIZES)]] == list(OPERATIONS)


def test_colours_come_only_where_they_are_wanted() -> None:
    assert "\x1b[" not in text(EVERYTHING)
    assert "\x1b[32m0.56" in text(EVERYTHING, coloured=True)


def test_what_was_not_measured_is_said() -> None:
    first = row("softmax", (2, 3), 3.0, 4.0)
    failing = replace(first, ratios={}, forward_ratios={}, failed={"torch": "TypeError: no <half>"})
    found = replace(result(failing), missing={"jax": "jax is not installed"}, interrupted=True)
    for report in (text(found), page(found)):
        assert "torch cannot run softmax at 2×3: TypeError: no " in report
        assert "jax is not installed" in report
        assert re.search("interrupted", report, re.IGNORECASE)
        assert "not pinned: it was loaded before" in report
    nothing = replace(result(), interrupted=True)
    assert "interrupted" in text(nothing)
    assert "Interrupted" in page(nothing)


def test_the_page_has_a_ratio_with_its_interval_for_every_operation_size_and_implementation() -> None:
    found = page(EVERYTHING)
    assert found.count("0.56 [0.50–0.62], 0.56") == len(OPERATIONS) * len(SIZES) * len(OTHERS)
    assert found.count("3.00 ms; 5.0; 25 %") == len(OPERATIONS) * len(SIZES) * (1 + len(OTHERS))
    assert "| `torch` | 0.56 (21 quicker, 0 slower of 21)" in found
    assert "abacus" in found


def test_a_rule_is_called_too_slow_only_where_its_interval_proves_it() -> None:
    found = page(result(row("softmax", (2, 3), 2.5, 3.5), row("relu", (2, 3), 1.5, 3.5)))
    assert "Proven slower than `torch` by more than 2: `softmax` at 2×3 (3.00)." in found
    assert "**3.00** [2.50–3.50]" in found
    assert "| `relu` | 2.50 [1.50–3.50]" in found


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.5, 0.9, "quicker"),
        (0.9, 1.1, "alike"),
        (1.1, 1.9, "slower"),
        (1.1, 3, "slower"),
        (2.1, 3, "too slow"),
    ],
)
def test_a_standing_is_what_the_whole_interval_says(low: float, high: float, said: str) -> None:
    assert standing(Ratio((low + high) / 2, low, high, 0.95)) == said


def test_no_figure_is_a_false_nothing() -> None:
    assert [times(ratio) for ratio in (0.001, 0.0123, 0.996, 12.34, 1234)] == [
        "<.01",
        "0.01",
        "1.00",
        "12.3",
        "1234",
    ]
    assert [share(part) for part in (None, 0.0099, 0.01, 0.25, 1.2)] == ["-", "<1 %", "1 %", "25 %", "120 %"]
    assert [memory(peak) for peak in (None, 0, 3 * 2**20 - 1, 3 * 2**20)] == ["-", "<3", "<3", "3.0"]
    assert [duration(s) for s in (2.5e-7, 1.234e-5, 9.99e-4, 1.234e-3, 0.5)] == [
        "0.2 µs", "12.3 µs", "999 µs", "1.23 ms", "500 ms",
    ]  # fmt: skip


def test_what_is_between_the_marks_is_replaced_and_nothing_else() -> None:
    once = replaced(f"above\n{BEGIN}\nold\n{END}\nbelow\n", EVERYTHING, "bench.svg")
    assert once.startswith(f"above\n{BEGIN}\n\n")
    assert once.endswith(f"\n{END}\nbelow\n")
    assert "old" not in once
    assert "(bench.svg)" in once
    assert replaced(once, EVERYTHING, "bench.svg") == once


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_marks_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="has to have one line"):
        replaced(text, EVERYTHING, None)


def test_a_saved_bench_is_published_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="an optional extra")
    some, saved, target = result(*EVERYTHING.rows[:4]), tmp_path / "results.json", tmp_path / "page.md"
    saved.write_text(json.dumps(some.to_dict()))
    target.write_text(f"above\n{BEGIN}\n{END}\n")
    publish(saved, target)
    assert target.read_text() == replaced(f"above\n{BEGIN}\n{END}\n", some, "page.svg")
    assert (tmp_path / "page.svg").read_text() == plot(some)
    for wrong in ("[]", "{", '{"rows": [{}]}'):
        saved.write_text(wrong)
        with pytest.raises(UsageError, match=r"results\.json of this version"):
            publish(saved, target)


def test_a_plot_is_the_same_each_time_and_shows_every_operation_and_implementation() -> None:
    pytest.importorskip("matplotlib", reason="an optional extra")
    some = result(*EVERYTHING.rows[:8])
    drawn = plot(some)
    assert drawn == plot(some)
    for shown in (*list(OPERATIONS)[:2], "numpy", *OTHERS, "copy limit"):
        assert f">{shown}</text>" in drawn
    with pytest.raises(UsageError, match="no rows"):
        plot(result())


def test_without_matplotlib_a_plot_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.bench_plot.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"gradassay\[plot\]"):
        plot(EVERYTHING)


def test_the_published_table_has_every_operation_of_the_catalogue() -> None:
    published = (Path(__file__).resolve().parent.parent / "docs" / "bench.md").read_text(encoding="utf-8")
    for other in OTHERS:
        _, _, section = published.partition(f"## Our time over that of `{other}`")
        rows = re.findall(r"^\| `(\w+)` \|", section.partition("\n## ")[0], re.MULTILINE)
        assert rows == list(OPERATIONS)
