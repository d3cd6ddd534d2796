"""Exploring: what is looked at, what is found and proposed, and the command."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparators.numpy_rules import RuleComparator
from gradassay import plan as planning
from gradassay.catalogue import OPERATIONS
from gradassay.cli import main
from gradassay.exploring import Exploration, explore
from gradassay.exploring.cell import NORMWISE, RATIO, VERDICT
from gradassay.exploring.mutations import mutated
from gradassay.exploring.search import Aim, Search
from gradassay.formats import FORMATS, is_floating
from gradassay.judging import AgainstTruth
from gradassay.replay.remembered import CACHE
from gradassay.replay.witnesses import identify, read, small_enough, write
from gradassay.vocabulary import Array, Rule, Scenario, Verdict
from property_tests.strategies import draw_scenarios
from reference_impls.defects import DEFECTS
from reference_impls.defects.entry import gradient


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))


# ---- changes


def sizes(*scenarios: Scenario) -> dict[int, list[float]]:
    """The magnitudes other than 0 in each array, -1 being the cotangent."""
    found: dict[int, list[float]] = {}
    for scenario in scenarios:
        for i, x in {-1: scenario.cotangent, **dict(enumerate(scenario.args))}.items():
            if is_floating(x.dtype):
                entries = np.abs(x.astype(np.float64)).ravel()
                found.setdefault(i, []).extend(entries[entries > 0].tolist())
    return found


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_changed_scenario_is_one_of_its_parents_kind(name: str, dtype: str) -> None:
    operation = OPERATIONS[name]
    drawn = [s for s in draw_scenarios(operation, dtype=dtype, examples=15, seed=1) if small_enough(s)]
    rng = np.random.default_rng(0)
    changed = 0
    for parent in drawn:
        for mate in drawn[:4]:
            child = mutated(parent, mate, operation.definition, rng)
            if child is None:
                continue
            for x, y in zip((*parent.args, parent.cotangent), (*child.args, child.cotangent), strict=True):
                assert (x.shape, x.dtype, x.strides, x.flags.writeable) == (
                    y.shape,
                    y.dtype,
                    y.strides,
                    y.flags.writeable,
                )
                assert is_floating(x.dtype) or np.array_equal(x, y)
                assert not np.isnan(y.astype(np.float64)).any() or np.isnan(x.astype(np.float64)).any()
            assert repr(child.params) == repr(parent.params)
            allowed = sizes(parent, mate)
            for i, magnitudes in sizes(child).items():
                assert all(min(allowed[i]) <= size <= max(allowed[i]) for size in magnitudes)
            changed += identify(child) != identify(parent)
    assert changed > 0


def test_a_search_is_a_function_of_its_seed_and_of_what_it_is_told() -> None:
    def ids(seed: int, count: int) -> list[str]:
        search, found = Search(OPERATIONS["softmax"], "float32", seed), []
        for scenario, _ in search.scenarios():
            found.append(identify(scenario))
            if len(found) == count:
                return found
            score = float(np.abs(scenario.cotangent.astype(np.float64)).sum())
            search.tell(scenario, {Aim("numpy", RATIO): score}, scenario.args[0].shape)
        raise AssertionError

    assert ids(7, 60) == ids(7, 90)[:60]
    assert ids(7, 60) != ids(8, 60)


def test_changes_climb_where_drawing_does_not() -> None:
    """A score that only a chain of small changes makes large: how near the first entries are to each other."""
    operation = OPERATIONS["sum"]

    def best(told: bool) -> float:
        search, reached = Search(operation, "float64", 0), 0.0
        for number, (scenario, _) in enumerate(search.scenarios()):
            x, score = scenario.args[0].ravel(), 0.0
            if x.size >= 2 and x[0] != x[1] and np.abs(x[:2]).max() < 1e300 and x[0] * x[1] > 0:
                score = -math.log2(abs(x[0] - x[1]) / max(abs(x[:2])))
            reached = max(reached, score)
            search.tell(scenario, {Aim("numpy", RATIO): score} if told else {}, None)
            if number == 600:
                return reached
        raise AssertionError

    assert best(told=True) > best(told=False)


# ---- what is proposed


def explored(**changes: Any) -> Exploration:
    arguments: dict[str, Any] = {"examples": 90, "dtypes": ["float32"], "seed": 0, **changes}
    return explore(arguments.pop("operations", ["softmax"]), **arguments)


def as_text(found: Exploration, folder: Path) -> dict[str, bytes]:
    write(folder, found.run.replayed)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_and_examples_propose_the_same(tmp_path: Path) -> None:
    operations = ["softmax", "max"]
    first, second = (explored(operations=operations) for _ in range(2))
    assert as_text(first, tmp_path / "1") == as_text(second, tmp_path / "2")
    other = as_text(explored(operations=operations, seed=1), tmp_path / "3")
    assert other != as_text(first, tmp_path / "1")


def test_what_is_proposed_shows_what_is_said_of_it() -> None:
    found = explored(operations=["log_softmax"])
    operation = OPERATIONS["log_softmax"]
    judge = AgainstTruth(RuleComparator("numpy", operation.rule), operation.definition, operation.conventions)
    largest = [p for p in found.proposals if p.aim in (RATIO, NORMWISE)]
    assert {p.aim for p in largest} == {RATIO, NORMWISE}
    for proposal in largest:
        case = judge(proposal.witness.scenario)
        assert not isinstance(case, str)
        worst = case.finding.worst
        shown = worst.budget_ratio if proposal.aim == RATIO else worst.normwise
        assert proposal.before <= proposal.found
        assert 0.95 * proposal.found <= shown
        assert proposal.witness.votes["numpy"].verdict is Verdict.AGREES


def test_what_the_witnesses_show_is_not_proposed_again() -> None:
    first = explored()
    assert first.run.replayed
    again = explored(witnesses=first.run.replayed)
    known = {w.id for w in first.run.replayed}
    assert not known & {w.id for w in again.run.replayed}
    assert all(p.found > p.before / 1.1 for p in again.proposals)


def test_a_verdict_is_proposed_while_nobody_has_approved_it() -> None:
    news = explored(operations=["max"], new=lambda row, found: found.verdict is Verdict.SUBGRADIENT)
    assert {p.verdict for p in news.proposals if p.aim == VERDICT} == {Verdict.SUBGRADIENT}
    quiet = explored(operations=["max"], new=lambda row, found: False)
    assert not [p for p in quiet.proposals if p.aim == VERDICT]


# ---- planted mistakes


def with_rule(monkeypatch: pytest.MonkeyPatch, name: str, rule: Rule) -> None:
    """Let the catalogue's operation have another rule, as a change to it would."""
    from dataclasses import replace

    operations = {**OPERATIONS, name: replace(OPERATIONS[name], rule=rule)}
    monkeypatch.setattr(planning, "OPERATIONS", operations)


