"""The words of the project, as frozen dataclasses: everything else speaks in these.

Data flows one way: scenario -> rule -> evaluation -> comparison -> verdict -> row -> run -> report.
Nothing here imports anything of the project, so every layer may import it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Array = np.ndarray[Any, np.dtype[Any]]
#: ``rule(*args, **params) -> (primal, pullback)``; ``pullback(cotangent) -> x_bar`` or a tuple of them.
Rule = Callable[..., tuple[Any, Callable[[Any], Any]]]
#: ``definition(*args, **params) -> primal``: the textbook formula in plain NumPy.
Definition = Callable[..., Any]


class Verdict(StrEnum):
    """What was found out about one scenario, from good to bad (``docs/verdicts.md``)."""

    AGREES = "agrees"
    SUBGRADIENT = "subgradient"
    CONVENTION = "convention"
    UNDEFINED = "undefined"
    INCONCLUSIVE = "inconclusive"
    IMPRECISE = "imprecise"
    NONFINITE = "nonfinite"
    STRUCTURE = "structure"
    IMPURE = "impure"
    RAISES = "raises"
    WRONG = "wrong"

    @property
    def rank(self) -> int:
        """Position in the order from good (0) to bad."""
        return list(Verdict).index(self)

    @property
    def fails(self) -> bool:
        """Whether this verdict fails the subject: ``imprecise`` and everything worse."""
        return self.rank >= Verdict.IMPRECISE.rank


@dataclass(frozen=True, eq=False)
class Draft:
    """What an operation's strategy draws: a scenario without its cotangent and its dtype's name."""

    args: tuple[Array, ...]
    """Arrays, positional; floating ones already in the dtype under test."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Keyword-only parameters: axis, index, reduction, ..."""
    valid: bool = True
    """False where the operation has to raise (an index or a label out of range)."""
    primal_shape: tuple[int, ...] | None = None
    """The primal's shape, where it is known without evaluating the definition."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """One concrete input: what every rule is given."""

    operation: str
    dtype: str
    """Name of the dtype under test: float64, float32, float16 or bfloat16."""
    args: tuple[Array, ...]
    params: Mapping[str, Any]
    cotangent: Array
    """``y_bar``: shape of the primal, in the dtype under test. Empty where an invalid scenario has none."""
    differentiable: tuple[int, ...] = (0,)
    """Positions in ``args`` of the arguments that have a gradient."""
    region: str = "ordinary"
    """Name of the region that the values come from: ordinary, large, ties, ..."""
    layout: str = "C"
    """How the arguments lie in memory: C, F, strided, reversed, read_only."""
    valid: bool = True


@dataclass(frozen=True, eq=False)
class Edge:
    """A small input at a place where implementations part; the report says what each returns there."""

    region: str
    """The region of the operation that it belongs to."""
    title: str
    """What is special about it, in a few words: ``two equal maxima``."""
    args: tuple[Any, ...]
    """Numbers, nested lists or arrays; floating ones are taken in float64."""
    params: Mapping[str, Any] = field(default_factory=dict)
    cotangent: Any = 1.0
    """Broadcast to the primal's shape."""


@dataclass(frozen=True)
class Convention:
    """A named alternative to a definition: what lets an implementation that is off be called by its name."""

    name: str
    """What it does, in a few words: ``renormalised``, ``clipped at 1e-7``."""
    change: Callable[[Definition], Definition]
    """The definition with this alternative in it; changes of two conventions can be applied one after the other."""
    source: str
    """Where it is written down."""
    accepted: bool = True
    """Whether somebody means it. A mistake that is known by name explains a verdict, and leaves it ``wrong``."""
    on_invalid: bool = False
    """Whether it gives a value to inputs that the definition has to refuse (an ignored label), and is tried there."""
    gradient: Callable[[Definition], Definition] | None = None
    """The definition that its gradient is of, where that is another one (an index clamped, its cotangent dropped)."""


