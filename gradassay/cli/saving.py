"""Where results go: checked before anything is measured, written whole or not at all."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gradassay.atomic import write_whole
from gradassay.cli.app import fail
from gradassay.cli.output import say

if TYPE_CHECKING:
    from gradassay.vocabulary import Run


#: What an encoding lacks becomes an escape of JSON, so that the document stays the same.
_JSON_ESCAPES = "gradassay.json"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error(_JSON_ESCAPES, _escape)


class Destination:
    """``--out`` and ``--json`` of one command."""

    def __init__(self, out: str | None, json_to: str | None = None, option: str = "--out") -> None:
        """Fail now rather than after minutes of measuring; ``option`` is what ``out`` was given with."""
        self.folder = None if out is None else _usable_folder(Path(out), option)
        self.json_on_stdout = json_to in ("-", "/dev/stdout")
        self.json_file: Path | None = None
        if json_to is not None and not self.json_on_stdout:
            self.json_file = Path(json_to)
            if self.json_file.is_dir():
                fail(f"--json {json_to}: is a directory; name a file, or - for standard output")
            if not _is_device(self.json_file):
                _usable_folder(self.json_file.absolute().parent, "--json")
            elif not os.access(self.json_file, os.W_OK):
                fail(f"--json {json_to}: cannot be written to")

    def save(self, run: Run) -> None:
        """Write every report that was asked for, and keep the run for ``gradassay replay`` and ``history``."""
        from gradassay.ledger.recording import record
        from gradassay.replay.remembered import remember
        from reports.registry import REPORTERS

        remember(run)
        record(run)

        if self.folder is not None:
            for reporter in REPORTERS.values():
                if reporter.filename is not None:
                    write_atomically(self.folder / reporter.filename, _text(reporter.name, run))
        if self.json_file is not None or self.json_on_stdout:
            self.write_json(_text("json", run))

    def write_json(self, text: str) -> None:
        """Write ``text``, a JSON document, to where ``--json`` says, if anywhere."""
        if self.json_on_stdout:
            encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
            say(text.encode(encoding, _JSON_ESCAPES).decode(encoding))
        elif self.json_file is not None:
            write_atomically(self.json_file, text)


def write_atomically(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` whole, or leave it as it was; UsageError (exit 4) says why not.

    A link stays one, its file is replaced. A device or a pipe, which must not be replaced, is written to.
    """
    try:
        if _is_device(path):
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        else:
            write_whole(path, text)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror or error}; nothing of it was kept")


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _usable_folder(folder: Path, option: str) -> Path:
    """Make ``folder`` and write to it once."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        fail(f"{option} {folder}: is not a directory; name one that can be written to")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        fail(f"{option} {folder}: {reason}; name a directory that can be written to")
    return folder


def _text(reporter: str, run: Run) -> str:
    from reports.registry import REPORTERS

    stream = io.StringIO()
    REPORTERS[reporter].write(run, stream)
    return stream.getvalue()
