"""Write the generated part of docs/bench.md anew, and its plot beside it, from a bench that was saved.

gradassay bench --out out
python -m reports.bench_docs out/results.json docs/bench.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gradassay.atomic import write_whole
from gradassay.bench_vocabulary import BenchResult
from reports.bench_page import replaced
from reports.bench_plot import plot


def main(results: str, page: str) -> None:
    """Read ``results``; rewrite ``page`` between its marks, and the picture of the same name."""
    result = BenchResult.from_dict(json.loads(Path(results).read_text(encoding="utf-8")))
    target = Path(page)
    picture = target.with_suffix(".svg")
    text = replaced(target.read_text(encoding="utf-8"), result, picture.name)
    write_whole(picture, plot(result))
    write_whole(target, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
