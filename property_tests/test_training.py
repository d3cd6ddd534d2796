"""Laws of training: all implementations walk together, and every operation is held to its budget."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from comparators.numpy_rules import RuleComparator
from gradassay.cli.train_report import text
from gradassay.errors import UsageError
from gradassay.question import Question
from gradassay.training import chosen_setups, train
from gradassay.training.judging import exact
from gradassay.training.setups import SETUPS
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Verdict
from property_tests.planted_trainings import FRAMEWORKS, pulling, some_frameworks
from reference_impls.activations import sigmoid


@some_frameworks
@pytest.mark.parametrize("name", SETUPS)
def test_float64_losses_agree_to_1e_12_over_1000_steps(name: str) -> None:
    training = train(name, implementations=("numpy", *FRAMEWORKS), steps=1000, check_every=1000)
    assert [t.implementation for t in training.trajectories] == ["numpy", *FRAMEWORKS]
    for parting in training.partings:
        assert parting.largest <= 1e-12, parting
        assert parting.step is None


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SETUPS)
def test_every_operation_of_our_trainings_keeps_to_its_budget(name: str, dtype: str) -> None:
    (ours,) = train(name, implementations=("numpy",), steps=25, dtype=dtype, seed=1).trajectories
    assert not ours.faults, ours.faults[0].sentence
    assert ours.undecided == 0
    assert ours.judged >= 25 * (len(SETUPS[name].program.calls) + 1)
    assert 0 < ours.worst <= 1


@pytest.mark.parametrize("name", [name for name in SETUPS if name != "001-rate-1e5"])
def test_a_training_makes_its_loss_smaller(name: str) -> None:
    (ours,) = train(name, implementations=("numpy",), steps=50, check_every=50).trajectories
    assert ours.losses[-1] < ours.losses[0]


@pytest.mark.skipif("torch" not in FRAMEWORKS, reason="torch is not installed")
def test_what_autograd_leaves_outside_its_budget_is_named() -> None:
    """1 - s, which torch multiplies with, has lost its digits where the sigmoid is close to 1."""
    torch = train("000-mlp", implementations=("torch",), steps=1).trajectories[0]
    assert torch.fault is not None
    assert (torch.fault.step, torch.fault.operation, torch.fault.part) == (0, "sigmoid", "the gradient")


@pytest.mark.parametrize("factor", [1 + 1e-12, 1.01])
def test_an_operation_is_judged_as_compare_judges_it(factor: float) -> None:
    def planted(x: Array) -> Any:
        y, pullback = sigmoid(x)
        return y, lambda y_bar: factor * pullback(y_bar)

    fault = (
        train("000-mlp", implementations="numpy", steps=1, rules={"sigmoid": planted}).trajectories[0].fault
    )
    assert fault is not None
    question = Question(fault.scenario, exact("sigmoid"), ())
    compared = judge(question, RuleComparator("planted", planted))
    assert fault.verdict is compared.verdict
    assert fault.verdict is (Verdict.WRONG if factor == 1.01 else Verdict.IMPRECISE)


def test_an_error_in_float32_is_given_no_word_that_more_precision_might_take_back() -> None:
    rules = {"sigmoid": pulling("sigmoid", lambda x_bar: np.float32(1.01) * x_bar)}
    training = train("000-mlp", implementations="numpy", steps=1, dtype="float32", rules=rules)
    fault = training.trajectories[0].fault
    assert fault is not None
    assert fault.verdict is None
    assert "the gradient (outside its budget); once in all" in text(training, coloured=False)


@pytest.mark.skipif(not find_spec("keras"), reason="keras is not installed")
@pytest.mark.parametrize(
    ("name", "operation", "convention"),
    [
        ("001-softmax", "sgd", "the rate is rounded"),
        ("000-mlp", "adam", "betas that correct the bias are rounded"),
    ],
)
def test_the_optimizers_of_keras_are_told_by_what_they_equal(
    name: str, operation: str, convention: str
) -> None:
    training = train(name, implementations=("numpy", "tensorflow.keras"), steps=3)
    (fault,) = [f for f in training.trajectories[1].faults if f.operation == operation]
    assert fault.step == 0
    assert convention in fault.convention
    (parting,) = training.partings
    assert parting.reason == "operation"
    assert parting.culprit == ("tensorflow.keras", fault)
    assert training.ok, "what another does differently is a finding, not our failure"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed is -1; it has to be a whole number from 0"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"steps": 2.5}, "steps is 2.5; it has to be a whole number from 1"),
        ({"steps": 0}, "steps is 0"),
        ({"check_every": 1.5}, "check_every is 1.5"),
    ],
)
def test_a_number_that_is_not_whole_or_too_small_is_refused(options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train("001-softmax", implementations="numpy", **{"steps": 1, **options})


def test_a_beginning_of_a_name_chooses_all_that_begin_so() -> None:
    assert [s.name for s in chosen_setups(["001-rate"])] == ["001-rate-0.1", "001-rate-1e5", "001-rate-1e-10"]
    assert len(chosen_setups([])) == len(SETUPS)
    with pytest.raises(UsageError, match="did you mean '000-mlp'"):
        chosen_setups(["00-mlp"])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"softmux": sigmoid}, "did you mean 'softmax'"),
        ({"sigmoid": sigmoid}, "sigmoid is no part of 001-softmax, which is made of affine, softmax_cross"),
        ({"affine": 3}, "affine is 3; a rule is a function"),
    ],
    ids=["unknown", "unused", "no function"],
)
def test_a_rule_that_would_replace_nothing_is_refused(rules: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train("001-softmax", implementations="numpy", steps=1, rules=rules)


def test_the_seed_decides_the_start_and_nothing_else_does() -> None:
    setup = SETUPS["003-classifier"]
    once, again, other = (setup.values(seed, "float64") for seed in (1, 1, 2))
    assert all(np.array_equal(once[name], again[name]) for name in once)
    assert not np.array_equal(once["W"], other["W"])
    assert np.array_equal(once["x"], other["x"])
    assert replace(setup).values(1, "float32")["W"].dtype == np.float32
