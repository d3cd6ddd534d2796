"""Laws of the scenarios: what they are made of, and that the same seed gives the same ones anywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradassay.api import verify
from gradassay.catalogue import OPERATIONS as CATALOGUE
from gradassay.errors import UsageError
from gradassay.formats import FORMATS
from gradassay.vocabulary import Array, Scenario, Verdict
from property_tests.plain_operations import OPERATIONS, get_item, softmax
from property_tests.strategies import (
    draw_scenarios,
    explicit_scenarios,
    scenarios,
)
from property_tests.strategies.hermetic import collect
from property_tests.strategies.regions import MANY, shares
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

ROOT = Path(__file__).parents[1]
DTYPES = tuple(FORMATS)


def fingerprint(drawn: list[Scenario]) -> str:
    """A digest of everything that a scenario holds, down to the strides."""
    digest = hashlib.sha256()
    for scenario in drawn:
        arrays = [*scenario.args, scenario.cotangent]
        index = scenario.params.get("index")
        places = index if isinstance(index, tuple) else (index,)
        arrays += [place for place in places if isinstance(place, np.ndarray)]
        digest.update(repr((scenario.region, scenario.layout, scenario.params)).encode())
        for array in arrays:
            digest.update(repr((array.shape, array.strides, array.dtype)).encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def fingerprint_of_all() -> str:
    every = [draw_scenarios(op, dtype=d, examples=40, seed=7) for op in OPERATIONS.values() for d in DTYPES]
    return " ".join(fingerprint(drawn) for drawn in every)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_region_draws_what_the_definition_accepts_and_refuses(name: str, dtype: str) -> None:
    operation = OPERATIONS[name]
    drawn = draw_scenarios(operation, dtype=dtype, examples=6 * len(operation.regions), seed=3)
    assert {s.region for s in drawn} == set(operation.regions)
    for scenario in drawn:
        where = f"{name} {scenario.region} {scenario.params}"
        assert scenario.args[0].dtype.name == scenario.cotangent.dtype.name == dtype, where
        assert scenario.valid == (scenario.region != "invalid"), where
        args = (np.asarray(a, np.float64) if a.dtype.kind not in "iu" else a for a in scenario.args)
        with np.errstate(all="ignore"):
            if scenario.valid:
                primal = operation.definition(*args, **scenario.params)
                assert np.shape(primal) == scenario.cotangent.shape, where
            else:
                assert scenario.cotangent.shape == (0,), where
                with pytest.raises((ValueError, IndexError)):
                    operation.definition(*args, **scenario.params)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_draws_the_same_and_writes_nothing(hash_seed: str, tmp_path: Path) -> None:
    # A module with odd numbers in its source beside the working directory is what Hypothesis would pick up.
    (tmp_path / "odd.py").write_text(f"NUMBERS = {[1000 + 37 * i for i in range(50)]}\n")
    code = "import odd; from property_tests import test_strategies as t; print(t.fingerprint_of_all())"
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == fingerprint_of_all()
    assert [path.name for path in tmp_path.iterdir()] == ["odd.py"]


def test_another_seed_or_dtype_draws_something_else() -> None:
    softmaxes = OPERATIONS["softmax"]
    digests = {
        fingerprint(draw_scenarios(softmaxes, dtype=dtype, examples=20, seed=seed))
        for dtype in DTYPES
        for seed in (0, 1)
    }
    assert len(digests) == 2 * len(DTYPES)


@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 3))
def test_drawing_within_a_test_gives_the_same(seed: int) -> None:
    get_items = OPERATIONS["get_item"]
    inside = draw_scenarios(get_items, dtype="float32", examples=20, seed=seed)
    assert fingerprint(inside) == OUTSIDE_OF_A_TEST[seed]


OUTSIDE_OF_A_TEST = [
    fingerprint(draw_scenarios(OPERATIONS["get_item"], dtype="float32", examples=20, seed=seed))
    for seed in range(4)
]


@pytest.mark.parametrize("examples", [0, 1, 5, 16, 19, 20, 37, 49, 100, 250])
def test_examples_are_divided_evenly_with_earlier_regions_first_but_for_large_arrays(examples: int) -> None:
    operation = OPERATIONS["softmax"]
    drawn = draw_scenarios(operation, dtype="float64", examples=examples, seed=0)
    counts = Counter(scenario.region for scenario in drawn)
    *each, many = (counts[region] for region in operation.regions)
    assert sum(each) + many == examples
    assert each == sorted(each, reverse=True)
    assert max(each) - min(each) <= 1
    assert many == {19: 0, 20: 1, 37: 1, 49: 1, 100: 2, 250: 5}.get(examples, 0)


def test_regions_of_ones_own_share_alike() -> None:
    assert shares(("a", "b", "c"), 50) == [17, 17, 16]
    assert shares(("many",), 50) == [50]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_operation_is_given_an_array_of_more_than_2_to_the_15_entries(name: str, dtype: str) -> None:
    operation = CATALOGUE[name]
    drawn = collect(scenarios(operation, dtype=dtype, region=MANY), count=4, seed=0)
    for scenario in drawn:
        x_bar = np.broadcast_to(np.False_, scenario.params.get("shape", ()))
        assert max(array.size for array in (*scenario.args, x_bar)) > 2**15
        assert scenario.cotangent.dtype.name == scenario.args[0].dtype.name == dtype
    usual = collect(scenarios(operation, dtype=dtype, region="ordinary"), count=4, seed=0)
    assert all(array.size < 1000 for scenario in usual for array in scenario.args)


@given(scenarios(OPERATIONS["get_item"], dtype="float16", region="mixtures"))
def test_a_scenario_lays_out_its_arguments_and_its_cotangent(scenario: Scenario) -> None:
    x: Array = scenario.args[0]
    assert x[scenario.params["index"]].shape == scenario.cotangent.shape
    assert x.flags.writeable == scenario.cotangent.flags.writeable == (scenario.layout != "read_only")


def test_given_inputs_become_scenarios_in_the_dtype_under_test() -> None:
    inputs = [([1.0, 2.0, 3.0],), (np.float64(0.5),), (np.ones((2, 3), np.float32),)]
    drawn = explicit_scenarios("mine", np.exp, None, inputs, dtype="bfloat16", examples=1, seed=0)
    assert [s.args[0].dtype.name for s in drawn] == ["bfloat16"] * 3
    assert [s.cotangent.shape for s in drawn] == [(3,), (), (2, 3)]
    assert {(s.region, s.differentiable, s.valid) for s in drawn} == {("given", (0,), True)}


def test_given_integers_stay_unless_they_are_differentiated() -> None:
    def take(x: Array, i: Array, *, twice: bool) -> Array:
        return np.asarray(x[i] * (2 if twice else 1))

    inputs = [(np.arange(4), np.array([0, 0, 1]))]
    (scenario,) = explicit_scenarios(
        "take", take, (0,), inputs, dtype="float16", examples=1, seed=0, params={"twice": True}
    )
    assert [a.dtype for a in scenario.args] == [np.float16, np.int64]
    assert scenario.params == {"twice": True}
    with pytest.raises(UsageError, match="input 0 has no floating argument"):
        explicit_scenarios("take", take, None, inputs, dtype="float16", examples=1, seed=0)


def test_given_strategies_are_drawn_from_with_the_seed() -> None:
    vectors = st.tuples(st.lists(st.floats(-5, 5), min_size=2, max_size=4))
    first, again, other = (
        explicit_scenarios("softmax", softmax, None, vectors, dtype="float64", examples=12, seed=seed)
        for seed in (0, 0, 1)
    )
    assert len(first) == 12
    assert fingerprint(first) == fingerprint(again) != fingerprint(other)


def test_given_inputs_that_cannot_be_used_are_named() -> None:
    not_tuples: Any = [(1.0,), [2.0]]
    with pytest.raises(UsageError, match="input 1 is a list"):
        explicit_scenarios("f", np.exp, None, not_tuples, dtype="float32", examples=1, seed=0)
    inputs, params = [(np.ones(2),)], {"index": 7}
    with pytest.raises(UsageError, match="refuses input 0"):
        explicit_scenarios("f", get_item, None, inputs, dtype="float32", examples=1, seed=0, params=params)
    wrong: Any
    for wrong in (5, np.exp, "abc", iter(inputs), {(1.0,): 2}, None):
        with pytest.raises(UsageError, match=r"^inputs is .*; give a list of argument tuples, or a Hypo"):
            explicit_scenarios("f", np.exp, None, wrong, dtype="float32", examples=1, seed=0)
    for wrong in ([(1.0, [[1.0], [1.0, 2.0]])], [("text",)]):
        with pytest.raises(UsageError, match="input 0"):
            explicit_scenarios("f", np.exp, (0,), wrong, dtype="float32", examples=1, seed=0)
    failing = st.tuples(st.integers(0, 3).map(lambda n: 1 / 0))
    with pytest.raises(UsageError, match="the inputs raise ZeroDivisionError"):
        explicit_scenarios("f", np.exp, None, failing, dtype="float32", examples=1, seed=0)


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, AttributeError, AssertionError])
def test_whatever_a_definition_raises_is_told_with_its_input(kind: type[Exception]) -> None:
    def refuse(x: Array) -> Array:
        raise kind("not\nthis one")

    with pytest.raises(UsageError, match=rf"refuses input 0: {kind.__name__}: .*this one"):
        explicit_scenarios("f", refuse, None, [(np.ones(2),)], dtype="float32", examples=1, seed=0)


def p_minus_t(x: Array, labels: Array, *, reduction: str = "mean") -> Any:
    """Softmax cross entropy with the gradient ``p - t``: right where weights sum to 1, and only there."""
    loss, right = softmax_cross_entropy(x, labels, reduction=reduction)
    if labels.dtype.kind != "f" or np.allclose(labels.sum(axis=-1), 1):
        return loss, right
    samples = x.size // x.shape[-1] if reduction == "mean" else 1
    excess = softmax(x) * (labels.sum(axis=-1, keepdims=True) - 1)

    def pullback(y_bar: Array) -> Array:
        spread = y_bar[..., np.newaxis] if reduction == "none" else y_bar
        return np.asarray(right(y_bar) - spread * excess / samples)

    return loss, pullback


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_gradient_that_takes_the_weights_for_a_distribution_is_found(seed: int) -> None:
    found = verify(p_minus_t, like="softmax_cross_entropy", dtypes=("float64",), seed=seed)
    assert Verdict.WRONG in {each.verdict for each in found.discrepancies}
    right = verify(softmax_cross_entropy, like="softmax_cross_entropy", dtypes=("float64",), seed=seed)
    assert right.ok
