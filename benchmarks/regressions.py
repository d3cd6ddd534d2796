"""What the gate sees: planted regressions, each as a commit, and unchanged code under many hash seeds.

    python benchmarks/regressions.py                  # every planted commit, held by gradassay check
    python benchmarks/regressions.py --unchanged 50   # unchanged code, each run with another PYTHONHASHSEED

Works in a clone of the repository, so that nothing here changes.  Every check is of our own rules (numpy and finite
differences), of all operations and dtypes, in both orders.  Exits with 1 where a planted regression passed or was
blamed on another operation, or where unchanged code failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CHECK = ("-m", "gradassay", "check", "--implementations", "numpy,finite_differences")


SUBJECT = ("implementation", "operation", "dtype", "what")


class Planted(NamedTuple):
    """A regression: ``old`` becomes ``new`` in a file."""

    name: str
    file: str
    old: str
    new: str
    operations: frozenset[str]
    """Whose rules it changes; one of them has to be named."""
    says: str
    """What a breach has to say about it."""

    @property
    def theirs(self) -> frozenset[str]:
        """The operations, and their pullbacks, which have the same code in them most often."""
        return self.operations | {f"grad({name})" for name in self.operations}


#: The classifier has a softmax in it.
SOFTMAX = frozenset({"softmax", "sigmoid_classifier"})
#: What centres by the same function at second order.
CENTRED = frozenset(
    f"grad({name})" for name in ("log_softmax", "softmax_cross_entropy", "softmax_regression")
)
SOFTMAX_GRAD = frozenset({"grad(softmax)", "grad(sigmoid_classifier)"})
PLANTED = (
    Planted(
        "one more rounding in softmax's pullback: a dot product that is scaled",
        "reference_impls/distributions.py",
        "                np.subtract(bars, row_dots(p, bars), out=differences)\n",
        "                third = p.dtype.type(3)\n"
        "                np.subtract(bars, row_dots(p, bars) * third / third, out=differences)\n",
        SOFTMAX | CENTRED,
        "less accurate",
    ),
    Planted(
        "one more rounding in softmax's pullback: a scale that is taken back",
        "reference_impls/distributions.py",
        "                differences *= p\n",
        "                differences *= p * p.dtype.type(0.7)\n                differences /= p.dtype.type(0.7)\n",
        SOFTMAX,
        "less accurate",
    ),
    Planted(
        "one more rounding in tanh's pullback: the slope as a quotient",
        "reference_impls/activations.py",
        "    h /= r\n    h *= h\n    return h\n",
        "    h /= r\n    h *= h\n    return 1 / (1 / h)\n",
        frozenset({"tanh"}),
        "less accurate",
    ),
    Planted(
        "a dropped max-shift",
        "reference_impls/distributions.py",
        "        m[shift] = row_maxima(x[shift])\n",
        "",
        SOFTMAX | {"log_softmax", "softmax_cross_entropy", "softmax_regression"},
        "nonfinite",
    ),
    Planted(
        "a lost dtype",
        "reference_impls/softmax.py",
        "d.centred(rows.of(np.asarray(y_bar), inner)), outer)\n\n    return",
        "d.centred(rows.of(np.asarray(y_bar), inner)), np.dtype(np.float64))\n\n    return",
        SOFTMAX,
        "dtype float64 instead of float32",
    ),
    Planted(
        "ties: all to the first",
        "reference_impls/extrema.py",
        "        return _shared(entries == y, np.asarray(y_bar), axes, result_dtype(x.dtype))\n",
        "        winners = entries == y\n"
        "        order = [i for i in range(x.ndim) if i not in axes] + list(axes)\n"
        "        lined = winners.transpose(order).reshape(*(x.shape[i] for i in order[: x.ndim - len(axes)]), -1)\n"
        "        first = (lined & (lined.cumsum(-1) == 1)).reshape([x.shape[i] for i in order])\n"
        "        only = first.transpose(np.argsort(order))\n"
        "        return _shared(only, np.asarray(y_bar), axes, result_dtype(x.dtype))\n",
        frozenset({"max", "min"}),
        "tie: all to the first",
    ),
    Planted(
        "duplicates overwritten",
        "reference_impls/get_item.py",
        "    return np.bincount(places.ravel(), weights, minlength=size).reshape(shape)\n",
        "    x_bar = np.zeros(size)\n    x_bar[places.ravel()] = weights\n    return x_bar.reshape(shape)\n",
        frozenset({"get_item", "get_item_grad"}),
        "overwritten",
    ),
    Planted(
        "at second order, a factor of 1.001",
        "reference_impls/softmax.py",
        "rows.back(d.centred(a * c), outer), rows.back(d.times(a), outer)\n",
        "rows.back(d.centred(a * c) * inner.type(1.001), outer), rows.back(d.times(a), outer)\n",
        SOFTMAX_GRAD,
        "wrong",
    ),
    Planted(
        "at second order, one more rounding: five times the result less four times",
        "reference_impls/softmax.py",
        "rows.back(d.centred(a * c), outer), rows.back(d.times(a), outer)\n",
        "rows.back(d.centred(a * c) * inner.type(5) - d.centred(a * c) * inner.type(4), outer), "
        "rows.back(d.times(a), outer)\n",
        SOFTMAX_GRAD,
        "less accurate",
    ),
    Planted(
        "at second order, a lost dtype",
        "reference_impls/softmax.py",
        "rows.back(d.centred(a * c), outer), rows.back(d.times(a), outer)\n",
        "rows.back(d.centred(a * c), np.dtype(np.float64)), rows.back(d.times(a), outer)\n",
        SOFTMAX_GRAD,
        "dtype float64 instead of float32",
    ),
)


def main() -> int:
    """Run what was asked for, a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--unchanged", type=int, default=0, metavar="N", help="only this, so many times")
    parser.add_argument("--only", default="", metavar="TEXT", help="the planted ones whose name has TEXT")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        git("clone", "--quiet", str(ROOT), str(clone), at=ROOT)
        if asked.unchanged:
            return unchanged(clone, asked.unchanged)
        return planted(clone, [each for each in PLANTED if asked.only in each.name])


