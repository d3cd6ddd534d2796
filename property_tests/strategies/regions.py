"""The name of a region, checked where a strategy is asked for one."""

from __future__ import annotations

from gradassay.errors import UsageError


def known(region: str, regions: tuple[str, ...]) -> str:
    """The region; UsageError where it is none of them."""
    if region not in regions:
        raise UsageError(f"region {region!r} is not one of {', '.join(regions)}")
    return region
