"""Laws of separation: what was planted is found, in the words that it has, and nothing is made up from noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradassay.catalogue import OPERATIONS
from gradassay.vocabulary import Array, Scenario
from gradassay.why.conditions import VOCABULARY, Fact, measured
from gradassay.why.conditions.literals import short_decimal
from gradassay.why.separation import BLIND, CHANCE, EVERY, Separation, separate, tail
from property_tests.strategies import draw_scenarios

#: Each kind of operation: along an axis, at kinks, with labels, with an index, entry by entry, of several arguments.
SOME = ("softmax", "max", "cross_entropy", "softmax_cross_entropy", "get_item", "clip", "sigmoid", "affine")
COLUMN = {item.words: i for i, item in enumerate(VOCABULARY)}


@cache
def telling(operation: str) -> tuple[Scenario, ...]:
    """Drawn scenarios in which a mistake can show."""
    drawn = draw_scenarios(OPERATIONS[operation], dtype="float32", examples=200, seed=0)
    return tuple(scenario for scenario in drawn if not any(kind(scenario) for kind in BLIND))


@cache
def table(operation: str) -> Array:
    return np.array([measured(scenario, operation) for scenario in telling(operation)])


def planted(operation: str, fails: Array) -> Separation | None:
    scenarios = telling(operation)
    failing = [scenario for scenario, fail in zip(scenarios, fails, strict=True) if fail]
    passing = [scenario for scenario, fail in zip(scenarios, fails, strict=True) if not fail]
    return separate(failing, passing, operation)


def separates(found: Separation | None, operation: str, fails: Array) -> bool:
    """Whether precision and recall are 1, and the condition holds for the very scenarios that fail."""
    return (
        found is not None
        and found.condition.precision == found.condition.recall == 1
        and [found.holds(scenario) for scenario in telling(operation)] == fails.tolist()
    )


def facts(operation: str, least: int) -> list[tuple[str, Array]]:
    """Facts that at least so many scenarios meet, and as many do not; of several alike the first one alone."""
    seen: dict[bytes, tuple[str, Array]] = {}
    for item, column in zip(VOCABULARY, table(operation).T, strict=True):
        met = column == 1
        if isinstance(item, Fact) and least <= np.count_nonzero(met) <= len(met) - least:
            seen.setdefault(met.tobytes(), (item.words, met))
    return list(seen.values())


@pytest.mark.parametrize("operation", SOME)
def test_a_planted_fact_is_found_in_its_own_words(operation: str) -> None:
    cases = facts(operation, least=3)
    assert len(cases) > 20
    for words, fails in cases:
        found = planted(operation, fails)
        assert found is not None
        assert found.condition.words == words
        assert separates(found, operation, fails)


@pytest.mark.parametrize("operation", SOME)
def test_a_planted_negation_is_found(operation: str) -> None:
    for words, met in facts(operation, least=3):
        item = VOCABULARY[COLUMN[words]]
        if isinstance(item, Fact) and item.otherwise:
            assert separates(planted(operation, ~met), operation, ~met), words


@pytest.mark.parametrize("operation", SOME)
def test_a_planted_conjunction_of_two_is_found(operation: str) -> None:
    """Wherever each of the two says much: a dozen scenarios meet both, a dozen this one alone, a dozen that one."""
    tried = 0
    for (one, a), (other, b) in list(combinations(facts(operation, least=24), 2))[::4]:
        if min(np.count_nonzero(a & b), np.count_nonzero(a & ~b), np.count_nonzero(b & ~a)) >= 12:
            assert separates(planted(operation, a & b), operation, a & b), f"{one} and {other}"
            tried += 1
    assert tried >= 2


@pytest.mark.parametrize(
    ("operation", "words", "fails"),
    [
        ("softmax", "min x below", lambda x: x < -12),
        ("softmax", "max x above", lambda x: x > 7.3),
        ("affine", "size above", lambda n: n >= 33),
        ("sigmoid", "axis length below", lambda n: n < 4),
        ("get_item", "copies of one index above", lambda n: n > 2),
        ("clip", "max|cotangent| above", lambda y: y > 2.1),
    ],
)
def test_a_planted_threshold_is_found(operation: str, words: str, fails: Callable[[Array], Array]) -> None:
    name = words.rpartition(" ")[0]
    column = table(operation)[:, COLUMN[name]]
    chosen = np.asarray(fails(column))
    found = planted(operation, chosen)
    assert found is not None
    assert separates(found, operation, chosen)
    assert found.condition.words.startswith(words)
    digits = found.condition.words.rpartition(" ")[2].strip("-").replace(".", "").lstrip("0")
    assert len(digits) <= 3


def test_a_threshold_within_a_fact_is_found() -> None:
    """Negative entries of a batch: neither alone would do."""
    columns = table("softmax").T
    fails = (columns[COLUMN["min x"]] < -2.5) & (columns[COLUMN["a batch of more than one"]] == 1)
    assert separates(planted("softmax", fails), "softmax", fails)


def test_three_facts_together_are_found() -> None:
    columns = table("softmax_cross_entropy").T
    names = ("labels as class indices", "a batch of more than one", "reduction mean")
    fails = np.logical_and.reduce([columns[COLUMN[name]] == 1 for name in names])
    found = planted("softmax_cross_entropy", fails)
    assert separates(found, "softmax_cross_entropy", fails)
    assert found is not None
    assert set(found.condition.words.split(" and ")) == set(names)


@pytest.mark.parametrize("operation", SOME)
def test_noise_has_no_cause(operation: str) -> None:
    """Failing scenarios drawn blindly are told apart no more often than was allowed for."""
    rng = np.random.default_rng(0)
    n, named, draws = len(telling(operation)), 0, 25
    for _ in range(draws):
        fails = np.zeros(n, dtype=bool)
        fails[rng.permutation(n)[: rng.choice([1, 2, 3, 5, 10, n // 4, n // 2, n - 5])]] = True
        named += planted(operation, fails) is not None
    assert named <= draws * CHANCE + 3 * math.sqrt(draws * CHANCE)


def test_a_cause_that_leaves_some_out_is_told_with_what_it_leaves_out() -> None:
    """A tenth of the other scenarios fail as well: the condition is that of the most, its recall below 1."""
    ties = table("max")[:, COLUMN["tie along the axis"]] == 1
    others = np.flatnonzero(~ties)
    fails = ties.copy()
    fails[np.random.default_rng(0).choice(others, len(others) // 10, replace=False)] = True
    found = planted("max", fails)
    assert found is not None
    assert found.condition.words == "tie along the axis"
    assert found.condition.precision == 1
    assert found.condition.hits == np.count_nonzero(ties) < found.condition.count


def test_the_same_scenarios_give_the_same_condition() -> None:
    fails = np.random.default_rng(1).random(len(telling("softmax"))) < 0.7
    fails &= table("softmax")[:, COLUMN["more than one axis"]] == 1
    first, again = planted("softmax", fails), planted("softmax", fails)
    assert first is not None
    assert again is not None
    assert first.condition == again.condition


def test_where_everything_fails_it_is_every_scenario() -> None:
    scenarios = telling("max")
    found = separate(scenarios, [], "max")
    assert found is not None
    assert found.condition.words == EVERY
    assert found.condition.precision == found.condition.recall == 1
    assert all(map(found.holds, scenarios))


def test_where_nothing_fails_there_is_nothing_to_separate() -> None:
    assert separate([], telling("max"), "max") is None


def test_what_passes_because_nothing_shows_there_is_no_counterexample() -> None:
    scenarios = telling("max")
    blind = [replace(scenario, cotangent=np.zeros_like(scenario.cotangent)) for scenario in scenarios]
    found = separate(scenarios, blind, "max")
    assert found is not None
    assert found.condition.words == EVERY
    assert found.condition.judged == len(scenarios)


def test_a_mistake_that_shows_without_a_cotangent_is_told_by_those_that_pass_without_one() -> None:
    scenarios = [
        replace(scenario, cotangent=np.zeros_like(scenario.cotangent)) for scenario in telling("softmax")
    ]
    fails = table("softmax")[:, COLUMN["a batch of more than one"]] == 1
    failing = [scenario for scenario, fail in zip(scenarios, fails, strict=True) if fail]
    passing = [scenario for scenario, fail in zip(scenarios, fails, strict=True) if not fail]
    found = separate(failing, passing, "softmax")
    assert found is not None
    assert found.condition.words == "a batch of more than one"
    assert found.condition.judged == len(scenarios)


@given(st.integers(1, 60), st.data())
def test_the_chance_of_so_many_hits_is_the_hypergeometric_tail(total: int, data: st.DataObject) -> None:
    failing, met = data.draw(st.integers(0, total)), data.draw(st.integers(0, total))
    hits = data.draw(st.integers(max(0, met + failing - total), min(met, failing)))
    ways = sum(
        math.comb(failing, k) * math.comb(total - failing, met - k)
        for k in range(hits, min(met, failing) + 1)
    )
    assert tail(hits, met, failing, total) == pytest.approx(ways / math.comb(total, met), rel=1e-9)


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=500)
@given(FINITE, FINITE)
def test_a_short_decimal_parts_the_two(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    if low < high:
        assert low <= short_decimal(low, high) < high


@pytest.mark.parametrize(
    ("low", "high", "decimal"),
    [
        (-1.0, 2.0, 0),
        (32.0, 33.0, 32),
        (1000.0, 2500.0, 2000),
        (-14.3, -11.2, -13),
        (88.1, 88.9, 88.5),
        (1e-7, 1e-3, 1e-5),
    ],
)
def test_a_short_decimal_is_short(low: float, high: float, decimal: float) -> None:
    assert short_decimal(low, high) == decimal
