"""The audit: it finds out who misses a defect and who rejects a correct rule, ours among them, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradassay.audit import auditing
from gradassay.audit.alarms import BATCH, Cell, alarms_of, cells
from gradassay.audit.auditing import audit
from gradassay.audit.ours import assayed, first_failure, leading
from gradassay.audit.scenarios import Drawn
from gradassay.audit.witnesses import Witness
from gradassay.catalogue import OPERATIONS
from gradassay.cli import main
from gradassay.errors import UsageError
from gradassay.vocabulary import Rule, Scenario, Verdict
from gradassay.vocabulary.audit import Audit, Defect, Framework, Judgement
from property_tests.fake_runs import row, run
from reference_impls.defects import DEFECTS
from reports.audit_frameworks import frameworks
from reports.audit_page import page
from reports.audit_summary import AuditSummary
from reports.audit_text import text
from reports.gate.expectations import Expectations
from reports.gate.places import Known, Place
from reports.marking import escape

OPERATION = OPERATIONS["tanh"]


def quick(*operations: str, alarms: int = 40, **how: Any) -> Audit:
    return audit(operations or ("tanh",), quick=True, alarms=alarms, **how)


def wrong(x: Any) -> Any:
    y, pullback = OPERATION.rule(x)
    return y, lambda y_bar: -pullback(y_bar)


def defect(rule: Rule, name: str = "tanh: made up") -> Defect:
    return Defect(name, "tanh", rule, Verdict.WRONG, "the sign", "everywhere", "nowhere")


@pytest.fixture
def zoo(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put other defects in the place of the zoo."""

    def install(*defects: Defect) -> None:
        monkeypatch.setattr(auditing, "DEFECTS", {each.name: each for each in defects})

    return install


def test_an_audit_passes_where_no_defect_survives_and_no_correct_rule_is_rejected() -> None:
    summary = AuditSummary(quick())
    assert summary.ok
    wanted = [name for name, each in DEFECTS.items() if each.operation == "tanh"]
    assert [each.name for each in summary.audit.defects] == wanted != []
    assert summary.ours.found == len(wanted)
    assert summary.ours.alarms.inputs >= 40
    assert summary.ours.alarms.rules == ("tanh", "grad(tanh)")


def test_an_audit_fails_where_a_defect_survives(zoo: Callable[..., None]) -> None:
    zoo(defect(wrong), defect(OPERATION.rule, "tanh: as right as can be"))
    found = quick()
    assert not AuditSummary(found).ok
    assert "survived: tanh: as right as can be" in text(found, coloured=False)
    assert [each.name for each in AuditSummary(found).survivors] == ["tanh: as right as can be"]


def test_an_audit_fails_where_a_correct_rule_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "tanh", replace(OPERATION, rule=wrong))
    found = quick()
    assert not AuditSummary(found).ok
    assert AuditSummary(found).ours.alarms.alarmed == ("tanh",)
    assert "false alarm: tanh float64 seed 1 scenario" in text(found, coloured=False)


def test_an_audit_without_a_defect_or_without_a_scenario_does_not_pass(zoo: Callable[..., None]) -> None:
    zoo()
    assert not AuditSummary(quick()).ok


def test_the_same_seed_gives_the_same_audit_but_for_the_time() -> None:
    def timeless(found: Audit) -> Any:
        document = json.loads(json.dumps(asdict(found)))
        document["seconds"] = 0
        for each in document["defects"]:
            for sighting in each["sightings"].values():
                sighting["seconds"] = 0
        return document

    first = timeless(quick("tanh", "relu"))
    assert timeless(quick("relu", "tanh", jobs=2)) == first  # neither order nor processes change it
    assert timeless(quick("tanh", "relu", seed=1)) != first


def test_a_sighting_counts_the_scenarios_up_to_the_first_that_fails() -> None:
    def wrong_below(x: Any) -> Any:
        y, pullback = OPERATION.rule(x)
        return y, lambda y_bar: -pullback(y_bar) if np.any(x < -12) else pullback(y_bar)

    drawn = Drawn("tanh", examples=100, seed=0)
    shows = [bool(np.any(scenario.args[0].astype(float) < -12)) for scenario in drawn.all]
    sighting = first_failure(wrong_below, drawn)
    assert sighting.found
    assert shows[sighting.inputs - 1]
    fully, verdicts = assayed(wrong_below, drawn)
    assert (fully.found, fully.inputs) == (True, sighting.inputs)
    assert sum(verdicts.values()) == len(shows)
    assert sum(number for verdict, number in verdicts.items() if verdict.fails) <= sum(shows)
    assert fully.seconds > 0 < sighting.seconds


