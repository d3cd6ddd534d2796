"""Witness files: what is written is read back bit for bit, and what is damaged is named with file, line and remedy."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.replay.witnesses import (
    ENTRIES,
    file_name,
    identify,
    merged,
    positions,
    read,
    small_enough,
    witness_of,
    write,
)
from gradassay.second_order import pullback_operation
from gradassay.vocabulary import Array, Scenario, Verdict, Vote, Witness
from property_tests.strategies import LAYOUTS, draw_scenarios, lay_out

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ERRORS = st.floats(0, math.inf, allow_nan=False)
VOTES = st.builds(Vote, st.sampled_from(Verdict), WORDS, st.dictionaries(WORDS, ERRORS, max_size=3))
#: Every kind of parameter that an operation takes: an axis, indices of all kinds, a name, an infinity.
PARAMETERS: tuple[Any, ...] = (
    None,
    True,
    -1,
    0.01,
    -0.0,
    math.inf,
    "mean",
    slice(None, None, -2),
    Ellipsis,
    (0, slice(1, 3), None, np.array([[0, -1]])),
    np.array([True, False]),
    np.int64(3),
    [1, 2],
    (),
)


@st.composite
def arrays(draw: st.DrawFn, dtype: str) -> Array:
    """Any bits whatever: NaN with every payload, infinities, zeros of both signs, subnormal numbers."""
    shape = draw(st.sampled_from([(), (0,), (3, 0), (1,), (2, 3), (1, 2, 1)]))
    form = FORMATS[dtype].dtype
    raw = draw(
        st.binary(min_size=form.itemsize * math.prod(shape), max_size=form.itemsize * math.prod(shape))
    )
    return np.frombuffer(raw, dtype=form).reshape(shape).copy()


@st.composite
def witnesses(draw: st.DrawFn) -> Witness:
    dtype, layout = draw(st.sampled_from(list(FORMATS))), draw(st.sampled_from(LAYOUTS))
    labels = np.array(draw(st.lists(st.integers(-3, 3), max_size=3)), dtype=np.int64)
    args = [draw(arrays(dtype)), *draw(st.sampled_from([(), (labels,)]))]
    scenario = Scenario(
        operation=draw(st.sampled_from(["softmax", "grad(softmax)", "of_nobody", "grad(of_nobody)"])),
        dtype=dtype,
        args=tuple(lay_out(x, layout) for x in args),
        params={"p": draw(st.sampled_from(PARAMETERS))},
        cotangent=lay_out(draw(arrays(dtype)), layout),
        layout=layout,
        region=draw(WORDS),
        valid=draw(st.booleans()),
    )
    shown = witness_of(scenario, draw(WORDS))
    return Witness(shown.id, scenario, shown.shows, draw(st.dictionaries(WORDS, VOTES, max_size=3)))


def given_to_a_rule(scenario: Scenario) -> tuple[Any, ...]:
    """Everything a rule can see, as bits."""
    arrays = [(x.dtype.name, x.shape, x.strides, x.tobytes()) for x in (*scenario.args, scenario.cotangent)]
    return (arrays, scenario.operation, scenario.dtype, scenario.layout, scenario.valid, scenario.region)


def same(one: Witness, other: Witness) -> bool:
    params = [json.dumps(repr({k: (type(v), v) for k, v in w.scenario.params.items()})) for w in (one, other)]
    return (
        given_to_a_rule(one.scenario) == given_to_a_rule(other.scenario)
        and params[0] == params[1]
        and (one.id, one.shows, dict(one.votes)) == (other.id, other.shows, dict(other.votes))
    )


def drawn(name: str = "softmax", dtype: str = "float32", examples: int = 12) -> list[Witness]:
    scenarios = draw_scenarios(OPERATIONS[name], dtype=dtype, examples=examples, seed=0)
    vote = Vote(Verdict.AGREES, "", {"here": 0.5, "there": math.inf})
    found = [
        Witness(w.id, w.scenario, w.shows, {"numpy": vote})
        for w in (witness_of(s, "drawn") for s in scenarios if small_enough(s))
    ]
    return list({w.id: w for w in found}.values())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- round trips


@given(st.lists(witnesses(), max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back_bit_for_bit(tmp_path_factory: Any, made: list[Witness]) -> None:
    folder = tmp_path_factory.mktemp("w") / "witnesses"
    write(folder, made)
    back = {w.id: w for w in read(folder)}
    assert back.keys() == {w.id for w in made}
    assert all(same(back[w.id], w) for w in {w.id: w for w in made}.values())


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_scenarios_of_the_catalogue_survive_in_every_dtype(name: str, tmp_path: Path) -> None:
    operations = [OPERATIONS[name]]
    if OPERATIONS[name].pullback_rule is not None:
        operations.append(pullback_operation(OPERATIONS[name]))
    scenarios = {
        identify(s): s
        for operation in operations
        for dtype in FORMATS
        for s in draw_scenarios(operation, dtype=dtype, examples=15, seed=3)
        if small_enough(s)
    }
    write(tmp_path, [witness_of(s, "") for s in scenarios.values()])
    back = read(tmp_path)
    assert len(back) == len(scenarios)
    for witness in back:
        scenario = scenarios[witness.id]
        assert given_to_a_rule(witness.scenario) == given_to_a_rule(scenario)
        assert witness.scenario.differentiable == scenario.differentiable


@given(st.lists(witnesses(), max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_files_depend_on_nothing_but_the_witnesses(
    tmp_path_factory: Any, made: list[Witness], random: Any
) -> None:
    made = list({w.id: w for w in made}.values())
    first, second = tmp_path_factory.mktemp("w"), tmp_path_factory.mktemp("w")
    write(first, made)
    random.shuffle(made)
    write(second, made)
    write(second, read(second))
    assert contents(first) == contents(second)


def test_files_that_do_not_change_are_not_touched_and_empty_ones_go(tmp_path: Path) -> None:
    softmax, exp = drawn("softmax"), drawn("exp")
    write(tmp_path, [*softmax, *exp])
    before = (tmp_path / "softmax.jsonl").stat().st_ino
    write(tmp_path, softmax)
    assert (tmp_path / "softmax.jsonl").stat().st_ino == before
    assert not (tmp_path / "exp.jsonl").exists()


def test_lines_may_stand_in_any_order_and_twice(tmp_path: Path) -> None:
    write(tmp_path, drawn())
    before = contents(tmp_path)
    file = tmp_path / "softmax.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n\n".join([*reversed(lines), lines[0], "  "]) + "\n", encoding="utf-8")
    write(tmp_path, read(tmp_path))
    assert contents(tmp_path) == before


def test_lines_of_one_witness_are_joined_where_they_say_nothing_against_each_other(tmp_path: Path) -> None:
    (first, *_) = drawn()
    here = {"numpy": Vote(Verdict.AGREES, "", {"a": 1.0, "b": 3.0})}
    there = {
        "numpy": Vote(Verdict.AGREES, "", {"a": 2.0, "c": 4.0}),
        "torch": Vote(Verdict.WRONG, "sign", {}),
    }
    lines = []
    for votes in (here, there):
        write(tmp_path, [replace(first, votes=votes)])
        lines.append((tmp_path / "softmax.jsonl").read_text(encoding="utf-8"))
    (tmp_path / "softmax.jsonl").write_text("".join(lines), encoding="utf-8")
    (both,) = read(tmp_path)
    assert both.votes == {
        "numpy": Vote(Verdict.AGREES, "", {"a": 2.0, "b": 3.0, "c": 4.0}),
        "torch": Vote(Verdict.WRONG, "sign", {}),
    }


def test_git_merges_two_branches_that_each_add_witnesses(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

    made = drawn(examples=12)
    third = len(made) // 3
    common, ours, theirs = made[:third], made[third : 2 * third], made[2 * third :]
    git("init", "-q", "-b", "main")
    (tmp_path / ".gitattributes").write_text("*.jsonl merge=union\n", encoding="utf-8")
    for branch, kept in (("main", common), ("theirs", [*common, *theirs]), ("main", [*common, *ours])):
        if branch != "main":
            git("checkout", "-q", "-b", branch)
        elif kept is not common:
            git("checkout", "-q", branch)
        write(tmp_path / "witnesses", kept)
        git("add", "-A")
        git("commit", "-q", "-m", branch)
    git("merge", "-q", "theirs")
    assert {w.id for w in read(tmp_path / "witnesses")} == {w.id for w in made}


def test_every_witness_is_found_at_its_line(tmp_path: Path) -> None:
    write(tmp_path, [*drawn("softmax"), *drawn("exp")])
    for witness in read(tmp_path):
        found = positions(tmp_path).get(witness.id)
        assert found is not None
        path, number = found
        assert json.loads(path.read_text(encoding="utf-8").splitlines()[number - 1])["id"] == witness.id
    assert positions(tmp_path).get("0000000000") is None


# ---- identity


def test_an_id_is_the_same_in_every_process() -> None:
    program = (
        "import numpy as np\nfrom gradassay.replay.witnesses import identify\n"
        "from gradassay.vocabulary import Scenario\n"
        "x = np.array([1.5, -0.0, np.inf, np.nan], dtype=np.float32)\n"
        "print(identify(Scenario('softmax', 'float32', (x,), {'b': 1, 'a': (2, None)}, x)))"
    )
    ids = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    x = np.array([1.5, -0.0, np.inf, np.nan], dtype=np.float32)
    here = identify(Scenario("softmax", "float32", (x,), {"a": (2, None), "b": 1}, x))
    assert ids == {f"{here}\n"}


CHANGES: dict[str, Callable[[Scenario], dict[str, Any]]] = {
    "operation": lambda s: {"operation": "exp"},
    "an entry by one ulp": lambda s: {"args": (np.nextafter(s.args[0], np.float32(9)),)},
    "the sign of a zero": lambda s: {"args": (np.array([-0.0, 2], np.float32),)},
    "shape": lambda s: {"args": (s.args[0].reshape(1, 2),)},
    "dtype": lambda s: {"args": (s.args[0].astype(np.float64),)},
    "parameters": lambda s: {"params": {"axis": 1}},
    "cotangent": lambda s: {"cotangent": -s.cotangent},
    "layout": lambda s: {"layout": "F"},
    "validity": lambda s: {"valid": False},
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_a_rule_is_given_is_part_of_the_id(what: str) -> None:
    x = np.array([0, 2], np.float32)
    parts: dict[str, Any] = {
        "operation": "softmax", "dtype": "float32", "args": (x,), "params": {"axis": -1}, "cotangent": x + 1
    }  # fmt: skip
    scenario = Scenario(**parts)
    assert identify(Scenario(**(parts | CHANGES[what](scenario)))) != identify(scenario)
    assert identify(Scenario(**parts, region="elsewhere")) == identify(scenario)


# ---- votes


def test_errors_of_other_platforms_stay_while_the_answer_does() -> None:
    scenario = drawn()[0].scenario
    then = {
        "numpy": Vote(Verdict.AGREES, "", {"old": 1.0, "here": 2.0}),
        "torch": Vote(Verdict.AGREES, "", {"old": 1.0}),
        "jax": Vote(Verdict.WRONG, "the gradient", {"old": 1.0}),
    }
    now = {
        "numpy": Vote(Verdict.AGREES, "", {"here": 3.0}),
        "torch": Vote(Verdict.IMPRECISE, "rounding", {"here": 9.0}),
    }
    votes = merged(Witness("x", scenario, "old", then), Witness("x", scenario, "new", now)).votes
    assert votes == {
        "numpy": Vote(Verdict.AGREES, "", {"old": 1.0, "here": 3.0}),
        "torch": Vote(Verdict.IMPRECISE, "rounding", {"here": 9.0}),
        "jax": then["jax"],
    }


# ---- damage

Entry = dict[str, Any]


def vote_of(entry: Entry) -> Entry:
    vote: Entry = entry["votes"]["numpy"]
    return vote


DAMAGE: dict[str, tuple[str, Callable[[Entry], Any]]] = {
    "a verdict that there is none of": ("verdict", lambda e: vote_of(e).update(verdict="fine")),
    "a cause that is no text": ("cause", lambda e: vote_of(e).update(cause=1)),
    "an error that is no number": ("here", lambda e: vote_of(e).update(errors={"here": "small"})),
    "an error below 0": ("here", lambda e: vote_of(e).update(errors={"here": -1})),
    "an error that is NaN": ("here", lambda e: vote_of(e).update(errors={"here": math.nan})),
    "an error that is true": ("here", lambda e: vote_of(e).update(errors={"here": True})),
    "errors that are a list": ("errors", lambda e: vote_of(e).update(errors=[])),
    "a vote without errors": ("errors", lambda e: vote_of(e).pop("errors")),
    "votes that are a list": ("votes", lambda e: e.update(votes=[])),
    "a vote that is a text": ("votes", lambda e: e.update(votes={"numpy": "agrees"})),
    "a dtype that there is none of": ("dtype", lambda e: e.update(dtype="float128")),
    "an array's dtype that there is none of": ("args[0]", lambda e: e["args"][0].update(dtype="floaty")),
    "a shape that does not fit": ("args[0]", lambda e: e["args"][0].update(shape=[7, 7])),
    "a cotangent's shape that does not fit": ("cotangent", lambda e: e["cotangent"].update(shape=[7, 7])),
    "a number that is no hex": ("args[0]", lambda e: e["args"][0]["hex"].__setitem__(0, "0xg")),
    "a number that is a number": ("args[0]", lambda e: e["args"][0]["hex"].__setitem__(0, 1.5)),
    "arguments that are none": ("args", lambda e: e.update(args=None)),
    "no arguments": ("args", lambda e: e.update(args=[])),
    "an input that was edited": ("id", lambda e: e["cotangent"]["hex"].__setitem__(0, "0x1.8p+60")),
    "a parameter that was edited": ("id", lambda e: e.update(params={"axis": 0, "b": 1})),
    "a parameter that cannot be read": ("params", lambda e: e.update(params={"f": {"repr": "<f>"}})),
    "a layout that there is none of": ("layout", lambda e: e.update(layout="diagonal")),
    "a validity that is a text": ("valid", lambda e: e.update(valid="yes")),
    "an id that is a number": ("id", lambda e: e.update(id=17)),
    "another operation": ("exp.jsonl", lambda e: e.update(operation="exp", id=None)),
    "an operation that leaves the folder": ("operation", lambda e: e.update(operation="../softmax")),
    "a key that nobody reads": ("vote", lambda e: e.update(vote={})),
    **{
        f"no {key}": (key, lambda e, key=key: e.pop(key))  # type: ignore[misc]
        for key in ("id", "operation", "dtype", "shows", "args", "params", "cotangent", "region", "layout",
                    "valid", "votes")
    },
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_line_is_named(what: str, tmp_path: Path) -> None:
    key, damage = DAMAGE[what]
    write(tmp_path, [w for w in drawn() if w.scenario.cotangent.size])
    file = tmp_path / "softmax.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[2])
    damage(entry)
    if entry.get("id", "") is None:  # a line that is right in itself
        moved = witness_of(next(w for w in drawn()).scenario, "")
        scenario = Scenario("exp", "float32", moved.scenario.args, {}, moved.scenario.cotangent)
        write(tmp_path / "other", [witness_of(scenario, "")])
        entry = json.loads((tmp_path / "other" / "exp.jsonl").read_text(encoding="utf-8"))
    lines[2] = json.dumps(entry)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UsageError) as told:
        read(tmp_path)
    message = str(told.value)
    assert message.startswith(f"{file}:3: ")
    assert key in message
    assert "restore the line from version control" in message or "move the line there" in message


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| base"])
def test_the_marks_of_a_merge_are_told_as_such(mark: str, tmp_path: Path) -> None:
    write(tmp_path, drawn())
    with (tmp_path / "softmax.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(mark + "\n")
    with pytest.raises(
        UsageError, match=rf"jsonl:{len(drawn()) + 1}: a merge left its marks.*delete the marks"
    ):
        read(tmp_path)


@pytest.mark.parametrize("damage", ["{}", "twice"])
@pytest.mark.parametrize("folder", ["reports", "else where"])
def test_the_remedy_is_of_the_state_that_the_folder_belongs_to(
    folder: str, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = Path(folder)
    there = "" if folder == "reports" else " --approved 'else where'"
    with pytest.raises(UsageError, match=rf"missing baseline: .*: gradassay approve{there} --reason TEXT$"):
        read(state / "witnesses")
    for part in (state / "witnesses", Path("proposed")):
        write(part, drawn())
        line = (part / "softmax.jsonl").read_text(encoding="utf-8").splitlines()[0]
        votes = {"votes": {"numpy": {"verdict": "raises", "cause": "", "errors": {}}}}
        more = json.dumps(json.loads(line) | votes) if damage == "twice" else damage
        with (part / "softmax.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(more + "\n")
    with pytest.raises(UsageError, match=rf" and run: gradassay approve{there} --reason TEXT$"):
        read(state / "witnesses")
    with pytest.raises(UsageError, match=r"(delete it|keep one of them)$"):
        read(Path("proposed"))


@pytest.mark.parametrize("text", ["[]", '{"id": "1"', "null", "{}"])
def test_a_line_that_is_no_witness_is_named(text: str, tmp_path: Path) -> None:
    write(tmp_path, drawn())
    with (tmp_path / "softmax.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(text + "\n")
    with pytest.raises(UsageError, match=rf"softmax\.jsonl:{len(drawn()) + 1}: .*restore"):
        read(tmp_path)


def test_two_lines_with_one_id_that_contradict_each_other_are_both_named(tmp_path: Path) -> None:
    write(tmp_path, drawn())
    file = tmp_path / "softmax.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[1]) | {"votes": {"numpy": {"verdict": "raises", "cause": "", "errors": {}}}}
    file.write_text("\n".join([*lines, json.dumps(entry)]) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"jsonl:2 and .*jsonl:{len(lines) + 1}.*{entry['id']}.*keep one"):
        read(tmp_path)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "softmax.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"softmax\.jsonl: .*version control"):
        read(tmp_path)


def test_a_folder_that_is_not_there_is_a_missing_baseline(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing baseline: .*nowhere.*gradassay explore"):
        read(tmp_path / "nowhere")


# ---- what is refused


def test_a_large_scenario_is_no_witness(tmp_path: Path) -> None:
    x = np.ones(ENTRIES + 1)
    for args, cotangent in (((x,), x[:1]), ((x[:1],), x)):
        with pytest.raises(UsageError, match=f"at most|more than {ENTRIES}"):
            write(tmp_path / "w", [witness_of(Scenario("softmax", "float64", args, {}, cotangent), "")])
    assert not (tmp_path / "w").exists()


def test_a_parameter_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    x = np.ones(2)
    with pytest.raises(UsageError, match=r"cannot be kept: .*params"):
        write(tmp_path, [witness_of(Scenario("softmax", "float64", (x,), {"f": object()}, x), "")])


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a\\b", "", ".", "grad(", "grad(grad(x))", "con:", "x\0", "softmax.grad"]
)
def test_no_name_of_an_operation_leads_elsewhere(name: str) -> None:
    with pytest.raises(UsageError, match="cannot have witnesses"):
        file_name(name)


def test_a_pullback_has_a_file_of_its_own() -> None:
    assert file_name("grad(softmax)") == "softmax.grad.jsonl"
    assert file_name("softmax") == "softmax.jsonl"


# ---- killed

WRITER = """
import sys
from pathlib import Path
from property_tests.test_witnesses import drawn
from gradassay.replay.witnesses import write
first, second = drawn(examples=12), drawn(examples=24) + drawn("exp", examples=12)
folder = Path(sys.argv[1])
write(folder, first)
print("ready", flush=True)
while True:
    write(folder, second)
    write(folder, first)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_killed_at_any_moment_it_leaves_whole_files(tmp_path: Path) -> None:
    known = {w.id for w in [*drawn(examples=12), *drawn(examples=24), *drawn("exp", examples=12)]}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "w")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    for number in range(12):
        os.kill(process.pid, signal.SIGSTOP)
        found = read(tmp_path / "w")  # what a kill at this moment would leave
        assert found
        assert {w.id for w in found} <= known
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.003 * (1 + number % 4))
    process.kill()
    process.wait()
    assert {w.id for w in read(tmp_path / "w")} <= known


def test_bfloat16_is_kept_as_it_is(tmp_path: Path) -> None:
    x = np.array([1.0, np.nan, -np.inf, 1e-40]).astype(ml_dtypes.bfloat16)
    write(tmp_path, [witness_of(Scenario("relu", "bfloat16", (x,), {}, x), "")])
    (back,) = read(tmp_path)
    assert back.scenario.args[0].dtype == ml_dtypes.bfloat16
    assert back.scenario.args[0].tobytes() == x.tobytes()
