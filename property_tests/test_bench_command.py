"""``gradassay bench``: what it writes, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradassay.cli import main
from gradassay.one_thread import VARIABLES
from gradassay.vocabulary.bench import BenchResult

Shell = Callable[..., tuple[int, str, str]]

QUICK = ("relu", "--sizes", "2x3,4×5", "--rounds", "2", "--implementations", "numpy")


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:  # so that they are as they were after the test
        monkeypatch.setenv(name, "1")

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(("bench", *argv))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_what_is_saved_is_what_is_shown(shell: Shell) -> None:
    pytest.importorskip("matplotlib", reason="an optional extra")
    code, out, err = shell(*QUICK, "--out", "saved", "--json", "again.json", "--plot", "plot.svg")
    assert (code, err) == (0, "")
    assert {path.name for path in Path("saved").iterdir()} == {"results.json", "report.md", "scaling.svg"}
    found = json.loads(Path("saved/results.json").read_text())
    assert found["schema"] == 2
    assert found["tool"]["name"] == "gradassay"
    rows = BenchResult.from_dict(found).rows
    assert [(row.operation, row.size, row.rounds) for row in rows] == [
        ("relu", (2, 3), 2),
        ("relu", (4, 5), 2),
    ]
    assert "2×3" in out
    assert "4×5" in out
    assert "| `relu` |" in Path("saved/report.md").read_text()
    assert json.loads(Path("again.json").read_text()) == found
    assert Path("plot.svg").read_text() == Path("saved/scaling.svg").read_text()


def test_json_on_standard_output_is_alone_there(shell: Shell) -> None:
    code, out, _ = shell(*QUICK, "--json", "-")
    assert code == 0
    assert [row["size"] for row in json.loads(out)["rows"]] == [[2, 3], [4, 5]]


def test_an_interrupt_saves_the_rows_that_were_finished(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradassay import bench

    measured = bench._row
    done: list[bool] = []

    def interrupted(*arguments: Any) -> Any:
        if done:
            raise KeyboardInterrupt
        done.append(True)
        return measured(*arguments)

    monkeypatch.setattr(bench, "_row", interrupted)
    code, out, _ = shell(*QUICK, "--out", "saved")
    assert code == 2
    assert "interrupted" in out
    found = json.loads(Path("saved/results.json").read_text())
    assert found["interrupted"]
    assert [row["size"] for row in found["rows"]] == [[2, 3]]
    assert "Interrupted" in Path("saved/report.md").read_text()


def test_without_matplotlib_a_folder_is_saved_without_its_plot(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.bench_plot.find_spec", lambda _: None)
    code, _, err = shell(*QUICK, "--out", "saved")
    assert code == 0
    assert "gradassay[plot]" in err
    assert {path.name for path in Path("saved").iterdir()} == {"results.json", "report.md"}
    assert "scaling.svg" not in Path("saved/report.md").read_text()
    code, _, err = shell(*QUICK, "--plot", "plot.svg")
    assert code == 4
    assert "gradassay[plot]" in err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--sizes", "8"), "'8' is no size"),
        (("--sizes", "8x10x2"), "write rows and columns"),
        (("--sizes", ""), "is no size"),
        (("--sizes", "0x10"), "two positive numbers"),
        (("--sizes", "10000000x10000000"), "take a smaller one"),
        (("--implementations", "torhc"), "did you mean 'torch'"),
        (("--dtype", "float8"), "unknown dtype"),
        (("--rounds", "0"), "--rounds"),
        (("--plot", "nowhere/plot.svg"), "a directory that exists"),
        (("--plot", "."), "is a directory"),
        (("softmux",), "did you mean 'softmax'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_unusable_input_is_one_line_and_exit_code_4(shell: Shell, argv: tuple[str, ...], told: str) -> None:
    code, out, err = shell(*argv)
    assert (code, out) == (4, "")
    assert told in err
    assert len(err.strip().splitlines()) == 1
