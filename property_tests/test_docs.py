"""The documentation is held to its word: every example is run, every link and every heading linked to is there.

An example stands in a fenced block. `pycon` blocks of one file run in order and share their names, unless the fence
names a framework (`pycon torch`): such a block stands alone, and is skipped where the framework is not installed.
A `python` block whose first line is `# NAME.py` is a file; a `console` block shows commands on those files.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from gradassay.cli import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LONG_DOUBLE_IS_WIDE = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block of a Markdown text."""

    line: int
    """Number of its first line, counted from 0; the fence stands on the line before."""
    language: str
    needs: str
    """What the fence says after the language: a framework, or nothing."""
    text: str


def blocks_of(text: str) -> Iterator[Block]:
    lines = text.splitlines()
    start, language, needs = 0, "", ""
    inside = False
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if inside:
            yield Block(start, language, needs, "\n".join(lines[start:number]) + "\n")
        else:
            start = number + 1
            language, _, needs = line.removeprefix("```").strip().partition(" ")
        inside = not inside


def failures_of(blocks: list[Block], name: str) -> tuple[int, str]:
    """How many examples were run, and doctest's report on those that failed."""
    text = ""
    for block in blocks:
        text += "\n" * (block.line - text.count("\n")) + block.text  # so that line numbers are the page's
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "docs"}, name, name, 0)
    said = io.StringIO()
    outcome = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.write)
    return outcome.attempted, said.getvalue()


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def runnable(page: Path, needs: str = "") -> list[Block]:
    blocks = blocks_of(page.read_text(encoding="utf-8"))
    return [block for block in blocks if block.language == "pycon" and block.needs == needs]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_example_prints_what_the_page_shows(page: Path) -> None:
    blocks = runnable(page)
    if not LONG_DOUBLE_IS_WIDE:  # the pages show the arithmetics of a machine where it is
        blocks = [block for block in blocks if "longdouble" not in block.text]
    attempted, report = failures_of(blocks, page_name(page))
    assert not report, report
    assert attempted >= len(blocks)


FRAMEWORK_BLOCKS = [
    pytest.param(block, id=f"{page_name(page)}:{block.line}:{block.needs}")
    for page in PAGES
    for block in blocks_of(page.read_text(encoding="utf-8"))
    if block.language == "pycon" and block.needs
]


@pytest.mark.parametrize("block", FRAMEWORK_BLOCKS)
def test_every_example_with_a_framework_prints_what_the_page_shows(block: Block) -> None:
    if find_spec(block.needs) is None:
        pytest.skip(f"{block.needs} is not installed")
    attempted, report = failures_of([block], block.needs)
    assert not report, report
    assert attempted


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")), ids=page_name)
def test_commands_print_what_the_page_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = list(blocks_of(page.read_text(encoding="utf-8")))
    modules = []
    for block in blocks:
        named = re.match(r"# (\w+)\.py\n", block.text) if block.language == "python" else None
        if named:
            (tmp_path / f"{named[1]}.py").write_text(block.text, encoding="utf-8")
            modules.append(named[1])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    try:
        for command, shown in _commands(blocks):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = main(command.split()[1:])
            got = said.getvalue() + f"(exit {int(code)})\n"
            assert doctest.OutputChecker().check_output(shown, got, OPTIONS), f"$ {command}\n{got}"
    finally:
        for module in modules:
            sys.modules.pop(module, None)


def _commands(blocks: list[Block]) -> Iterator[tuple[str, str]]:
    """Each ``$ gradassay ...`` with the output below it; the last line of it is ``(exit N)``."""
    for block in blocks:
        if block.language == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                assert command.startswith("gradassay "), command
                yield command, shown


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_no_example_hides_from_the_tests(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = len(re.findall(r"^\s*>>> ", text, flags=re.MULTILINE))
    run = sum(block.text.count(">>> ") for block in blocks_of(text) if block.language == "pycon")
    assert shown == run, "an example stands outside a `pycon` block"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    dead = dead_links(page.read_text(encoding="utf-8"), page)
    assert not dead, f"{page_name(page)} links to {dead}"


def dead_links(text: str, page: Path) -> list[str]:
    """Relative links to no file, or to a heading that its page does not have."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    dead = []
    for target in LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        ours = text if there == page else None
        if not there.exists() or (anchor and anchor not in anchors(there, ours)):
            dead.append(target)
    return dead


def anchors(page: Path, text: str | None = None) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    text = page.read_text(encoding="utf-8") if text is None else text
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+)$", prose, flags=re.MULTILINE)
    return {anchor(heading) for heading in headings}


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_a_false_example_is_noticed_on_its_line() -> None:
    text = "# T\n\n```pycon\n>>> 1 + 1\n2\n```\n\nand\n\n```pycon\n>>> 1 + 2\n4\n```\n"
    attempted, report = failures_of(list(blocks_of(text)), "page.md")
    assert attempted == 2
    assert re.search(r'File "page\.md", line 11\b', report)
    assert "Expected:\n    4\nGot:\n    3" in report


def test_a_dead_link_is_noticed() -> None:
    text = "# One heading\n[a](#one-heading) [b](no-such-file.md) [c](#no-such-heading) [d](https://example.org)\n"
    assert dead_links(text, ROOT / "README.md") == ["no-such-file.md", "#no-such-heading"]
