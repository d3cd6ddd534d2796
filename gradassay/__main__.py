"""``python -m gradassay``."""

from gradassay.cli import main

raise SystemExit(main())