def test_what_agrees_is_no_sighting() -> None:
    drawn = Drawn("tanh", examples=20, seed=0)
    sighting, verdicts = assayed(OPERATION.rule, drawn)
    assert (sighting.found, sighting.inputs) == (False, 40)
    assert leading(verdicts) is None
    assert not first_failure(OPERATION.rule, drawn).found


def test_the_leading_verdict_is_the_most_frequent_failing_one_and_the_worse_of_two() -> None:
    assert leading({Verdict.AGREES: 9, Verdict.IMPRECISE: 2, Verdict.WRONG: 1}) is Verdict.IMPRECISE
    assert leading({Verdict.IMPRECISE: 2, Verdict.WRONG: 2}) is Verdict.WRONG
    assert leading({Verdict.CONVENTION: 2}) is None


# ---- the others


@dataclass
class Says:
    """A rival that says what it is told to."""

    judge: Callable[[Rule, Scenario], bool | None]
    name: str = "says"
    call: str = "says(rule)"
    version: str = "says 1"

    def load(self) -> None:
        """Nothing to load."""

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        return Judgement(self.judge(rule, scenario), "so it says")


def witness(judge: Callable[[Rule, Scenario], bool | None]) -> Witness:
    return Witness(Says(judge), OPERATION, Drawn("tanh", examples=3, seed=0).all)


@pytest.mark.parametrize(
    ("judge", "found", "able", "rejected"),
    [
        (lambda rule, _: rule is wrong, True, True, 0),
        (lambda rule, _: False, False, True, 0),
        (lambda rule, _: True, False, True, 6),  # who rejects everything has said nothing
        (lambda rule, _: None, False, False, 0),
        (lambda rule, scenario: True if scenario.dtype == "float64" else rule is wrong, True, True, 3),
    ],
)
def test_a_rival_has_found_a_defect_where_it_rejects_it_and_accepts_the_correct_rule(
    judge: Callable[[Rule, Scenario], bool | None], found: bool, able: bool, rejected: int
) -> None:
    asked = witness(judge)
    sighting = asked.sight(wrong)
    assert (sighting.found, sighting.able) == (found, able)
    assert asked.alarms.rejected == rejected
    assert asked.alarms.inputs == (6 if able else 0)
    assert asked.alarms.alarmed == (("tanh",) if rejected else ())


def test_a_rival_s_time_is_that_of_the_defect_alone() -> None:
    calls: list[Rule] = []

    def judge(rule: Rule, _: Scenario) -> bool:
        calls.append(rule)
        return rule is wrong

    asked = witness(judge)
    assert asked.sight(wrong).inputs == 1
    assert calls == [OPERATION.rule] * 6 + [wrong]
    asked.sight(wrong)
    assert calls.count(OPERATION.rule) == 6  # asked once


def test_a_rival_that_is_not_installed_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradassay.audit import rivals

    def missing(name: str) -> Any:
        from comparators.registry import Missing

        raise Missing(f"{name} is not installed; pip install it")

    monkeypatch.setattr(rivals, "load", missing)
    found = audit(("tanh",), alarms=8, examples=2, rivals=rivals.names()[:1])
    assert list(found.missing) == [rivals.names()[0]]
    assert "pip install it" in text(found, coloured=False)
    assert [checker.name for checker in found.checkers] == ["gradassay"]


# ---- false alarms


def test_every_batch_of_the_false_alarms_has_a_seed_of_its_own() -> None:
    cell = Cell("tanh", "float32", BATCH + 3, 7)
    first, second = cell.batches()
    assert (len(first), len(second)) == (BATCH, 3)
    assert not np.array_equal(first[0].cotangent, second[0].cotangent)


@pytest.mark.parametrize("scenarios", [1, 7, 8, 9, 1000])
def test_cells_hold_at_least_as_many_scenarios_as_were_asked_for(scenarios: int) -> None:
    parts = cells(scenarios, operations=("tanh", "relu"), seed=0)
    assert len(parts) == 8
    assert scenarios <= sum(cell.scenarios for cell in parts) < scenarios + 8


def test_a_false_alarm_is_told_with_what_draws_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "tanh", replace(OPERATION, rule=wrong))
    batches: list[int] = []
    found = alarms_of(Cell("tanh", "float64", 5, 3), batches.append)
    assert 0 < found.rejected == len(found.examples)
    assert found.examples[0].startswith("tanh float64 seed 3 scenario ")
    assert batches == [5]


# ---- frameworks


def test_what_fails_in_a_framework_is_proven_where_it_is_approved() -> None:
    measured = run(
        row(
            "softmax", "torch", "float32", found=[(Verdict.WRONG, "known", 3), (Verdict.IMPRECISE, "new", 2)]
        ),
        row("softmax", "numpy", "float32", found=[(Verdict.WRONG, "ours", 1)]),
    )
    known = Known(Place("softmax", "torch", "float32"), Verdict.WRONG, "known")
    (torch,) = frameworks(measured, Expectations(reasons={known: "as it is"}))
    assert torch.implementation == "torch"
    assert (torch.failing, torch.proven) == (5, 3)
    assert torch.unproven == ("softmax float32 imprecise (new): 2",)


