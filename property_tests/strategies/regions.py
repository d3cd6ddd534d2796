"""The name of a region, checked where a strategy is asked for one; and how many scenarios each of them gets."""

from __future__ import annotations

from collections.abc import Sequence

from gradassay.errors import UsageError

#: Arrays of tens of thousands of entries: more than a block, a buffer or a 15-bit counter holds.
MANY = "many"


def known(region: str, regions: tuple[str, ...]) -> str:
    """The region; UsageError where it is none of them."""
    if region not in regions:
        raise UsageError(f"region {region!r} is not one of {', '.join(regions)}")
    return region


def shares(regions: Sequence[str], examples: int) -> list[int]:
    """How many of the examples each region gets: the same number, and the first ones what is left over.

    ``many`` gets one of 50, and one where there are 20 to 49: each takes as long as dozens of others, and what fails
    for a size fails there every time.
    """
    usual = [region for region in regions if region != MANY] or regions
    many = (examples // 50 or int(examples >= 20)) if len(usual) < len(regions) else 0
    each, left = divmod(examples - many, len(usual))
    count = {region: each + (i < left) for i, region in enumerate(usual)}
    return [count.get(region, many) for region in regions]
