"""Replay: a discrepancy is shown again by its id, and without Gradassay by a script."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradassay
from comparators import registry
from comparators.exact import Exact
from gradassay.catalogue import OPERATIONS
from gradassay.cli import main
from gradassay.errors import UsageError
from gradassay.orders import operation_of
from gradassay.replay.remembered import CACHE, ids, last_run, recorded, remember
from gradassay.replay.replaying import replay
from gradassay.replay.standalone import standalone
from gradassay.second_order import pullback_operation
from gradassay.vocabulary import Discrepancy, Example, Rule, Run, Scenario, Verdict
from property_tests.fake_runs import row
from property_tests.fake_runs import run as made_run
from property_tests.strategies import draw_scenarios
from reports.results_json import document

#: What a clean process must not find: all of ours, and what only one format needs.
HIDDEN = ("comparators", "gradassay", "hypothesis", "property_tests", "reference_impls", "reports")


# ---- scripts


def clean(script: str, folder: Path, *hidden: str) -> tuple[int, str]:
    """Exit code and output of a script in a process that cannot import what is hidden."""
    file = folder / "again.py"
    file.write_text(script, encoding="utf-8")
    names = [*HIDDEN, *hidden]
    start = f"import runpy, sys; sys.modules.update(dict.fromkeys({names})); "
    start += f"runpy.run_path({str(file)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", start], capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@cache
def one_entry(name: str, implementation: str) -> Discrepancy:
    """A discrepancy whose expected entry is the very one that comes back."""
    operation = OPERATIONS[operation_of(name)]
    order = 1 if operation.name == name else 2
    operation = operation if order == 1 else pullback_operation(operation)
    comparator = registry.load(implementation, rules={name: operation.rule}, order=order)
    scenario = next(
        s
        for s in draw_scenarios(operation, dtype="float32", examples=30, seed=3)
        if s.valid and s.args[0].size > 1 and s.cotangent.size and not comparator.supports(s)
    )
    x_bar = comparator.evaluate(scenario).gradients[0]
    assert x_bar is not None
    index = tuple(int(i) for i in np.argwhere(np.isfinite(x_bar))[-1])
    path = "x_bar" if len(scenario.differentiable) == 1 else "x_bar[0]"
    example = Example(scenario, path, index, float(x_bar[index]), float(x_bar[index]), 1e-12)
    return Discrepancy("1d", Verdict.WRONG, "the gradient", "float32", 1, example, "off", "gradassay ...")


def off_by(error: float, found: Discrepancy) -> Discrepancy:
    """The same with an expected entry that is so far from what comes back."""
    assert found.example.got is not None
    example = dataclasses.replace(found.example, expected=found.example.got + error)
    return dataclasses.replace(found, example=example)


@pytest.mark.parametrize(
    ("implementation", "package", "others"),
    [
        ("numpy", "numpy", ("ml_dtypes", "torch", "tensorflow", "jax")),
        ("torch", "torch", ("ml_dtypes", "tensorflow", "jax")),
        ("tensorflow", "tensorflow", ("torch", "jax")),
        ("tensorflow.keras", "keras", ("torch", "jax")),
        ("jax", "jax", ("torch", "tensorflow")),
    ],
)
def test_a_script_shows_it_without_gradassay_and_exits_with_1(
    implementation: str, package: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    pytest.importorskip(package)
    found = off_by(0.25, one_entry("softmax_cross_entropy", implementation))
    script = standalone(found, "softmax_cross_entropy", implementation)
    code, printed = clean(script, tmp_path, *others)
    assert code == 1, printed
    got, expected = found.example.got, found.example.expected
    assert f"got {got} expected {expected} error 0.25 budget 1e-12" in printed


def test_a_script_exits_with_0_once_the_entry_is_within_its_budget(tmp_path: Path) -> None:
    found = one_entry("sigmoid_classifier", "numpy")
    assert clean(standalone(found, "sigmoid_classifier", "numpy"), tmp_path, "ml_dtypes")[0] == 0


def main_of(script: str, name: str) -> int:
    """What the script's ``main`` gives, run in this process."""
    module = type(sys)(name)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        exec(compile(script, name, "exec"), module.__dict__)
        code = module.main()
        assert isinstance(code, int)
        return code
    finally:
        del sys.modules[name]


PACKAGES = {"torch": "torch", "tensorflow": "tensorflow", "tensorflow.keras": "keras", "jax": "jax"}


COVERED = [
    (name, implementation)
    for order, asked in (
        (1, ("softmax", "get_item", "max", "affine")),
        (2, ("grad(softmax)", "grad(affine)")),
    )
    for implementation in registry.names(order)
    for name in asked
    if implementation == "numpy" or name in registry.operations(implementation, order)
    if (name, implementation) != ("get_item", "torch.gather")  # which takes few scenarios
]


@pytest.mark.parametrize(("name", "implementation"), COVERED)
def test_a_script_gives_the_same_bits_as_the_comparison(name: str, implementation: str) -> None:
    pytest.importorskip(PACKAGES.get(implementation, implementation.partition(".")[0]))
    found = one_entry(name, implementation)
    assert main_of(standalone(found, name, implementation), "again") == 0
    assert main_of(standalone(off_by(1.0, found), name, implementation), "again") == 1


