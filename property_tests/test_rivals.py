"""Laws of the other checkers of gradients: each is called as its documentation says, and leaves all as it was."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from comparators import registry
from comparators.numpy_rules import RuleComparator
from gradassay.audit import rivals
from gradassay.audit.inputs import documented
from gradassay.audit.rivals.interface import JACOBIAN_ENTRIES, Rival, Subject
from gradassay.audit.rivals.scipy_check_grad import STEP
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.judging import AgainstTruth
from gradassay.vocabulary import Array, Rule, Scenario, Verdict
from gradassay.why.cases import Case

NUMERICAL = ("torch gradcheck slow", "torch gradcheck fast", "tf compute_gradient", "scipy check_grad")
"""Those that make a whole numerical Jacobian."""
NAMES = pytest.mark.parametrize("name", rivals.names())


def loaded(name: str) -> Rival:
    try:
        return rivals.load(name)
    except rivals.Missing as error:
        pytest.skip(str(error))


def changed(operation: str, change: Callable[[Any], Any]) -> Rule:
    """The catalogue's rule with another gradient."""

    def rule(*args: Any, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return y, lambda y_bar: change(pullback(y_bar))

    return rule


def negated(x_bar: Any) -> Any:
    return tuple(map(negated, x_bar)) if isinstance(x_bar, tuple) else -x_bar


def scaled(factors: Sequence[float], bars: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple(factor * bar for factor, bar in zip(factors, bars, strict=True))


def softmax_scenario(dtype: str = "float64", shape: tuple[int, ...] = (4, 5)) -> Scenario:
    rng = np.random.default_rng(3)
    x, y_bar = (rng.standard_normal(shape).astype(np.dtype(getattr(ml_dtypes, dtype, dtype))) for _ in "xy")
    return Scenario("softmax", dtype, (x,), {}, y_bar)


# ---- the documented inputs


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_on_documented_inputs_our_rule_agrees_with_truth(operation: Any) -> None:
    judge = AgainstTruth(RuleComparator("numpy", operation.rule), operation.definition)
    found = [judge(scenario) for scenario in documented(operation)]
    assert len(found) >= 3
    assert [case.finding.verdict for case in found if isinstance(case, Case)] == [Verdict.AGREES] * len(found)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_documented_inputs_are_plain_and_always_the_same(operation: Any) -> None:
    for scenario, again in zip(documented(operation), documented(operation), strict=True):
        arrays = [scenario.args[i] for i in scenario.differentiable] + [scenario.cotangent]
        assert {array.dtype.name for array in arrays} == {"float64"}
        assert all(np.isfinite(array).all() and array.size for array in arrays)
        assert all(np.array_equal(a, b) for a, b in zip(scenario.args, again.args, strict=True))
        assert scenario.cotangent.tobytes() == again.cotangent.tobytes()


# ---- what they say


@NAMES
@pytest.mark.parametrize("operation", ["softmax", "affine"])
def test_a_correct_rule_is_accepted_and_a_wrong_sign_is_not(name: str, operation: str) -> None:
    rival = loaded(name)
    for scenario in documented(OPERATIONS[operation]):
        right = rival.check(OPERATIONS[operation].rule, scenario)
        assert right.rejects is False, right
        assert rival.check(changed(operation, negated), scenario).rejects is True


@NAMES
def test_every_differentiable_argument_is_checked(name: str) -> None:
    rival, (scenario, *_) = loaded(name), documented(OPERATIONS["affine"])
    for wrong in range(3):
        signs = [-1.0 if k == wrong else 1.0 for k in range(3)]
        rule = changed("affine", partial(scaled, signs))
        assert rival.check(rule, scenario).rejects is True


@NAMES
@pytest.mark.parametrize("layout", ["F", "strided", "reversed", "read_only"])
def test_a_memory_layout_is_no_reason_to_reject(name: str, layout: str) -> None:
    scenario = replace(softmax_scenario(), layout=layout)
    assert loaded(name).check(OPERATIONS["softmax"].rule, scenario).rejects is False


@NAMES
def test_a_wrong_structure_is_handed_on(name: str) -> None:
    rival, scenario = loaded(name), softmax_scenario()
    for change in (lambda g: None, lambda g: g.T, lambda g: g[:2], lambda g: "no gradient"):
        assert rival.check(changed("softmax", change), scenario).rejects is True


@NAMES
def test_an_exception_of_the_rule_is_a_rejection_with_its_words(name: str) -> None:
    def fail(x_bar: Any) -> Any:
        raise OSError("the disk is full")

    judgement = loaded(name).check(changed("softmax", fail), softmax_scenario())
    assert judgement.rejects is True
    assert "the disk is full" in judgement.reason
    assert "\n" not in judgement.reason


@NAMES
def test_an_interrupt_is_none(name: str) -> None:
    def interrupted(x: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loaded(name).check(interrupted, softmax_scenario())


@NAMES
def test_the_same_question_gets_the_same_answer(name: str) -> None:
    rival, rule = loaded(name), changed("softmax", lambda g: g + g)
    answers = {rival.check(rule, softmax_scenario()) for _ in range(3)}
    assert [answer.rejects for answer in answers] == [True]


def test_jax_has_64_bits() -> None:
    rival = loaded("jax check_grads")
    # 1e-3 is between its tolerances for float64, 1e-5, and for float32, 2e-3.
    slightly = changed("softmax", lambda g: g * (1 + 1e-3))
    assert any(rival.check(slightly, scenario).rejects for scenario in documented(OPERATIONS["softmax"]))


def test_scipy_is_read_with_the_noise_of_its_step() -> None:
    rival = loaded("scipy check_grad")
    for scenario in documented(OPERATIONS["sum"]):
        (x,) = scenario.args
        y = OPERATIONS["sum"].rule(x, **scenario.params)[0]
        noise = 4 * STEP * max(1.0, float(np.abs(y * scenario.cotangent).sum())) * np.sqrt(x.size)
        off = np.zeros(x.shape)
        off[1, 2] = noise
        # A sum has no second derivative, so that at most half of the noise is there.
        assert rival.check(changed("sum", partial(np.add, off / 2)), scenario).rejects is False
        assert rival.check(changed("sum", partial(np.add, off * 2)), scenario).rejects is True


# ---- what they cannot say


@NAMES
def test_nothing_is_said_of_what_a_rival_does_not_take(name: str) -> None:
    def untouchable(x: Any) -> Any:
        raise AssertionError("was called")

    rival, n = loaded(name), JACOBIAN_ENTRIES
    unable = [replace(softmax_scenario(), valid=False), replace(softmax_scenario(), params={"axis": 0})]
    unable += [softmax_scenario(shape=(n,))] if name in NUMERICAL else []
    unable += [softmax_scenario("bfloat16")] if name not in ("jax check_grads", "tf compute_gradient") else []
    for scenario in unable:
        judgement = rival.check(untouchable, scenario)
        assert judgement.rejects is None
        assert judgement.reason


@NAMES
def test_large_arrays_are_no_trouble_without_a_jacobian(name: str) -> None:
    if name in NUMERICAL:
        pytest.skip("makes a numerical Jacobian")
    scenario = softmax_scenario(shape=(100, 100))
    assert loaded(name).check(OPERATIONS["softmax"].rule, scenario).rejects is False


# ---- what they leave as it was


def overwriting(x: Array, *, index: Array) -> Any:
    """Writes into whatever it is given, where it may."""
    y = x[index]
    for array in (x, index):
        if array.flags.writeable:
            array[...] = 0

    def pullback(y_bar: Array) -> Array:
        if y_bar.flags.writeable:
            y_bar[...] = 0
        return np.zeros_like(x)

    return y, pullback


@NAMES
def test_the_scenario_is_left_as_it_was(name: str) -> None:
    rng = np.random.default_rng(0)
    x, y_bar, index = rng.standard_normal((4, 3)), rng.standard_normal((2, 3)), np.array([1, 3])
    kept = [array.copy() for array in (x, y_bar, index)]
    loaded(name).check(overwriting, Scenario("get_item", "float64", (x,), {"index": index}, y_bar))
    assert all(np.array_equal(a, b) for a, b in zip(kept, (x, y_bar, index), strict=True))


@NAMES
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_process_is_left_as_it_was(name: str, dtype: str, capfd: pytest.CaptureFixture[str]) -> None:
    rival = loaded(name)
    capfd.readouterr()  # what an import writes
    before = state_of_the_process()
    for rule in (OPERATIONS["softmax"].rule, changed("softmax", lambda g: g.T)):
        rival.check(rule, softmax_scenario(dtype))
    assert state_of_the_process() == before
    assert capfd.readouterr() == ("", "")


def state_of_the_process() -> dict[str, Any]:
    """Whatever a checker might be tempted to set, of the frameworks that are there."""
    state: dict[str, Any] = {}
    if rivals.missing("torch gradcheck slow") is None:
        import torch

        state |= {"dtype": torch.get_default_dtype(), "grad": torch.is_grad_enabled()}
        state |= {"torch": torch.get_rng_state().tolist()}
    if rivals.missing("jax check_grads") is None:
        import jax

        state |= {"x64": jax.config.jax_enable_x64, "device": jax.config.jax_default_device}
    # After the imports, which have filters of their own.
    state |= {"warnings": list(warnings.filters), "errors": np.geterr(), "random": str(np.random.get_state())}
    return state


def test_a_subject_is_a_copy_in_the_layout_of_its_scenario() -> None:
    x = np.asfortranarray(np.ones((2, 3)))
    scenario = Scenario("softmax", "float64", (x,), {}, x, layout="F")
    (copy,) = Subject.of(OPERATIONS["softmax"].rule, scenario).xs
    assert copy.flags.f_contiguous
    assert not np.shares_memory(copy, x)


# ---- who they are


@NAMES
def test_a_rival_knows_its_name_its_version_and_its_call(name: str) -> None:
    rival = loaded(name)
    assert rival.name == name
    assert re.match(r"\w+ \d+\.\d+", rival.version)
    assert 1 <= len(rival.call.splitlines()) <= 2


@NAMES
def test_a_missing_package_is_named_with_its_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda package: None)
    package = rivals.RIVALS[name].packages[0]
    with pytest.raises(rivals.Missing, match=rf"^{package} .*not installed; pip install 'gradassay\[\w+\]'"):
        rivals.load(name)


@NAMES
def test_a_package_that_fails_to_import_is_missing_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: Any) -> None:
        raise OSError("libtorch.so: cannot open")

    monkeypatch.setattr(type(loaded(name)), "load", load)
    with pytest.raises(rivals.Missing, match=r"cannot be used: libtorch.so"):
        rivals.load(name)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown rival 'gradcheck'; known: torch gradcheck slow, "):
        rivals.load("gradcheck")
