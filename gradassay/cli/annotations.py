"""Annotations of GitHub: a sentence at a line of the diff."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def annotation(file: str, line: int | None, title: str, sentence: str) -> str:
    """The workflow command that annotates ``file`` at ``line``."""
    place = f"file={_property(file)}" + (f",line={line}" if line else "")
    return f"::error {place},title={_property(title)}::{_escaped(sentence)}"


def place_of_rule(rule: Callable[..., Any]) -> tuple[str, int] | None:
    """File, from the repository's root, and line of a rule; None where it has no source there."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    try:
        inner = inspect.unwrap(rule)
        file, (_, line) = Path(inspect.getsourcefile(inner) or "").resolve(), inspect.getsourcelines(inner)
        return file.relative_to(root).as_posix(), line
    except (OSError, TypeError, ValueError):
        return None


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")


def _escaped(sentence: str) -> str:
    return sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
