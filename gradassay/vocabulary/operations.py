"""An operation of the catalogue: its definition, our rule for it, and what others mean by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradassay.vocabulary.edges import Edge
from gradassay.vocabulary.scenarios import Draft

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: ``rule(*args, **params) -> (primal, pullback)``; ``pullback(cotangent) -> x_bar`` or a tuple of them.
Rule = Callable[..., tuple[Any, Callable[[Any], Any]]]
#: ``definition(*args, **params) -> primal``: the textbook formula in plain NumPy.
Definition = Callable[..., Any]


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