@dataclass(frozen=True)
class Operation:
    """A named mathematical function: its definition, our rule for it, and where its inputs come from."""

    name: str
    definition: Definition
    """Textbook formula in plain NumPy; the ``exact`` comparator evaluates this very function."""
    rule: Rule
    """The hand-written NumPy rule (implementation ``numpy``)."""
    regions: tuple[str, ...]
    """Names of the regions that ``drafts`` knows, in the order of the report."""
    drafts: Callable[[str, str], SearchStrategy[Draft]]
    """``drafts(region, dtype)``: Hypothesis strategy of inputs in that region."""
    differentiable: tuple[int, ...] = (0,)
    """Positions of the arguments that have a gradient; negative ones count from the last."""
    conventions: tuple[Convention, ...] = ()
    """Named alternatives to the definition."""
    source: str = ""
    """Where the definition and the conventions are written down."""
    pullback_rule: Rule | None = None
    """The hand-written rule of its pullback, ``(*args, y_bar) -> x_bar``: what ``compare --order 2`` judges.

    Where several arguments are differentiable, its primal is the tuple of their cotangents, and its pullback takes a
    tuple of that shape. The pullback returns one cotangent for each differentiable argument, and that of y_bar last.
    """
    edges: tuple[Edge, ...] = ()
    """Kinks, bounds and infinities whose answers the report lists."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one implementation returned on one scenario."""

    primal: Array | None = None
    gradients: tuple[Array | None, ...] = ()
    """One for each differentiable argument."""
    error: str | None = None
    """``"ValueError: labels ..."`` when the rule or its pullback raised."""
    structure: str | None = None
    """A sentence when what came back is not (array, callable) or has the wrong arity."""
    impurity: str | None = None
    """A sentence when arguments or cotangent were changed, or two identical calls differ."""


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Certified truth of one array: every entry of the true value lies in ``mid ± rad``.

    ``mid`` is float64 (or long double where float64 would lose the difference that matters);
    NaN where the mathematics has no value, ``±inf`` where the true value is infinite.
    ``budget`` is the permitted absolute error, entry by entry; it is never negative and may be infinite.
    """

    mid: Array
    rad: Array
    budget: Array


@dataclass(frozen=True, eq=False)
class Winners:
    """The ties of a definition at one scenario, and what it is worth for any choice of their winners.

    Each tie has contenders (equal entries of a maximum, two operands of a comparison), and each of them a weight.
    Weights of a tie that are not negative and sum to 1 make a member of the set.
    """

    ties: Array
    """For each contender, in the order in which the definition met them, the number of its tie, from 0."""
    constant: Array
    """For each contender, whether it is a constant, that no gradient is handed to."""
    conditions: bool
    """Whether a tie decided a condition (``where``, a mask): its weights can only be 0 and 1."""
    convex: bool
    """Whether members with mixed weights lie between those with single winners. Those of a pullback need not: a weight
    may be multiplied by itself there."""
    value: Callable[[Array], tuple[Enclosure, ...] | None]
    """Primal and gradients with a weight for each contender; None where other ties are met, or it is not certified."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What the mathematics says about one scenario."""

    primal: Enclosure
    gradients: tuple[Enclosure, ...]
    """One for each differentiable argument."""
    reach: float = 1.0
    """What an underflow on the way to the primal may be multiplied with: 1, or 1 + max|y_bar| of a pullback."""
    cotangent_max: float = 0.0
    """The same for a gradient, less 1: max|y_bar|."""
    beyond: bool = False
    """An argument is infinite and part of the result has no value: NaN for the rest of it is no discrepancy."""
    extremes: Mapping[str, tuple[Enclosure, ...]] = field(default_factory=dict)
    """At a kink, primal and gradients with other winners of the tie (first, last); empty where all agree."""
    winners: Winners | None = None
    """The ties, where there were any: what it takes to enumerate the set."""
    alone: tuple[Array, ...] = ()
    """Where no tie has an influence on another, for each gradient a label of every entry: 0 is not tied, -1 is tied
    with a constant, and entries of one positive label are tied with each other. Else empty."""
    split: bool = True
    """Whether ``gradients`` split a tie evenly, or take the branch that the definition's comparison takes."""
    arithmetic: str = "float64"
    """The arithmetic it was computed in: float64, longdouble or arb-<bits>."""


@dataclass(frozen=True, eq=False)
class Example:
    """The scenario that shows a discrepancy, and the entry at which it shows."""

    scenario: Scenario
    path: str
    """``y`` or ``x_bar[0]``, ...; empty where the discrepancy has no entry."""
    index: tuple[int, ...] | None
    expected: float | None
    got: float | None
    budget: float | None


@dataclass(frozen=True)
class Condition:
    """What separates the scenarios of a discrepancy from those that pass, and how well it does."""

    words: str
    """``tie along the axis``, ``axis of size 1 and a cotangent below 0``."""
    hits: int
    """Scenarios of the discrepancy that meet it."""
    met: int
    """Scenarios of the discrepancy, and passing ones, that meet it."""
    count: int
    """Scenarios of the discrepancy."""
    judged: int
    """Scenarios of the discrepancy, and passing ones."""

    @property
    def precision(self) -> float:
        """Of the scenarios that meet it, the part that belongs to the discrepancy."""
        return self.hits / self.met

    @property
    def recall(self) -> float:
        """Of the scenarios of the discrepancy, the part that meets it."""
        return self.hits / self.count

    def __str__(self) -> str:
        without, others = self.count - self.hits, self.judged - self.met
        return (
            f"{self.words}: in {self.hits} of {self.met} scenarios with it, in {without} of {others} without"
        )


@dataclass(frozen=True, eq=False)
class Discrepancy:
    """All scenarios of one row that share a verdict and a cause."""

    id: str
    """Stable short name, derived from operation, implementation, dtype, verdict and cause."""
    verdict: Verdict
    cause: str
    dtype: str
    count: int
    example: Example
    """The smallest of them."""
    message: str
    """One paragraph for a person: what, where, expected, got, error, budget."""
    reproduce: str
    """A command or Python lines that show it again."""
    found: str = ""
    """The cause that its example alone shows; ``cause`` may have come out only beside the other scenarios."""
    condition: Condition | None = None
    """What its scenarios have in common and passing ones have not; None where nothing in the vocabulary separates."""
    remarks: tuple[str, ...] = ()
    """What else was found out: broken laws, a convention that fits some of its scenarios, a relation to the truth."""
    beside: EdgeRow | None = None
    """What truth and every implementation return on its example, where ``gradassay explain`` asked them."""


