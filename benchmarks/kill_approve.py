"""Kill ``gradassay approve`` at random moments, and look at what it leaves: ``python benchmarks/kill_approve.py``.

Every file of the approved state has to be the old one or the new one, whole, and the state has to load.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from property_tests.killing import Killed


def main() -> None:
    """Print how many kills came before, during and after writing, and what was left half written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--operations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = Killed(Path(folder), asked.operations)
        print(
            f"{len(killed.old)} files; approve lives {killed.life_s:.2f} s, {killed.writing_s:.2f} s of it writing"
        )
        began = time.perf_counter()
        counts = killed.kills(asked.kills, asked.seed)
        told = ", ".join(f"{counts[when]} {when}" for when in ("before", "during", "after"))
        print(f"{asked.kills} kills in {time.perf_counter() - began:.0f} s: {told} writing; 0 damaged files")
        left = killed.left_behind()
        hour_ago = time.time() - 3600
        for path in left:
            os.utime(path, (hour_ago, hour_ago))
        killed.finish()
        print(f"{len(left)} files left half written; {len(killed.left_behind())} after the next approval")


if __name__ == "__main__":
    main()