def first_failing(
    rule: Rule, name: str, dtype: str, *, changes: bool, most: int, seed: int = 0
) -> int | None:
    """How many scenarios it takes until the rule fails, drawn alone or with changes of the remarkable ones."""
    operation = OPERATIONS[name]
    judge = AgainstTruth(RuleComparator("numpy", rule), operation.definition)
    search = Search(operation, dtype, seed)
    number = 0
    for scenario, given in search.scenarios():
        if number == most:
            return None
        if not changes and not given:
            continue
        case = judge(scenario)
        number += 1
        if isinstance(case, str):
            continue
        if case.finding.verdict.fails:
            return number
        score = case.finding.worst.budget_ratio
        scores = {Aim("numpy", RATIO): score} if math.isfinite(score) else {}
        search.tell(scenario, scores if changes else {}, case.finding.verdict)
    raise AssertionError


def rounded_once_more(name: str) -> Rule:
    """The rule with one rounding more in its gradient, always away from 0: every entry is off by two unit roundoffs."""

    def off(x_bar: Array, y_bar: Array, *args: Array) -> Array:
        rounded: Array = x_bar * x_bar.dtype.type(1 + np.finfo(x_bar.dtype).eps)
        return rounded

    return gradient(OPERATIONS[name].rule, off)


def test_one_rounding_too_many_is_found_more_often_than_by_drawing() -> None:
    rule = rounded_once_more("softmax_cross_entropy")
    found = {
        changes: [
            seed
            for seed in range(5)
            if first_failing(rule, "softmax_cross_entropy", "float64", changes=changes, most=400, seed=seed)
        ]
        for changes in (True, False)
    }
    assert len(found[True]) > len(found[False])