# ---- the command


def test_the_command_passes_and_writes_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["audit", "tanh", "--quick", "--alarms", "8", "--out", str(tmp_path), "--jobs", "1"])
    assert code == 0
    assert "PASSED" in capsys.readouterr().out
    document = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    written = (tmp_path / "audit.md").read_text(encoding="utf-8")
    names = [each["name"] for each in document["defects"]]
    assert names
    assert all(name.removeprefix("tanh: ").replace("<", "&lt;") in written for name in names)
    assert not (tmp_path / "sensitivity.svg").exists()


def test_a_whole_audit_counts_verdicts_and_asks_a_rival(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rival = ["--rivals", "scipy check_grad", "--borrowed", "3"]
    how = ["--alarms", "8", "--examples", "30", "--jobs", "1", "--out", str(tmp_path)]
    code = main(["audit", "tanh", *rival, *how])
    document = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert code in (0, 1)  # 60 scenarios need not find every defect
    assert "scipy check_grad" in capsys.readouterr().out
    for each in document["defects"]:
        assert set(each["verdicts"]) <= set(map(str, Verdict))
        assert sum(each["verdicts"].values()) == 60
        assert each["leading"] in (None, *each["verdicts"])
        assert len(each["sightings"]) == 3
    assert document["alarms"]["scipy check_grad (our inputs)"]["inputs"] <= 3
    assert "seed `0`" in (tmp_path / "audit.md").read_text(encoding="utf-8")


def test_what_is_not_proven_of_a_framework_fails_the_audit() -> None:
    beside = Framework("torch", 9, 5, 3, ("softmax float32 wrong (new): 2",))
    found = replace(quick(), frameworks=(beside,))
    assert not AuditSummary(found).ok
    assert "not proven: torch softmax float32 wrong (new): 2" in text(found, coloured=False)
    assert AuditSummary(replace(found, frameworks=(replace(beside, proven=5, unproven=()),))).ok


def test_an_audit_in_which_too_few_verdicts_are_as_expected_does_not_pass() -> None:
    found = quick()
    told = [replace(each, verdicts={Verdict.IMPURE: 1}, leading=Verdict.IMPURE) for each in found.defects]
    assert not AuditSummary(replace(found, defects=tuple(told))).ok


def test_the_command_fails_where_a_defect_survives(
    zoo: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    zoo(defect(OPERATION.rule))
    assert main(["audit", "tanh", "--quick", "--alarms", "8", "--jobs", "1"]) == 1
    assert "FAILED  0 of 1 defect found" in capsys.readouterr().out


def test_the_document_alone_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "tanh", "--quick", "--alarms", "8", "--json", "-", "--jobs", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["alarms"]["gradassay (our inputs)"]["rejected"] == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["tahn"], "did you mean 'tanh'"),
        (["--rivals", "gradchek"], "unknown checker 'gradchek'"),
        (["--alarms", "0"], "--alarms"),
        (["--quick", "--rivals", "torch gradcheck slow"], "leave out the rivals"),
        (["--out", __file__], "is not a directory"),
        (["--frameworks", "--quick", "tanh", "--approved", "none"], "none/expected.toml"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_4(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", *arguments]) == 4
    error = capsys.readouterr().err
    assert named in error
    assert len(error.strip().splitlines()) == 1


def test_an_interrupt_keeps_what_was_found_and_does_not_pass() -> None:
    def progress(label: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    found = quick(progress=progress)
    assert found.interrupted
    assert len(found.defects) == 2
    assert not AuditSummary(found).ok
    assert "INTERRUPTED" in text(found, coloured=False)
    assert "**Interrupted:**" in page(found)


def test_an_audit_of_an_unknown_operation_says_what_is_known() -> None:
    with pytest.raises(UsageError, match="unknown operation 'tahn'"):
        audit(("tahn",), quick=True)


def test_the_page_of_the_documentation_tells_every_defect_and_no_other() -> None:
    written = (Path(__file__).parents[1] / "docs" / "audit.md").read_text(encoding="utf-8")
    section = written.partition("## Who sees which defect")[2].partition("## Environment")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "| defect |" not in line]
    assert len(rows) == len(DEFECTS)
    for each, told in zip(
        sorted(DEFECTS.values(), key=lambda each: order(each.operation)), rows, strict=True
    ):
        assert f"| {escape(each.mistake)} | {escape(each.shows)} | `{each.verdict}` |" in told


def order(operation: str) -> int:
    return list(OPERATIONS).index(operation)
