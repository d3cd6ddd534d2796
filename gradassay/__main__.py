"""``python -m gradassay``."""

from gradassay.cli import main

if __name__ == "__main__":  # the processes of --jobs import this module, too
    raise SystemExit(main())
