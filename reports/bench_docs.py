"""Write the generated part of docs/bench.md anew, and its plot beside it, from a bench that was saved.

gradassay bench --out out
python -m reports.bench_docs out/results.json docs/bench.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gradassay.atomic import write_whole
from gradassay.errors import UsageError
from gradassay.vocabulary.bench import BenchResult
from reports.bench_page import replaced
from reports.bench_plot import plot


def publish(results: Path, page: Path) -> None:
    """Rewrite ``page`` between its marks, and the picture of the same name.

    UsageError where ``results`` is no bench of this version, or where the page has no marks.
    """
    try:
        result = BenchResult.from_dict(json.loads(results.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{results} is no results.json of this version's gradassay bench: {error!r}"
        ) from error
    picture = page.with_suffix(".svg")
    text = replaced(page.read_text(encoding="utf-8"), result, picture.name)
    write_whole(picture, plot(result))
    write_whole(page, text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    try:
        publish(Path(sys.argv[1]), Path(sys.argv[2]))
    except (UsageError, OSError) as problem:
        raise SystemExit(f"error: {problem}") from problem
