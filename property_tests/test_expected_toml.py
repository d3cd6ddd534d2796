"""``expected.toml``: it keeps everything, depends on the content alone, and a line that is damaged is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradassay.errors import UsageError
from gradassay.vocabulary import Verdict
from property_tests.fake_runs import realistic, row, run
from property_tests.fake_states import IMPRECISE, OPERATIONS, PLACES, WORDS, state_of
from reports.gate.expectations import Expectations, measured
from reports.gate.expected_toml import read, text
from reports.gate.places import Known

knowns = st.builds(Known, PLACES, st.sampled_from(list(Verdict)), st.just("") | WORDS)


@given(
    measured=st.frozensets(PLACES, min_size=1, max_size=4),
    reasons=st.dictionaries(knowns, WORDS.filter(str.strip), max_size=4),
    platform=st.dictionaries(st.sampled_from(["simd", "numpy", "torch"]), WORDS),
    seed=st.integers(0, 9),
    witnesses=st.none() | st.frozensets(st.tuples(OPERATIONS, WORDS), max_size=4),
    second_order=st.booleans(),
)
def test_the_file_keeps_everything_and_is_written_again_byte_for_byte(  # type: ignore[no-untyped-def]
    tmp_path_factory, measured, reasons, platform, seed, witnesses, second_order
) -> None:
    path = tmp_path_factory.mktemp("expected") / "expected.toml"
    before = Expectations(seed, 100, measured, reasons, platform, witnesses, second_order)
    path.write_text(text(before), encoding="utf-8")
    assert read(path) == before
    assert text(read(path)) == text(before)


def test_the_file_depends_on_the_content_alone() -> None:
    forth, back = realistic(), realistic()
    back = dataclasses.replace(back, rows=back.rows[::-1])
    assert text(state_of(forth).expectations) == text(state_of(back).expectations)
    assert measured(forth) == measured(back)


def test_every_statement_is_a_line(tmp_path: Path) -> None:
    """The same lines in any other order say the same."""
    before = everything()
    lines = text(before).splitlines()
    begins = [number for number, line in enumerate(lines) if line.endswith(" = [")]
    assert [lines[n] for n in begins] == [
        f"{name} = [" for name in ("expected", "measured", "witnesses", "platform")
    ]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        block = [n for n in range(begin, end) if lines[n].startswith("  {")]
        assert len(block) > 1
        for there, here in zip(block, [lines[n] for n in reversed(block)], strict=True):
            lines[there] = here
    path = tmp_path / "expected.toml"
    path.write_text("\n".join(lines))
    assert path.read_text() != text(before)
    assert read(path) == before


def test_a_line_that_stands_there_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    before = everything()
    path.write_text("".join(f"{line}\n" * (1 + line.startswith("  {")) for line in text(before).splitlines()))
    assert read(path) == before


def everything() -> Expectations:
    """Two of each at least."""
    approved = state_of(realistic())
    listed = frozenset({("softmax", "838ab15e6e"), ("max", "0123456789")})
    platform = {"numpy": "2.4.6", "simd": "AVX2"}
    return dataclasses.replace(approved.expectations, witnesses=listed, platform=platform)


def test_the_platform_may_be_the_table_of_before_and_is_written_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    before = everything()
    begin = text(before).index("platform = [")
    path.write_text(text(before)[:begin] + '\n[platform]\nnumpy = "2.4.6"\nsimd = "AVX2"\n')
    assert read(path) == before
    assert '  { name = "numpy", version = "2.4.6" },\n' in text(read(path))


def test_two_versions_of_one_framework_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    line = '  { name = "numpy", version = "2.4.6" },\n'
    path.write_text(text(everything()).replace(line, line + line.replace("2.4.6", "2.5.0")))
    number = path.read_text().splitlines().index(line.rstrip()) + 2
    with pytest.raises(UsageError, match=rf":{number}: two lines name numpy, 2\.4\.6 and 2\.5\.0; keep one$"):
        read(path)


def test_the_dtypes_of_two_lines_about_one_row_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    whole = text(state_of(run(row(), row(dtype="float16"))).expectations)
    both = '{ operation = "softmax", implementation = "numpy", dtypes = ["float64", "float16"] },'
    assert both in whole
    apart = both.replace('"float64", ', "") + "\n" + both.replace(', "float16"', "")
    path.write_text(whole.replace(both, apart))
    assert {place.dtype for place in read(path).measured} == {"float64", "float16"}


def test_a_missing_file_is_a_usage_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected\.toml.*gradassay approve .*--reason TEXT"):
        read(tmp_path / "expected.toml")


MARKS = "<<<<<<< HEAD\nseed = 0\n=======\nseed = 1\n>>>>>>> theirs\n"
DAMAGE: dict[str, tuple[Callable[[str], str], str]] = {
    "cut off": (lambda s: s[: s.index("verdict = ") + 12], r":\d+: not TOML"),
    "another schema": (lambda s: s.replace("schema = 3", "schema = 1"), r":3: schema is 1, should be 3 or 2"),
    "no seed": (lambda s: s.replace("seed = 0", ""), r"seed is None"),
    "a seed of true": (lambda s: s.replace("seed = 0", "seed = true"), r":4: seed is True"),
    "examples of 0": (lambda s: s.replace("examples = 200", "examples = 0"), r":5: examples is 0"),
    "nothing measured": (
        lambda s: s[: s.index("measured = [")] + "measured = []",
        r":9: measured is .*empty",
    ),
    "measured of another kind": (
        lambda s: s[: s.index("measured = [")] + "measured = 7",
        r":9: measured should be",
    ),
    "a dtype without its list": (
        lambda s: s.replace('["float64"]', '"float64"'),
        r":10: this entry has no dtypes",
    ),
    "no dtypes": (lambda s: s.replace('["float64"]', "[]"), r":10: this entry has no dtypes"),
    "an unknown dtype": (lambda s: s.replace('["float64"]', '["float99"]'), r":10: unknown dtype 'float99'"),
    "an unknown dtype of a discrepancy": (
        lambda s: s.replace('dtype = "float64"', 'dtype = "float99"'),
        r":7: unknown dtype 'float99'",
    ),
    "a name cut off": (
        lambda s: s.replace(
            '"softmax", implementation = "numpy", dtypes', '"grad(softmax", implementation = "numpy", dtypes'
        ),
        r":10: 'grad\(softmax' is no name of an operation",
    ),
    "a third order": (
        lambda s: s.replace(
            '"softmax", implementation = "numpy", dtype =',
            '"grad(grad(softmax))", implementation = "numpy", dtype =',
        ),
        r":7: 'grad\(grad\(softmax\)\)' is no name of an operation",
    ),
    "a witness of no name": (
        lambda s: s + 'witnesses = [\n  { operation = "soft max", id = "0123456789" },\n]\n',
        r":13: 'soft max' is no name of an operation",
    ),
    "the second order of another": (
        lambda s: s.replace(
            '"softmax", implementation = "numpy", dtypes', '"grad(softmax)", implementation = "torch", dtypes'
        ),
        r":10: grad\(softmax\) of torch: the second order is held of numpy alone; delete this entry",
    ),
    "a discrepancy at the second order of another": (
        lambda s: s.replace(
            '"softmax", implementation = "numpy", dtype =',
            '"grad(softmax)", implementation = "torch", dtype =',
        ),
        r":7: grad\(softmax\) of torch: the second order is held of numpy alone; delete this entry",
    ),
    "unknown verdict": (lambda s: s.replace('"imprecise"', '"inexact"'), r":7: unknown verdict 'inexact'"),
    "no reason": (lambda s: s.replace("reason = ", "raison = "), r":7: .*has no reason"),
    "an empty reason": (lambda s: s.replace("checked by hand", " "), r":7: .*empty reason"),
    "a reason that is no text": (lambda s: s.replace('"checked by hand"', "7"), r":7: .*has no reason"),
    "an entry twice, for two reasons": (
        lambda s: s.replace("expected = [", "expected = [\n" + other_reason(s)),
        r":8: .*twice, with different reasons; keep one",
    ),
    "an entry that is no table": (
        lambda s: s.replace("expected = [", "expected = [ 7,"),
        r"should be a table",
    ),
    "a key twice": (
        lambda s: s.replace("seed = 0", "seed = 0\nseed = 1"),
        r":5: two lines name seed, .* line 4.*merge",
    ),
    "another key twice": (
        lambda s: s.replace("examples = 200", "examples = 200\nexamples = 300"),
        r":6: two lines name examples, .* line 5.*merge.*; keep one",
    ),
    "a key twice, and no name of one": (lambda s: s + '"a b" = 1\n"a b" = 1\n', r":13: not TOML"),
    "a witness without an id": (
        lambda s: s + 'witnesses = [\n  { operation = "max" },\n]\n',
        r":13: this entry has no id",
    ),
    "witnesses of another kind": (lambda s: s + "witnesses = 7\n", r":12: witnesses should be"),
    "a version that is no text": (
        lambda s: s + 'platform = [\n  { name = "numpy", version = 2 },\n]\n',
        r":13: this entry has no version",
    ),
    "marks of a merge": (lambda s: s.replace("seed = 0\n", MARKS), r":4: a merge left its marks here"),
    "a platform that is no table": (
        lambda s: s.replace("expected = [", 'platform = "here"\nexpected = ['),
        r":6: platform should be",
    ),
    "an empty file": (lambda s: "", r"schema is None"),
    "no text": (lambda s: "\0", r":1: not TOML"),
}


def other_reason(whole: str) -> str:
    line = next(line for line in whole.splitlines() if line.startswith("  { ") and "reason" in line)
    return line.replace("checked by hand", "for another reason")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_a_usage_error_with_line_and_remedy(damage: str, tmp_path: Path) -> None:
    change, message = DAMAGE[damage]
    path = tmp_path / "expected.toml"
    whole = text(state_of(run(row(found=[IMPRECISE]))).expectations)
    path.write_text(change(whole))
    assert path.read_text() != whole
    again = f"gradassay approve --approved {tmp_path} --reason TEXT"
    with pytest.raises(UsageError, match=message) as caught:
        read(path)
    assert any(
        remedy in str(caught.value) for remedy in (again, "keep one", "delete the marks", "delete this entry")
    )
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_utf_8_are_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"expected\.toml: cannot be read .*restore it"):
        read(path)


@pytest.mark.parametrize("name", ["operation", "implementation"])
def test_a_name_that_nothing_has_is_no_damage(name: str, tmp_path: Path) -> None:
    """The gate finds that it has vanished; a renamed operation would be a damaged file else."""
    path = tmp_path / "expected.toml"
    values = {"operation": "softmax", "implementation": "numpy"}
    whole = text(state_of(run(row(found=[IMPRECISE]))).expectations)
    path.write_text(whole.replace(f'"{values[name]}"', '"nobody"'))
    assert "nobody" in {getattr(place, name) for place in read(path).measured}
