"""``check`` and ``approve`` of our pullbacks' own gradients: rows named grad(softmax), held as all others are."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradassay import engine
from gradassay.catalogue import OPERATIONS
from gradassay.plan import Plan
from gradassay.vocabulary import Run
from property_tests.command_lines import Approve, Install, Shell, commands, one_line
from property_tests.fake_runs import row, run
from property_tests.fake_states import IMPRECISE, TIE, WRONG, checked, state_of
from reports.gate.breaches import Kind
from reports.gate.expectations import within
from reports.gate.expected_toml import read, text
from reports.gate.places import EVERYTHING, Place, Scope
from reports.gate.text import text as told

CHECK = ("check", "--approved", "st", "--no-audit")
APPROVE = ("approve", "--reason", "second", "--approved", "st")
BOTH = run(row(), row("grad(softmax)"))


# ---- what is measured


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that the engine is asked to measure."""
    seen: list[Plan] = []

    def measured(plans: Sequence[Plan], *_: Any) -> Run:
        seen.extend(plans)
        return run()

    monkeypatch.setattr(engine, "measured", measured)
    return seen


@pytest.mark.parametrize(
    ("asked", "orders"),
    [
        ({"order": None}, {1: ("numpy", "finite_differences", "jax"), 2: ("numpy",)}),
        ({"order": 1}, {1: ("numpy", "finite_differences", "jax")}),
        ({"order": None, "implementations": ["jax"]}, {1: ("jax",)}),
        ({"order": None, "subjects": ("jax",)}, {1: ("numpy", "finite_differences", "jax"), 2: ("jax",)}),
    ],
)
def test_the_second_order_is_measured_of_the_subjects_alone_beside_the_first(
    asked: dict[str, Any], orders: dict[int, tuple[str, ...]], planned: list[Plan]
) -> None:
    made = engine.compare(["exp"], **{"implementations": ["numpy", "finite_differences", "jax"], **asked})
    assert {plan.order: plan.implementations for plan in planned} == orders
    assert made.environment["order"] == (list(orders) if len(orders) > 1 else 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_both_orders_together_are_what_each_is_alone(jobs: int) -> None:
    names = ["exp", "relu"]

    def rows(**how: Any) -> list[tuple[Any, ...]]:
        found = engine.compare(names, implementations=["numpy"], examples=5, seed=2, **how).rows
        return [(r.operation, r.dtype, dict(r.verdicts), r.typical, r.worst, dict(r.regions)) for r in found]

    assert rows(order=None, jobs=jobs) == rows(order=1) + rows(order=2)


def test_progress_of_both_goes_from_nothing_to_all_without_turning_back() -> None:
    seen: list[tuple[int, int]] = []
    engine.compare(
        ["exp"],
        implementations=["numpy"],
        examples=3,
        order=None,
        progress=lambda _, done, total: seen.append((done, total)),
    )
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {total for _, total in seen} == {seen[-1][0]} == {2 * 4 * 3}


def test_an_interrupt_in_the_first_order_leaves_the_second_out() -> None:
    def interrupting(_: str, done: int, __: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    found = engine.compare(["exp"], implementations=["numpy"], examples=3, order=None, progress=interrupting)
    assert found.interrupted
    assert {each.operation for each in found.rows} == {"exp"}


def test_check_and_approve_measure_both_orders_unless_one_is_named(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(BOTH)
    fake = measuring(BOTH)
    wanted: dict[tuple[str, ...], dict[str, Any]] = {
        (): {"order": None, "implementations": None},
        ("--order", "1", "--implementations", "torch"): {"order": 1, "implementations": ("torch",)},
        ("--order", "2"): {"order": 2, "implementations": ("numpy",)},
    }
    for command, (options, asked) in product((CHECK, APPROVE), wanted.items()):
        shell(*command, "softmax", *options)
        assert asked.items() <= fake.calls[-1][1].items()


@pytest.mark.parametrize("command", [CHECK, APPROVE], ids=["check", "approve"])
def test_what_cannot_be_held_is_told_before_anything_is_measured(
    command: tuple[str, ...], shell: Shell, approve: Approve
) -> None:
    fake = approve(BOTH)
    calls = len(fake.calls)
    code, _, err = shell(*command, "softmax", "--order", "2", "--implementations", "torch,jax")
    assert (code, len(fake.calls)) == (4, calls)
    assert "--order 2 holds numpy alone" in one_line(err)
    code, _, err = shell(*command, "grad(softmax)")
    assert (code, len(fake.calls)) == (4, calls)
    assert "in its place, write softmax --order 2" in one_line(err)


# ---- what is held

PLACES = [
    Place(operation, implementation, dtype)
    for operation in ("softmax", "grad(softmax)", "max", "grad(max)")
    for implementation in ("numpy", "torch")
    for dtype in ("float64", "float32")
    if (operation[:4], implementation) != ("grad", "torch")
]


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_the_scope_of_a_row_is_that_row(place: Place) -> None:
    assert [each for each in PLACES if each in EVERYTHING.narrowed(place)] == [place]


def test_who_names_an_operation_means_its_pullback_too() -> None:
    there = [place for place in PLACES if place in Scope(("softmax",))]
    assert there == [place for place in PLACES if "softmax" in place.operation]
    assert [p for p in there if p in Scope(("softmax",), order=2)] == [
        p for p in there if "grad" in p.operation
    ]


def test_what_frameworks_do_at_second_order_is_not_held() -> None:
    frameworks = run(row("grad(softmax)", "torch", found=[WRONG]), row("grad(softmax)", "torch.forward"))
    assert within(frameworks, EVERYTHING).rows == ()
    assert checked(run(*BOTH.rows, *frameworks.rows), state_of(BOTH)).breaches == ()


CHANGES: dict[str, tuple[Run, Run, tuple[str, ...]]] = {
    "new": (
        BOTH,
        run(row(), row("grad(softmax)", found=[WRONG])),
        ("new  numpy grad(softmax) float64", "wrong (sum term missing)", "look: gradassay", "expected.toml"),
    ),
    "worse": (
        run(row(), row("grad(softmax)", found=[IMPRECISE])),
        run(row(), row("grad(softmax)", found=[WRONG])),
        ("worse  numpy grad(softmax) float64", "where imprecise (stagnation) was approved"),
    ),
    "less accurate": (
        BOTH,
        run(row(), row("grad(softmax)", typical=9.0)),
        ("worse  numpy grad(softmax) float64", "9 u", "accuracy.toml:5"),
    ),
    "a region": (
        BOTH,
        run(row(), row("grad(softmax)", typical_by_region={"ordinary": 0.75, "ties": 4.0})),
        ("worse  numpy grad(softmax) float64", "less accurate in region ties: 4 u"),
    ),
    "stale": (
        run(row(), row("grad(softmax)", found=[TIE])),
        BOTH,
        ("stale  numpy grad(softmax) float64", "witnesses/softmax.grad.jsonl:1"),
    ),
    "vanished": (BOTH, run(row()), ("vanished  grad(softmax)", "expected.toml:")),
    "renamed": (
        run(row(), row("soft_max"), row("grad(soft_max)", found=[TIE])),
        run(row(), row("soft_max"), row("grad(softmax)", found=[TIE])),
        ("renamed  grad(soft_max)", "it is grad(softmax) now"),
    ),
    "unlisted": (run(row()), BOTH, ("unlisted  grad(softmax)", "expected.toml")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_names_the_pullback_and_the_commands_it_prints_make_it_pass(
    change: str, shell: Shell, measuring: Install, approve: Approve
) -> None:
    before, now, words = CHANGES[change]
    approve(before)
    measuring(now)
    code, out, _ = shell(*CHECK)
    assert code == 1
    for word in words:
        assert word in out
    assert commands(out)
    for command in commands(out):
        assert "--order 2" in command
        assert shell(*shlex.split(command)[1:])[0] == 0
    code, out, _ = shell(*CHECK)
    assert code == 0, out


@pytest.mark.parametrize("order", [1, 2])
def test_approving_one_order_of_an_operation_leaves_the_other_as_it_is(
    order: int, shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(BOTH)
    measuring(run(row(found=[WRONG], typical=9.0), row("grad(softmax)", found=[WRONG], typical=9.0)))
    assert shell(*APPROVE, "softmax", "--order", str(order))[0] == 0
    code, out, _ = shell(*CHECK)
    assert code == 1
    assert {f"--order {3 - order}" in command for command in commands(out)} == {True}
    assert shell(*CHECK, "softmax", "--order", str(order))[0] == 0
    assert shell(*APPROVE, "softmax")[0] == 0
    assert shell(*CHECK)[0] == 0


def test_a_pullback_is_another_name_of_no_other_one() -> None:
    """The names of grad(max) and grad(min) are as alike as those of softmax and soft_max, for what is around them."""
    state = state_of(run(row(), row("grad(max)", found=[TIE])))
    found = checked(run(row(), row("grad(min)", found=[TIE])), state).breaches
    assert {breach.kind for breach in found} == {Kind.VANISHED, Kind.UNLISTED}


def test_the_file_of_a_check_is_approved_as_if_it_had_been_measured_here(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(BOTH)
    now = run(row(), row("grad(softmax)", found=[WRONG]), row("grad(softmax)", "torch", found=[WRONG]))
    measuring(now)
    assert shell(*CHECK, "--out", "out")[0] == 1
    rows = json.loads(Path("out/results.json").read_text())["rows"]
    assert "grad(softmax)" in {each["operation"] for each in rows}
    assert json.loads(Path("out/check.json").read_text())["breaches"][0]["operation"] == "grad(softmax)"
    measuring(run())
    assert shell(*APPROVE, "--from", "out/results.json", "--new-only")[0] == 0
    measuring(now)
    assert shell(*CHECK)[0] == 0
    assert "torch" not in Path("st/expected.toml").read_text()


def test_the_file_of_one_order_does_not_lose_the_other(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(BOTH)
    measuring(run(row()))
    shell(*CHECK, "--order", "1", "--out", "out")
    code, _, err = shell(*APPROVE, "--from", "out/results.json")
    assert code == 4
    assert "has nothing of grad(softmax), which would be lost" in one_line(err)
    assert "--order" in err
    assert shell(*APPROVE, "--from", "out/results.json", "--order", "1")[0] == 0
    measuring(BOTH)
    assert shell(*CHECK)[0] == 0


# ---- a state of a time that did not hold the second order


def of_old(what: Run, path: Path) -> Any:
    """The state of ``what`` as it was written then."""
    state = state_of(what)
    path.write_text(text(replace(state.expectations, second_order=False)), encoding="utf-8")
    assert "schema = 2" in path.read_text(encoding="utf-8").splitlines()
    return replace(state, expectations=read(path))


def test_a_state_without_it_is_read_and_what_it_does_not_hold_is_said(tmp_path: Path) -> None:
    state = of_old(run(row(), row("max")), tmp_path / "expected.toml")
    now = run(row(), row("max"), row("grad(softmax)", found=[WRONG]), row("grad(max)", typical=9.0))
    holding = checked(now, state)
    assert (holding.breaches, len(holding.without_second_order)) == ((), 2)
    said = told(now, holding, state, EVERYTHING, None, folder="st", coloured=False)
    line = "not held: the second order, 2 rows of which st/expected.toml has nothing yet: gradassay approve"
    assert f"{line} --order 2 --new-only --approved st --reason TEXT" in said


def schema(path: Path) -> str:
    return next(line for line in path.read_text().splitlines() if line.startswith("schema"))


def test_approving_all_of_it_holds_it_from_then_on_and_a_part_that_part(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    path = Path("st/expected.toml")
    approve(run(row(), row("max")))
    path.write_text(path.read_text().replace("schema = 3", "schema = 2"))
    now = run(row(), row("max"), row("grad(softmax)"), row("grad(max)"))
    measuring(now)
    assert shell(*APPROVE, "softmax")[0] == 0
    code, out, _ = shell(*CHECK)
    assert (code, schema(path)) == (0, "schema = 2")
    assert "the second order, 1 row of which" in out
    measuring(run(*now.rows[:2], row("grad(softmax)", found=[WRONG]), now.rows[3]))
    assert shell(*CHECK)[0] == 1
    measuring(now)
    assert shell(*APPROVE)[0] == 0
    assert (shell(*CHECK)[0], schema(path)) == (0, "schema = 3")
    assert "not held" not in shell(*CHECK)[1]


def to_add(out: str) -> list[list[str]]:
    """The commands that add what a check says it did not hold."""
    found = re.findall(r"^not held: .*: gradassay (approve .*)$", out, re.M)
    return [shlex.split(command) for command in found]


@pytest.mark.parametrize("narrow", [(), ("softmax", "max"), ("--dtypes", "float64")], ids=" ".join)
def test_the_command_of_what_is_not_held_adds_that_and_accepts_nothing_else(
    narrow: tuple[str, ...], shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(run(row(), row("max"), row("grad(softmax)")))
    expected, bounds = Path("st/expected.toml"), Path("st/accuracy.toml")
    expected.write_text(expected.read_text().replace("schema = 3", "schema = 2"))
    lines = bounds.read_text().replace("schema = 2", "schema = 1").splitlines()
    bounds.write_text("\n".join(re.sub(r", regions = \{.*?\}", "", r) if '"max"' in r else r for r in lines))
    worse = row(found=[WRONG]), row("grad(softmax)", found=[WRONG])
    measuring(run(*worse, row("max"), row("grad(max)")))
    code, out, _ = shell(*CHECK, *narrow)
    there = commands(out)
    assert (code, out.count("not held: the "), len(to_add(out))) == (1, 2, 2)
    for command in to_add(out):
        assert shell(*command)[0] == 0
    code, out, _ = shell(*CHECK, *narrow)
    assert (code, to_add(out), commands(out)) == (1, [], there)


@pytest.mark.parametrize("narrow", [("softmax", "--order", "2"), ("--order", "2")], ids=" ".join)
def test_a_check_that_held_nothing_is_exit_code_5_and_says_what_would_be_held(
    narrow: tuple[str, ...], shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(run(row()))
    path = Path("st/expected.toml")
    path.write_text(path.read_text().replace("schema = 3", "schema = 2"))
    measuring(run(row("grad(softmax)"), row("grad(softmax)", dtype="float32")))
    code, out, _ = shell(*CHECK, *narrow, "--out", "out")
    assert (code, "PASSED" in out) == (5, False)
    assert "NOTHING HELD  st has nothing of this part" in out
    assert json.loads(Path("out/check.json").read_text())["passed"] is False
    (command,) = to_add(out)
    assert shell(*command)[0] == 0
    code, out, _ = shell(*CHECK, *narrow)
    assert (code, to_add(out), "PASSED" in out) == (0, [], True)


def test_what_a_part_of_the_dtypes_was_approved_of_is_held_in_these_alone(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    path = Path("st/expected.toml")
    single: dict[str, Any] = {"dtype": "float32"}
    approve(run(row(), row(**single)))
    path.write_text(path.read_text().replace("schema = 3", "schema = 2"))
    measuring(run(row("grad(softmax)", **single)))
    assert shell(*APPROVE, "softmax", "--order", "2", "--dtypes", "float32")[0] == 0
    now = run(row(), row(**single), row("grad(softmax)"), row("grad(softmax)", **single))
    measuring(now)
    code, out, _ = shell(*CHECK)
    assert (code, schema(path)) == (0, "schema = 2")
    assert "not held: the second order, 1 row of which" in out
    (command,) = to_add(out)
    assert command[command.index("--dtypes") + 1] == "float64"
    assert shell(*CHECK, "--order", "2", "--dtypes", "float64")[0] == 5
    measuring(run(*now.rows[:3], row("grad(softmax)", found=[WRONG], **single)))
    assert shell(*CHECK)[0] == 1
    assert shell(*command)[0] == 0
    assert (shell(*CHECK)[0], schema(path)) == (1, "schema = 3")
    measuring(now)
    assert shell(*CHECK)[0] == 0


def test_rows_that_were_deleted_by_hand_since_are_unlisted(
    shell: Shell, measuring: Install, approve: Approve
) -> None:
    approve(BOTH)
    for name in ("expected.toml", "accuracy.toml"):
        lines = Path("st", name).read_text().splitlines()
        Path("st", name).write_text("\n".join(line for line in lines if "grad(" not in line))
    code, out, _ = shell(*CHECK)
    assert code == 1
    assert "unlisted  grad(softmax)" in out


# ---- with rules that are measured


def factor(rule: Callable[..., Any]) -> Callable[..., Any]:
    """``rule`` with a pullback that is off by a factor."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)
        return y, lambda y_bar: tuple(part * part.dtype.type(1.01) for part in pullback(y_bar))

    return planted


def rounded(rule: Callable[..., Any]) -> Callable[..., Any]:
    """``rule`` with a pullback that rounds a few times more."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = rule(*args, **params)
        third = np.float64(3)
        return y, lambda y_bar: tuple(part / third * third * third / third for part in pullback(y_bar))

    return planted


@pytest.mark.parametrize("plant", [factor, rounded])
def test_a_regression_in_the_pullback_of_a_pullback_fails_and_is_of_that_operation_alone(
    plant: Callable[..., Any], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = ("exp", "--implementations", "numpy", "--dtypes", "float64")
    assert shell(*APPROVE, *only, "--examples", "20", "--seed", "1")[0] == 0
    assert shell(*CHECK, *only)[0] == 0
    exp = OPERATIONS["exp"]
    assert exp.pullback_rule is not None
    planted = replace(exp, pullback_rule=plant(exp.pullback_rule))
    monkeypatch.setitem(OPERATIONS, "exp", planted)
    code, _, _ = shell(*CHECK, *only, "--out", "out")
    breaches = json.loads(Path("out/check.json").read_text())["breaches"]
    assert code == 1
    assert {breach["operation"] for breach in breaches} == {"grad(exp)"}
    assert {"typical norm-wise error" in b["what"] for b in breaches if b["file"] == "accuracy.toml"} == {
        True
    }
