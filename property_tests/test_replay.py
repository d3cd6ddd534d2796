"""Replay: a discrepancy of the last run is shown again by its id."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradassay
from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.replay.remembered import ids, last_run, recorded, remember
from gradassay.replay.replaying import replay
from gradassay.vocabulary import Discrepancy, Rule, Run, Verdict
from property_tests.command_lines import Shell
from property_tests.fake_runs import row
from property_tests.fake_runs import run as made_run
from property_tests.replaying import clean

pytest_plugins = ("property_tests.replaying",)


def measured(of: Rule, **environment: Any) -> Run:
    """A run of ``verify``, as it knows where its rule is."""
    report = gradassay.verify(of, like="softmax", dtypes=("float64", "bfloat16"), examples=20)
    return dataclasses.replace(report.run, environment={**report.run.environment, **environment})


HALF = """
    import numpy as np

    def half(x, *, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        p = (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype)
        return p, lambda y_bar: (0.5 * p * (y_bar - (p * y_bar).sum(axis=axis, keepdims=True))).astype(x.dtype)
"""


@pytest.fixture
def remembered(own_cache: None, shell: Shell, write_layers: Any) -> Run:
    run = measured(write_layers(HALF).half, rule="layers:half", like="softmax")
    remember(run)
    return run


def failing(run: Run) -> list[Discrepancy]:
    return [found for row in run.rows for found in row.discrepancies if found.verdict.fails]


def test_every_discrepancy_of_a_run_is_shown_again_by_its_id(remembered: Run, shell: Shell) -> None:
    assert failing(remembered)
    for found in failing(remembered):
        code, out, _ = shell("replay", found.id)
        assert code == 0, out
        assert "SHOWN AGAIN" in out
        assert f"then: {found.verdict}, {found.cause}" in out
        assert "from layers import half" in out


def test_ids_are_remembered_in_the_order_of_the_report(remembered: Run) -> None:
    assert ids() == tuple(found.id for row in remembered.rows for found in row.discrepancies)
    assert last_run().parent.name == "cache"


def test_the_example_comes_back_bit_for_bit(remembered: Run) -> None:
    for found in (found for line in remembered.rows for found in line.discrepancies):
        again = recorded(found.id).found.example
        before, after = found.example.scenario, again.scenario
        for old, new in zip((*before.args, before.cotangent), (*after.args, after.cotangent), strict=True):
            assert (old.dtype, old.shape, old.strides) == (new.dtype, new.shape, new.strides)
            assert np.array_equal(old.astype(float), new.astype(float), equal_nan=True)
        assert (before.layout, before.differentiable) == (after.layout, after.differentiable)
        assert repr((found.example.got, found.example.expected)) == repr((again.got, again.expected))


def test_what_was_mended_is_said_to_have_changed(remembered: Run, shell: Shell, tmp_path: Path) -> None:
    (found, *_) = failing(remembered)
    source = (tmp_path / "layers.py").read_text().replace("0.5", "1.0")
    (tmp_path / "layers.py").write_text(source)
    os.utime(tmp_path / "layers.py", (0, 0))  # or the compiled module of the same second is taken
    del sys.modules["layers"]
    code, out, err = shell("replay", found.id)
    assert code == 1
    assert "CHANGED" in out
    assert "now:  agrees" in out
    assert f"{found.id} has changed: agrees" in err


def test_the_cause_that_the_example_alone_shows_is_the_same_discrepancy(remembered: Run) -> None:
    (found, *_) = failing(remembered)
    assert (found.cause, found.found) == ("factor 1/2", "the gradient")
    told = recorded(found.id)
    load = lambda name, option: sys.modules["layers"].half  # noqa: E731
    assert replay(told, load).shown_again
    other = dataclasses.replace(told.found, found="")
    assert not replay(dataclasses.replace(told, found=other), load).shown_again


def test_a_replay_is_json_too(remembered: Run, shell: Shell) -> None:
    (found, *_) = failing(remembered)
    code, out, _ = shell("replay", found.id, "--json", "-")
    told = json.loads(out)
    assert code == 0
    assert told["shown_again"] is True
    assert told["then"]["verdict"] == told["now"]["verdict"] == found.verdict.value
    assert told["then"]["got"] == told["now"]["got"]


def test_a_replay_writes_the_script(remembered: Run, shell: Shell, tmp_path: Path) -> None:
    (found, *_) = failing(remembered)
    assert shell("replay", found.id, "--script", "again.py")[0] == 0
    assert clean((tmp_path / "again.py").read_text(), tmp_path, "layers")[0] == 1
    assert (
        shell("replay", found.id, "--script", "-")[1].rstrip() == (tmp_path / "again.py").read_text().rstrip()
    )


def test_a_prefix_is_enough_where_no_other_id_begins_so(remembered: Run, shell: Shell) -> None:
    known = ids()
    unique = next(
        name[:n] for name in known for n in range(1, 9) if sum(o.startswith(name[:n]) for o in known) == 1
    )
    assert recorded(unique).found.id.startswith(unique)
    doubled = made_run(row(found=[(Verdict.WRONG, "a", 1), (Verdict.RAISES, "b", 1)]))
    remember(doubled)
    code, _, err = shell("replay", "softmax-")
    assert code == 4
    assert "begins 2 ids" in err


def test_an_unknown_id_is_a_usage_error_with_the_closest(remembered: Run, shell: Shell) -> None:
    known = ids()[0]
    wrong = known[:-1] + ("0" if known[-1] != "0" else "1")
    code, _, err = shell("replay", wrong)
    assert code == 4
    assert known in err


def test_ids_are_completed_by_the_shell(remembered: Run, capsys: pytest.CaptureFixture[str]) -> None:
    from gradassay.cli.replay import replay_command

    context = replay_command.make_context("replay", ["x"], resilient_parsing=True)
    known = ids()
    found = replay_command.params[0].shell_complete(context, known[0][:3])
    assert known[0] in [item.value for item in found]


def test_the_truth_beside_the_value_is_the_certified_one(remembered: Run) -> None:
    for found in failing(remembered):
        example = found.example
        if example.index is None or example.path == "y":
            continue
        truth = Exact(OPERATIONS["softmax"].definition).evaluate(example.scenario)
        assert truth is not None
        assert example.expected == float(truth.gradients[0].mid[example.index])
