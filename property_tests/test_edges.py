"""Laws of the edges: each belongs to a region, and the report says what everybody returns there."""

from __future__ import annotations

import json
from io import StringIO

import numpy as np
import pytest

from comparators.numpy_rules import RulesComparator
from gradassay.catalogue import OPERATIONS
from gradassay.edges import edge_rows, edge_scenario
from gradassay.engine import compare
from gradassay.vocabulary import Answer, EdgeRow, Run, Verdict
from reports.edges import edge_line, returned
from reports.registry import REPORTERS

NUMPY = RulesComparator("numpy", {name: operation.rule for name, operation in OPERATIONS.items()})
#: What the report must have a line for, whoever declares it.
DEMANDED = {
    "max": {"ties", "all_equal", "plus_infinity", "minus_infinity"},
    "min": {"ties", "all_equal", "plus_infinity", "minus_infinity"},
    "clip": {"at_bounds"},
    "relu": {"at_zero"},
    "log": {"zero"},
    "sigmoid": {"saturated"},
    "softmax": {"minus_infinity", "rows_of_minus_infinity", "plus_infinity"},
    "log_softmax": {"minus_infinity", "rows_of_minus_infinity", "plus_infinity"},
    "softmax_cross_entropy": {"minus_infinity", "rows_of_minus_infinity", "plus_infinity"},
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_edge_lies_in_a_region_of_its_operation_and_our_rule_is_right_there(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.edges
    for row in edge_rows(operation, [NUMPY]):
        truth, ours = row.answers
        assert row.scenario.region in operation.regions
        assert ours.verdict is not None
        assert not ours.verdict.fails, (row.title, ours)
        assert truth.source == "truth"


@pytest.mark.parametrize("name", DEMANDED)
def test_kinks_bounds_and_infinities_have_a_region_and_an_edge(name: str) -> None:
    assert DEMANDED[name] <= {edge.region for edge in OPERATIONS[name].edges}
    assert DEMANDED[name] <= set(OPERATIONS[name].regions)


def test_edges_are_float64_and_their_cotangents_have_the_shape_of_the_primal() -> None:
    for operation in OPERATIONS.values():
        for edge in operation.edges:
            scenario = edge_scenario(operation, edge)
            assert all(scenario.args[i].dtype == np.float64 for i in scenario.differentiable)
            if scenario.valid:
                with np.errstate(all="ignore"):
                    y = operation.definition(*scenario.args, **edge.params)
                assert scenario.cotangent.shape == np.shape(y)


def test_what_lies_between_the_winners_of_a_tie_is_shown_as_the_truth() -> None:
    ties = next(row for row in edge_rows(OPERATIONS["max"], [NUMPY]) if row.scenario.region == "ties")
    line = edge_line(ties)
    assert line.given == "[1 3 3], axis=None"
    assert line.truth == "3 → [0 0.5 0.5] (tie to the first [0 1 0] or the last [0 0 1], or a mix)"
    assert line.said == {"3 → [0 0.5 0.5]": ("numpy",)}


def both(first: Answer, second: Answer) -> EdgeRow:
    scenario = edge_scenario(OPERATIONS["relu"], OPERATIONS["relu"].edges[0])
    truth = Answer("truth", np.array(0.0), (np.array(0.5),))
    return EdgeRow("0", scenario, (truth, first, second))


def test_those_who_return_the_same_stand_together_and_failing_ones_are_marked() -> None:
    mine = Answer("mine", np.array(-0.0), (np.array(0.0),), verdict=Verdict.SUBGRADIENT)
    wrong = Answer("theirs", np.array(0.0), (np.array(2.0),), verdict=Verdict.WRONG)
    line = edge_line(both(mine, wrong))
    assert line.said == {"0 → 0": ("mine",), "0 → 2": ("theirs",)}
    assert line.failing == {"0 → 2"}
    error = Answer("theirs", error="ValueError: low > high", verdict=Verdict.RAISES)
    assert returned(error) == "ValueError"
    assert edge_line(both(mine, mine)).said == {"0 → 0": ("mine", "mine")}


@pytest.mark.parametrize("name", ["terminal", "markdown"])
def test_reports_for_people_say_each_answer(name: str) -> None:
    mine = Answer("mine", np.array(0.0), (np.array(0.25),), verdict=Verdict.SUBGRADIENT)
    theirs = Answer("theirs", np.array(0.0), (np.array(0.75),), verdict=Verdict.SUBGRADIENT)
    text = written(name, Run((), edges=(both(mine, theirs),)))
    assert "0 → 0.5" in text
    for who, answer in (("mine", "0 → 0.25"), ("theirs", "0 → 0.75")):
        assert who in text
        assert answer in text


def test_results_json_holds_the_edges_in_full() -> None:
    run = compare(["relu"], implementations=["numpy"], dtypes=["float64"], examples=1)
    edges = json.loads(written("json", run))["edges"]
    assert [edge["title"] for edge in edges] == [edge.title for edge in OPERATIONS["relu"].edges]
    truth, ours = edges[0]["answers"]
    assert truth["gradients"][0]["values"] == 0.5
    assert ours["source"] == "numpy"
    assert ours["verdict"] == "subgradient"


def test_a_run_without_float64_has_no_edges() -> None:
    assert not compare(["relu"], implementations=["numpy"], dtypes=["float32"], examples=1).edges


def written(reporter: str, run: Run) -> str:
    stream = StringIO()
    REPORTERS[reporter].write(run, stream)
    return stream.getvalue()
