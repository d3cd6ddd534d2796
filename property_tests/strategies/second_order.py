"""Inputs of a pullback: those of its operation, and a cotangent of the operation's primal."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from gradassay.vocabulary import Draft, Operation
from property_tests.strategies.cotangents import cotangents
from property_tests.strategies.scenarios import primal_shape
from property_tests.strategies.shapes import Draw

#: The region of inputs that have to raise: what has no primal has no pullback.
INVALID = "invalid"


def pullback_regions(operation: Operation) -> tuple[str, ...]:
    """The operation's regions without that of invalid inputs."""
    return tuple(region for region in operation.regions if region != INVALID)


@st.composite
def pullback_drafts(draw: Draw, operation: Operation, region: str, dtype: str) -> Draft:
    """The operation's draft with ``y_bar`` as its last argument."""
    draft: Draft = draw(operation.drafts(region, dtype).filter(lambda draft: draft.valid))
    y_bar = draw(cotangents(primal_shape(operation.definition, draft), dtype))
    shapes = [draft.args[i].shape for i in operation.differentiable]
    shape = shapes[0] if len(shapes) == 1 else (sum(map(math.prod, shapes)),)
    return Draft((*draft.args, y_bar), draft.params, primal_shape=shape)