def script_of(rule: Rule, verdict: Verdict, **changes: Any) -> str:
    x = np.array([[0.0, 1.0], [2.0, 3.0]])
    scenario = Scenario("softmax", "float64", (x,), {"axis": -1}, np.array([[1.0, 2.0], [3.0, 5.0]]))
    example = Example(dataclasses.replace(scenario, **changes), "", None, None, None, None)
    return standalone(
        Discrepancy("1d", verdict, "c", "float64", 1, example, "m", "r"), "softmax", "mine", rule
    )


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Write a module ``layers`` of the user's, and import it."""

    def write(source: str) -> Any:
        (tmp_path / "layers.py").write_text(textwrap.dedent(source), encoding="utf-8")
        importlib.invalidate_caches()
        return importlib.import_module("layers")

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "layers", raising=False)
    yield write
    sys.modules.pop("layers", None)
    from gradassay.replay import source as standalone_source

    standalone_source._MODULES.pop("layers", None)


LAYERS = """
    import numpy as np
    import gradassay
    from reference_impls import rows as helpers

    SCALES = {}
    SCALES["one"] = 1.0

    def np_2(y_bar):
        return y_bar

    class Kept:
        scale: float = 2.0

        def twice(self, x: "Nothing") -> "Nothing":
            return x * self.scale

    def softmax(x: "Nothing", *, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True)) * SCALES["one"]
        p = helpers.rounded(e / e.sum(axis=axis, keepdims=True), x.dtype)
        return p, lambda y_bar: [np_2(part) for np_2 in (p.__mul__,) for part in (Kept().twice(y_bar),)]

    def wrong_shape(x, *, axis=-1):
        p, pullback = softmax(x, axis=axis)
        return p, lambda y_bar: y_bar.sum(axis=axis)

    def refuses(x, *, axis=-1):
        raise ValueError("no")

    def writes(x, *, axis=-1):
        p, _ = softmax(x, axis=axis)
        def pullback(y_bar):
            y_bar -= (p * y_bar).sum(axis=axis, keepdims=True)
            return p * y_bar
        return p, pullback

    def by_layout(x, *, axis=-1):
        p, _ = softmax(x, axis=axis)
        return p, lambda y_bar: p * y_bar * (1.0 if x.flags.c_contiguous else 2.0)

    chained = gradassay.from_pair(lambda x, *, axis=-1: x * 2, lambda y_bar, y, x, *, axis=-1: y_bar)

    def factory():
        def inner(x, *, axis=-1):
            return softmax(x, axis=axis)
        return inner

    unnamed = [lambda x, *, axis=-1: softmax(x, axis=axis)]

    def lost(x, *, axis=-1):
        return nowhere(x)
"""


def test_a_rule_of_yours_is_bundled_with_what_it_uses(layers: Any, tmp_path: Path) -> None:
    rule = layers(LAYERS).softmax
    script = script_of(rule, Verdict.STRUCTURE)
    assert "Nothing" not in script
    assert "wrong_shape" not in script
    assert clean(script, tmp_path, "layers")[0] == 1  # a list is no array of the argument's shape


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("wrong_shape", Verdict.STRUCTURE, 1),
        ("writes", Verdict.STRUCTURE, 0),
        ("refuses", Verdict.RAISES, 1),
        ("by_layout", Verdict.RAISES, 0),
        ("by_layout", Verdict.IMPURE, 1),
        ("chained", Verdict.IMPURE, 0),
    ],
)
def test_what_is_no_matter_of_one_entry_is_shown_too(
    layers: Any, name: str, verdict: Verdict, code: int
) -> None:
    rule = getattr(layers(LAYERS), name)
    assert main_of(script_of(rule, verdict, layout="F" if name == "by_layout" else "C"), "again") == code


@pytest.mark.parametrize("verdict", [Verdict.RAISES, Verdict.CONVENTION])
def test_an_invalid_input_is_shown_until_it_is_refused(layers: Any, verdict: Verdict) -> None:
    module = layers(LAYERS)
    assert main_of(script_of(module.by_layout, verdict, valid=False), "again") == 1
    assert main_of(script_of(module.refuses, verdict, valid=False), "again") == 0


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (lambda layers: layers.factory(), "made inside another function"),
        (lambda layers: layers.unnamed[0], "is a lambda"),
        (lambda layers: layers.lost, "it uses 'nowhere', which layers does not define"),
        (lambda layers: np.exp, "the source of numpy cannot be read|no module binds|cannot be bundled"),
    ],
)
def test_what_cannot_be_bundled_is_refused_with_the_reason(layers: Any, of: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        script_of(of(layers(LAYERS)), Verdict.WRONG)


# ---- replay by id

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))

    def shell(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(argv)
        out, err = capsys.readouterr()
        return code, out, err

    return shell


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
def remembered(shell: Shell, layers: Any) -> Run:
    run = measured(layers(HALF).half, rule="layers:half", like="softmax")
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


def test_an_unknown_id_is_a_usage_error_with_the_closest(remembered: Run, shell: Shell) -> None:
    known = ids()[0]
    wrong = known[:-1] + ("0" if known[-1] != "0" else "1")
    code, _, err = shell("replay", wrong)
    assert code == 4
    assert known in err


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
