"""Names on the command lines of the gate: one that nothing has is refused before anything happens, by every command."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from gradassay.cli.fitting import insist_on_names
from gradassay.engine import implementations
from gradassay.errors import UsageError
from gradassay.vocabulary import Run
from property_tests.command_lines import Approve, Install, Shell, one_line
from property_tests.fake_runs import row, run
from property_tests.fake_states import TIE
from property_tests.killing import files
from property_tests.test_completion import completed
from reports.gate.places import Place, Scope

BOTH = run(row(), row("grad(softmax)"))
APPROVE = ("approve", "--reason", "because", "--approved", "st")
COMMANDS = {
    "check": ("check", "--approved", "st", "--no-audit"),
    "approve": APPROVE,
    "approve --from": (*APPROVE, "--from", "out/results.json"),
}
ORDERS: tuple[tuple[str, ...], ...] = ((), ("--order", "1"), ("--order", "2"))
UNKNOWN = {
    ("sofmax",): "unknown operation 'sofmax'; known: .* did you mean 'softmax'?",
    ("softmax", "sofmax"): "unknown operation 'sofmax'; known: .* did you mean 'softmax'?",
    ("grad(sofmax)",): "unknown operation 'sofmax'; known: .* did you mean 'softmax'?",
    ("--implementations", "nump"): "unknown implementation 'nump'; known: .* did you mean 'numpy'?",
    ("--implementations", "numpy,bogus"): "unknown implementation 'bogus'; known: ",
    (
        "--implementations",
        "numpy,torch.forward",
    ): "torch.forward: is not held; gradassay compare --order 2 has it",
    ("--dtypes", "flaot32"): "unknown dtype 'flaot32'; known: .* did you mean 'float32'?",
}


def state() -> dict[str, bytes]:
    return {path.name: content for path, content in files(Path("st")).items()}


@pytest.fixture
def checked(shell: Shell, measuring: Install, approve: Approve) -> Callable[[Run, Run], None]:
    """Approve one run in st/, and leave the results.json of a check of the other in out/."""

    def call(before: Run, now: Run) -> None:
        approve(before)
        measuring(now)
        shell(*COMMANDS["check"], "--out", "out")

    return call


@pytest.mark.parametrize(
    ("command", "order", "asked"),
    list(product(COMMANDS, ORDERS, UNKNOWN)),
    ids=lambda part: part if isinstance(part, str) else " ".join(part) or "both orders",
)
def test_a_name_that_nothing_has_is_refused_before_anything_happens(
    command: str,
    order: tuple[str, ...],
    asked: tuple[str, ...],
    shell: Shell,
    measuring: Install,
    checked: Callable[[Run, Run], None],
) -> None:
    checked(BOTH, BOTH)
    before, fake = state(), measuring(BOTH)
    code, out, err = shell(*COMMANDS[command], *asked, *order)
    assert (code, out, fake.calls, state()) == (4, "", [], before)
    for words in UNKNOWN[asked].split(".*"):
        assert words in one_line(err)


def test_nothing_of_ours_is_refused_at_second_order_by_every_command(
    shell: Shell, checked: Callable[[Run, Run], None]
) -> None:
    checked(BOTH, BOTH)
    for command in COMMANDS.values():
        code, _, err = shell(*command, "--order", "2", "--implementations", "torch,jax")
        assert code == 4
        assert "--order 2 holds numpy alone" in one_line(err)


def test_a_pullback_is_asked_for_by_its_operation_which_the_remedy_names_and_no_more(
    shell: Shell, checked: Callable[[Run, Run], None]
) -> None:
    """What else was on the line stays: a whole command in the remedy would leave out --reason, for one."""
    checked(run(*BOTH.rows, row("soft_max"), row("grad(soft_max)")), BOTH)
    for name in ("softmax", "soft_max"):
        for command in COMMANDS.values() if name == "softmax" else (APPROVE,):
            code, _, err = shell(*command, f"grad({name})")
            assert code == 4
            assert one_line(err).endswith(f": in its place, write {name} --order 2")
    code, _, err = shell(*COMMANDS["check"], "grad(soft_max)")
    assert code == 4
    assert "did you mean 'softmax'" in one_line(err)


# ---- names that are gone

GONE = {
    "an operation": (row("soft_max", found=[TIE]), ("soft_max",)),
    "an operation's pullback": (row("grad(soft_max)", found=[TIE]), ("soft_max", "--order", "2")),
    "an implementation": (row("max", "torch.old", found=[TIE]), ("--implementations", "torch.old")),
    "both": (row("soft_max", "torch.old", found=[TIE]), ("soft_max", "--implementations", "torch.old")),
}


@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("command", ["approve", "approve --from"])
def test_what_the_state_alone_has_is_dropped_by_its_name_without_measuring(
    command: str, gone: str, shell: Shell, measuring: Install, checked: Callable[[Run, Run], None]
) -> None:
    what, asked = GONE[gone]
    now = run(*BOTH.rows, row("max"))
    checked(run(*now.rows, what), now)
    assert shell(*COMMANDS["check"])[0] == 1
    fake = measuring(now)
    code, _, err = shell(*COMMANDS[command], *asked)
    assert (code, fake.calls) == (0, []), err
    assert not any(what.implementation == "torch.old" and b"torch.old" in text for text in state().values())
    assert not any(b"soft_max" in text for text in state().values())
    code, out, _ = shell(*COMMANDS["check"])
    assert code == 0, out


def test_of_what_is_gone_and_what_is_there_the_latter_is_measured(
    shell: Shell, measuring: Install, checked: Callable[[Run, Run], None]
) -> None:
    checked(run(*BOTH.rows, row("soft_max", found=[TIE])), BOTH)
    fake = measuring(BOTH)
    assert shell(*COMMANDS["approve"], "soft_max", "softmax")[0] == 0
    assert [operations for (operations,), _ in fake.calls] == [["softmax"]]
    assert shell(*COMMANDS["check"])[0] == 0


def test_what_the_file_alone_has_is_approved_by_its_name(
    shell: Shell, checked: Callable[[Run, Run], None]
) -> None:
    """A check of a newer revision knows operations and implementations that are not here yet."""
    checked(BOTH, run(*BOTH.rows, row("newest"), row("softmax", "torch.newest", found=[TIE])))
    assert shell(*COMMANDS["approve --from"], "newest")[0] == 0
    assert shell(*COMMANDS["approve --from"], "softmax", "--implementations", "torch.newest")[0] == 0
    expected = state()["expected.toml"].decode()
    assert "newest" in expected
    assert "torch.newest" in expected


# ---- what the shell offers


@pytest.mark.parametrize("command", ["check", "approve --reason x", "explore", "compare", "explain softmax"])
def test_every_name_that_the_shell_offers_is_taken(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = completed(monkeypatch, f"gradassay {command} --implementations ")
    both = (*implementations(), *implementations(order=2))
    of_both_orders = command.startswith(("compare", "explain"))
    assert sorted(offered) == sorted(set(both) if of_both_orders else implementations())


def test_the_gate_takes_every_name_of_gradients_and_of_no_forward_mode() -> None:
    for order in (None, 1):
        for name in implementations():
            insist_on_names(Scope(implementations=(name,), order=order))
    for name in set(implementations(order=2)) - set(implementations()):
        with pytest.raises(UsageError, match="is not held"):
            insist_on_names(
                Scope(implementations=("numpy", name), order=2), [Place("softmax", name, "float64")]
            )