@dataclass(frozen=True)
class Worst:
    """The worst that a row showed among finite comparisons; infinity is possible, NaN is not."""

    budget_ratio: float = 0.0
    """Largest |error| / budget over all entries."""
    ulp: float = 0.0
    """Largest |error| in units in the last place of the true value."""
    normwise: float = 0.0
    """Largest max|error| / max|truth| over one array, in units of the dtype's unit roundoff."""


@dataclass(frozen=True, eq=False)
class Row:
    """One operation × implementation × dtype: one line of the report."""

    operation: str
    implementation: str
    dtype: str
    scenarios: int
    """How many scenarios were judged; skipped ones are not among them."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> how many."""
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    worst: Worst = field(default_factory=Worst)
    typical: float = 0.0
    """Interquartile mean, over the scenarios, of the largest norm-wise error, in units of the dtype's unit roundoff.

    What a further rounding shifts; the worst of a sample is an accident of the sample (docs/gate.md)."""
    typical_by_region: Mapping[str, float] = field(default_factory=dict)
    """Region -> geometric mean of the same errors over its scenarios, each taken as 1/4 u at least and 64 u at most.

    What only a part of the inputs shows is not in the middle of them all."""
    hardest: Scenario | None = None
    """Of what agrees, the scenario with the largest error in budgets that is small enough to look at."""
    hardest_by_region: Mapping[str, Scenario] = field(default_factory=dict)
    """Region -> its scenario with the largest norm-wise error up to 64 u; a small one, if it has any."""
    discrepancies: tuple[Discrepancy, ...] = ()
    regions: Mapping[str, int] = field(default_factory=dict)
    """Region, or ``layout: NAME`` -> how many scenarios."""
    remarks: tuple[str, ...] = ()
    """What a user of the rule may want to know and nothing fails for: its result shares memory with an argument."""

    @property
    def fails(self) -> bool:
        """Whether any scenario of this row got a failing verdict."""
        return any(count and verdict.fails for verdict, count in self.verdicts.items())


@dataclass(frozen=True, eq=False)
class Answer:
    """What the truth, or one implementation, returns at an edge."""

    source: str
    """``truth``, or the implementation's name."""
    primal: Array | None = None
    gradients: tuple[Array | None, ...] = ()
    error: str | None = None
    """What an implementation raised instead."""
    verdict: Verdict | None = None
    """None for the truth."""
    cause: str = ""


@dataclass(frozen=True, eq=False)
class EdgeRow:
    """One edge of one operation, and everybody's answer."""

    title: str
    scenario: Scenario
    answers: tuple[Answer, ...]
    """The truth first; where its gradient is a set, that is the even split."""
    others: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    """The gradients where each tie is given to its ``first`` or ``last`` winner; mixes of all are in the set."""


@dataclass(frozen=True)
class Vote:
    """What one implementation does on a witness."""

    verdict: Verdict
    cause: str = ""
    errors: Mapping[str, float] = field(default_factory=dict)
    """Fingerprint of a platform (``gradassay.environment.fingerprint``) -> the norm-wise error that was seen there,
    in units of the dtype's unit roundoff; infinite where something is not finite that should be."""

    def alike(self, other: Vote) -> bool:
        """Whether both say the same, whatever their errors are."""
        return (self.verdict, self.cause) == (other.verdict, other.cause)


@dataclass(frozen=True, eq=False)
class Witness:
    """A stored scenario that is replayed, with what every implementation does on it."""

    id: str
    """Stable short name, derived from the scenario's content."""
    scenario: Scenario
    shows: str
    """Why it is kept, in a few words."""
    votes: Mapping[str, Vote] = field(default_factory=dict)
    """Implementation -> its vote."""


@dataclass(frozen=True, eq=False)
class Run:
    """Everything that one command found out."""

    rows: tuple[Row, ...]
    subjects: tuple[str, ...] = ("numpy",)
    """Implementations that can fail the run; the others' discrepancies are findings."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    """Implementation that could not run -> why, and how to get it."""
    edges: tuple[EdgeRow, ...] = ()
    """Kinks, bounds and infinities, each with what truth and implementations return there."""
    replayed: tuple[Witness, ...] = ()
    """The witnesses that were replayed, with the votes of this run."""
    notes: tuple[str, ...] = ()
    """What a reader has to know, e.g. that only finite differences were held against."""
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """True when something was measured and no subject failed."""
        return any(row.scenarios for row in self.rows) and not self.failing

    @property
    def failing(self) -> tuple[Row, ...]:
        """The subjects' rows that hold a failing verdict."""
        return tuple(row for row in self.rows if row.implementation in self.subjects and row.fails)
