"""Laws of training: all implementations walk together, and a planted fault is named by step and operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from comparators.numpy_rules import RuleComparator
from gradassay.catalogue import OPERATIONS
from gradassay.cli.train_report import apart, conclusion, text
from gradassay.errors import UsageError
from gradassay.question import Question
from gradassay.training import chosen_setups, numpy_rules, train
from gradassay.training.judging import Judge, exact, held
from gradassay.training.moved import Moved, relative_difference, spread_by_rounding
from gradassay.training.parting import parted_at, partings
from gradassay.training.setups import EIGHT_BY_THREE, SETUPS, Setup, sgd, uniform
from gradassay.verdicts import judge
from gradassay.vocabulary import Array, Verdict
from reference_impls.activations import sigmoid
from reference_impls.models import adam
from reference_impls.models.models import softmax_regression
from reference_impls.models.network import trainer

FRAMEWORKS = [name for name in ("torch", "tensorflow") if find_spec(name)]
some_frameworks = pytest.mark.skipif(not FRAMEWORKS, reason="neither torch nor tensorflow is installed")

#: A training that amplifies rounding: at this rate the data's classes are passed by again and again.
WILD = Setup("wild", "", softmax_regression(), EIGHT_BY_THREE, sgd(1.0), uniform(3, 3))


# ---- the implementations walk together


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


# ---- a planted fault is named by step and operation

Planted = Callable[..., Any]


def pulling(operation: str, change: Callable[[Any], Any]) -> Planted:
    """Our rule with ``change`` done to what its pullback returns."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return y, lambda y_bar: change(pullback(y_bar))

    return planted


def summed(x: Array, labels: Array) -> Any:
    return OPERATIONS["softmax_cross_entropy"].rule(x, labels, reduction="sum")


def biased(*args: Array, step: int, **params: Any) -> Any:
    return adam(*args, step=10**9, **params)


def late(*args: Array, step: int, **params: Any) -> Any:
    w, m, v = adam(*args, step=step, **params)
    return (w * (1 + 1e-9) if step > 3 else w), m, v


def ascent(w: Array, w_bar: Array, *, rate: float) -> Array:
    return w + rate * w_bar


