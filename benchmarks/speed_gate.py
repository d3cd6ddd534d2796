"""How often the speed gate cries wolf, what it finds, and how long it takes.

    python benchmarks/speed_gate.py [--unchanged N] [--planted N] [--seed N]

A comparison is one cell with its confirmation in a fresh process: the working tree's rules against a second load of
themselves, as they are (an alarm is a mistake), with 11 calls counted as 10, and with 6 counted as 5. The cells are
those of the gate, drawn by the seed. Then one temporary more is committed to softmax in a clone, which the counters
have to find, and the gate is run whole.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from gradassay.catalogue import OPERATIONS
from gradassay.speed.cells import BOTH, PULLBACK, TIMED, Cell, Side, Task, Timed, Timing
from gradassay.speed.running import run
from gradassay.speed.sequential import Finding

ROOT = Path(__file__).resolve().parent.parent
CELLS = [Cell(name, name, size, part) for name in OPERATIONS for size in TIMED for part in (BOTH, PULLBACK)]

#: A line of softmax's pullback, and the same with one temporary more.
LINE, SLOPPY = "differences *= p\n", "differences *= p * 1\n"


def compare(calls: tuple[int, int], count: int, seed: int) -> None:
    """Print how many of ``count`` comparisons are called slower, and which are not decided as the rest."""
    rng = np.random.default_rng(seed)
    picks = [CELLS[i] for _ in range(-(-count // len(CELLS))) for i in rng.permutation(len(CELLS))][:count]
    tasks: list[Task] = [
        Timing(cell, Side(ROOT), Side(ROOT, copy=1), planted=calls, seed=seed + i)
        for i, cell in enumerate(picks)
    ]
    began = time.perf_counter()
    first = [each for each in run(tasks, None)[0].values() if isinstance(each, Timed)]
    assert len(first) == count
    slower = [each for each in first if each.finding is Finding.SLOWER]
    repeated, _ = run([replace(each.task, seed=each.task.seed + count) for each in slower], None)
    again = [each for each in repeated.values() if isinstance(each, Timed)]
    both = sum(each.finding is Finding.SLOWER for each in again)
    blocks = np.array([each.blocks for each in first])
    size = f"{calls[1] / calls[0] - 1:+.0%}" if calls != (1, 1) else "unchanged"
    print(
        f"{size:>10}: {both} of {count} called slower ({len(slower)} at first); blocks: median "
        f"{np.median(blocks):.0f}, most {blocks.max()}; {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    odd = (each for each in (*first, *again) if (each.finding is Finding.SLOWER) != (calls != (1, 1)))
    for each in odd:
        print(f"{'':12}{each.task.cell}: {each.finding}, ×{each.ratio.median:.3f}, {each.blocks} blocks")


def command(folder: Path, *arguments: str) -> tuple[int, dict[str, object], float]:
    """Exit code, speed.json and seconds of ``gradassay bench`` in ``folder``."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [sys.executable, "-m", "gradassay", "bench", *arguments, "--out", out],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        return done.returncode, json.loads((Path(out) / "speed.json").read_text("utf-8")), seconds


def temporary() -> None:
    """Commit one temporary more in a clone, and print what the gate says."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        source = clone / "reference_impls" / "distributions.py"
        text = source.read_text("utf-8")
        assert LINE in text
        source.write_text(text.replace(LINE, SLOPPY), "utf-8")
        author = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
        subprocess.run(["git", *author, "commit", "-qam", "One temporary more"], cwd=clone, check=True)
        code, found, seconds = command(clone, "softmax", "--against", "HEAD~1", "--no-release")
        print(f" temporary: exit {code}, {seconds:.0f} s")
        for breach in found["breaches"]:  # type: ignore[attr-defined]
            print(f"{'':12}{breach['kind']}: {breach['operation']} {breach['sentence']}")


def main() -> None:
    """One line for each kind of comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--unchanged", type=int, default=200)
    parser.add_argument("--planted", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    print(f"load of the machine at first: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    for calls, count in (((1, 1), chosen.unchanged), ((10, 11), chosen.planted), ((5, 6), chosen.planted)):
        if count:
            compare(calls, count, chosen.seed)
    temporary()
    code, found, seconds = command(ROOT, "--against", "HEAD")
    print(f"     whole: exit {code}, {seconds:.0f} s, {len(found['rows'])} cells")  # type: ignore[arg-type]
    print(f"load of the machine at last: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