def test_a_planted_failure_is_named_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    defect = next(d for d in DEFECTS.values() if d.operation == "softmax" and d.verdict is Verdict.WRONG)
    with_rule(monkeypatch, "softmax", defect.rule)
    code = main(
        ["explore", "softmax", "--examples", "30", "--dtypes", "float64", "--approved", str(tmp_path)]
    )
    out = capsys.readouterr().out
    assert code == 1
    assert "numpy FAILS: softmax by numpy in float64" in out
    assert "gradassay replay " in out


# ---- the command


def run(*arguments: str) -> int:
    return main(["explore", *arguments])


def test_it_writes_witnesses_that_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    code = run("softmax", "--examples", "60", "--dtypes", "float32", "--approved", str(tmp_path / "none"),
               "--out", str(out))  # fmt: skip
    said = capsys.readouterr().out
    proposed = read(out / "proposed")
    assert code == 0
    assert proposed
    assert all(w.id in said and "numpy" in w.votes for w in proposed)
    assert f"gradassay approve --witnesses {out / 'proposed'} --reason TEXT" in said
    assert json.loads((out / "results.json").read_text(encoding="utf-8"))["rows"]


def test_without_a_folder_it_proposes_beside_the_last_run(tmp_path: Path) -> None:
    assert run("relu", "--examples", "40", "--dtypes", "float32", "--approved", str(tmp_path)) == 0
    assert read(tmp_path / "cache" / "proposed")


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_a_usage_error(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("relu", f"--minutes={minutes}") == 4
    assert "minutes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("sofmax",), ("--implementations", "torhc"), ("--dtypes", "float8"), ("--minutes", "1", "--examples", "2"),
     ("--implementations", "finite_differences")],
)  # fmt: skip
def test_what_is_not_known_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 4


def test_a_damaged_baseline_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "witnesses").mkdir()
    (tmp_path / "witnesses" / "relu.jsonl").write_text("{}\n", encoding="utf-8")
    assert run("relu", "--examples", "3", "--approved", str(tmp_path)) == 4
    assert "relu.jsonl:1" in capsys.readouterr().err


def test_no_time_at_all_measures_nothing(tmp_path: Path) -> None:
    assert run("relu", "--minutes", "1e-12", "--dtypes", "float32", "--approved", str(tmp_path)) == 5


def interrupted_after(count: int) -> Callable[[str, int, int], None]:
    calls = iter(range(10**6))

    def progress(label: str, done: int, total: int) -> None:
        if next(calls) == count:
            raise KeyboardInterrupt

    return progress


def test_an_interrupt_keeps_what_was_found() -> None:
    found = explored(operations=["softmax", "exp"], examples=200, progress=interrupted_after(250))
    assert found.run.interrupted
    assert {row.operation for row in found.run.rows} == {"softmax", "exp"}
    assert found.run.replayed
    assert all(small_enough(w.scenario) for w in found.run.replayed)


def test_progress_reaches_its_end() -> None:
    told: list[tuple[int, int]] = []
    explored(
        operations=["relu", "exp"],
        examples=20,
        progress=lambda label, done, total: told.append((done, total)),
    )
    assert told == sorted(told)
    assert told[-1] == (40, 40)
