"""The sequential test: as many blocks as it takes to tell a slow-down beyond a margin from none.

A block's sign is all that counts, so that no assumption is made about how times are distributed. With p the probability
that a block's slow-down exceeds the margin m, Wald's sequential probability ratio test of p = 1/2 against p = 3/4 adds
ln (3/4 / 1/2) for a block beyond m and ln (1/4 / 1/2) for any other, and stops outside of ln β / (1 - α) and
ln (1 - β) / α. A rule that is slower by exactly m has p = 1/2 and is failed with a probability of α / (1 - β) at most
(Wald 1947, Sequential Analysis, 3.2 and 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

ALPHA, BETA = 1e-3, 1e-2
AT_MARGIN, BEYOND = 1 / 2, 3 / 4

STEP_UP = math.log(BEYOND / AT_MARGIN)
STEP_DOWN = math.log((1 - BEYOND) / (1 - AT_MARGIN))
FAIL_AT = math.log((1 - BETA) / ALPHA)
PASS_AT = math.log(BETA / (1 - ALPHA))

MOST_BLOCKS = 160

#: A slow-down by less than this factor is let pass.
MARGIN = 1.05


class Finding(StrEnum):
    """What the test says of one cell."""

    PASSED = "passed"
    SLOWER = "slower"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Decision:
    """A test that has ended."""

    finding: Finding
    slowdowns: tuple[float, ...]
    """ln (time after / time before) of each block, in the order of measuring."""


def decide(
    block: Callable[[], float],
    margin: float = MARGIN,
    most: int = MOST_BLOCKS,
    late: Callable[[], bool] = lambda: False,
) -> Decision:
    """Draw slow-downs, ln (after / before), from ``block`` until it is clear whether they exceed ``margin``.

    It stays inconclusive after ``most`` blocks, and where it is ``late`` after one. A block that is not a
    number counts as beyond the margin: success has to be shown.
    """
    evidence, bound = 0.0, math.log(margin)
    slowdowns: list[float] = []
    while len(slowdowns) < most:
        slowdowns.append(block())
        evidence += STEP_DOWN if slowdowns[-1] <= bound else STEP_UP
        if evidence >= FAIL_AT:
            return Decision(Finding.SLOWER, tuple(slowdowns))
        if evidence <= PASS_AT:
            return Decision(Finding.PASSED, tuple(slowdowns))
        if late():
            break
    return Decision(Finding.INCONCLUSIVE, tuple(slowdowns))
