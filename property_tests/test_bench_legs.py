"""What a bench times is the same thing everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradassay.bench.legs import LEGS, framework_of, make_case
from gradassay.bench.rounds import moved_bytes
from gradassay.bench.threads import single_threaded
from gradassay.catalogue import OPERATIONS


@pytest.fixture(scope="module", autouse=True)
def quiet_frameworks() -> Any:
    with single_threaded():
        yield


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("implementation", [name for name in LEGS if name != "numpy"])
def test_what_is_timed_computes_the_same_primal_and_gradient(implementation: str, name: str) -> None:
    pytest.importorskip(framework_of(implementation), reason="an optional extra")
    case = make_case(OPERATIONS[name], (8, 10), "float64", np.random.default_rng(0))
    ours, theirs = LEGS["numpy"](case), LEGS[implementation](case)
    y, x_bars = ours.both()
    expected = [x_bar for x_bar in parts(x_bars) if x_bar is not None]
    their_y, their_x_bars = theirs.both()
    assert len(their_x_bars) == len(expected) == len(case.operation.differentiable)
    for got, wanted in zip(
        (theirs.forward(), ours.forward(), their_y, *their_x_bars), (y, y, y, *expected), strict=True
    ):
        assert array_of(got).dtype == wanted.dtype == np.float64
        assert np.allclose(array_of(got), wanted, rtol=1e-12, atol=1e-14)


def parts(x_bars: Any) -> tuple[Any, ...]:
    return x_bars if isinstance(x_bars, tuple) else (x_bars,)


def array_of(tensor: Any) -> Any:
    return np.asarray(tensor.detach() if hasattr(tensor, "detach") else tensor)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_timed_is_in_the_dtype_asked_for(name: str) -> None:
    case = make_case(OPERATIONS[name], (2, 3), "float32", np.random.default_rng(0))
    wanted = [case.args[i] for i in case.operation.differentiable]
    assert {x.dtype for x in (*wanted, case.cotangent)} == {np.dtype(np.float32)}


def test_what_has_to_be_moved_is_read_once_and_written_once() -> None:
    def moved(name: str) -> int:
        case = make_case(OPERATIONS[name], (6, 7), "float32", np.random.default_rng(0))
        return moved_bytes(case, *LEGS["numpy"](case).both())

    matrix, index, number = 6 * 7 * 4, 6 * 8, 4
    assert moved("softmax") == 4 * matrix  # x, y_bar; y, x_bar
    assert moved("get_item") == 4 * matrix + index
    assert moved("mean_squared_error") == 2 * matrix + number + number + 2 * matrix
    assert moved("cross_entropy") == matrix + index + number + number + matrix
