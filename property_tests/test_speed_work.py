"""Counted work: the same values as without counting, the same counts every time, and more for more."""

from __future__ import annotations

import copy
from dataclasses import asdict, fields
from operator import methodcaller
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import array

from gradassay.bench.legs import make_case
from gradassay.catalogue import OPERATIONS
from gradassay.speed.arrays import Counting
from gradassay.speed.counting import MAKERS, counted, counting
from gradassay.speed.measuring import counters
from gradassay.speed.work import Work
from gradassay.vocabulary import Array

SIZES = [(8, 10), (64, 100)]


def work(function: Any, *arrays: Array) -> Work:
    """The work of ``function`` of arrays."""
    with counting() as so_far:
        function(*(array.view(Counting) for array in arrays))
        return so_far()


def same(first: Any, second: Any) -> bool:
    """Whether two results are equal to the last bit."""
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if first is None or second is None:
        return first is second
    return bool(
        first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_counting_changes_no_bit_of_a_rule(name: str, dtype: str, size: tuple[int, int]) -> None:
    operation = OPERATIONS[name]
    case = make_case(operation, size, dtype, np.random.default_rng(0))
    y, pullback = operation.rule(*case.args, **case.params)
    x_bar = pullback(case.cotangent)
    results, _ = counted(operation.rule, case.args, case.params, case.cotangent)
    assert same(results, (y, x_bar))


@pytest.mark.parametrize("name", OPERATIONS)
def test_counts_are_the_same_every_time_and_nothing_is_free(name: str) -> None:
    first, second = counters(name), counters(name)
    assert first == second
    assert all(any(asdict(part).values()) for parts in first.values() for part in parts.values())


def test_counting_ends_with_its_block() -> None:
    before = {name: getattr(np, name) for name in dir(np)}
    with counting():
        assert type(np.zeros(3)) is Counting
    assert {name: getattr(np, name) for name in before} == before
    assert type(np.zeros(3)) is np.ndarray


@given(st.integers(1, 50))
def test_a_temporary_costs_a_call_and_its_bytes(n: int) -> None:
    x = np.ones(n)
    lean, sloppy = work(np.exp, x), work(lambda x: np.exp(x * 1), x)
    assert sloppy.risen(lean) == {
        "ufuncs": (1, 2),
        "entries_in": (n, 2 * n + 1),
        "entries_out": (n, 2 * n),
        "bytes_made": (8 * n, 16 * n),
    }
    assert not lean.risen(sloppy)


@given(st.integers(1, 50))
def test_what_is_written_to_out_makes_no_bytes(n: int) -> None:
    x = np.ones(n)
    assert work(lambda x: np.exp(x, out=x), x).bytes_made == 0
    assert work(np.exp, x).bytes_made == 8 * n


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (lambda x: np.add(x, x), "ufuncs"),
        (lambda x: x + x, "ufuncs"),
        (lambda x: x @ x.T, "ufuncs"),
        (np.modf, "ufuncs"),
        (lambda x: np.add(x, x, where=x > 0, out=x), "ufuncs"),
        (np.add.reduce, "reductions"),
        (lambda x: x.sum(), "reductions"),
        (np.maximum.accumulate, "reductions"),
        (lambda x: np.add.at(x, [0, 0], 1.0), "reductions"),
        (lambda x: np.where(x > 0, x, 0), "functions"),
        (lambda x: np.concatenate([x, x]), "functions"),
        (lambda x: np.linalg.svd(x).U, "functions"),
        (lambda x: x[[0, 1]], "copies"),
        (lambda x: x[x > 0], "copies"),
        (lambda x: x.astype(np.float32), "copies"),
        (lambda x: x.copy(), "copies"),
        (lambda x: x.__setitem__([0], 1.0), "copies"),
        (lambda x: x.T.reshape(-1), "copies"),
        (copy.copy, "copies"),
        (copy.deepcopy, "copies"),
        *((methodcaller(name), "functions") for name in ("argmax", "argmin", "argsort", "sort")),
        (lambda x: x.argpartition(1), "functions"),
        (lambda x: x.ravel().searchsorted(1.0), "functions"),
        (lambda x: x.tolist(), "functions"),
        (lambda x: x.tobytes(), "functions"),
    ],
)
def test_each_kind_of_call_is_counted_where_it_belongs(function: Any, count: str) -> None:
    assert getattr(work(function, np.ones((2, 3))), count) >= 1


@pytest.mark.parametrize("view", [lambda x: x[1:], lambda x: x.T, lambda x: x[None], lambda x: x.reshape(-1)])
def test_a_view_costs_nothing(view: Any) -> None:
    assert work(view, np.ones((2, 3))) == Work()


@pytest.mark.parametrize("make", ["zeros", "ones", "empty"])
def test_what_is_done_with_new_arrays_is_counted(make: str) -> None:
    made = work(lambda: np.exp(getattr(np, make)(4)))
    assert (made.ufuncs, made.bytes_made) == (1, 64)


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.require([1.0, 2.0]),
        lambda: np.asanyarray([1.0, 2.0]),
        lambda: np.tri(2),
        lambda: np.indices((2, 2)),
        lambda: np.indices((2, 2), sparse=True)[0],
    ],
)
def test_however_an_array_is_made_it_counts(make: Any) -> None:
    assert work(lambda: np.exp(make())).ufuncs == 1


@given(st.integers(1, 50))
def test_a_method_that_reads_all_entries_costs_them(n: int) -> None:
    for name in ("argmax", "argsort", "tolist", "tobytes"):
        assert work(lambda x, name=name: getattr(x, name)(), np.ones(n)).entries_in >= n


def by_name(x: Array) -> Any:
    """A rule whose module imported a maker by name."""
    return np.exp(array([1.0, 2.0])), lambda y_bar: y_bar


def test_a_maker_that_the_rules_own_module_imported_by_name_counts() -> None:
    _, parts = counted(by_name, (np.ones(2),), {}, np.ones(2))
    assert (parts["forward"].ufuncs, parts["pullback"]) == (1, Work())
    assert array is np.array


def test_what_is_imported_meanwhile_finds_the_makers_names() -> None:
    with counting():
        assert [getattr(np, name).__name__ for name in MAKERS] == list(MAKERS)


def test_what_becomes_a_plain_array_still_counts() -> None:
    assert work(lambda x: np.exp(np.asarray(x)), np.ones(4)).ufuncs == 1
    assert work(lambda x: np.exp(np.einsum("i,i->i", x, x)), np.ones(4)).ufuncs == 1


@given(st.builds(Work, **{each.name: st.integers(0, 9) for each in fields(Work)}))
def test_only_a_rise_is_told(work_: Work) -> None:
    more = Work(**{name: value + 1 for name, value in asdict(work_).items()})
    assert set(more.risen(work_)) == {each.name for each in fields(Work)}
    assert not work_.risen(work_)
    assert not work_.risen(more)
    assert more - work_ == Work(*[1] * len(fields(Work)))
