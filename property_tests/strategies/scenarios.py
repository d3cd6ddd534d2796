"""Scenarios: a draft, laid out in memory, with a cotangent of the primal's shape."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

from gradassay.errors import UsageError
from gradassay.formats import FORMATS, is_floating
from gradassay.vocabulary import Array, Definition, Draft, Operation, Scenario
from property_tests.strategies.cotangents import cotangents, signed_cotangent
from property_tests.strategies.hermetic import collect
from property_tests.strategies.layouts import LAYOUTS, lay_out
from property_tests.strategies.regions import shares
from property_tests.strategies.shapes import Draw, Shape

_LAYOUTS = st.sampled_from(LAYOUTS)


def scenarios(operation: Operation, *, dtype: str, region: str) -> st.SearchStrategy[Scenario]:
    """Scenarios of ``operation`` in one region: its draft, a memory layout, a cotangent.

    Arguments and cotangent have that layout. The cotangent of an invalid draft, where no convention gives it a primal,
    has the shape (0,).
    """
    return _scenarios(operation, operation.drafts(region, dtype), dtype, region)


@st.composite
def _scenarios(
    draw: Draw, operation: Operation, drafts: st.SearchStrategy[Draft], dtype: str, region: str
) -> Scenario:
    draft: Draft = draw(drafts)
    layout: str = draw(_LAYOUTS)
    shape = primal_shape(operation.definition, draft) if draft.valid else shape_given(operation, draft)
    cotangent = (
        np.zeros((0,), dtype=FORMATS[dtype].dtype) if shape is None else draw(cotangents(shape, dtype))
    )
    return Scenario(
        operation=operation.name,
        dtype=dtype,
        args=tuple(lay_out(array, layout) for array in draft.args),
        params=draft.params,
        cotangent=lay_out(cotangent, layout),
        differentiable=tuple(i % len(draft.args) for i in operation.differentiable),
        region=region,
        layout=layout,
        valid=draft.valid,
    )


def shape_given(operation: Operation, draft: Draft) -> Shape | None:
    """The shape of the primal that some convention gives an invalid draft; None where none does."""
    for convention in operation.conventions:
        if convention.on_invalid:
            with suppress(Exception):  # what it refuses as well, another one may take
                return primal_shape(convention.change(operation.definition), draft)
    return None


def draw_scenarios(operation: Operation, *, dtype: str, examples: int, seed: int) -> list[Scenario]:
    """``examples`` scenarios of the operation's regions in their order, each with its share of them (``shares``).

    With fewer examples than regions the first ones get one each. The same arguments give the same list, in any process.
    """
    drawn: list[Scenario] = []
    counts = shares(operation.regions, examples)
    for region, count in zip(operation.regions, counts, strict=True):
        strategy = scenarios(operation, dtype=dtype, region=region)
        region_seed = _stable_seed(seed, operation.name, dtype, region)
        drawn += collect(strategy, count=count, seed=region_seed)
    return drawn


def explicit_scenarios(
    operation_name: str,
    definition: Definition,
    differentiable: tuple[int, ...] | None,
    inputs: Iterable[tuple[Any, ...]] | st.SearchStrategy[tuple[Any, ...]],
    *,
    dtype: str,
    examples: int,
    seed: int,
    params: Mapping[str, Any] | None = None,
) -> list[Scenario]:
    """Scenarios from inputs that the caller gives: all of a list, or ``examples`` of a strategy.

    Floating arguments are cast to ``dtype``, and so are differentiable ones that were given as integers;
    ``differentiable=None`` means every floating argument. Cotangents are signed normals; the region is
    ``given``. Raises UsageError for inputs that are neither, for an input that is not a tuple, that has nothing
    to differentiate, or that the definition refuses.
    """
    params = dict(params or {})
    inputs = _given(inputs, examples, _stable_seed(seed, operation_name, dtype, "given"))
    drawn: list[Scenario] = []
    for number, given in enumerate(inputs):
        if not isinstance(given, tuple):
            raise UsageError(f"input {number} is a {type(given).__name__}; an input is a tuple of arguments")
        try:
            args = tuple(np.asarray(value) for value in given)
        except Exception as error:
            raise UsageError(f"input {number} is no tuple of arrays: {_named(error)}") from error
        wanted = tuple(i for i, array in enumerate(args) if is_floating(array.dtype))
        if differentiable is not None:
            wanted = tuple(i + len(args) if i < 0 else i for i in differentiable)
        if not wanted or max(wanted) >= len(args):
            raise UsageError(f"input {number} has no floating argument to differentiate: {given!r}")
        try:
            args = tuple(_cast(array, dtype, i in wanted) for i, array in enumerate(args))
        except (ValueError, TypeError) as error:
            raise UsageError(f"input {number} cannot be cast to {dtype}: {_named(error)}") from error
        try:
            shape = _primal_shape(definition, args, params)
        except Exception as error:  # a function of the caller's raises what it likes
            raise UsageError(f"the definition refuses input {number}: {_named(error)}") from error
        own_seed = _stable_seed(seed, operation_name, dtype, f"given {number}")
        cotangent = signed_cotangent(shape, dtype, own_seed)
        drawn.append(Scenario(operation_name, dtype, args, params, cotangent, wanted, region="given"))
    return drawn


def _given(inputs: Any, examples: int, seed: int) -> Sequence[Any]:
    """The inputs as a sequence, drawn where they are a strategy; UsageError where they are neither."""
    wanted = "a list of argument tuples, or a Hypothesis strategy of them"
    try:
        if isinstance(inputs, st.SearchStrategy):
            return collect(inputs, count=examples, seed=seed)
        # an iterator would be used up by the first dtype
        if isinstance(inputs, Iterable) and not isinstance(inputs, Iterator | Mapping | str):
            return list(inputs)
    except Exception as error:
        raise UsageError(f"the inputs raise {_named(error)}; give {wanted}") from error
    raise UsageError(f"inputs is {reprlib.repr(inputs)} ({type(inputs).__name__}); give {wanted}")


def _named(error: Exception) -> str:
    """An error in one line, with its kind."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def _primal_shape(definition: Definition, args: tuple[Array, ...], params: Mapping[str, Any]) -> Shape:
    """Shape of the primal, from the plain definition; 16-bit arguments are widened, since NumPy is slow in them."""
    wide = (
        array.astype(np.float32) if is_floating(array.dtype) and array.itemsize < 4 else array
        for array in args
    )
    with np.errstate(all="ignore"):
        return np.shape(definition(*wide, **params))


def primal_shape(definition: Definition, draft: Draft) -> Shape:
    """Shape of a draft's primal."""
    if draft.primal_shape is not None:
        return draft.primal_shape
    return _primal_shape(definition, draft.args, draft.params)


def _cast(array: Array, dtype: str, differentiable: bool) -> Array:
    """A copy, in ``dtype`` if it is floating or differentiated."""
    if is_floating(array.dtype) or differentiable:
        with np.errstate(all="ignore"):
            return array.astype(FORMATS[dtype].dtype)
    return array.copy()


def _stable_seed(seed: int, *words: str) -> int:
    """A seed that is the same in every process; ``hash`` of a string is not."""
    return crc32("\x1f".join((str(seed), *words)).encode())
