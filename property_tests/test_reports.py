"""Reporters: the same run gives the same text, and no bit and no failure is lost on the way."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradassay.vocabulary import Row, Run, Verdict, Worst
from property_tests.fake_runs import DTYPES, discrepancy, realistic, row, run
from reports.encoding import (
    decode_array,
    decode_params,
    decode_value,
    encode_array,
    encode_params,
    encode_value,
)
from reports.numbers import apart, short
from reports.registry import REPORTERS
from reports.summary import Summary


def written(reporter: str, what: Run) -> str:
    stream = io.StringIO()
    REPORTERS[reporter].write(what, stream)
    return stream.getvalue()


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


floating = st.sampled_from([np.dtype(t) for t in (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)])
plain = st.sampled_from([np.dtype(t) for t in (np.int64, np.int32, np.uint8, np.bool_)])
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    shape = draw(shapes)
    if draw(st.booleans()):
        return draw(hnp.arrays(draw(plain), shape))
    values = draw(hnp.arrays(np.float64, shape, elements=st.floats(width=64)))
    with np.errstate(over="ignore"):
        return values.astype(draw(floating))


bounds = st.none() | st.integers(-5, 5)
indices = st.recursive(
    st.none()
    | st.integers(-9, 9)
    | st.booleans()
    | st.just(Ellipsis)
    | st.builds(slice, bounds, bounds, bounds)
    | arrays(),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=2),
    max_leaves=4,
)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        nan_safe = {"equal_nan": True} if first.dtype.kind == "f" else {}
        both = (
            (first, second)
            if first.dtype.kind in "fiub"
            else (first.astype(np.float32), second.astype(np.float32))
        )
        return (
            first.dtype == second.dtype
            and first.shape == second.shape
            and np.array_equal(*both, **(nan_safe or {"equal_nan": both[0].dtype.kind == "f"}))
            and bool(
                np.all((np.signbit(both[0]) == np.signbit(both[1])) | np.isnan(both[0]))
                if both[0].dtype.kind == "f"
                else True
            )
        )
    if isinstance(first, (tuple, list)):
        return type(first) is type(second) and len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


@given(arrays())
def test_an_array_survives_json_bit_for_bit(array: np.ndarray[Any, Any]) -> None:
    assert same(array, decode_array(strict(json.dumps(encode_array(array)))))


@given(indices)
def test_an_index_survives_json(index: Any) -> None:
    assert same(index, decode_value(strict(json.dumps(encode_value(index)))))


@pytest.mark.parametrize("value", [np.float32(0.1), np.int8(3), math.inf, {"a": (1, None)}, "mean"])
def test_a_parameter_survives_json(value: Any) -> None:
    back = decode_params(strict(json.dumps(encode_params({"p": value}))))["p"]
    assert type(back) is type(value)
    assert back == value


def test_what_cannot_be_encoded_is_written_down_and_refused_on_reading() -> None:
    encoded = encode_value(object)
    assert "object" in encoded["repr"]
    with pytest.raises(ValueError, match="cannot be read back"):
        decode_value(encoded)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_short_number_never_reads_0_or_1_falsely(value: float) -> None:
    text = short(value)
    if text[0] in "<>":  # says which side of 1 it is on
        assert abs(float(text[1:])) == 1
        assert (value < float(text[1:])) == (text[0] == "<")
        assert value != float(text[1:])
    else:
        assert float(text) == value or float(text) not in (0.0, 1.0, -1.0)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_two_different_numbers_never_read_the_same(first: float, second: float) -> None:
    texts = apart(first, second)
    assert (texts[0] == texts[1]) <= (first == second)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.53124, "0.531"), (0.99996, "<1"), (1.5e7, "1.5e7"), (math.inf, "inf"), (0.0, "0"), (None, "-")],
)
def test_short_numbers_read_like_this(value: float | None, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize(
    "what", [realistic(), run(), run(row(scenarios=0, skipped={"no float16": 9}), interrupted=True)]
)
def test_a_reporter_is_a_pure_function_of_the_run(name: str, what: Run) -> None:
    assert written(name, what) == written(name, what) != ""


def test_results_json_is_as_contracted() -> None:
    document = strict(written("json", realistic()))
    assert document["schema"] == 1
    assert {"schema", "tool", "environment", "rows", "seconds"} <= document.keys()
    keys = {
        "operation",
        "implementation",
        "dtype",
        "scenarios",
        "skipped",
        "verdicts",
        "worst",
        "discrepancies",
    }
    for each in document["rows"]:
        assert keys <= each.keys()
        assert {"budget_ratio", "ulp", "normwise"} <= each["worst"].keys()
        assert sum(each["verdicts"].values()) == each["scenarios"]
        for found in each["discrepancies"]:
            assert {"id", "verdict", "cause", "count", "example", "reproduce"} <= found.keys()
            assert {"args", "params", "cotangent", "index", "expected", "got"} <= found["example"].keys()


def test_results_json_keeps_the_bits_of_every_number() -> None:
    worst = Worst(budget_ratio=0.1 + 0.2, ulp=math.inf, normwise=5e-324)
    encoded = strict(written("json", run(row(worst=worst))))["rows"][0]["worst"]
    for name, value in dataclasses.asdict(worst).items():
        assert float.fromhex(encoded[f"{name}_hex"]) == value
        assert float(encoded[name]) == value
    assert encoded["ulp"] == "inf"


def test_two_runs_with_one_seed_differ_in_environment_and_seconds_alone() -> None:
    later = dataclasses.replace(realistic(), seconds=9.0, environment={"python": "4"})
    first, second = (json.loads(written("json", each)) for each in (realistic(), later))
    assert {key for key in first if first[key] != second[key]} == {"environment", "seconds"}
    assert list(first) == list(second)


@pytest.mark.parametrize("name", ["terminal", "markdown"])
def test_a_failure_of_the_subject_is_told_by_name(name: str) -> None:
    text = written(name, run(row(dtype="float16", found=[(Verdict.WRONG, "sum term missing", 3)])))
    assert "failed" in text.lower()
    for word in ("numpy", "float16", "wrong", "sum term missing", "0.25000003", "gradassay compare softmax"):
        assert word in text


@pytest.mark.parametrize("name", ["terminal", "markdown"])
def test_what_is_missing_or_skipped_is_told_with_its_reason(name: str) -> None:
    what = run(
        row(skipped={"axis is a tuple": 12}),
        missing={"jax": "pip install 'gradassay[jax]'"},
        notes=("mind the gap",),
    )
    text = written(name, what)
    for words in ("axis is a tuple", "12", "jax", "pip install 'gradassay[jax]'", "mind the gap"):
        assert words in text


def test_inconclusive_scenarios_are_not_counted_as_agreeing() -> None:
    lazy = row(verdicts={Verdict.AGREES: 1, Verdict.INCONCLUSIVE: 199})
    assert "1/200" in written("terminal", run(lazy))
    assert "1/200" in written("markdown", run(lazy))


def test_a_row_in_which_all_was_skipped_shows_no_agreement() -> None:
    text = written("terminal", run(row(scenarios=0, skipped={"no float16": 9}, verdicts={})))
    assert "NOTHING WAS MEASURED" in text
    assert "PASSED" not in text


def test_dtypes_of_one_discrepancy_are_one_group() -> None:
    rows = [
        row(dtype=dtype, found=[(Verdict.IMPRECISE, "cancellation", n)]) for n, dtype in enumerate(DTYPES, 1)
    ]
    (group,) = Summary(run(*rows)).failures
    assert group.dtypes == "float64 ×1, float32 ×2, float16 ×3, bfloat16 ×4"


def test_regions_are_counted_once_however_many_implementations_share_them() -> None:
    regions = Summary(run(row(), row(implementation="torch"))).regions
    assert regions == {"ordinary": 100, "ties": 100, "layout: C": 200}


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_tables_fit_their_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = written("terminal", realistic()).splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    assert not any(line != line.rstrip() for line in lines)


def test_markup_in_a_library_s_message_stays_text() -> None:
    nasty = dataclasses.replace(discrepancy(Verdict.RAISES, "[red]<script>|*"), message="[bold]<b> | *x*")
    what = run(dataclasses.replace(row(), verdicts={Verdict.RAISES: 1}, discrepancies=(nasty,)))
    assert "[red]<script>|*" in written("terminal", what)
    assert "<script>" not in written("markdown", what)


def test_an_interrupted_run_never_passes() -> None:
    assert "INTERRUPTED" in written("terminal", run(row(), interrupted=True))
    assert "nterrupted" in written("markdown", run(row(), interrupted=True))


def test_a_row_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        row().scenarios = 3  # type: ignore[misc]
    assert isinstance(row(), Row)
