"""``gradassay approve`` lists the witnesses, writes over nobody's work, and tells of bounds that hold nothing."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gradassay.cli.state import contents, read, read_or_begin, write
from gradassay.errors import UsageError
from gradassay.vocabulary import Run
from property_tests.command_lines import Install, Shell, commands, one_line
from property_tests.fake_runs import row, run
from property_tests.fake_states import TIE, WRONG, state_of
from property_tests.killing import files

BOTH = run(row(found=[WRONG]), row("max", found=[TIE]))
APPROVE = ("approve", "--approved", "st", "--reason", "because")
ST = Path("st")


def listed() -> dict[str, str]:
    """Operation -> id of its witness, of those that are listed."""
    return dict(read(ST).expectations.witnesses or ())


@pytest.fixture
def approved(shell: Shell, measuring: Install) -> dict[str, str]:
    """A state with a witness of two operations."""
    measuring(BOTH)
    assert shell(*APPROVE)[0] == 0
    assert listed() == {w.scenario.operation: w.id for w in read(ST).witnesses.values()}
    assert set(listed()) == {"softmax", "max"}
    return listed()


def test_a_witness_that_was_deleted_is_dropped_by_approving_its_operation_alone(
    shell: Shell, measuring: Install, approved: dict[str, str]
) -> None:
    Path("st/witnesses/softmax.jsonl").unlink()
    measuring(run(BOTH.rows[1]))
    assert shell(*APPROVE, "max")[0] == 0
    assert listed() == approved
    measuring(run(row()))
    assert shell(*APPROVE, "softmax", "--new-only")[0] == 0
    assert listed() == approved
    assert shell(*APPROVE, "softmax")[0] == 0
    assert listed() == {"max": approved["max"]}


def test_a_witness_that_was_added_by_hand_is_listed_by_approving_its_operation_alone(
    shell: Shell, measuring: Install, approved: dict[str, str]
) -> None:
    path = Path("st/expected.toml")
    without = [line for line in path.read_text().splitlines() if approved["softmax"] not in line]
    path.write_text("\n".join(without))
    assert listed() == {"max": approved["max"]}
    measuring(run(BOTH.rows[1]))
    assert shell(*APPROVE, "max")[0] == 0
    assert listed() == {"max": approved["max"]}
    measuring(run(BOTH.rows[0]))
    assert shell(*APPROVE, "softmax")[0] == 0
    assert listed() == approved


NARROW = ("softmax", "--dtypes", "float32", "--implementations", "numpy")
DTYPES = run(row(found=[WRONG]), row(dtype="float32", found=[TIE]))


def told(out: str) -> list[str]:
    """The witnesses that an approval says it listed, or took off the list."""
    return [line for line in out.splitlines() if line[1:].startswith(" witness ")]


def deleted(dtype: str) -> str:
    """The id of the witness of that dtype, whose line is deleted."""
    (name,) = (w.id for w in read(ST).witnesses.values() if w.scenario.dtype == dtype)
    path = Path("st/witnesses/softmax.jsonl")
    path.write_text("".join(line for line in path.read_text().splitlines(True) if name not in line))
    return name


@pytest.mark.parametrize("part", [NARROW, NARROW[:3], (NARROW[0], *NARROW[3:])], ids=" ".join)
def test_a_deleted_witness_is_dropped_by_no_approval_of_a_part_of_its_operation(
    part: tuple[str, ...], shell: Shell, measuring: Install
) -> None:
    """Not even of its own dtype, which nobody knows any more."""
    measuring(DTYPES)
    assert shell(*APPROVE)[0] == 0
    name = deleted("float64")
    measuring(run(row(), row(dtype="float32", found=[TIE])))
    code, out, _ = shell(*APPROVE, *part)
    assert (code, told(out)) == (0, [])
    code, out, _ = shell("check", "--approved", "st", "--no-audit", *part)
    assert code == 1
    assert f"witness {name} is listed in expected.toml and not stored" in out
    (command,) = commands(out)
    code, out, _ = shell(*shlex.split(command)[1:])
    assert (code, told(out)) == (0, [f"- witness {name} of softmax"])
    assert shell("check", "--approved", "st", "--no-audit")[0] == 0


def test_a_witness_that_was_added_by_hand_is_listed_by_approving_its_dtype_alone(
    shell: Shell, measuring: Install
) -> None:
    measuring(DTYPES)
    assert shell(*APPROVE)[0] == 0
    (name,) = (w.id for w in read(ST).witnesses.values() if w.scenario.dtype == "float64")
    path = Path("st/expected.toml")
    path.write_text("".join(line for line in path.read_text().splitlines(True) if name not in line))
    assert told(shell(*APPROVE, *NARROW)[1]) == []
    assert shell("check", "--approved", "st", "--no-audit", *NARROW)[0] == 0, "it is of another dtype"
    code, out, _ = shell("check", "--approved", "st", "--no-audit")
    assert code == 1
    (command,) = commands(out)
    assert "--dtypes float64" in command
    assert told(shell(*shlex.split(command)[1:])[1]) == [f"+ witness {name} of softmax"]
    assert shell("check", "--approved", "st", "--no-audit")[0] == 0


def test_what_is_listed_and_what_no_longer_is_are_told(shell: Shell, measuring: Install) -> None:
    measuring(run(row(found=[WRONG])))
    first = told(shell(*APPROVE)[1])
    assert first == [f"+ witness {name} of softmax" for name in read(ST).witnesses]
    measuring(run(row("max", found=[TIE])))
    second = told(shell(*APPROVE)[1])
    assert second == [*(f"+ witness {name} of max" for name in read(ST).witnesses), *_reversed(first)]
    assert told(shell(*APPROVE)[1]) == []


def _reversed(lines: list[str]) -> list[str]:
    return [line.replace("+", "-", 1) for line in lines]


def test_the_ids_of_an_operation_that_is_gone_go_with_it(shell: Shell, measuring: Install) -> None:
    """Also where the list is all that still has it."""
    measuring(run(row(), row("soft_max", found=[TIE])))
    shell(*APPROVE)
    (name,) = listed().values()
    measuring(run(row()))
    assert shell(*APPROVE, "soft_max")[0] == 0
    assert listed() == {}
    state = read(ST)
    expectations = replace(state.expectations, witnesses=frozenset({("soft_max", name)}))
    write(ST, replace(state, expectations=expectations))
    assert listed() == {"soft_max": name}
    assert shell(*APPROVE, "soft_max")[0] == 0
    assert listed() == {}


def test_a_state_of_before_there_was_a_list_gets_one_by_being_read_and_written(
    shell: Shell, approved: dict[str, str]
) -> None:
    path = Path("st/expected.toml")
    new = path.read_text()
    begin = new.index("witnesses = [")
    path.write_text(new[:begin] + new[new.index("]\n", begin) + 2 :])
    assert listed() == {}
    write(ST, read_or_begin(ST))
    assert listed() == approved
    assert path.read_text() == new


def meanwhile(what: Callable[[], object], monkeypatch: pytest.MonkeyPatch, fake: Any) -> None:
    """Let ``what`` happen while the next approval takes votes, once."""
    replayed = fake.replayed
    done: list[object] = []

    def call(*given: Any, **how: Any) -> Any:
        if not done:
            done.append(None)
            what()
        return replayed(*given, **how)

    monkeypatch.setattr(fake, "replayed", call)


CHANGES: dict[str, Callable[[], object]] = {
    "another approval": lambda: write(ST, state_of(run(row(), row("exp", found=[WRONG])))),
    "a reason": lambda: Path("st/expected.toml").write_text(
        Path("st/expected.toml").read_text().replace("because", "for another reason")
    ),
    "a deletion": lambda: Path("st/witnesses/max.jsonl").unlink(),
    "a new file": lambda: Path("st/witnesses/exp.jsonl").write_text(""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_meanwhile_is_not_written_over(
    change: str, shell: Shell, measuring: Install, approved: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[Path, bytes]] = []
    fake = measuring(run(row(), row("max"), row("tanh", found=[TIE])))

    def change_it() -> None:
        CHANGES[change]()
        seen.append(files(ST))

    meanwhile(change_it, monkeypatch, fake)
    code, out, err = shell(*APPROVE)
    assert (code, out) == (4, "")
    assert "changed meanwhile, nothing was written: run it again" in one_line(err)
    assert files(ST) == seen[0]
    assert shell(*APPROVE)[0] == 0


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there is no lock on a folder")
def test_of_several_that_write_at_once_one_does_and_nothing_is_mixed(tmp_path: Path) -> None:
    states = [state_of(run(row(name, found=[WRONG]))) for name in ("exp", "max", "tanh", "relu")]
    write(tmp_path, state_of(BOTH))
    found = contents(tmp_path)
    refused: dict[int, str] = {}

    def attempt(i: int) -> None:
        try:
            write(tmp_path, states[i], found)
        except UsageError as error:
            refused[i] = str(error)

    threads = [Thread(target=attempt, args=(i,)) for i in range(len(states))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = set(range(len(states))) - refused.keys()
    assert all("changed meanwhile, nothing was written" in told for told in refused.values())
    now = read(tmp_path)
    assert now.expectations.reasons == states[winner].expectations.reasons
    assert now.witnesses.keys() == states[winner].witnesses.keys()


@pytest.mark.parametrize("fails_at", range(4))
def test_files_that_cannot_be_put_in_their_places_are_told_with_those_that_were(
    fails_at: int, shell: Shell, measuring: Install, approved: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, calls, put = contents(ST), [], os.replace

    def refused(source: str, target: Path) -> None:
        calls.append(target)
        if len(calls) > fails_at:
            raise PermissionError(13, "Permission denied", str(target))
        put(source, target)

    monkeypatch.setattr(os, "replace", refused)
    measuring(_otherwise())
    code, _, err = shell(*APPROVE)
    assert code == 4
    now = contents(ST)
    new = sorted(name for name in now if now[name] != before[name])
    assert len(new) == fails_at
    assert not list(ST.rglob("*.tmp"))
    what = f"{', '.join(new)} are new, and all others as they were" if new else "nothing is new"
    assert f"; in st, {what}: mend the cause and run it again" in one_line(err)


def _otherwise() -> Run:
    """All four files are others in it."""
    return run(row(found=[TIE], typical=9.0), row("max", found=[WRONG]))


@pytest.mark.parametrize("typical", [math.inf, math.nan])
def test_a_bound_that_holds_nothing_is_told_once(
    typical: float, shell: Shell, measuring: Install, approved: dict[str, str]
) -> None:
    measuring(run(row(found=[WRONG], typical=typical), BOTH.rows[1]))
    code, out, _ = shell(*APPROVE)
    assert code == 0
    (line,) = (line for line in out.splitlines() if line.startswith("! "))
    assert line.startswith(f"! softmax numpy float64: the bound on its norm-wise error is {typical}: no ")
    if typical == math.inf:
        assert "!" not in shell(*APPROVE)[1]


def test_a_bound_of_a_region_that_holds_nothing_is_told(
    shell: Shell, measuring: Install, approved: dict[str, str]
) -> None:
    path = ST / "accuracy.toml"
    path.write_text(path.read_text().replace("ties = 2.25", "ties = inf", 1))
    before = shell(*APPROVE, "--new-only")[1]
    assert "! " not in before, "it was so before"
    changed = row(typical_by_region={"ordinary": 0.75, "ties": math.inf})
    path.write_text(path.read_text().replace("ties = inf", "ties = 2.25", 1))
    measuring(run(changed, BOTH.rows[1]))
    out = shell(*APPROVE)[1]
    assert "the bound on its norm-wise error in region ties is inf: no error is too large for it" in out
