"""Replay from files: a folder of results, and what is said where nothing can be replayed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import gradassay
from comparators import registry
from gradassay.replay.remembered import CACHE, ids, remember
from gradassay.vocabulary import Verdict
from property_tests.command_lines import Shell
from property_tests.fake_runs import row
from property_tests.fake_runs import run as made_run
from property_tests.replaying import PACKAGES
from reports.results_json import document

pytest_plugins = ("property_tests.replaying",)
pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.parametrize("implementation", ["numpy", "torch", "tensorflow.keras", "finite_differences"])
@pytest.mark.parametrize("order", [1, 2])
def test_a_comparison_is_replayed_from_its_folder(
    implementation: str, order: int, shell: Shell, tmp_path: Path
) -> None:
    pytest.importorskip(PACKAGES.get(implementation, "numpy"))
    if order == 2 and implementation == "finite_differences":
        pytest.skip("second order is not held against finite differences")
    run = gradassay.compare(
        ["max"] if implementation != "tensorflow.keras" else ["softmax"],
        implementations=[implementation], dtypes=["float32" if order == 2 else "float64"], examples=12, order=order,
    )  # fmt: skip
    (tmp_path / "results.json").write_text(json.dumps(document(run)))
    known = ids(str(tmp_path))
    for name in known:
        code, out, err = shell("replay", name, "--from", ".")
        assert code == 0, out + err
    assert known or order == 2


def test_without_a_run_the_way_to_one_is_said(shell: Shell) -> None:
    code, _, err = shell("replay", "abc")
    assert code == 4
    assert "gradassay compare" in err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema=99), "schema is 99"),
        (lambda d: d.pop("rows"), "rows"),
        (lambda d: d["rows"][0]["discrepancies"][0].pop("example"), "'example' is missing"),
        (lambda d: d["rows"][0]["discrepancies"][0]["example"].pop("layout"), "'layout' is missing"),
        (lambda d: d["rows"][0]["discrepancies"][0].update(verdict="odd"), "'odd' is not a valid Verdict"),
        (lambda d: d["rows"][0]["discrepancies"][0]["example"].update(layout="odd"), "layout 'odd'"),
        (lambda d: d["rows"][0]["discrepancies"][0]["example"]["args"][0].update(hex=["z"]), "discrepancies"),
        (lambda d: d["rows"][0]["discrepancies"][0]["example"]["args"][0].update(shape=[7, 7]), "reshape"),
        (lambda d: d["rows"][0].update(discrepancies=None), "rows"),
    ],
)
def test_a_malformed_file_is_named_with_its_key_and_the_remedy(
    change: Any, said: str, shell: Shell, tmp_path: Path
) -> None:
    told = document(made_run(row(found=[(Verdict.WRONG, "a", 1)])))
    name = told["rows"][0]["discrepancies"][0]["id"]
    change(told)
    (tmp_path / "results.json").write_text(json.dumps(told))
    code, _, err = shell("replay", name, "--from", str(tmp_path))
    assert code == 4
    assert "results.json" in err
    assert said in err
    assert "--out" in err


def test_a_file_that_is_no_json_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    code, _, err = shell("replay", "a", "--from", "x.json")
    assert code == 4
    assert "x.json is no JSON" in err


def test_a_missing_framework_is_named_with_its_remedy(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(made_run(row(implementation="torch", found=[(Verdict.WRONG, "a", 1)])))
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    code, _, err = shell("replay", ids()[0])
    assert code == 4
    assert "torch is not installed" in err
    assert "gradassay[torch]" in err


def test_a_rule_without_a_name_cannot_be_replayed_and_it_is_said(shell: Shell) -> None:
    run = made_run(row(implementation="mine", found=[(Verdict.WRONG, "a", 1)]))
    remember(dataclasses.replace(run, environment={"rule": "layers:make.<locals>.rule", "like": "softmax"}))
    code, _, err = shell("replay", ids()[0])
    assert code == 4
    assert "cannot be imported by name" in err


def test_a_cache_that_cannot_be_written_to_is_nobodys_concern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE, str(tmp_path / "file"))
    remember(made_run(row()))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
