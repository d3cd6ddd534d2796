"""Hypothesis profiles: `ci` tries the same inputs every time, `explore` new ones (GRADASSAY_PROFILE=explore).

Without that variable it is `ci`: a test command that a newcomer runs has to say the same thing twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How fast inputs are drawn depends on the machine, and says nothing about a law.
_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("ci", _any_speed, derandomize=True, database=None, print_blob=True)
settings.register_profile("explore", _any_speed)
settings.load_profile(os.environ.get("GRADASSAY_PROFILE", "ci"))


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the runs of tests out of the ledger and the last run of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADASSAY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
