"""What cannot be measured: told as what it is, and held against the present revision where that alone is at fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gradassay.errors import UsageError
from gradassay.speed.approvals import approvals
from gradassay.speed.cells import BOTH, Cell, Counted, Refused, Side, Task, Trouble
from gradassay.speed.cells import Counting as Count
from gradassay.speed.running import run
from property_tests.speed_gating import RULE, Shell, Slowness, canary, nothing_is_slower
from property_tests.test_speed_revisions import Git

pytest_plugins = ("property_tests.speed_gating",)

NARROW = RULE.replace("def softmax(x, *", "def softmax(x, y, *")
PLAIN_ONLY = RULE.replace(
    "    e = ", "    if type(x) is not np.ndarray: raise TypeError('no subclass')\n    e = "
)
WAITING = RULE.replace("    e = ", "    import time; time.sleep(1e-3)\n    e = ")
HALF_WASTEFUL = RULE.replace("np.exp(x)", "np.exp(x * 1) if x.dtype == np.float16 else np.exp(x)")
DEADLY = "import os\n" + RULE.replace("    e = ", "    os._exit(9)\n    e = ")


def test_where_only_the_present_revision_stands_no_arrays_that_count_it_fails_and_can_be_approved(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers.commit("Be strict", mylayers=PLAIN_ONLY)
    code, out, _ = gated(against="HEAD~1")
    assert code == 1
    assert "work not counted mylayers:softmax against" in out
    assert "TypeError: no subclass" in out
    assert "6 of 6 cells no slower" in out, "speed is gated all the same"
    assert "More-work: mylayers:softmax because ..." in out
    layers.commit("Approve\n\nMore-work: mylayers:softmax because only plain arrays are exact")
    assert gated(against="HEAD~2")[0] == 0


@pytest.mark.parametrize("later", [PLAIN_ONLY, RULE], ids=["both", "the base alone"])
def test_what_the_base_does_not_let_be_counted_is_told_and_passes(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git, later: str
) -> None:
    machine(nothing_is_slower)
    layers.commit("Be strict", mylayers=PLAIN_ONLY)
    layers.commit("Later", mylayers=later)
    code, out, _ = gated(against="HEAD~1")
    assert code == 0
    assert "work not counted mylayers:softmax 8×10 against" in out


def test_work_is_counted_in_every_dtype_that_may_have_a_branch_of_its_own(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers.commit("Scale", mylayers=HALF_WASTEFUL)
    code, out, _ = gated(against="HEAD~1")
    assert code == 1
    assert "more work mylayers:softmax against" in out
    assert "8×10 float16: forward ufunc calls 2 → 3" in out


def test_a_signature_that_changed_fails_and_can_be_approved(gated: Shell, briefly: None, layers: Git) -> None:
    layers.commit("After", mylayers=NARROW)
    code, out, _ = gated(against="HEAD~1")
    assert code == 1
    assert "raises mylayers:softmax" in out
    assert "missing 1 required positional argument" in out
    assert "Gone: mylayers:softmax because ..." in out
    layers.commit("Approve\n\nGone: mylayers:softmax because it takes two arguments now")
    _, out, _ = gated(against="HEAD~2")
    assert "approved: mylayers:softmax gone, or with another signature" in out
    assert "breach" not in out


def test_a_rule_that_was_mended_has_nothing_to_compare_with_and_passes(
    gated: Shell, briefly: None, layers: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradassay.speed.results.Canaries.trouble", None)  # one block of each says nothing
    layers.commit("Before", mylayers=NARROW)
    layers.commit("After", mylayers=RULE)
    code, out, _ = gated(against="HEAD~1")
    assert "nothing to compare with, raises: mylayers:softmax 8×10 against" in out
    assert "missing 1 required positional argument" in out
    assert code == 0


def test_a_rule_that_is_gone_for_good_is_approved_by_name(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers.commit("Rename", mylayers=RULE.replace("def softmax", "def softermax"))
    assert "Gone: mylayers:softmax because ..." in gated(against="HEAD~1")[1]
    layers.commit("Approve\n\nGone: mylayers:softmax because it is called softermax now")
    assert "vanished" not in gated(against="HEAD~2")[1]


def test_what_old_messages_say_is_a_note_and_what_new_ones_say_an_error(
    gated: Shell, machine: Callable[[Slowness], None], layers: Git
) -> None:
    machine(nothing_is_slower)
    layers("tag", "v1.0")
    sha = layers.commit("Tell\n\nSlower: this was a bit slower than I thought")
    layers.commit("Later")
    code, out, _ = gated(against="HEAD~1")
    assert code == 0
    assert f"note commit {sha[:8]}, line 3: 'Slower: this was a bit" in out
    assert gated("--no-release", against="HEAD~2")[0] == 4


@pytest.mark.parametrize("line", ["Gone: relu6 because nobody used it", "More-work: it is slower now"])
def test_history_that_nobody_can_mend_is_told_in_the_words_of_the_error(line: str) -> None:
    messages = [("abcd" * 10, f"Subject\n\n{line}\nSlower: softmax 1.3 because it is exact now")]
    with pytest.raises(UsageError) as error:
        approvals(messages, {"softmax"})
    lenient = approvals(messages, {"softmax"}, strict=False)
    assert lenient.notes == (str(error.value),)
    assert lenient.factor("softmax") == 1.3


def test_a_process_that_a_rule_killed_is_no_interrupt_and_the_others_go_on(tmp_path: Path) -> None:
    sides = {}
    for name, text in {"deadly": DEADLY, "lively": RULE}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "mylayers.py").write_text(text, "utf-8")
        sides[name] = Side(tmp_path / name, "mylayers:softmax")
    cell = Cell("mylayers:softmax", "softmax", (2, 3), BOTH)
    deadly, lively = sides["deadly"], sides["lively"]
    killed, spared = Count(cell, lively, deadly), Count(cell, lively, lively)
    found, interrupted = run([killed, spared], None)
    assert not interrupted
    assert found[killed] == Refused(killed, None, f"the process died in {cell}", Trouble.DIED)
    assert isinstance(found[spared], Counted)


def test_a_rule_that_kills_its_process_is_a_breach(gated: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def died(tasks: list[Task], _: object) -> tuple[dict[Task, Refused], bool]:
        return {task: Refused(task, "died", "died in it", Trouble.DIED) for task in tasks}, False

    monkeypatch.setattr("gradassay.speed.gate.run", died)
    code, out, _ = gated()
    assert code == 1
    assert "killed its process mylayers:softmax against HEAD" in out
    assert ": the working tree killed the process that measured: died in it" in out


def test_a_rule_that_begins_to_wait_fails_and_one_that_always_did_is_told(
    gated: Shell, briefly: None, layers: Git
) -> None:
    layers.commit("Wait", mylayers=WAITING)
    code, out, _ = gated("--sizes", "8x10", against="HEAD~1")
    assert code == 1
    assert "0 of 0 cells" in out, "the pullback is not timed either, in caches that have gone cold"
    assert "not timed mylayers:softmax against" in out
    assert "Slower: mylayers:softmax 1.1 because ..." in out
    code, out, _ = gated("--sizes", "8x10")
    assert code == 5
    assert "not timed mylayers:softmax 8×10 against HEAD" in out
    assert "it waits: " in out


def test_github_is_told_beside_a_document_on_standard_output_and_given_a_summary(
    gated: Shell, machine: Callable[[Slowness], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(lambda task, _: 1.0 if canary(task) else 1.5)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _, out, err = gated("--json", "-", "--out", str(tmp_path / "out"))
    assert "::error" not in out
    assert err.count("::error file=mylayers.py,line=4,title=slower::") == 6
    summary = (tmp_path / "out" / "speed.md").read_text("utf-8")
    assert summary.startswith("```text\nslower")
    assert "FAILED  6 breaches" in summary
    assert "\x1b" not in summary