FAULTS: dict[str, tuple[str, str, Planted, int, str, str]] = {
    "the b gradient of affine is zero": (
        "000-mlp", "affine", pulling("affine", lambda bars: (*bars[:2], 0 * bars[2])), 0, "z2", "the gradient"),
    "the b gradient of affine is None": (
        "001-softmax", "affine", pulling("affine", lambda bars: (*bars[:2], None)), 0, "z", "None"),
    "the pullback of sigmoid is 1 % off": (
        "000-mlp", "sigmoid", pulling("sigmoid", lambda x_bar: 1.01 * x_bar), 0, "a1", "the gradient"),
    "the mean of softmax cross entropy is forgotten": (
        "003-classifier", "softmax_cross_entropy", summed, 0, "loss", "the gradient"),
    "the gradient of the squared error lacks its 2": (
        "001-regression", "mean_squared_error", pulling("mean_squared_error", lambda bars: (bars[0] / 2, bars[1])),
        0, "loss", "the gradient"),
    "the penalty is differentiated as if it were squared": (
        "001-penalty", "l2_penalty", lambda w, *, strength: OPERATIONS["l2_penalty"].rule(w, strength=strength / 2),
        0, "norm_W", "the primal"),
    "only the last use of a parameter counts": (
        "001-penalty", "add", lambda *terms: (terms[-1], lambda y_bar: (y_bar,) * len(terms)), 0, "loss",
        "the primal"),
    "the step goes uphill": ("001-softmax", "sgd", ascent, 0, "parameters", "the primal"),
    "the bias of Adam is not corrected": ("000-mlp", "adam", biased, 0, "parameters", "the primal"),
    "Adam is 1e-9 off from step 3 on": ("000-mlp", "adam", late, 3, "parameters", "the primal"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_by_step_and_operation(fault: str) -> None:
    setup, operation, planted, step, result, part = FAULTS[fault]
    training = train(setup, implementations=("numpy",), steps=6, rules={operation: planted})
    found = training.trajectories[0].fault
    assert found is not None
    assert (found.step, found.operation, found.result) == (step, operation, result)
    assert found.part.startswith(part)
    assert {f.operation for f in training.trajectories[0].faults} == {operation}, "nobody else is blamed"
    assert not training.ok


def narrowed(operation: str) -> Planted:
    """Our rule, everything that it returns in float32."""

    def narrow(returned: Any) -> Any:
        return tuple(map(narrow, returned)) if isinstance(returned, tuple) else returned.astype(np.float32)

    def planted(*args: Any, **params: Any) -> Any:
        returned = numpy_rules()[operation](*args, **params)
        if operation in ("sgd", "adam"):
            return narrow(returned)
        return narrow(returned[0]), lambda y_bar: narrow(returned[1](y_bar))

    return planted


@pytest.mark.parametrize(
    ("setup", "operation", "result"),
    [
        ("001-softmax", "affine", "z"),
        ("000-mlp", "sigmoid", "a1"),
        ("001-softmax", "sgd", "parameters"),
        ("000-mlp", "adam", "parameters"),
        ("001-penalty", "add", "loss"),
    ],
)
def test_a_result_of_another_dtype_is_a_fault_and_ends_the_training(
    setup: str, operation: str, result: str
) -> None:
    rules = {operation: narrowed(operation)}
    (ours,) = train(setup, implementations="numpy", steps=3, rules=rules).trajectories
    (fault,) = ours.faults
    assert (fault.step, fault.operation, fault.result) == (0, operation, result)
    assert (fault.verdict, fault.part) == (Verdict.STRUCTURE, "dtype float32 instead of float64")
    assert np.isnan(ours.losses[1:]).all()


def test_a_gradient_of_another_dtype_is_the_fault_of_the_pullback_alone() -> None:
    rules = {"sigmoid": pulling("sigmoid", lambda x_bar: x_bar.astype(np.float32))}
    (fault,) = train("000-mlp", implementations="numpy", steps=2, rules=rules).trajectories[0].faults
    assert (fault.step, fault.operation, fault.sentence) == (
        0,
        "sigmoid",
        "x_bar: dtype float32 instead of float64",
    )


def failing_late(*args: Any, **params: Any) -> Any:
    if params["step"] > 2:
        raise RuntimeError("no more")
    return adam(*args, **params)


def raising(*args: Any, **params: Any) -> Any:
    raise ValueError("not today")


def forward(operation: str, change: Callable[[Any], Any]) -> Planted:
    """Our rule with ``change`` done to its primal."""

    def planted(*args: Any, **params: Any) -> Any:
        y, pullback = OPERATIONS[operation].rule(*args, **params)
        return change(y), pullback

    return planted


ENDINGS: dict[str, tuple[str, str, Planted, int, str, Verdict, str]] = {
    "a primal of another shape": (
        "000-mlp", "sigmoid", forward("sigmoid", lambda y: y[..., None]), 0, "a1", Verdict.STRUCTURE,
        "y: shape (4, 10, 1) instead of (4, 10)"),
    "a primal of integers": (
        "000-mlp", "sigmoid", forward("sigmoid", lambda y: y.astype(int)), 0, "a1", Verdict.STRUCTURE,
        "y: dtype int64 instead of float64"),
    "a gradient of another shape": (
        "000-mlp", "sigmoid", pulling("sigmoid", lambda x_bar: x_bar[0]), 0, "a1", Verdict.STRUCTURE,
        "x_bar: shape (10,) instead of (4, 10)"),
    "a cotangent too few": (
        "001-softmax", "affine", pulling("affine", lambda bars: bars[:1]), 0, "z", Verdict.STRUCTURE,
        "affine: the pullback returned 1 cotangents for 2 arguments"),
    "no pullback": (
        "000-mlp", "sigmoid", lambda x: sigmoid(x)[0], 0, "a1", Verdict.STRUCTURE,
        "a rule returns (primal, pullback); this one returned ndarray"),
    "an exception": ("000-mlp", "affine", raising, 0, "z1", Verdict.RAISES, "ValueError: not today"),
    "an exception of a pullback": (
        "000-mlp", "sigmoid", pulling("sigmoid", raising), 0, "a1", Verdict.RAISES, "ValueError: not today"),
    "an update without its state": (
        "000-mlp", "adam", lambda *args, **params: adam(*args, **params)[0], 0, "parameters", Verdict.STRUCTURE,
        "the update returned 1 arrays instead of 3"),
    "an update that fails at step 2": (
        "000-mlp", "adam", failing_late, 2, "parameters", Verdict.RAISES, "RuntimeError: no more"),
    "a sum that fails": ("001-penalty", "add", raising, 0, "loss", Verdict.RAISES, "ValueError: not today"),
}  # fmt: skip


@pytest.mark.parametrize("check_every", [1, 100])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_nothing_can_go_on_from_is_named_and_ends_that_training_alone(
    ending: str, check_every: int
) -> None:
    setup, operation, planted, step, result, verdict, sentence = ENDINGS[ending]
    training = train(
        setup,
        implementations=("numpy", *FRAMEWORKS[:1]),
        steps=5,
        rules={operation: planted},
        check_every=check_every,
    )
    (fault,) = training.trajectories[0].faults
    assert (fault.step, fault.operation, fault.result, fault.count) == (step, operation, result, 1)
    assert (fault.verdict, fault.sentence) == (verdict, sentence)
    assert np.isfinite(training.trajectories[0].losses[:step]).all()
    assert np.isnan(training.trajectories[0].losses[step + 1 :]).all()
    assert not training.ok
    for theirs in training.trajectories[1:]:
        assert np.isfinite(theirs.losses).all()
    for parting in training.partings:
        assert parting.culprit == ("numpy", fault)
    assert sentence in text(training, coloured=False)


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


def overwriting(w: Array, w_bar: Array, *, rate: float) -> Array:
    w -= rate * w_bar
    return w


def scribbling(x: Array) -> Any:
    y, pullback = sigmoid(x)

    def planted(y_bar: Array) -> Array:
        x_bar: Array = pullback(y_bar)
        y_bar *= 2
        return x_bar

    return y, planted


def reusing(x: Array, W: Array, b: Array) -> Any:
    y, pullback = OPERATIONS["affine"].rule(x, W, b)

    def planted(y_bar: Array) -> Any:
        bars = pullback(y_bar)
        y[:] = 0
        return bars

    return y, planted


@pytest.mark.parametrize(
    ("setup", "operation", "planted", "result", "part"),
    [
        ("001-softmax", "sgd", overwriting, "parameters", "changes argument 0 in place"),
        ("000-mlp", "sigmoid", scribbling, "a1", "changes the cotangent in place"),
    ],
)
def test_a_rule_that_changes_what_it_was_given_is_impure_and_harms_nobody(
    setup: str, operation: str, planted: Planted, result: str, part: str
) -> None:
    sound = train(setup, implementations=("numpy", *FRAMEWORKS), steps=4)
    training = train(setup, implementations=("numpy", *FRAMEWORKS), steps=4, rules={operation: planted})
    (fault,) = training.trajectories[0].faults
    assert (fault.step, fault.operation, fault.result, fault.part) == (0, operation, result, part)
    assert fault.verdict is Verdict.IMPURE
    assert fault.count == 4
    assert not training.ok
    for ours, theirs in zip(sound.trajectories, training.trajectories, strict=True):
        assert np.array_equal(ours.losses, theirs.losses)


def test_a_rule_that_uses_its_result_as_scratch_afterwards_corrupts_no_record() -> None:
    (ours,) = train("000-mlp", implementations="numpy", steps=3, rules={"affine": reusing}).trajectories
    assert not ours.faults


def test_an_uncorrected_bias_is_told_by_its_name() -> None:
    training = train("000-mlp", implementations=("numpy",), steps=2, rules={"adam": biased})
    (fault,) = training.trajectories[0].faults
    assert fault.convention == "the bias is not corrected"


def test_a_fault_between_two_judged_steps_is_traced_back_to_its_first_step() -> None:
    training = train("000-mlp", implementations=("numpy",), steps=12, rules={"adam": late}, check_every=10)
    fault = training.trajectories[0].fault
    assert fault is not None
    assert fault.step == 3
    assert fault.count == 8, "steps 3 to 10, each judged once"


@some_frameworks
def test_a_fault_between_judged_steps_is_found_by_the_losses_that_part() -> None:
    training = train(
        "000-mlp", implementations=("numpy", *FRAMEWORKS), steps=9, rules={"adam": late}, check_every=100
    )
    fault = training.trajectories[0].fault
    assert fault is not None
    assert (fault.step, fault.operation) == (3, "adam")
    assert {p.reason for p in training.partings if "numpy" in (p.left, p.right)} == {"operation"}


# ---- why losses part


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


# ---- set-ups


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
