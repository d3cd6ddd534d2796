"""pytest fixture ``assay``: a gradient as a test.

def test_softmax(assay):
    assay(my_softmax, like="softmax")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradassay.api import Report


@pytest.fixture
def assay() -> Callable[..., Report]:
    """Give ``assay(rule, **as gradassay.verify)``, which fails the test if the rule is wrong."""

    def check(rule: Callable[..., Any], **kwargs: Any) -> Report:
        __tracebackhide__ = True
        from gradassay.api import verify

        report = verify(rule, **kwargs)
        report.raise_if_failed()
        return report

    return check
