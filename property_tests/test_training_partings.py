"""Why the losses of two implementations part: an operation, or rounding that the training amplifies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradassay.cli.train_report import apart, conclusion, text
from gradassay.training import train
from gradassay.training.judging import Judge, exact, held
from gradassay.training.moved import Moved, relative_difference, spread_by_rounding
from gradassay.training.parting import parted_at, partings
from gradassay.training.setups import EIGHT_BY_THREE, SETUPS, Setup, sgd, uniform
from gradassay.vocabulary import Array, Verdict
from property_tests.planted_trainings import FRAMEWORKS, pulling, some_frameworks
from reference_impls.models.models import softmax_regression
from reference_impls.models.network import trainer

#: A training that amplifies rounding: at this rate the data's classes are passed by again and again.
WILD = Setup("wild", "", softmax_regression(), EIGHT_BY_THREE, sgd(1.0), uniform(3, 3))


def test_sound_runs_part_where_the_training_amplifies_rounding_and_only_there() -> None:
    def spread(setup: Setup) -> Array:
        return spread_by_rounding(setup, setup.values(0, "float64"), exact, 70)

    calm, wild = spread(SETUPS["001-softmax"]), spread(WILD)
    assert 0 < calm[-1] <= 1e-12
    assert wild[-1] > 1e-12
    assert (np.diff(wild) >= 0).all()


def test_every_result_of_a_sound_run_is_within_its_budget() -> None:
    setup = SETUPS["001-penalty"]
    moved = Moved(exact, np.random.default_rng(0))
    running = trainer(moved)(setup.program, setup.values(0, "float64"), setup.optimizer, lambda step: True)
    for _ in range(20):
        for record in next(running).records:
            assert held(record).verdict is Verdict.AGREES


def reasons(left: Array, right: Array, setup: Setup) -> set[str]:
    judges = {name: Judge(setup.program) for name in ("left", "right")}
    losses = {"left": left, "right": right}
    values = setup.values(0, "float64")
    found = partings(setup, values, losses, judges, "float64", lambda label, done, total: None)
    return {parting.reason for parting in found}


def test_losses_that_part_further_than_sound_runs_are_unexplained() -> None:
    losses = np.linspace(1.0, 0.5, 30)
    assert reasons(losses, losses, SETUPS["001-softmax"]) == {""}
    assert reasons(losses, losses * (1 + 1e-10), SETUPS["001-softmax"]) == {"unexplained"}
    apart = losses.copy()
    apart[-1] *= 1 + 2e-12
    assert reasons(losses, apart, SETUPS["001-softmax"]) == {"unexplained"}


def test_losses_that_part_as_sound_runs_do_are_explained_by_rounding() -> None:
    losses = np.linspace(1.0, 0.5, 70)
    apart = losses.copy()
    apart[-1] *= 1 + 2e-12
    assert reasons(losses, apart, WILD) == {"rounding"}


@some_frameworks
def test_a_fault_before_the_losses_part_is_named_before_rounding_that_reaches_as_far() -> None:
    steep = replace(SETUPS["001-softmax"], optimizer=sgd(3.0))
    planted = pulling("softmax_cross_entropy", lambda x_bar: x_bar * (1 + 1e-13))
    training = train(
        steep,
        implementations=("numpy", FRAMEWORKS[0]),
        steps=40,
        rules={"softmax_cross_entropy": planted},
        check_every=40,
    )
    (parting,) = training.partings
    assert parting.reason == "operation or rounding"
    assert parting.spread is not None
    assert parting.spread >= parting.difference
    assert parting.culprit is not None
    name, fault = parting.culprit
    assert (name, fault.step, fault.operation) == ("numpy", 0, "softmax_cross_entropy")
    assert conclusion(replace(training, subject="another")).startswith("the losses part, and what may be why")
    said = apart(parting)
    assert said.index("softmax_cross_entropy in numpy, outside its budget since step 0") < said.index(
        "rounding"
    )


def test_nan_agrees_with_nothing() -> None:
    losses = np.array([1.0, np.nan, np.inf, 0.0])
    assert relative_difference(losses, losses).tolist() == [0, np.inf, 0, 0]
    assert parted_at(losses, losses, "float64") == 1


def test_losses_that_are_no_numbers_neither_agree_nor_part() -> None:
    losses = np.array([1.0, 2.0, np.inf, np.nan])
    assert reasons(losses, losses, SETUPS["001-softmax"]) == {"no numbers"}
    finite = np.array([1.0, 2.0, 3.0, np.nan])
    assert reasons(losses, finite, SETUPS["001-softmax"]) == {"unexplained"}


def test_a_training_that_overflows_is_said_to() -> None:
    steep = replace(SETUPS["001-regression"], optimizer=sgd(1e60))
    training = train(steep, implementations=("numpy", *FRAMEWORKS), steps=8)
    assert not np.isfinite(training.trajectories[0].losses[-1])
    assert training.ok
    if FRAMEWORKS:
        assert {parting.reason for parting in training.partings} == {"no numbers"}
        assert "the losses are no numbers in the end" in text(training, coloured=False)