def unchanged(clone: Path, number: int) -> int:
    """Unchanged code passes, whatever the hash seed."""
    codes = []
    for seed in range(number):
        began = time.perf_counter()
        done = check(clone, PYTHONHASHSEED=str(seed))
        codes.append(done.returncode)
        print(f"hash seed {seed}: exit {done.returncode}, {time.perf_counter() - began:.0f} s", flush=True)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], flush=True)
    print(f"{codes.count(0)} of {number} runs passed")
    return int(any(codes))


def planted(clone: Path, cases: list[Planted]) -> int:
    """Every planted commit fails, and a breach names an operation that it changed and what happened."""
    missed = 0
    for case in cases:
        path = clone / case.file
        whole = path.read_text(encoding="utf-8")
        if whole.count(case.old) != 1:
            raise SystemExit(
                f"{case.name}: {case.file} has its old text {whole.count(case.old)} times; mend this table"
            )
        path.write_text(whole.replace(case.old, case.new), encoding="utf-8")
        git(
            "-c",
            "user.name=planted",
            "-c",
            "user.email=planted@example.org",
            "commit",
            "-qam",
            case.name,
            at=clone,
        )
        began = time.perf_counter()
        done = check(clone)
        told = json.loads((clone / "out" / "check.json").read_text(encoding="utf-8"))
        named = {breach["operation"] for breach in told["breaches"]}
        fits = [b for b in told["breaches"] if b["operation"] in case.theirs and case.says in b["what"]]
        seen = done.returncode == 1 and bool(fits) and named <= case.theirs
        missed += not seen
        first = fits[0] if fits else {}
        where = " ".join(str(first.get(name)) for name in SUBJECT)
        print(
            f"{'found ' if seen else 'MISSED'} {case.name}: exit {done.returncode}, {len(told['breaches'])} breaches, "
            f"of {', '.join(sorted(named)) or 'nothing'}, {time.perf_counter() - began:.0f} s\n       {where}",
            flush=True,
        )
        for breach in (each for each in told["breaches"] if each["operation"] not in case.theirs):
            print("       and " + " ".join(str(breach[name]) for name in ("kind", *SUBJECT)), flush=True)
        git("reset", "--quiet", "--hard", "HEAD~1", at=clone)
    print(f"{len(cases) - missed} of {len(cases)} planted regressions found")
    return int(missed > 0)


def check(clone: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """``gradassay check`` of the clone's code, held against the clone's approved state."""
    environment = {**os.environ, "PYTHONPATH": str(clone), "GRADASSAY_CACHE": str(clone / "cache"), **more}
    environment.pop("CI", None)
    command = [sys.executable, *CHECK, "--no-audit", "--out", "out"]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)


def git(*arguments: str, at: Path) -> None:
    """Run git, which has to succeed."""
    subprocess.run(["git", *arguments], cwd=at, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
